/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* pulse7-ledger export */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "responder/storage/ledger_csv.h"
#include "responder/tool/ledger_walk.h"
#include "responder/tool/tool.h"

static const char schema[] =
    "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
    "CREATE TABLE ledger(cluster TEXT, records INTEGER, last_term INTEGER, last_checksum TEXT,"
    " sum INTEGER);"
    "CREATE TABLE record(idx INTEGER PRIMARY KEY, term INTEGER NOT NULL, wall_ns INTEGER NOT NULL,"
    " record TEXT NOT NULL, account INTEGER, amount INTEGER, reserved INTEGER, call TEXT,"
    " identity TEXT, sequence INTEGER, kind TEXT, result TEXT, node INTEGER);"
    "BEGIN;";

static const char finish[] = "CREATE INDEX record_identity ON record(identity);"
                             "CREATE INDEX record_account ON record(account);"
                             "CREATE INDEX record_call ON record(call);"
                             "COMMIT;";

struct export
{
    FILE *csv;
    sqlite3 *db;
    sqlite3_stmt *insert;
    bool failed;
};

static bool each_csv(void *context, const struct ledger_record *record)
{
    struct export *export = context;
    char line[LEDGER_CSV_LINE_OCTETS];
    const size_t length = ledger_csv_line(record, line);
    export->failed = fwrite(line, 1, length, export->csv) != length;
    return !export->failed;
}

static void bind_hex(sqlite3_stmt *insert, int column, const uint64_t value[2])
{
    char hex[33];
    (void)snprintf(hex, sizeof(hex), "%016" PRIx64 "%016" PRIx64, value[0], value[1]);
    (void)sqlite3_bind_text(insert, column, hex, -1, SQLITE_TRANSIENT);
}

static bool each_sqlite(void *context, const struct ledger_record *record)
{
    struct export *export = context;
    sqlite3_stmt *insert = export->insert;
    (void)sqlite3_clear_bindings(insert);
    (void)sqlite3_bind_int64(insert, 1, (sqlite3_int64)record->index);
    (void)sqlite3_bind_int64(insert, 2, (sqlite3_int64)record->term);
    (void)sqlite3_bind_int64(insert, 3, record->wall_ns);
    (void)sqlite3_bind_text(insert, 4, ledger_record_kind_name(record->kind), -1, SQLITE_STATIC);
    if (record->kind == LEDGER_TERM) {
        (void)sqlite3_bind_int(insert, 13, record->node);
    } else {
        (void)sqlite3_bind_int64(insert, 5, (sqlite3_int64)record->account);
        (void)sqlite3_bind_int64(insert, 6, (sqlite3_int64)record->amount);
        (void)sqlite3_bind_int64(insert, 7, record->reserved_delta);
        bind_hex(insert, 8, record->reference);
    }
    if (record->kind == LEDGER_CHARGE) {
        bind_hex(insert, 9, record->identity.key);
        (void)sqlite3_bind_int64(insert, 10, record->sequence);
        (void)sqlite3_bind_text(insert, 11,
                                service_kind_name((enum service_kind)record->reply.kind), -1,
                                SQLITE_STATIC);
        (void)sqlite3_bind_text(insert, 12, ledger_csv_result_name(record->reply.result), -1,
                                SQLITE_STATIC);
    }
    export->failed = sqlite3_step(insert) != SQLITE_DONE || sqlite3_reset(insert) != SQLITE_OK;
    return !export->failed;
}

/* P7_OK: all of it; else it was said why not. */
static enum tool_exit walk(const char *path, const struct ledger_visitor *visitor,
                           const struct export *export, struct ledger_facts *facts)
{
    const enum p7_status status = ledger_walk(path, visitor, facts);
    if (export->failed)
        return TOOL_USAGE;
    if (status != P7_OK) {
        tool_complain("%s", status == P7_NO_MEMORY ? "no memory" : facts->text);
        return TOOL_USAGE;
    }
    if (!facts->damaged)
        return TOOL_GOOD;
    tool_complain("%s is damaged, what precedes the damage was exported: %s", path, facts->text);
    return TOOL_DISCREPANCY;
}

static enum tool_exit export_csv(const char *path, const char *file)
{
    struct export export = {.csv = stdout};
    struct ledger_facts facts;
    if (strcmp(file, "-") != 0)
        export.csv = fopen(file, "wxe");
    if (export.csv == NULL) {
        tool_complain("%s: %s", file, strerror(errno));
        return TOOL_USAGE;
    }
    const struct ledger_visitor visitor = {.each = each_csv, .context = &export};
    export.failed = fputs(LEDGER_CSV_HEADER, export.csv) == EOF;
    enum tool_exit code = export.failed ? TOOL_USAGE : walk(path, &visitor, &export, &facts);
    const bool flushed = fflush(export.csv) != EOF;
    if (export.failed || !flushed) {
        tool_complain("%s can't be written: %s", file, strerror(errno));
        code = TOOL_USAGE;
    }
    if (export.csv != stdout)
        (void)fclose(export.csv);
    return code;
}

static bool write_facts(sqlite3 *db, const struct ledger_facts *facts)
{
    char sql[256];
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO ledger VALUES('%016" PRIx64 "', %" PRIu64 ", %" PRIu64
                   ", '%08" PRIx32 "', %" PRIu64 ");",
                   facts->position.cluster_id, facts->position.index, facts->position.term,
                   facts->position.checksum, facts->sum);
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK &&
           sqlite3_exec(db, finish, NULL, NULL, NULL) == SQLITE_OK;
}

static enum tool_exit export_database(const char *path, const char *file, struct export *export)
{
    struct ledger_facts facts;
    const struct ledger_visitor visitor = {.each = each_sqlite, .context = export};
    export->failed =
        sqlite3_open(file, &export->db) != SQLITE_OK ||
        sqlite3_exec(export->db, schema, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(export->db,
                           "INSERT INTO record VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
                           -1, &export->insert, NULL) != SQLITE_OK;
    enum tool_exit code = export->failed ? TOOL_USAGE : walk(path, &visitor, export, &facts);
    if (code != TOOL_USAGE && !write_facts(export->db, &facts))
        export->failed = true;
    if (export->failed) {
        tool_complain("%s can't be written: %s", file,
                      export->db == NULL ? "no memory" : sqlite3_errmsg(export->db));
        code = TOOL_USAGE;
    }
    return code;
}

static enum tool_exit export_sqlite(const char *path, const char *file)
{
    struct export export = {0};
    /* sqlite would add to one that is there. */
    const int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd == -1) {
        tool_complain("%s: %s", file, strerror(errno));
        return TOOL_USAGE;
    }
    (void)close(fd);
    enum tool_exit code = export_database(path, file, &export);
    (void)sqlite3_finalize(export.insert);
    if (sqlite3_close(export.db) != SQLITE_OK)
        code = TOOL_USAGE;
    return code;
}

enum tool_exit tool_export(const struct tool_arguments *arguments)
{
    if (arguments->operands != 1 || (arguments->csv == NULL) == (arguments->sqlite == NULL)) {
        tool_complain("export: name one ledger, and either --csv FILE or --sqlite FILE");
        return TOOL_USAGE;
    }
    return arguments->csv != NULL ? export_csv(arguments->operand[0], arguments->csv)
                                  : export_sqlite(arguments->operand[0], arguments->sqlite);
}
