/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "config/language/grammar.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

struct grammar_node_row {
    const char *name;
    enum grammar_node parent;
};

static const struct grammar_node_row grammar_nodes[GRAMMAR_NODE_COUNT] = {
    [GRAMMAR_TOP] = {"the top level", GRAMMAR_TOP},
    [GRAMMAR_PROFILE] = {"sctp-profile", GRAMMAR_TOP},
    [GRAMMAR_CS7] = {"cs7 instance 0", GRAMMAR_TOP},
    [GRAMMAR_ASP] = {"asp", GRAMMAR_CS7},
    [GRAMMAR_AS] = {"as", GRAMMAR_CS7},
    [GRAMMAR_GTT] = {"gtt", GRAMMAR_CS7},
    [GRAMMAR_SIMULATOR] = {"simulator", GRAMMAR_TOP},
    [GRAMMAR_TARGET] = {"target", GRAMMAR_SIMULATOR},
    [GRAMMAR_MODEL] = {"model", GRAMMAR_SIMULATOR},
    [GRAMMAR_FLOW] = {"flow", GRAMMAR_SIMULATOR},
    [GRAMMAR_RESPONDER] = {"responder", GRAMMAR_TOP},
    [GRAMMAR_CLUSTER] = {"cluster", GRAMMAR_RESPONDER},
};

const char *grammar_node_name(enum grammar_node node)
{
    return grammar_nodes[node].name;
}

enum grammar_node grammar_node_parent(enum grammar_node node)
{
    return grammar_nodes[node].parent;
}

struct grammar_table {
    const struct grammar_row *row;
    const uint32_t *count;
};

/* In the order in which their rows are written. */
static const struct grammar_table grammar_tables[] = {
    {grammar_network, &grammar_network_count},
    {grammar_sccp, &grammar_sccp_count},
    {grammar_traffic, &grammar_traffic_count},
    {grammar_cluster, &grammar_cluster_count},
};
#define TABLE_COUNT (sizeof(grammar_tables) / sizeof(grammar_tables[0]))

uint32_t grammar_row_count(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < TABLE_COUNT; i++)
        count += *grammar_tables[i].count;
    return count;
}

const struct grammar_row *grammar_row_at(uint32_t index)
{
    const struct grammar_table *table = grammar_tables;
    assert(index < grammar_row_count());
    while (index >= *table->count)
        index -= *table++->count;
    return &table->row[index];
}

void grammar_text_line(struct grammar_text *text, const char *format, ...)
{
    if (text->failed)
        return;
    const size_t room = (size_t)(text->end - text->at);
    const int blanks = snprintf(text->at, room, "%*s", (int)text->indent, "");
    if (blanks < 0 || (size_t)blanks >= room) {
        text->failed = true;
        return;
    }
    va_list ap;
    va_start(ap, format);
    const int n = vsnprintf(text->at + blanks, room - (size_t)blanks, format, ap);
    va_end(ap);
    /* The newline and the NUL must fit too. */
    if (n < 0 || (size_t)blanks + (size_t)n + 2 > room) {
        text->failed = true;
        *text->at = '\0';
        return;
    }
    text->at += blanks + n;
    *text->at++ = '\n';
    *text->at = '\0';
}
