/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* pulse7-ledger verify */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "responder/tool/ledger_walk.h"
#include "responder/tool/tool.h"

static void print_ledger(const char *path, const struct ledger_facts *facts)
{
    const struct ledger_position *p = &facts->position;
    (void)printf("%s\n", path);
    (void)printf("  cluster      %016" PRIx64 "\n", p->cluster_id);
    (void)printf("  records      %" PRIu64 " (%" PRIu64 " charges, %" PRIu64
                 " settlements, %" PRIu64 " terms) in %" PRIu32 " segments, %" PRIu64 " octets\n",
                 p->index, facts->charges, facts->settlements, facts->terms, p->segments,
                 p->octets);
    (void)printf("  sum          %" PRIu64 " units%s\n", facts->sum,
                 facts->overflow ? " (and 2^64 or more: it overflowed)" : "");
    (void)printf("  last         index %" PRIu64 ", term %" PRIu64 ", checksum %08" PRIx32 "\n",
                 p->index, p->term, p->checksum);
    if (p->octets_torn > 0)
        (void)printf("  torn tail    %" PRIu64
                     " octets behind the last record: a write that a crash "
                     "cut short%s\n",
                     p->octets_torn, facts->damaged ? "" : "; the next start cuts it off");
    if (facts->damaged)
        (void)printf("  DAMAGED      %s\n", facts->text);
    else
        (void)printf("  intact\n");
}

static json_t *ledger_json(const char *path, const struct ledger_facts *facts)
{
    const struct ledger_position *p = &facts->position;
    char checksum[9];
    (void)snprintf(checksum, sizeof(checksum), "%08" PRIx32, p->checksum);
    return json_pack(
        "{s:s, s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:I, s:I}", "path", path, "intact",
        !facts->damaged, "text", facts->damaged ? facts->text : "", "records", (json_int_t)p->index,
        "charges", (json_int_t)facts->charges, "settlements", (json_int_t)facts->settlements,
        "terms", (json_int_t)facts->terms, "sum", (json_int_t)facts->sum, "last_index",
        (json_int_t)p->index, "last_term", (json_int_t)p->term, "last_checksum", checksum,
        "segments", (json_int_t)p->segments, "octets_torn", (json_int_t)p->octets_torn);
}

/* Each against the first. */
static enum tool_exit compare_all(const struct tool_arguments *arguments,
                                  const struct ledger_facts *facts, bool *identical)
{
    *identical = true;
    for (size_t i = 1; i < arguments->operands; i++) {
        struct ledger_difference difference;
        if (ledger_compare(&facts[0], &facts[i], &difference) != P7_OK) {
            tool_complain("%s and %s can't be compared: %s", arguments->operand[0],
                          arguments->operand[i],
                          difference.text[0] == '\0' ? "no memory, or a file can't be read"
                                                     : difference.text);
            return TOOL_USAGE;
        }
        const bool same = difference.same_records && difference.same_files;
        *identical = *identical && same;
        if (arguments->json)
            continue;
        if (same)
            (void)printf("%s and %s: identical\n", arguments->operand[0], arguments->operand[i]);
        else
            (void)printf("%s and %s: %s: %s\n", arguments->operand[0], arguments->operand[i],
                         difference.same_records ? "the same records in different files"
                                                 : "DIFFERENT records",
                         difference.text);
    }
    return *identical ? TOOL_GOOD : TOOL_DISCREPANCY;
}

static enum tool_exit verify(const struct tool_arguments *arguments, struct ledger_facts *facts)
{
    enum tool_exit code = TOOL_GOOD;
    bool identical = true;
    json_t *list = json_array();
    for (size_t i = 0; i < arguments->operands; i++) {
        const enum p7_status status = ledger_walk(arguments->operand[i], NULL, &facts[i]);
        if (status != P7_OK) {
            tool_complain("%s", status == P7_NO_MEMORY ? "no memory" : facts[i].text);
            json_decref(list);
            return TOOL_USAGE;
        }
        if (facts[i].damaged)
            code = TOOL_DISCREPANCY;
        if (arguments->json)
            (void)json_array_append_new(list, ledger_json(arguments->operand[i], &facts[i]));
        else
            print_ledger(arguments->operand[i], &facts[i]);
    }
    if (arguments->operands > 1) {
        const enum tool_exit compared = compare_all(arguments, facts, &identical);
        code = compared > code ? compared : code;
    }
    if (arguments->json) {
        json_t *all = json_pack("{s:O, s:b}", "ledgers", list, "identical", identical);
        (void)json_dumpf(all, stdout, JSON_INDENT(1));
        (void)printf("\n");
        json_decref(all);
    }
    json_decref(list);
    return code;
}

enum tool_exit tool_verify(const struct tool_arguments *arguments)
{
    if (arguments->operands == 0) {
        tool_complain("verify: name at least one ledger");
        return TOOL_USAGE;
    }
    struct ledger_facts *facts = calloc(arguments->operands, sizeof(*facts));
    if (facts == NULL) {
        tool_complain("no memory");
        return TOOL_USAGE;
    }
    enum tool_exit code = verify(arguments, facts);
    free(facts);
    return tool_printed() ? code : TOOL_USAGE;
}
