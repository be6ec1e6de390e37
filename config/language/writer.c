/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <string.h>

#include "config/language/grammar_rows.h"
#include "config/language/language.h"

void grammar_write_node(enum grammar_node node, const void *object, struct grammar_text *text)
{
    text->indent += node == GRAMMAR_TOP ? 0 : 1;
    for (uint32_t i = 0; i < grammar_row_count(); i++) {
        const struct grammar_row *row = grammar_row_at(i);
        if (row->node != node)
            continue;
        if (row->kind != VALUE_CUSTOM && row->kind != VALUE_ENTER)
            value_write(row, object, text);
        else if (row->write != NULL)
            row->write(object, text);
    }
    text->indent -= node == GRAMMAR_TOP ? 0 : 1;
}

enum p7_status settings_write(const struct settings *settings, char *text, size_t text_octets,
                              size_t *length)
{
    struct grammar_text out = {.at = text,
                               .end = text + text_octets,
                               .failed = text_octets == 0,
                               .indent = 0,
                               .point_codes = &settings->instance.point_code_format};
    if (text_octets != 0)
        *text = '\0';
    grammar_write_node(GRAMMAR_TOP, settings, &out);
    if (length != NULL)
        *length = (size_t)(out.at - text);
    return out.failed ? P7_FULL : P7_OK;
}
