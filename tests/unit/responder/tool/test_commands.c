/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The commands on real directories: a run as the simulator leaves it, ledgers as the journal writes
 * them, with identities that the charging service itself made of encoded requests.
 */
#include <sqlite3.h>

#include "responder/storage/cdr.h"
#include "responder/tool/tool.h"
#include "tests/unit/responder/peer.h"
#include "tests/unit/responder/storage/scratch.h"

#define REQUESTS 20u

static struct scratch scratch;
static char run_path[SCRATCH_PATH_MAX];
static char node_path[2][SCRATCH_PATH_MAX];
static char cdr_path[SCRATCH_PATH_MAX];

static const char header[] = "id,kind,target,due_ns,sent_ns,reply_ns,outcome,attempts,flow,flags,"
                             "call,sequence,reference,node,replies\n";

static struct duplicate_identity identity_of_request(uint64_t reference)
{
    struct service service;
    struct service_params params;
    struct service_dialogue dialogue = {0};
    struct service_reply reply;
    struct peer peer;
    const struct peer_call call = peer_call_of(SERVICE_ONESHOT_KEY_DEFAULT, reference);
    service_params_init(&params);
    params.identity_key = *service_identity_key();
    params.duplicates_max = 16;
    CU_ASSERT_EQUAL_FATAL(service_create(&service, &params), P7_OK);
    service_receive(&service, &dialogue, peer_initial_dp(&peer, &call), peer_origin(), 1, 1,
                    &reply);
    CU_ASSERT_EQUAL(reply.disposition, SERVICE_ANSWER);
    service_destroy(&service);
    return reply.identity;
}

/* A ledger with a charge of 5 for each request but `without`; `again` is charged once more. */
static void write_ledger(const char *node, uint64_t without, uint64_t again)
{
    struct rig rig = {0};
    char path[SCRATCH_PATH_MAX];
    (void)snprintf(path, sizeof(path), "%.400s/ledger", node);
    CU_ASSERT_EQUAL_FATAL(mkdir(node, 0700), 0);
    rig_open(&rig, path);
    for (uint64_t i = 1; i <= REQUESTS + 1; i++) {
        const uint64_t request = i > REQUESTS ? again : i;
        uint8_t octets[LEDGER_RECORD_OCTETS_MAX];
        struct bytes_writer w = bytes_writer_of(octets, octets + sizeof(octets));
        struct ledger_record_head head;
        if (request == without || request == 0)
            continue;
        struct ledger_record record = {.index = rig.chain.index + 1,
                                       .term = 1,
                                       .kind = LEDGER_CHARGE,
                                       .flags = LEDGER_IN_TABLE,
                                       .amount = 5,
                                       .identity = identity_of_request(request)};
        CU_ASSERT_EQUAL_FATAL(ledger_record_encode(&w, &record, rig.chain.checksum), P7_OK);
        const struct bytes encoded = bytes_of(octets, bytes_writer_length(&w));
        CU_ASSERT_EQUAL_FATAL(ledger_record_peek(encoded, &head), P7_OK);
        CU_ASSERT_EQUAL_FATAL(journal_append(rig.journal, encoded), P7_OK);
        rig.chain.index++;
        rig.chain.checksum = head.checksum;
    }
    CU_ASSERT_EQUAL_FATAL(journal_sync(rig.journal), P7_OK);
    rig_close(&rig);
}

/* Request 3 timed out, all others were answered ok. */
static void write_run(void)
{
    char content[8192];
    char origin[64] = "";
    size_t used = (size_t)snprintf(content, sizeof(content), "%s", header);
    for (uint64_t i = 1; i <= REQUESTS; i++)
        used +=
            (size_t)snprintf(content + used, sizeof(content) - used,
                             "%u,oneshot,\"a,b\",1,2,3,%s,1,f,,%u,0,%016llx,x,1\n", (unsigned)i - 1,
                             i == 3 ? "timeout" : "ok", (unsigned)i, (unsigned long long)i);
    CU_ASSERT_EQUAL_FATAL(mkdir(run_path, 0700), 0);
    scratch_write(&scratch, "run/requests.csv", content);
    for (size_t i = 0; i < sizeof(peer_address); i++)
        (void)snprintf(origin + 2 * i, 3, "%02x", peer_address[i]);
    (void)snprintf(content, sizeof(content),
                   "{\"targets\":[{\"name\":\"a,b\",\"origin\":\"%s\"}],\"recorder\":{}}", origin);
    scratch_write(&scratch, "run/run.json", content);
}

