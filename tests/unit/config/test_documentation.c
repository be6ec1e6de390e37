/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Pages say what the programs do: every command stands in docs/configuration.md and pulse7.cfg(5),
 * every option of --help in its manual page and the other way round, and examples load. Run from
 * the root of the sources.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config/language/grammar.h"
#include "config/language/language.h"
#include "config/language/options.h"
#include "config/language/parser_explain.h"
#include "tests/unit/unit.h"

#define PAGE_OCTETS 65536

static char page[PAGE_OCTETS];
static struct settings settings;
static struct settings_problems problems;

/* Reads a page without troff's backslashes. */
static void read_page(const char *path)
{
    FILE *file = fopen(path, "r");
    size_t at = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (int c = getc(file); c != EOF && at + 1 < sizeof(page); c = getc(file))
        if (c != '\\')
            page[at++] = (char)c;
    page[at] = '\0';
    (void)fclose(file);
    CU_ASSERT_TRUE_FATAL(at > 500);
}

static void every_command_stands_in(const char *path, const char *before, const char *behind)
{
    read_page(path);
    for (uint32_t i = 0; i < grammar_row_count(); i++) {
        char form[128];
        char line[160];
        parser_form_text(grammar_row_at(i), form, sizeof(form));
        (void)snprintf(line, sizeof(line), "%s%s%s", before, form, behind);
        if (strstr(page, line) == NULL)
            (void)fprintf(stderr, "%s does not tell: %s\n", path, form);
        CU_ASSERT_PTR_NOT_NULL(strstr(page, line));
    }
}

static void every_command_stands_in_the_page_and_the_manual(void)
{
    every_command_stands_in("docs/configuration.md", "\n| `", "` | ");
    every_command_stands_in("docs/man/pulse7.cfg.5", "\n.B ", "\n");
}

static const char *usage_of(enum settings_program program)
{
    static char usage[8192];
    memset(usage, 0, sizeof(usage));
    FILE *stream = fmemopen(usage, sizeof(usage) - 1, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    options_usage(program, stream);
    (void)fclose(stream);
    return usage;
}

/* Counts the long options of `text`, and those among them that `other` does not have. */
static uint32_t options_missing(const char *text, const char *other, uint32_t *count)
{
    uint32_t missing = 0;
    *count = 0;
    for (const char *p = strstr(text, "--"); p != NULL; p = strstr(p + 2, "--")) {
        char option[32] = "--";
        size_t length = 2;
        while (length + 1 < sizeof(option) && islower((unsigned char)p[length])) {
            option[length] = p[length];
            length++;
        }
        *count += 1;
        if (strstr(other, option) == NULL) {
            (void)fprintf(stderr, "%s stands in one of --help and manual only\n", option);
            missing++;
        }
    }
    return missing;
}

static void help_and_manual_tell_the_same_options(enum settings_program program, const char *path,
                                                  uint32_t options_at_least)
{
    uint32_t count = 0;
    const char *usage = usage_of(program);
    read_page(path);
    CU_ASSERT_EQUAL(options_missing(usage, page, &count), 0);
    CU_ASSERT_TRUE(count >= options_at_least);
    CU_ASSERT_EQUAL(options_missing(page, usage, &count), 0);
    CU_ASSERT_TRUE(count >= options_at_least);
}

static void every_option_stands_in_help_and_in_its_manual(void)
{
    help_and_manual_tell_the_same_options(SETTINGS_FOR_SIMULATOR, "docs/man/pulse7-simulator.1",
                                          13);
    help_and_manual_tell_the_same_options(SETTINGS_FOR_RESPONDER, "docs/man/pulse7-responder.1", 9);
}

static void loads_and_checks(const char *text)
{
    char error[SETTINGS_ERROR_OCTETS];
    const enum p7_status status =
        settings_load_text("example", text, &settings, error, sizeof(error));
    if (status != P7_OK)
        (void)fprintf(stderr, "%s\n", error);
    CU_ASSERT_EQUAL(status, P7_OK);
}

static void the_manuals_example_loads_and_checks(void)
{
    read_page("docs/man/pulse7.cfg.5");
    char *example = strstr(page, ".EX\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(example);
    char *end = strstr(example, ".EE");
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    *end = '\0';
    loads_and_checks(example + 4);

    (void)!settings_check(&settings, SETTINGS_FOR_SIMULATOR, &problems);
    for (uint32_t i = 0; i < problems.count; i++)
        (void)fprintf(stderr, "%s\n", problems.problem[i].text);
    CU_ASSERT_EQUAL(problems.count, 0);
}

static void the_pages_blocks_of_configuration_load(void)
{
    uint32_t blocks = 0;
    read_page("docs/configuration.md");
    for (char *block = strstr(page, "```\n"); block != NULL;) {
        char *end = strstr(block + 4, "```\n");
        CU_ASSERT_PTR_NOT_NULL_FATAL(end);
        *end = '\0';
        if (strncmp(block + 4, "cs7 ", 4) == 0 || strncmp(block + 4, "log ", 4) == 0 ||
            strncmp(block + 4, "responder\n", 10) == 0) {
            loads_and_checks(block + 4);
            blocks++;
        }
        block = strstr(end + 1, "\n```\n");
        block = block == NULL ? NULL : block + 1;
    }
    CU_ASSERT_EQUAL(blocks, 5);
}

UNIT_TESTS = {
    UNIT(every_command_stands_in_the_page_and_the_manual),
    UNIT(every_option_stands_in_help_and_in_its_manual),
    UNIT(the_manuals_example_loads_and_checks),
    UNIT(the_pages_blocks_of_configuration_load),
};
UNIT_MAIN("documentation")
