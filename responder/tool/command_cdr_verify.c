/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* pulse7-ledger cdr-verify */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "responder/tool/cdr_check.h"
#include "responder/tool/tool.h"

static void tell(const char *sentence)
{
    tool_complain("%s", sentence);
}

static void print_facts(const char *path, const struct cdr_facts *facts)
{
    (void)printf("%s\n", path);
    (void)printf("  files    %" PRIu64 ", records %" PRIu64 " to %" PRIu64 "\n", facts->files,
                 facts->first, facts->last);
    (void)printf("  lines    %" PRIu64 "\n", facts->lines);
    (void)printf("  sum      %" PRIu64 " units\n", facts->sum);
    if (facts->problems == 0)
        (void)printf("  intact: no gap, and each file is as its companion says\n");
    else
        (void)printf("  WRONG: %" PRIu64 " problems\n", facts->problems);
}

enum tool_exit tool_cdr_verify(const struct tool_arguments *arguments)
{
    enum tool_exit code = TOOL_GOOD;
    json_t *list = json_array();
    if (arguments->operands == 0) {
        tool_complain("cdr-verify: name at least one directory of CDR files");
        code = TOOL_USAGE;
    }
    for (size_t i = 0; i < arguments->operands && code != TOOL_USAGE; i++) {
        struct cdr_facts facts;
        if (cdr_check(arguments->operand[i], tell, &facts) != P7_OK) {
            tool_complain("%s", facts.text[0] == '\0' ? "no memory" : facts.text);
            code = TOOL_USAGE;
            break;
        }
        if (facts.problems > 0)
            code = TOOL_DISCREPANCY;
        if (arguments->json)
            (void)json_array_append_new(
                list,
                json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "path", arguments->operand[i],
                          "files", (json_int_t)facts.files, "first", (json_int_t)facts.first,
                          "last", (json_int_t)facts.last, "lines", (json_int_t)facts.lines, "sum",
                          (json_int_t)facts.sum, "problems", (json_int_t)facts.problems));
        else
            print_facts(arguments->operand[i], &facts);
    }
    if (arguments->json && code != TOOL_USAGE) {
        (void)json_dumpf(list, stdout, JSON_INDENT(1));
        (void)printf("\n");
    }
    json_decref(list);
    return tool_printed() ? code : TOOL_USAGE;
}
