/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/storage/data_directory.h"

#include "tests/unit/responder/storage/scratch.h"

static struct scratch scratch;
static struct data_directory directory;
static char text[DATA_DIRECTORY_TEXT_OCTETS];

static enum p7_status open_as(uint64_t cluster_id, uint32_t node)
{
    return data_directory_open(scratch.path, cluster_id, node, &directory, text, sizeof(text));
}

static void a_new_directory_gets_an_identity_and_keeps_it(void)
{
    scratch_make(&scratch);
    CU_ASSERT_EQUAL_FATAL(open_as(77, 1), P7_OK);
    const uint64_t identity = directory.identity;
    const uint64_t session = directory.session;
    CU_ASSERT_NOT_EQUAL(identity, 0);
    data_directory_close(&directory);
    CU_ASSERT_EQUAL_FATAL(open_as(77, 1), P7_OK);
    CU_ASSERT_EQUAL(directory.identity, identity);
    data_directory_close(&directory);
    scratch_empty(scratch.path, 0);
    CU_ASSERT_EQUAL_FATAL(open_as(77, 1), P7_OK);
    CU_ASSERT_NOT_EQUAL(directory.identity, identity); /* emptied: another one */
    /* Its peers listen to it all the same: to a higher session than before. */
    CU_ASSERT_TRUE(directory.session >> 32 >= session >> 32);
    CU_ASSERT_TRUE(directory.life > 1700000000u);
    data_directory_close(&directory);
    scratch_remove(&scratch);
}

static void each_open_is_a_life_more_and_its_session_is_higher(void)
{
    scratch_make(&scratch);
    uint64_t before = 0;
    uint32_t first = 0;
    for (uint32_t life = 0; life < 3; life++) {
        CU_ASSERT_EQUAL_FATAL(open_as(77, 0), P7_OK);
        first = life == 0 ? directory.life : first;
        CU_ASSERT_EQUAL(directory.life, first + life);
        CU_ASSERT_EQUAL(directory.session >> 32, directory.life);
        CU_ASSERT_TRUE(directory.session > before);
        before = directory.session;
        data_directory_close(&directory);
    }
    scratch_remove(&scratch);
}

static void a_directory_of_another_cluster_or_node_is_refused_and_not_touched(void)
{
    struct data_identity identity;
    scratch_make(&scratch);
    CU_ASSERT_EQUAL_FATAL(open_as(77, 0), P7_OK);
    const uint32_t life = directory.life;
    data_directory_close(&directory);
    CU_ASSERT_EQUAL(open_as(78, 0), P7_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "belongs to cluster"));
    CU_ASSERT_EQUAL(open_as(77, 1), P7_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "belongs to node 0, not to node 1"));
    CU_ASSERT_EQUAL_FATAL(data_directory_read(scratch.path, &identity, text, sizeof(text)), P7_OK);
    CU_ASSERT_EQUAL(identity.lives, life);
    CU_ASSERT_EQUAL(identity.cluster_id, 77);
    CU_ASSERT_EQUAL(open_as(77, 0), P7_OK); /* and the lock was given back */
    data_directory_close(&directory);
    scratch_remove(&scratch);
}

static void a_second_process_is_refused(void)
{
    struct data_directory second;
    scratch_make(&scratch);
    CU_ASSERT_EQUAL_FATAL(open_as(77, 0), P7_OK);
    CU_ASSERT_EQUAL(data_directory_open(scratch.path, 77, 0, &second, text, sizeof(text)),
                    P7_EXISTS);
    data_directory_close(&directory);
    scratch_remove(&scratch);
}

static void a_changed_identity_file_is_noticed(void)
{
    size_t octets = 0;
    scratch_make(&scratch);
    CU_ASSERT_EQUAL_FATAL(open_as(77, 0), P7_OK);
    data_directory_close(&directory);
    char *content = scratch_read(&scratch, "identity", &octets);
    for (size_t at = 0; at < octets; at += 7) {
        const char kept = content[at];
        content[at] = kept == '1' ? '2' : '1';
        scratch_write(&scratch, "identity", content);
        CU_ASSERT_EQUAL(open_as(77, 0), P7_MALFORMED);
        content[at] = kept;
    }
    content[octets - 1] = '\0';
    scratch_write(&scratch, "identity", content);
    CU_ASSERT_EQUAL(open_as(77, 0), P7_MALFORMED);
    free(content);
    scratch_remove(&scratch);
}

static void what_a_crash_left_of_a_new_identity_does_no_harm(void)
{
    scratch_make(&scratch);
    CU_ASSERT_EQUAL_FATAL(open_as(77, 0), P7_OK);
    const uint32_t life = directory.life;
    data_directory_close(&directory);
    scratch_write(&scratch, "identity.new", "pulse7 data dir");
    CU_ASSERT_EQUAL_FATAL(open_as(77, 0), P7_OK);
    CU_ASSERT_EQUAL(directory.life, life + 1);
    CU_ASSERT_FALSE(scratch_exists(&scratch, "identity.new"));
    data_directory_close(&directory);
    scratch_remove(&scratch);
}

UNIT_TESTS = {
    UNIT(a_new_directory_gets_an_identity_and_keeps_it),
    UNIT(each_open_is_a_life_more_and_its_session_is_higher),
    UNIT(a_directory_of_another_cluster_or_node_is_refused_and_not_touched),
    UNIT(a_second_process_is_refused),
    UNIT(a_changed_identity_file_is_noticed),
    UNIT(what_a_crash_left_of_a_new_identity_does_no_harm),
};
UNIT_MAIN("data_directory")
