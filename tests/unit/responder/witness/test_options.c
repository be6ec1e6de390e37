/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/witness/options.h"

#include "tests/unit/unit.h"

#define WORDS_MAX 160

static struct witness_options options;
static char text[WITNESS_TEXT_OCTETS];

/* Parses the words behind the program's name; they are cut at blanks. */
static enum p7_status parse(const char *line)
{
    static char copy[8192];
    char *words[WORDS_MAX] = {NULL};
    int count = 1;
    words[0] = (char[]){"pulse7-witness"};
    (void)snprintf(copy, sizeof(copy), "%s", line);
    for (char *at = copy; *at != '\0' && count < WORDS_MAX - 1;) {
        words[count++] = at;
        at += strcspn(at, " ");
        if (*at != '\0')
            *at++ = '\0';
    }
    return witness_options_parse(&options, count, words, text);
}

static const char *address(void)
{
    static char address_text[WITNESS_ADDRESS_OCTETS];
    witness_address_text(&options.listen, address_text);
    return address_text;
}

static void a_whole_command_line_is_taken(void)
{
    CU_ASSERT_EQUAL(parse("--data d --cluster 7:k --cluster 0xffffffffffffffff:dir/k:2 "
                          "--listen 192.0.2.1:7101 --log-file f --quiet"),
                    P7_OK);
    CU_ASSERT_EQUAL(options.action, WITNESS_RUN);
    CU_ASSERT_STRING_EQUAL(options.data, "d");
    CU_ASSERT_STRING_EQUAL(options.log_file, "f");
    CU_ASSERT(options.quiet);
    CU_ASSERT_EQUAL(options.cluster_count, 2);
    CU_ASSERT_EQUAL(options.cluster[0].id, 7);
    CU_ASSERT_STRING_EQUAL(options.cluster[0].key_path, "k");
    CU_ASSERT_EQUAL(options.cluster[1].id, UINT64_MAX);
    CU_ASSERT_STRING_EQUAL(options.cluster[1].key_path, "dir/k:2");
    CU_ASSERT_STRING_EQUAL(address(), "192.0.2.1:7101");
}

static void addresses_have_defaults_and_both_families(void)
{
    CU_ASSERT_EQUAL(parse("--data d --cluster 7:k"), P7_OK);
    CU_ASSERT_STRING_EQUAL(address(), "127.0.0.1:7100");
    CU_ASSERT_EQUAL(parse("--data d --cluster 7:k --listen 0.0.0.0"), P7_OK);
    CU_ASSERT_STRING_EQUAL(address(), "0.0.0.0:7100");
    CU_ASSERT_EQUAL(parse("--data d --cluster 7:k --listen ::1"), P7_OK);
    CU_ASSERT_STRING_EQUAL(address(), "[::1]:7100");
    CU_ASSERT_EQUAL(parse("--data d --cluster 7:k --listen [2001:db8::2]:99"), P7_OK);
    CU_ASSERT_STRING_EQUAL(address(), "[2001:db8::2]:99");
}

static void what_is_missing_is_asked_for(void)
{
    CU_ASSERT_EQUAL(parse(""), P7_MISSING);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "--data"));
    CU_ASSERT_EQUAL(parse("--data d"), P7_MISSING);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "--cluster"));
    CU_ASSERT_EQUAL(parse("--cluster"), P7_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "--cluster"));
}

static void what_is_wrong_is_named(void)
{
    static const char *const wrong[] = {
        "--listen",
        "--listen 1.2.3",
        "--listen 1.2.3.4:0",
        "--listen :7100",
        "--listen 1.2.3.4:70000",
        "--listen [::1",
        "--listen [::1]x",
        "--listen host:1",
        "--cluster 7",
        "--cluster :k",
        "--cluster 7:",
        "--cluster -7:k",
        "--cluster x:k",
        "--cluster 0x:k",
        "--cluster 18446744073709551616:k",
        "--other",
        "word",
        "--cluster 7:k --cluster 0x7:k",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *word = strrchr(wrong[i], ' ') != NULL ? strrchr(wrong[i], ' ') + 1 : wrong[i];
        CU_ASSERT_NOT_EQUAL(parse(wrong[i]), P7_OK);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, word));
    }
}

static void more_clusters_than_it_serves_are_refused(void)
{
    char line[4096] = "--data d";
    size_t used = strlen(line);
    for (unsigned id = 1; id <= WITNESS_CLUSTERS_MAX; id++)
        used += (size_t)snprintf(line + used, sizeof(line) - used, " --cluster %u:k", id);
    CU_ASSERT_EQUAL(parse(line), P7_OK);
    (void)snprintf(line + used, sizeof(line) - used, " --cluster 99:k");
    CU_ASSERT_EQUAL(parse(line), P7_FULL);
}

static void help_and_version_need_nothing_else(void)
{
    CU_ASSERT_EQUAL(parse("--help"), P7_OK);
    CU_ASSERT_EQUAL(options.action, WITNESS_HELP);
    CU_ASSERT_EQUAL(parse("-V"), P7_OK);
    CU_ASSERT_EQUAL(options.action, WITNESS_VERSION);
}

UNIT_TESTS = {
    UNIT(a_whole_command_line_is_taken),
    UNIT(addresses_have_defaults_and_both_families),
    UNIT(what_is_missing_is_asked_for),
    UNIT(what_is_wrong_is_named),
    UNIT(more_clusters_than_it_serves_are_refused),
    UNIT(help_and_version_need_nothing_else),
};
UNIT_MAIN("options")