static void begin(void)
{
    scratch_make(&scratch);
    (void)scratch_file(&scratch, "run", run_path);
    (void)scratch_file(&scratch, "node0", node_path[0]);
    (void)scratch_file(&scratch, "node1", node_path[1]);
    (void)scratch_file(&scratch, "node0/cdr", cdr_path);
    write_run();
}

static struct tool_arguments run_and_nodes(size_t nodes)
{
    return (struct tool_arguments){.operand = {run_path, node_path[0], node_path[1]},
                                   .operands = 1 + nodes};
}

static void write_cdrs(uint64_t committed)
{
    struct cdr_params params;
    struct cdr *cdr = NULL;
    char ledger[SCRATCH_PATH_MAX];
    char text[CDR_TEXT_OCTETS];
    cdr_params_init(&params);
    params.ledger = scratch_file(&scratch, "node0/ledger", ledger);
    params.directory = cdr_path;
    CU_ASSERT_EQUAL_FATAL(cdr_create(&params, &cdr, text, sizeof(text)), P7_OK);
    cdr_committed(cdr, committed);
    cdr_destroy(cdr);
}

static void a_run_and_two_ledgers_that_agree_pass(void)
{
    begin();
    write_ledger(node_path[0], 0, 0);
    write_ledger(node_path[1], 0, 0);
    write_cdrs(REQUESTS);
    struct tool_arguments arguments = run_and_nodes(2);
    arguments.cdr[arguments.cdrs++] = cdr_path;
    CU_ASSERT_EQUAL(tool_reconcile(&arguments), TOOL_GOOD);
    arguments.json = true;
    CU_ASSERT_EQUAL(tool_reconcile(&arguments), TOOL_GOOD);
    const struct tool_arguments ledgers = {.operand = {node_path[0], node_path[1]}, .operands = 2};
    CU_ASSERT_EQUAL(tool_verify(&ledgers), TOOL_GOOD);
    scratch_remove(&scratch);
}

static void a_charge_that_is_missing_fails_and_one_whose_reply_was_not_seen_does_not(void)
{
    begin();
    write_ledger(node_path[0], 3, 0); /* 3 timed out: it may have been charged or not */
    write_ledger(node_path[1], 4, 0);
    struct tool_arguments arguments = run_and_nodes(1);
    CU_ASSERT_EQUAL(tool_reconcile(&arguments), TOOL_GOOD);
    arguments.operand[1] = node_path[1];
    CU_ASSERT_EQUAL(tool_reconcile(&arguments), TOOL_DISCREPANCY);
    const struct tool_arguments ledgers = {.operand = {node_path[0], node_path[1]}, .operands = 2};
    CU_ASSERT_EQUAL(tool_verify(&ledgers), TOOL_DISCREPANCY);
    scratch_remove(&scratch);
}

static void a_request_that_was_charged_twice_fails(void)
{
    begin();
    write_ledger(node_path[0], 0, 7);
    const struct tool_arguments arguments = run_and_nodes(1);
    CU_ASSERT_EQUAL(tool_reconcile(&arguments), TOOL_DISCREPANCY);
    scratch_remove(&scratch);
}

static void cdrs_that_lack_records_or_were_changed_fail(void)
{
    char path[SCRATCH_PATH_MAX];
    begin();
    write_ledger(node_path[0], 0, 0);
    write_cdrs(10);
    struct tool_arguments arguments = run_and_nodes(1);
    arguments.cdr[arguments.cdrs++] = node_path[0]; /* the data directory will do */
    const struct tool_arguments cdrs = {.operand = {cdr_path}, .operands = 1};
    CU_ASSERT_EQUAL(tool_reconcile(&arguments), TOOL_DISCREPANCY);
    CU_ASSERT_EQUAL(tool_cdr_verify(&cdrs), TOOL_GOOD);
    write_cdrs(REQUESTS);
    CU_ASSERT_EQUAL(tool_reconcile(&arguments), TOOL_GOOD);
    FILE *file = fopen(
        scratch_file(&scratch, "node0/cdr/cdr-00000000000000000001-00000000000000000010.csv", path),
        "r+e");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fseek(file, -3, SEEK_END), 0);
    CU_ASSERT_EQUAL(fputc('9', file), '9'); /* of the result: no sum shows it */
    CU_ASSERT_EQUAL(fclose(file), 0);
    CU_ASSERT_EQUAL(tool_cdr_verify(&cdrs), TOOL_DISCREPANCY);
    CU_ASSERT_EQUAL(tool_reconcile(&arguments), TOOL_DISCREPANCY);
    scratch_remove(&scratch);
}

