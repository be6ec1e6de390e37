/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* pulse7-ledger reconcile */
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "responder/tool/cdr_check.h"
#include "responder/tool/ledger_walk.h"
#include "responder/tool/reconcile.h"
#include "responder/tool/run_requests.h"
#include "responder/tool/tool.h"

struct ledger_outcome {
    const char *path;
    struct ledger_facts facts;
    struct reconcile_result result;
    bool identical; /* to the first one */
    char difference[1024];
};

struct cdr_outcome {
    const char *path;
    struct cdr_facts facts;
};

struct reconciliation {
    struct reconcile *reconcile;
    const char *run[TOOL_PATHS_MAX];
    struct run_facts run_facts[TOOL_PATHS_MAX];
    size_t runs;
    struct ledger_outcome ledger[TOOL_PATHS_MAX];
    size_t ledgers;
    struct cdr_outcome cdr[TOOL_PATHS_MAX];
    size_t cdrs;
    bool pass;
    bool quiet; /* --json: no sentences on stdout */
};

/* --- reading -------------------------------------------------------------------------------- */

static bool take_record(void *context, const struct ledger_record *record)
{
    struct reconciliation *r = context;
    if (record->kind == LEDGER_TERM)
        return true;
    /* A call's end, or something that it told and that asks for no reply: no request's record. */
    if (record->kind == LEDGER_SETTLEMENT || record->reply.kind == SERVICE_NO_REQUEST) {
        reconcile_add_settlement(r->reconcile, record->amount);
        return true;
    }
    return reconcile_add_charge(r->reconcile, record->index, record->identity.key,
                                record->amount) == P7_OK;
}

static enum tool_exit sort_operands(struct reconciliation *r,
                                    const struct tool_arguments *arguments)
{
    char directory[LEDGER_WALK_PATH_OCTETS];
    for (size_t i = 0; i < arguments->operands; i++) {
        const char *path = arguments->operand[i];
        if (run_find(path)) {
            r->run[r->runs++] = path;
        } else if (ledger_find(path, directory)) {
            r->ledger[r->ledgers++].path = path;
        } else {
            tool_complain(
                "%s: neither the directory of a run (run.json, requests.csv) nor a ledger", path);
            return TOOL_USAGE;
        }
    }
    if (r->runs > 0 && r->ledgers > 0)
        return TOOL_GOOD;
    tool_complain("reconcile: name at least one run directory and one ledger");
    return TOOL_USAGE;
}

static enum tool_exit read_runs(struct reconciliation *r)
{
    for (size_t i = 0; i < r->runs; i++) {
        if (run_requests_add(r->run[i], r->reconcile, &r->run_facts[i]) == P7_OK)
            continue;
        tool_complain("%s", r->run_facts[i].text);
        return TOOL_USAGE;
    }
    return TOOL_GOOD;
}

static enum tool_exit read_ledgers(struct reconciliation *r)
{
    const struct ledger_visitor visitor = {.each = take_record, .context = r};
    for (size_t i = 0; i < r->ledgers; i++) {
        struct ledger_outcome *ledger = &r->ledger[i];
        struct ledger_difference difference;
        enum p7_status status = ledger_walk(ledger->path, &visitor, &ledger->facts);
        if (status != P7_OK) {
            tool_complain("%s", status == P7_NO_MEMORY ? "no memory for so many records"
                                                       : ledger->facts.text);
            return TOOL_USAGE;
        }
        reconcile_compare(r->reconcile, &ledger->result);
        ledger->identical = true;
        if (i == 0)
            continue;
        status = ledger_compare(&r->ledger[0].facts, &ledger->facts, &difference);
        if (status == P7_NO_MEMORY) {
            tool_complain("no memory");
            return TOOL_USAGE;
        }
        ledger->identical = status == P7_OK && difference.same_records && difference.same_files;
        (void)snprintf(ledger->difference, sizeof(ledger->difference), "%s", difference.text);
    }
    return TOOL_GOOD;
}

static void tell(const char *sentence)
{
    tool_complain("%s", sentence);
}

