/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* pulse7-report - tables, charts and one HTML page from run directories. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulator/report/figures.h"
#include "simulator/report/operands.h"
#include "simulator/report/page.h"

enum exit_code { EXIT_GOOD, EXIT_FAILED, EXIT_USAGE, EXIT_INVALID };
enum output_form { FORM_TEXT, FORM_CSV, FORM_JSON };

struct arguments {
    enum output_form form;
    bool page;
    const char *out;
};

static const char usage[] =
    "Usage: pulse7-report [OPTION]... RUN...\n"
    "Prints the tables of run directories, of one or of several together, and writes report.html\n"
    "(into the first of them): one self-contained page with verdict, tables and charts.\n"
    "The directory of a campaign stands for all runs below it (load-*).\n"
    "\n"
    "  --csv       print the table of runs as CSV\n"
    "  --json      print the runs' figures as JSON\n"
    "  --out DIR   write report.html into DIR, which is made where it does not exist\n"
    "  --no-html   only print\n"
    "  --help      print this\n"
    "  --version   print the version\n"
    "\n"
    "Charts need gnuplot (apt-get install gnuplot-nox).\n"
    "Exit code: 0 good; 1 a threshold was broken, or the page or its charts could not be made;\n"
    "2 wrong usage or a directory that can't be read; 3 a run is invalid.\n";

/* --- text --------------------------------------------------------------------------------- */

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What stands in a run's files goes to a terminal: see report_plain_text. */
static void say(const char *format, ...)
{
    char text[2 * FIGURES_TEXT_OCTETS];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    report_plain_text(stdout, text);
}

static void print_table(struct report_table *table)
{
    report_table_text(table, stdout, 2);
    report_table_free(table);
}

static void print_outages(const struct run *run)
{
    const struct run_outages *outages = run->record.outages;
    char text[FIGURES_TEXT_OCTETS];
    if (outages == NULL)
        return;
    if (outages->outage_count == 0)
        say("\n  No outage was found.\n");
    for (uint32_t i = 0; i < outages->outage_count; i++) {
        struct report_table table = {0};
        figures_outage(run, &outages->outage[i], text, sizeof(text));
        say("\n  %s\n", text);
        figures_outage_table(&table, run, &outages->outage[i]);
        print_table(&table);
    }
    if (outages->outage_count > 0) {
        figures_held_or_lost(run, text, sizeof(text));
        say("  %s\n", text);
    }
    for (uint32_t i = 0; i < outages->lane_count; i++) {
        figures_baseline(run, &outages->lane[i], text, sizeof(text));
        say("  %s%s%s\n", outages->lane_count > 1 ? outages->lane[i].name : "",
            outages->lane_count > 1 ? ": " : "", text);
    }
}

static void print_run(const struct run *run)
{
    const struct run_record *record = &run->record;
    struct report_table table = {0};
    char text[FIGURES_TEXT_OCTETS];
    say("%s (%s)\n", figures_name(run), run->path);
    figures_verdict(run, text, sizeof(text));
    say("  %s: %s\n", record->validity.valid ? "VALID" : "INVALID", text);
    for (size_t i = 0; i < record->validity.reason_count; i++)
        say("    - %s\n", record->validity.reasons[i]);
    for (uint32_t i = 0; i < record->threshold_count; i++)
        say("  %s: %s: limit %s, measured %s\n", record->threshold[i].passed ? "PASSED" : "FAILED",
            record->threshold[i].name, record->threshold[i].limit, record->threshold[i].actual);
    figures_what_ran(run, text, sizeof(text));
    say("  %s\n", text);
    figures_accounting(run, text, sizeof(text));
    say("  %s\n\n", text);
    figures_distributions_table(&table, run);
    print_table(&table);
    say("\n");
    figures_statistics_table(&table, run);
    print_table(&table);
    say("\n");
    figures_kinds_table(&table, run);
    print_table(&table);
    print_outages(run);
    say("\n");
}

/* --- JSON --------------------------------------------------------------------------------- */

