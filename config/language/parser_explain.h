/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * parser_explain - which word of a line no command knows, and what could stand there instead.
 * Internal to config/language.
 */
#ifndef CONFIG_LANGUAGE_PARSER_EXPLAIN_H
#define CONFIG_LANGUAGE_PARSER_EXPLAIN_H

#include <stddef.h>

#include "config/language/grammar.h"

/* `node` is where the line stood, or GRAMMAR_NODE_COUNT for a node of libosmocore's own. */
void parser_explain_line(enum grammar_node node, const char *line, char *word, size_t word_octets,
                         char *why, size_t why_octets);

void parser_explain_indent(const char *line, char *word, size_t word_octets, char *why,
                           size_t why_octets);

/* A row's form as people write it: without the dots of line rests. */
void parser_form_text(const struct grammar_row *row, char *dst, size_t dst_octets);

#endif