static enum tool_exit read_cdrs(struct reconciliation *r, const struct tool_arguments *arguments)
{
    for (; r->cdrs < arguments->cdrs; r->cdrs++) {
        struct cdr_outcome *cdr = &r->cdr[r->cdrs];
        cdr->path = arguments->cdr[r->cdrs];
        if (cdr_check(cdr->path, tell, &cdr->facts) == P7_OK)
            continue;
        tool_complain("%s", cdr->facts.text[0] == '\0' ? "no memory" : cdr->facts.text);
        return TOOL_USAGE;
    }
    return TOOL_GOOD;
}

/* --- judging -------------------------------------------------------------------------------- */

static void say(const struct reconciliation *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct reconciliation *r, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vfprintf(r->quiet ? stderr : stdout, format, arguments);
    (void)fputc('\n', r->quiet ? stderr : stdout);
    va_end(arguments);
}

static void judge_runs(struct reconciliation *r)
{
    for (size_t i = 0; i < r->runs; i++) {
        const struct run_facts *facts = &r->run_facts[i];
        if (facts->unnamed_ok > 0)
            say(r,
                "WRONG  %s: %" PRIu64 " requests were answered ok and have no call reference: "
                "they can't be looked up",
                r->run[i], facts->unnamed_ok);
        if (facts->rows_lost > 0)
            say(r, "WRONG  %s: %" PRIu64 " rows were lost when it was recorded", r->run[i],
                facts->rows_lost);
        if (facts->contradicted > 0)
            say(r, "WRONG  %s: %" PRIu64 " requests got two replies that contradict each other",
                r->run[i], facts->contradicted);
        if (facts->unnamed_ok > 0 || facts->rows_lost > 0 || facts->contradicted > 0)
            r->pass = false;
    }
}

static void judge_examples(const struct reconciliation *r, const struct ledger_outcome *ledger)
{
    const struct reconcile_result *x = &ledger->result;
    for (uint32_t e = 0; e < x->missing_examples; e++)
        say(r,
            "       answered ok and not in it: request %" PRIu64
            " of the runs, identity %016" PRIx64 "%016" PRIx64,
            x->missing_example[e].number + 1, x->missing_example[e].key[0],
            x->missing_example[e].key[1]);
    for (uint32_t e = 0; e < x->twice_examples; e++)
        say(r, "       charged again: record %" PRIu64 ", identity %016" PRIx64 "%016" PRIx64,
            x->twice_example[e].index, x->twice_example[e].key[0], x->twice_example[e].key[1]);
}

static void judge_ledgers(struct reconciliation *r)
{
    for (size_t i = 0; i < r->ledgers; i++) {
        const struct ledger_outcome *ledger = &r->ledger[i];
        const struct reconcile_result *x = &ledger->result;
        if (ledger->facts.damaged)
            say(r, "WRONG  %s is damaged: %s", ledger->path, ledger->facts.text);
        if (!reconcile_passed(x))
            say(r,
                "WRONG  %s: %" PRIu64 " requests answered ok are missing, %" PRIu64
                " are charged twice%s",
                ledger->path, x->missing, x->twice,
                x->sums_agree ? "" : ", and its sums outgrew 64 bits");
        if (!ledger->identical)
            say(r, "WRONG  %s and %s are not identical: %s", r->ledger[0].path, ledger->path,
                ledger->difference);
        judge_examples(r, ledger);
        if (ledger->facts.damaged || !reconcile_passed(x) || !ledger->identical)
            r->pass = false;
    }
}

static void judge_cdrs(struct reconciliation *r)
{
    const struct reconcile_result *x = &r->ledger[0].result;
    for (size_t i = 0; i < r->cdrs; i++) {
        const struct cdr_facts *facts = &r->cdr[i].facts;
        if (facts->problems > 0)
            say(r, "WRONG  %s: %" PRIu64 " problems, see above", r->cdr[i].path, facts->problems);
        if (facts->sum != x->sum_ledger || facts->lines != x->records + x->settlements)
            say(r,
                "WRONG  %s: %" PRIu64 " lines and %" PRIu64 " units, against %" PRIu64
                " and %" PRIu64 " in the ledger%s",
                r->cdr[i].path, facts->lines, facts->sum, x->records + x->settlements,
                x->sum_ledger,
                facts->last < r->ledger[0].facts.position.index
                    ? ": the newest are not published yet, or the older files were taken away"
                    : "");
        else if (facts->problems == 0)
            continue;
        r->pass = false;
    }
}

