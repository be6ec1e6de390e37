/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/transport/assembly.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

static const uint8_t octets[LIMIT_M3UA_MESSAGE_OCTETS] = {1, 2, 3, 4, 5, 6, 7, 8};

/* RFC6458-3.1.5: MSG_EOR on the only part. */
static void a_message_of_one_part_is_handed_on_as_it_is(void)
{
    struct assembly a = {0};
    struct bytes message = {0};
    CU_ASSERT_EQUAL(assembly_add(&a, bytes_of(octets, 5), true, &message), ASSEMBLY_WHOLE);
    CU_ASSERT_PTR_EQUAL(message.data, octets);
    CU_ASSERT_EQUAL(message.length, 5);
    CU_ASSERT_PTR_NULL(a.parts.data);
}

static void parts_become_one_message_at_the_end_of_the_record(void)
{
    struct assembly a = {0};
    struct bytes message = {0};
    CU_ASSERT_EQUAL(assembly_add(&a, bytes_of(octets, 3), false, &message), ASSEMBLY_MORE);
    CU_ASSERT_EQUAL(assembly_add(&a, bytes_of(octets + 3, 2), false, &message), ASSEMBLY_MORE);
    CU_ASSERT_EQUAL(assembly_add(&a, bytes_of(octets + 5, 3), true, &message), ASSEMBLY_WHOLE);
    CU_ASSERT_EQUAL_FATAL(message.length, 8);
    CU_ASSERT_EQUAL(memcmp(message.data, octets, 8), 0);
    /* and the next one begins anew */
    CU_ASSERT_EQUAL(assembly_add(&a, bytes_of(octets, 4), true, &message), ASSEMBLY_WHOLE);
    CU_ASSERT_EQUAL(message.length, 4);
    free(a.parts.data);
}

static void a_message_of_the_limit_is_whole_and_one_octet_more_is_dropped_whole(void)
{
    struct assembly a = {0};
    struct bytes message = {0};
    const size_t half = sizeof(octets) / 2;
    CU_ASSERT_EQUAL(assembly_add(&a, bytes_of(octets, half), false, &message), ASSEMBLY_MORE);
    CU_ASSERT_EQUAL(assembly_add(&a, bytes_of(octets, half), true, &message), ASSEMBLY_WHOLE);
    CU_ASSERT_EQUAL(message.length, LIMIT_M3UA_MESSAGE_OCTETS);
    CU_ASSERT_EQUAL(assembly_add(&a, bytes_of(octets, half), false, &message), ASSEMBLY_MORE);
    CU_ASSERT_EQUAL(assembly_add(&a, bytes_of(octets, half), false, &message), ASSEMBLY_MORE);
    CU_ASSERT_EQUAL(assembly_add(&a, bytes_of(octets, 1), false, &message), ASSEMBLY_DROPPED);
    /* told once; its rest is no message of its own */
    CU_ASSERT_EQUAL(assembly_add(&a, bytes_of(octets, 9), false, &message), ASSEMBLY_MORE);
    CU_ASSERT_EQUAL(assembly_add(&a, bytes_of(octets, 9), true, &message), ASSEMBLY_MORE);
    CU_ASSERT_EQUAL(assembly_add(&a, bytes_of(octets, 6), true, &message), ASSEMBLY_WHOLE);
    CU_ASSERT_EQUAL(message.length, 6);
    free(a.parts.data);
}

/* RFC6458-6.1.7: SCTP_PARTIAL_DELIVERY_ABORTED. */
static void what_will_not_be_completed_leaves_nothing_behind(void)
{
    struct assembly a = {0};
    struct bytes message = {0};
    CU_ASSERT_EQUAL(assembly_add(&a, bytes_of(octets, 100), false, &message), ASSEMBLY_MORE);
    assembly_reset(&a);
    CU_ASSERT_EQUAL(assembly_add(&a, bytes_of(octets, 7), true, &message), ASSEMBLY_WHOLE);
    CU_ASSERT_EQUAL(message.length, 7);
    free(a.parts.data);
}

UNIT_TESTS = {
    UNIT(a_message_of_one_part_is_handed_on_as_it_is),
    UNIT(parts_become_one_message_at_the_end_of_the_record),
    UNIT(a_message_of_the_limit_is_whole_and_one_octet_more_is_dropped_whole),
    UNIT(what_will_not_be_completed_leaves_nothing_behind),
};
UNIT_MAIN("assembly")