static json_t *outages_json(const struct run *run)
{
    json_t *list = json_array();
    const struct run_outages *outages = run->record.outages;
    for (uint32_t i = 0; outages != NULL && i < outages->outage_count; i++) {
        const struct run_outage *outage = &outages->outage[i];
        json_t *estimates = json_object();
        for (unsigned e = 0; e < OUTAGE_ESTIMATOR_COUNT; e++)
            if (outage->estimate[e].known)
                (void)json_object_set_new(estimates,
                                          outage_estimator_name((enum outage_estimator)e),
                                          json_real((double)outage->estimate[e].value_ns / 1e6));
        (void)json_array_append_new(
            list, json_pack("{s:s, s:f, s:f, s:o}", "lane", outages->lane[outage->lane].name,
                            "start_s", (double)outage->outage.start_ns / 1e9, "end_s",
                            (double)outage->outage.end_ns / 1e9, "estimates_ms", estimates));
    }
    return list;
}

static void print_json(struct run *const *runs, size_t count)
{
    struct report_table table = {0};
    figures_runs_table(&table, runs, count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *object = report_table_json(&table, i);
        json_t *reasons = json_array();
        for (size_t r = 0; r < runs[i]->record.validity.reason_count; r++)
            (void)json_array_append_new(reasons, json_string(runs[i]->record.validity.reasons[r]));
        (void)json_object_set_new(object, "valid", json_boolean(runs[i]->record.validity.valid));
        (void)json_object_set_new(object, "passed",
                                  json_boolean(figures_thresholds_passed(runs[i])));
        (void)json_object_set_new(object, "feasible", json_boolean(figures_failed(runs[i]) == 0));
        (void)json_object_set_new(object, "path", json_string(runs[i]->path));
        (void)json_object_set_new(object, "reasons", reasons);
        (void)json_object_set_new(object, "outages", outages_json(runs[i]));
        (void)json_array_append_new(list, object);
    }
    (void)json_dumpf(list, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
    (void)printf("\n");
    json_decref(list);
    report_table_free(&table);
}

/* --- the program ---------------------------------------------------------------------------- */

static void print_all(enum output_form form, struct run *const *runs, size_t count)
{
    struct report_table table = {0};
    if (form == FORM_JSON) {
        print_json(runs, count);
        return;
    }
    figures_runs_table(&table, runs, count);
    if (form == FORM_CSV) {
        report_table_csv(&table, stdout);
    } else {
        for (size_t i = 0; i < count; i++)
            print_run(runs[i]);
        (void)printf("All runs\n");
        report_table_text(&table, stdout, 2);
    }
    report_table_free(&table);
}

static int by_load(const void *a, const void *b)
{
    const struct run *const *x = a;
    const struct run *const *y = b;
    const double d = (*x)->record.rate_target_per_s - (*y)->record.rate_target_per_s;
    if (d != 0)
        return d < 0 ? -1 : 1;
    return strcmp((*x)->path, (*y)->path);
}

static enum exit_code verdict(struct run *const *runs, size_t count)
{
    enum exit_code code = EXIT_GOOD;
    for (size_t i = 0; i < count; i++) {
        if (!runs[i]->record.validity.valid)
            return EXIT_INVALID;
        if (!figures_thresholds_passed(runs[i]))
            code = EXIT_FAILED;
    }
    return code;
}

static bool is_our_directory(const char *directory, struct run *const *runs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(directory, runs[i]->path) == 0)
            return true;
    return false;
}

/* False: the page is missing or has no charts. */
static bool write_page(const struct arguments *arguments, const char *directory,
                       struct run *const *runs, size_t count)
{
    char reason[RUN_REASON_OCTETS] = "";
    FILE *say = arguments->form == FORM_TEXT ? stdout : stderr;
    if (!is_our_directory(directory, runs, count)) {
        /* A report goes into a directory that may hold other things. */
        const enum p7_status made = run_directory_create(directory, reason, sizeof(reason));
        if (made != P7_OK && made != P7_EXISTS) {
            (void)fprintf(stderr, "pulse7-report: %s\n", reason);
            return false;
        }
    }
    const enum p7_status status = page_write(directory, runs, count, reason, sizeof(reason));
    if (status != P7_OK)
        (void)fprintf(stderr, "pulse7-report: %s\n", reason);
    if (status == P7_OK || status == P7_NOT_FOUND || status == P7_STATE)
        (void)fprintf(say, "\nReport: %s/%s\n", directory, RUN_FILE_REPORT);
    return status == P7_OK;
}