/* --- telling -------------------------------------------------------------------------------- */

static void print_ledger(const struct ledger_outcome *ledger)
{
    const struct reconcile_result *x = &ledger->result;
    (void)printf("%s\n", ledger->path);
    (void)printf("  %-44s %12s %20s\n", "", "count", "units");
    const struct {
        const char *what;
        uint64_t count;
        uint64_t sum;
    } rows[] = {{"answered ok, and charged once", x->matched, x->sum_ok},
                {"charged, and the run saw no ok reply", x->unseen, x->sum_unseen},
                {"charged, of requests not in these runs", x->other, x->sum_other},
                {"settled without a request", x->settlements, x->sum_settled},
                {"charged again", x->twice, x->sum_twice}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        (void)printf("  %-44s %12" PRIu64 " %20" PRIu64 "\n", rows[i].what, rows[i].count,
                     rows[i].sum);
    (void)printf("  %-44s %12" PRIu64 " %20" PRIu64 "\n", "the ledger", x->records + x->settlements,
                 x->sum_ledger);
    (void)printf("  %-44s %12" PRIu64 "\n", "answered ok, and missing", x->missing);
}

static void print_table(const struct reconciliation *r)
{
    const struct reconcile_result *x = &r->ledger[0].result;
    (void)printf("Runs: %" PRIu64 " requests, %" PRIu64 " answered ok\n", x->requests,
                 x->requests_ok);
    if (x->repeated > 0)
        (void)printf("  %" PRIu64 " of them have the identity of another one: counted once below\n",
                     x->repeated);
    for (size_t i = 0; i < r->runs; i++)
        if (!r->run_facts[i].ended)
            (void)printf("  %s did not end: what it had written down counts\n", r->run[i]);
    for (size_t i = 0; i < r->ledgers; i++)
        print_ledger(&r->ledger[i]);
    for (size_t i = 0; i < r->cdrs; i++)
        (void)printf("%s\n  %-44s %12" PRIu64 " %20" PRIu64 "\n", r->cdr[i].path, "CDR lines",
                     r->cdr[i].facts.lines, r->cdr[i].facts.sum);
}

static json_t *ledger_json(const struct ledger_outcome *ledger)
{
    const struct reconcile_result *x = &ledger->result;
    return json_pack(
        "{s:s, s:b, s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
        "path", ledger->path, "intact", !ledger->facts.damaged, "identical_to_first",
        ledger->identical, "difference", ledger->difference, "records", (json_int_t)x->records,
        "matched", (json_int_t)x->matched, "missing", (json_int_t)x->missing, "twice",
        (json_int_t)x->twice, "charged_unseen", (json_int_t)x->unseen, "other",
        (json_int_t)x->other, "settlements", (json_int_t)x->settlements, "sum_ledger",
        (json_int_t)x->sum_ledger, "sum_ok", (json_int_t)x->sum_ok, "sum_unseen",
        (json_int_t)x->sum_unseen, "sum_other", (json_int_t)x->sum_other, "sum_settled",
        (json_int_t)x->sum_settled, "sum_twice", (json_int_t)x->sum_twice);
}

static void print_json(const struct reconciliation *r)
{
    const struct reconcile_result *x = &r->ledger[0].result;
    json_t *runs = json_array();
    json_t *ledgers = json_array();
    json_t *cdrs = json_array();
    for (size_t i = 0; i < r->runs; i++)
        (void)json_array_append_new(
            runs, json_pack("{s:s, s:b, s:I, s:I, s:I, s:I}", "path", r->run[i], "ended",
                            r->run_facts[i].ended, "rows", (json_int_t)r->run_facts[i].rows,
                            "rows_lost", (json_int_t)r->run_facts[i].rows_lost, "unnamed_ok",
                            (json_int_t)r->run_facts[i].unnamed_ok, "contradicted",
                            (json_int_t)r->run_facts[i].contradicted));
    for (size_t i = 0; i < r->ledgers; i++)
        (void)json_array_append_new(ledgers, ledger_json(&r->ledger[i]));
    for (size_t i = 0; i < r->cdrs; i++)
        (void)json_array_append_new(cdrs,
                                    json_pack("{s:s, s:I, s:I, s:I, s:I}", "path", r->cdr[i].path,
                                              "files", (json_int_t)r->cdr[i].facts.files, "lines",
                                              (json_int_t)r->cdr[i].facts.lines, "sum",
                                              (json_int_t)r->cdr[i].facts.sum, "problems",
                                              (json_int_t)r->cdr[i].facts.problems));
    json_t *all =
        json_pack("{s:b, s:I, s:I, s:I, s:o, s:o, s:o}", "pass", r->pass, "requests",
                  (json_int_t)x->requests, "requests_ok", (json_int_t)x->requests_ok, "repeated",
                  (json_int_t)x->repeated, "runs", runs, "ledgers", ledgers, "cdrs", cdrs);
    (void)json_dumpf(all, stdout, JSON_INDENT(1));
    (void)printf("\n");
    json_decref(all);
}

/* The worst of all ledgers, so that one line tells. */
static void print_result(const struct reconciliation *r)
{
    const struct reconcile_result *first = &r->ledger[0].result;
    uint64_t missing = 0;
    uint64_t twice = 0;
    bool identical = true;
    bool same = true;
    for (size_t i = 0; i < r->ledgers; i++) {
        missing = r->ledger[i].result.missing > missing ? r->ledger[i].result.missing : missing;
        twice = r->ledger[i].result.twice > twice ? r->ledger[i].result.twice : twice;
        identical = identical && r->ledger[i].identical;
    }
    for (size_t i = 1; i < r->cdrs; i++)
        same = same && r->cdr[i].facts.sum == r->cdr[0].facts.sum;
    char sum_cdr[24] = "-";
    if (r->cdrs > 0)
        (void)snprintf(sum_cdr, sizeof(sum_cdr), "%" PRIu64, r->cdr[0].facts.sum);
    (void)printf("reconcile pass=%s ok=%" PRIu64 " records=%" PRIu64 " sum_ok=%" PRIu64
                 " sum_ledger=%" PRIu64 " sum_cdr=%s charged_unseen=%" PRIu64 " missing=%" PRIu64
                 " twice=%" PRIu64 " identical=%s\n",
                 r->pass ? "yes" : "no", first->requests_ok, first->records, first->sum_ok,
                 first->sum_ledger, same ? sum_cdr : "different", first->unseen, missing, twice,
                 r->ledgers == 1 ? "-"
                 : identical     ? "yes"
                                 : "no");
}

static enum tool_exit run(struct reconciliation *r, const struct tool_arguments *arguments)
{
    enum tool_exit code = sort_operands(r, arguments);
    if (code == TOOL_GOOD)
        code = read_runs(r);
    if (code == TOOL_GOOD)
        code = read_ledgers(r);
    if (code == TOOL_GOOD)
        code = read_cdrs(r, arguments);
    if (code != TOOL_GOOD)
        return code;
    if (!arguments->json)
        print_table(r);
    judge_runs(r);
    judge_ledgers(r);
    judge_cdrs(r);
    if (arguments->json)
        print_json(r);
    else
        print_result(r);
    if (!tool_printed())
        return TOOL_USAGE;
    return r->pass ? TOOL_GOOD : TOOL_DISCREPANCY;
}

enum tool_exit tool_reconcile(const struct tool_arguments *arguments)
{
    struct reconciliation *r = calloc(1, sizeof(*r));
    if (r == NULL || reconcile_create(&r->reconcile) != P7_OK) {
        free(r);
        tool_complain("no memory");
        return TOOL_USAGE;
    }
    r->pass = true;
    r->quiet = arguments->json;
    const enum tool_exit code = run(r, arguments);
    reconcile_destroy(r->reconcile);
    free(r);
    return code;
}
