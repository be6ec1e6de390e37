/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/capture.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sigtran/base/limits.h"
#include "tests/unit/unit.h"

static char directory[] = "/tmp/pulse7-capture.XXXXXX";
static char path[64];

/* The blocks of the file: how many packets, and where the last one begins. */
struct blocks {
    uint8_t *octets;
    size_t length;
    unsigned packets;
    const uint8_t *last;
};

static struct blocks read_blocks(void)
{
    struct blocks b = {.octets = NULL};
    FILE *file = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    (void)fseek(file, 0, SEEK_END);
    b.length = (size_t)ftell(file);
    rewind(file);
    b.octets = malloc(b.length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b.octets);
    CU_ASSERT_EQUAL_FATAL(fread(b.octets, 1, b.length, file), b.length);
    b.last = b.octets;
    (void)fclose(file);
    for (size_t at = 0; at < b.length;) {
        const uint32_t octets = bytes_load_u32be(b.octets + at + 4);
        CU_ASSERT_FATAL(octets >= 12 && octets <= b.length - at);
        CU_ASSERT_EQUAL(bytes_load_u32be(b.octets + at + octets - 4), octets);
        if (bytes_load_u32be(b.octets + at) == 6) {
            b.packets++;
            b.last = b.octets + at;
        }
        at += octets;
    }
    return b;
}

static struct capture *open_capture(uint64_t octets_max, uint32_t ring_octets)
{
    const struct capture_settings settings = {.path = path,
                                              .comment = "a test",
                                              .octets_max = octets_max,
                                              .ring_octets = ring_octets,
                                              .wall_minus_monotonic_ns = 1000};
    char reason[256] = "";
    struct capture *capture = NULL;
    (void)snprintf(path, sizeof(path), "%s/m.pcapng", directory);
    (void)unlink(path);
    CU_ASSERT_EQUAL_FATAL(capture_open(&settings, &capture, reason, sizeof(reason)), P7_OK);
    return capture;
}

static void messages_of_both_directions_are_in_the_file_with_their_addresses_and_times(void)
{
    struct capture *capture = open_capture(0, 0);
    struct capture_counters counters;
    const uint8_t message[] = {1, 0, 3, 1, 0, 0, 0, 8};
    capture_association(capture, 3, "10.0.0.1", 2905, "10.0.0.2", 2906);
    capture_message(capture, 3, true, 500, 0, 3, bytes_of(message, sizeof(message)));
    capture_message(capture, 3, false, 700, 4, 3, bytes_of(message, sizeof(message)));
    capture_close(capture, &counters);
    struct blocks b = read_blocks();
    CU_ASSERT_EQUAL(counters.messages, 2);
    CU_ASSERT_EQUAL(counters.octets, b.length);
    CU_ASSERT_EQUAL_FATAL(b.packets, 2);
    CU_ASSERT_EQUAL(bytes_load_u32be(b.last + 16), 1700);
    CU_ASSERT_EQUAL(b.last[28 + 12 + 3], 2); /* from the peer */
    CU_ASSERT_EQUAL(b.last[28 + 16 + 3], 1);
    CU_ASSERT_EQUAL(bytes_load_u16be(b.last + 28 + 20), 2906);
    free(b.octets);
}

static void a_restarted_association_begins_its_numbers_anew(void)
{
    struct capture *capture = open_capture(0, 0);
    const uint8_t message[] = {1, 0, 3, 1, 0, 0, 0, 8};
    for (unsigned i = 0; i < 2; i++) {
        capture_association(capture, 0, "", 0, "fd00::2", 2906);
        capture_message(capture, 0, true, 500, 1, 3, bytes_of(message, sizeof(message)));
    }
    capture_close(capture, NULL);
    struct blocks b = read_blocks();
    CU_ASSERT_EQUAL_FATAL(b.packets, 2);
    const uint8_t *sctp = b.last + 28 + 40;
    CU_ASSERT_EQUAL(bytes_load_u32be(sctp + 4), 3); /* tags 1 and 2 were the first one's */
    CU_ASSERT_EQUAL(bytes_load_u32be(sctp + 12 + 4), 1);
    free(b.octets);
}

