/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "config/language/parser_explain.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define WORDS_MAX      32u
#define FORMS_MAX      4u
#define FORM_OCTETS    96
#define LIBRARY_WORDS  "log, stats"
#define FIRST_WORD_MAX 40

struct explained_words {
    uint32_t count;
    const char *at[WORDS_MAX];
    int length[WORDS_MAX];
};

static struct explained_words split_words(const char *line)
{
    struct explained_words words = {.count = 0};
    const char *p = line + strspn(line, " \t\r\n");
    while (*p != '\0' && words.count < WORDS_MAX) {
        words.at[words.count] = p;
        words.length[words.count] = (int)strcspn(p, " \t\r\n");
        p += words.length[words.count++];
        p += strspn(p, " \t\r\n");
    }
    return words;
}

void parser_form_text(const struct grammar_row *row, char *dst, size_t dst_octets)
{
    size_t at = 0;
    for (const char *p = row->form; *p != '\0' && at + 1 < dst_octets; p++)
        if (*p != '.' || (p != row->form && p[-1] != ' '))
            dst[at++] = *p;
    dst[at] = '\0';
}

/* How many of the line's words the row agrees with, one after another from the first; *whole says
 * whether the row has no more to come, *rest that it takes any number. */
static uint32_t match_row(const struct grammar_row *row, const struct explained_words *words,
                          bool *whole)
{
    const struct explained_words form = split_words(row->form);
    uint32_t i = 0;
    *whole = false;
    for (; i < words->count && i < form.count; i++) {
        const char first = form.at[i][0];
        if (first == '.')
            return words->count;
        if (isupper((unsigned char)first))
            continue;
        if (form.length[i] != words->length[i] ||
            memcmp(form.at[i], words->at[i], (size_t)form.length[i]) != 0)
            return i;
    }
    *whole = i == form.count;
    return i;
}

static void append(char *dst, size_t octets, const char *separator, const char *text)
{
    const size_t at = strlen(dst);
    (void)snprintf(dst + at, octets - at, "%s%s", at == 0 ? "" : separator, text);
}

/* The first words of all commands of a node, each once. */
static void list_first_words(enum grammar_node node, char *dst, size_t octets)
{
    char previous[FIRST_WORD_MAX] = "";
    dst[0] = '\0';
    for (uint32_t i = 0; i < grammar_row_count(); i++) {
        const struct grammar_row *row = grammar_row_at(i);
        char word[FIRST_WORD_MAX];
        (void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(row->form, " "), row->form);
        if (row->node != node || strcmp(word, previous) == 0 || strcmp(word, "no") == 0)
            continue;
        append(dst, octets, ", ", word);
        memcpy(previous, word, sizeof(previous));
    }
    if (node == GRAMMAR_TOP)
        append(dst, octets, ", ", LIBRARY_WORDS);
}

/* The node where a command with these words stands, if it is another one. */
static enum grammar_node find_elsewhere(enum grammar_node node, const struct explained_words *words)
{
    uint32_t best = 0;
    enum grammar_node found = GRAMMAR_NODE_COUNT;
    for (uint32_t i = 0; i < grammar_row_count(); i++) {
        bool whole = false;
        const struct grammar_row *row = grammar_row_at(i);
        const uint32_t matched = row->node == node ? 0 : match_row(row, words, &whole);
        if (matched > best && matched == words->count) {
            best = matched;
            found = row->node;
        }
    }
    return found;
}

static void explain_unknown(enum grammar_node node, const struct explained_words *words, char *why,
                            size_t why_octets)
{
    const enum grammar_node elsewhere = find_elsewhere(node, words);
    if (elsewhere != GRAMMAR_NODE_COUNT) {
        (void)snprintf(why, why_octets, "no command of %s; it stands %s%s%s",
                       grammar_node_name(node), elsewhere == GRAMMAR_TOP ? "at " : "under `",
                       grammar_node_name(elsewhere), elsewhere == GRAMMAR_TOP ? "" : "`");
        return;
    }
    char list[384];
    list_first_words(node, list, sizeof(list));
    (void)snprintf(why, why_octets, "no command of %s; write one of: %s", grammar_node_name(node),
                   list);
}

void parser_explain_line(enum grammar_node node, const char *line, char *word, size_t word_octets,
                         char *why, size_t why_octets)
{
    const struct explained_words words = split_words(line);
    uint32_t best = 0;
    (void)snprintf(word, word_octets, "%.*s", words.count == 0 ? 0 : words.length[0],
                   words.count == 0 ? "" : words.at[0]);
    if (node == GRAMMAR_NODE_COUNT) {
        (void)snprintf(why, why_octets,
                       "libosmocore's logging and statistics know no such command; see its "
                       "`log` and `stats` in pulse7.cfg(5)");
        return;
    }
    for (uint32_t i = 0; i < grammar_row_count(); i++) {
        bool whole = false;
        const struct grammar_row *row = grammar_row_at(i);
        const uint32_t matched = row->node == node ? match_row(row, &words, &whole) : 0;
        best = matched > best ? matched : best;
    }
    if (best == 0) {
        explain_unknown(node, &words, why, why_octets);
        return;
    }
    char forms[FORMS_MAX * FORM_OCTETS] = "";
    uint32_t count = 0;
    bool too_long = false;
    for (uint32_t i = 0; i < grammar_row_count() && count < FORMS_MAX; i++) {
        bool whole = false;
        char form[FORM_OCTETS];
        const struct grammar_row *row = grammar_row_at(i);
        if (row->node != node || match_row(row, &words, &whole) != best)
            continue;
        too_long = too_long || (whole && best < words.count);
        parser_form_text(row, form, sizeof(form));
        append(forms, sizeof(forms), "` or `", form);
        count++;
    }
    const uint32_t bad = best < words.count ? best : words.count - 1;
    (void)snprintf(word, word_octets, "%.*s", words.length[bad], words.at[bad]);
    const char *what = best == words.count ? "the line ends too early"
                       : too_long          ? "one word too many"
                                           : "not what stands here";
    (void)snprintf(why, why_octets, "%s; write `%s`", what, forms);
}

void parser_explain_indent(const char *line, char *word, size_t word_octets, char *why,
                           size_t why_octets)
{
    const struct explained_words words = split_words(line);
    (void)snprintf(word, word_octets, "%.*s", words.count == 0 ? 0 : words.length[0],
                   words.count == 0 ? "" : words.at[0]);
    (void)snprintf(why, why_octets,
                   "the indent fits no level; begin every line of a level with the same blanks");
}