static void a_run_of_an_older_simulator_is_told_apart_from_a_discrepancy(void)
{
    begin();
    write_ledger(node_path[0], 0, 0);
    scratch_write(&scratch, "run/requests.csv", "id,kind,target,outcome,flags\n");
    const struct tool_arguments arguments = run_and_nodes(1);
    CU_ASSERT_EQUAL(tool_reconcile(&arguments), TOOL_USAGE);
    scratch_remove(&scratch);
}

static void a_run_that_was_killed_is_judged_by_its_journal(void)
{
    char path[SCRATCH_PATH_MAX];
    char content[512];
    char origin[64] = "";
    begin();
    write_ledger(node_path[0], 4, 0);
    CU_ASSERT_EQUAL(unlink(scratch_file(&scratch, "run/run.json", path)), 0);
    for (size_t i = 0; i < sizeof(peer_address); i++)
        (void)snprintf(origin + 2 * i, 3, "%02x", peer_address[i]);
    (void)snprintf(content, sizeof(content), "name,origin,policy,as\nt,%s,first,x\n", origin);
    scratch_write(&scratch, "run/targets.csv", content);
    const char *const journal = "id,target,reference,sequence,event,at_ns,node,flags\n"
                                "0,t,0000000000000001,0,sent,5,,\n"
                                "1,t,0000000000000004,0,sent,6,,\n"
                                "0,t,0000000000000001,0,ok,7,x,\n";
    const struct tool_arguments arguments = run_and_nodes(1);
    (void)snprintf(content, sizeof(content), "%s1,t,00000000000", journal);
    scratch_write(&scratch, "run/journal.csv", content);
    CU_ASSERT_EQUAL(tool_reconcile(&arguments), TOOL_GOOD);
    (void)snprintf(content, sizeof(content), "%s1,t,0000000000000004,0,ok,8,x,\n", journal);
    scratch_write(&scratch, "run/journal.csv", content);
    CU_ASSERT_EQUAL(tool_reconcile(&arguments), TOOL_DISCREPANCY);
    scratch_remove(&scratch);
}

static void an_export_holds_every_record_and_overwrites_nothing(void)
{
    char csv[SCRATCH_PATH_MAX];
    char database[SCRATCH_PATH_MAX];
    sqlite3 *db = NULL;
    sqlite3_stmt *query = NULL;
    size_t octets = 0;
    size_t lines = 0;
    begin();
    write_ledger(node_path[0], 0, 0);
    struct tool_arguments arguments = {
        .operand = {node_path[0]}, .operands = 1, .csv = scratch_file(&scratch, "out.csv", csv)};
    CU_ASSERT_EQUAL(tool_export(&arguments), TOOL_GOOD);
    CU_ASSERT_EQUAL(tool_export(&arguments), TOOL_USAGE);
    char *content = scratch_read(&scratch, "out.csv", &octets);
    for (const char *at = content; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    CU_ASSERT_EQUAL(lines, REQUESTS + 1);
    free(content);
    arguments.csv = NULL;
    arguments.sqlite = scratch_file(&scratch, "out.db", database);
    CU_ASSERT_EQUAL(tool_export(&arguments), TOOL_GOOD);
    CU_ASSERT_EQUAL(tool_export(&arguments), TOOL_USAGE);
    CU_ASSERT_EQUAL_FATAL(sqlite3_open(database, &db), SQLITE_OK);
    CU_ASSERT_EQUAL_FATAL(
        sqlite3_prepare_v2(db, "SELECT COUNT(*), SUM(amount), COUNT(DISTINCT identity) FROM record",
                           -1, &query, NULL),
        SQLITE_OK);
    CU_ASSERT_EQUAL(sqlite3_step(query), SQLITE_ROW);
    CU_ASSERT_EQUAL(sqlite3_column_int(query, 0), (int)REQUESTS);
    CU_ASSERT_EQUAL(sqlite3_column_int(query, 1), 5 * (int)REQUESTS);
    CU_ASSERT_EQUAL(sqlite3_column_int(query, 2), (int)REQUESTS);
    (void)sqlite3_finalize(query);
    CU_ASSERT_EQUAL(sqlite3_close(db), SQLITE_OK);
    scratch_remove(&scratch);
}

UNIT_TESTS = {
    UNIT(a_run_and_two_ledgers_that_agree_pass),
    UNIT(a_charge_that_is_missing_fails_and_one_whose_reply_was_not_seen_does_not),
    UNIT(a_request_that_was_charged_twice_fails),
    UNIT(cdrs_that_lack_records_or_were_changed_fail),
    UNIT(a_run_of_an_older_simulator_is_told_apart_from_a_discrepancy),
    UNIT(a_run_that_was_killed_is_judged_by_its_journal),
    UNIT(an_export_holds_every_record_and_overwrites_nothing),
};
UNIT_MAIN("pulse7-ledger")