static void a_file_ends_with_the_last_message_below_its_limit_and_the_rest_is_counted(void)
{
    struct capture *capture = open_capture(5000, 0);
    struct capture_counters counters;
    const uint8_t message[100] = {1};
    capture_association(capture, 0, "", 0, "10.0.0.2", 2906);
    for (unsigned i = 0; i < 100; i++)
        capture_message(capture, 0, true, 500, 1, 3, bytes_of(message, sizeof(message)));
    capture_close(capture, &counters);
    struct blocks b = read_blocks();
    CU_ASSERT(b.length <= 5000 && b.length > 4500);
    CU_ASSERT_EQUAL(counters.messages, 100);
    CU_ASSERT(counters.left_out > 0);
    CU_ASSERT_EQUAL(b.packets + counters.left_out, 100);
    free(b.octets);
}

/* Whatever the writer's pace is: what was not lost is in the file, to the message. */
static void more_than_the_ring_holds_is_counted_as_lost_and_the_rest_is_whole(void)
{
    struct capture *capture = open_capture(0, CAPTURE_RING_OCTETS_MIN);
    struct capture_counters counters;
    uint8_t *message = calloc(1, LIMIT_M3UA_MESSAGE_OCTETS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(message);
    capture_association(capture, 0, "", 0, "10.0.0.2", 2906);
    for (unsigned i = 0; i < 200; i++)
        capture_message(capture, 0, true, 500, 1, 3, bytes_of(message, 60000 + i));
    capture_close(capture, &counters);
    free(message);
    struct blocks b = read_blocks();
    CU_ASSERT(counters.lost > 0);
    CU_ASSERT_EQUAL(counters.messages + counters.lost, 200);
    CU_ASSERT_EQUAL(b.packets, counters.messages);
    free(b.octets);
}

static void a_file_that_can_not_be_written_is_refused_with_its_path(void)
{
    const struct capture_settings settings = {.path = "/nowhere/m.pcapng", .comment = ""};
    char reason[256] = "";
    struct capture *capture = NULL;
    CU_ASSERT_EQUAL(capture_open(&settings, &capture, reason, sizeof(reason)), P7_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(reason, "/nowhere/m.pcapng"));
}

/* A limit on the size of files stands in for a full disk: write(2) takes what still fits. */
static void a_disk_that_is_full_is_counted_and_harms_nothing(void)
{
    struct capture_counters counters;
    struct rlimit before;
    const uint8_t message[100] = {1};
    (void)signal(SIGXFSZ, SIG_IGN);
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit small = {.rlim_cur = 2000, .rlim_max = before.rlim_max};
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &small), 0);
    struct capture *capture = open_capture(0, 0);
    capture_association(capture, 0, "", 0, "10.0.0.2", 2906);
    for (unsigned i = 0; i < 100; i++)
        capture_message(capture, 0, true, 500, 1, 3, bytes_of(message, sizeof(message)));
    capture_close(capture, &counters);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &before), 0);
    CU_ASSERT_EQUAL(counters.error_number, EFBIG);
    CU_ASSERT_EQUAL(counters.octets, 2000);
    CU_ASSERT(counters.lost_disk > 0 && counters.lost_disk <= 100);
}

static void an_existing_file_is_never_written_over(void)
{
    char reason[256] = "";
    struct capture *capture = open_capture(0, 0);
    struct capture *second = NULL;
    const struct capture_settings settings = {.path = path, .comment = "a test"};
    capture_close(capture, NULL);
    CU_ASSERT_EQUAL(capture_open(&settings, &second, reason, sizeof(reason)), P7_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(reason, path));
}

UNIT_TESTS = {
    UNIT(messages_of_both_directions_are_in_the_file_with_their_addresses_and_times),
    UNIT(a_restarted_association_begins_its_numbers_anew),
    UNIT(a_file_ends_with_the_last_message_below_its_limit_and_the_rest_is_counted),
    UNIT(more_than_the_ring_holds_is_counted_as_lost_and_the_rest_is_whole),
    UNIT(a_file_that_can_not_be_written_is_refused_with_its_path),
    UNIT(a_disk_that_is_full_is_counted_and_harms_nothing),
    UNIT(an_existing_file_is_never_written_over),
};

int main(void)
{
    if (mkdtemp(directory) == NULL)
        return 1;
    const int code = unit_run("capture", unit_tests, sizeof(unit_tests) / sizeof(unit_tests[0]));
    (void)unlink(path);
    (void)rmdir(directory);
    return code;
}
