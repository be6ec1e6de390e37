/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * grammar_rows - how the tables in grammar_network.c, grammar_sccp.c and the others write
 * their rows, and the one way in which their custom rows fail. Internal to those.
 */
#ifndef CONFIG_LANGUAGE_GRAMMAR_ROWS_H
#define CONFIG_LANGUAGE_GRAMMAR_ROWS_H

#include <stdarg.h>
#include <stdio.h>

#include "config/language/grammar.h"

/* A number, time, size, rate or point code in `field` of `type`. */
#define ROW_VALUE(in_node, of_kind, words, type, field, lowest, highest, about)                    \
    {                                                                                              \
        .node = (in_node), .kind = (of_kind), .form = (words), .help = (about),                    \
        .offset = offsetof(type, field), .present = GRAMMAR_NO_FIELD, .min = (lowest),             \
        .max = (highest)                                                                           \
    }

/* The same with a has_... field beside it. */
#define ROW_OPTIONAL(in_node, of_kind, words, type, field, has_field, lowest, highest, about)      \
    {                                                                                              \
        .node = (in_node), .kind = (of_kind), .form = (words), .help = (about),                    \
        .offset = offsetof(type, field), .present = offsetof(type, has_field), .min = (lowest),    \
        .max = (highest)                                                                           \
    }

/* Characters. */
#define ROW_TEXT(in_node, of_kind, words, type, field, about)                                      \
    {                                                                                              \
        .node = (in_node), .kind = (of_kind), .form = (words), .help = (about),                    \
        .offset = offsetof(type, field), .present = GRAMMAR_NO_FIELD,                              \
        .room = sizeof(((const type *)0)->field)                                                   \
    }

#define ROW_FLAG(in_node, of_kind, words, type, field, about)                                      \
    {                                                                                              \
        .node = (in_node), .kind = (of_kind), .form = (words), .help = (about),                    \
        .offset = offsetof(type, field), .present = GRAMMAR_NO_FIELD                               \
    }

#define ROW_CHOICE(in_node, words, type, field, of_choices, about)                                 \
    {                                                                                              \
        .node = (in_node), .kind = VALUE_CHOICE, .form = (words), .help = (about),                 \
        .offset = offsetof(type, field), .present = GRAMMAR_NO_FIELD, .choices = (of_choices)      \
    }

#define ROW_CUSTOM(in_node, words, set_function, write_function, about)                            \
    {                                                                                              \
        .node = (in_node), .kind = VALUE_CUSTOM, .form = (words), .help = (about),                 \
        .present = GRAMMAR_NO_FIELD, .set = (set_function), .write = (write_function)              \
    }

#define ROW_ENTER(in_node, into, words, set_function, write_function, about)                       \
    {                                                                                              \
        .node = (in_node), .enters = (into), .kind = VALUE_ENTER, .form = (words),                 \
        .help = (about), .present = GRAMMAR_NO_FIELD, .set = (set_function),                       \
        .write = (write_function)                                                                  \
    }

static inline enum p7_status grammar_fail(struct grammar_call *call, enum p7_status status,
                                          uint32_t bad_argument, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static inline enum p7_status grammar_fail(struct grammar_call *call, enum p7_status status,
                                          uint32_t bad_argument, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(call->why, sizeof(call->why), format, ap);
    va_end(ap);
    call->bad_argument = bad_argument;
    return status;
}

/* Writes every line of a node, one step further in. */
void grammar_write_node(enum grammar_node node, const void *object, struct grammar_text *text);

#endif