/* EXIT_GOOD: go on with the operands at optind; *done: there is nothing more to do. */
static enum exit_code parse(int argc, char **argv, struct arguments *arguments, bool *done)
{
    static const struct option options[] = {{"csv", no_argument, NULL, 'c'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"out", required_argument, NULL, 'o'},
                                            {"no-html", no_argument, NULL, 'n'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'V'},
                                            {NULL, 0, NULL, 0}};
    *arguments = (struct arguments){.form = FORM_TEXT, .page = true};
    *done = false;
    for (int option; (option = getopt_long(argc, argv, "o:hV", options, NULL)) != -1;) {
        switch (option) {
        case 'c':
            arguments->form = FORM_CSV;
            break;
        case 'j':
            arguments->form = FORM_JSON;
            break;
        case 'o':
            arguments->out = optarg;
            break;
        case 'n':
            arguments->page = false;
            break;
        case 'h':
            (void)fputs(usage, stdout);
            *done = true;
            return EXIT_GOOD;
        case 'V':
            (void)puts("pulse7-report " PULSE7_VERSION);
            *done = true;
            return EXIT_GOOD;
        default:
            (void)fputs("Try 'pulse7-report --help'.\n", stderr);
            return EXIT_USAGE;
        }
    }
    if (optind < argc)
        return EXIT_GOOD;
    (void)fputs("pulse7-report: name at least one run directory\n", stderr);
    return EXIT_USAGE;
}

/* "runs/x/" and "runs/x" are the same place. */
static void trim(char *path)
{
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/'; n--)
        path[n - 1] = '\0';
}

static enum exit_code report(const struct arguments *arguments, struct run **runs, size_t count,
                             const char *first)
{
    qsort(runs, count, sizeof(void *), by_load);
    print_all(arguments->form, runs, count);
    enum exit_code code = verdict(runs, count);
    if (arguments->page &&
        !write_page(arguments, arguments->out == NULL ? first : arguments->out, runs, count) &&
        code == EXIT_GOOD)
        code = EXIT_FAILED;
    if (fflush(stdout) == EOF || ferror(stdout)) {
        (void)fprintf(stderr, "pulse7-report: the output can't be written: %s\n", strerror(errno));
        code = code == EXIT_GOOD ? EXIT_FAILED : code;
    }
    return code;
}

static enum exit_code find_runs(int argc, char **argv, struct operands *operands)
{
    for (int i = optind; i < argc; i++) {
        trim(argv[i]);
        const enum p7_status status = operands_add(operands, argv[i]);
        if (status == P7_OK)
            continue;
        (void)fprintf(stderr, "pulse7-report: %s: %s\n", argv[i],
                      status == P7_FULL ? "too many run directories" : p7_status_text(status));
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

static enum exit_code open_and_report(const struct arguments *arguments,
                                      const struct operands *operands, const char *first)
{
    enum exit_code code = EXIT_GOOD;
    struct run **runs = report_allocate(NULL, operands->count * sizeof(void *));
    size_t count = 0;
    for (; count < operands->count; count++) {
        char reason[RUN_REASON_OCTETS] = "no memory";
        if (run_open(operands->path[count], &runs[count], reason, sizeof(reason)) != P7_OK) {
            (void)fprintf(stderr, "pulse7-report: %s\n", reason);
            code = EXIT_USAGE;
            break;
        }
    }
    if (code == EXIT_GOOD)
        code = report(arguments, runs, count, first);
    for (size_t i = 0; i < count; i++)
        run_close(runs[i]);
    free(runs);
    return code;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    struct operands operands = {0};
    bool done = false;
    enum exit_code code = parse(argc, argv, &arguments, &done);
    if (code != EXIT_GOOD || done)
        return code;
    code = find_runs(argc, argv, &operands);
    if (code == EXIT_GOOD)
        code = open_and_report(&arguments, &operands, argv[optind]);
    operands_free(&operands);
    return code;
}
