/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/node_show.h"

#include "tests/unit/sigtran/runtime/node_rig.h"

static void every_table_tells_the_state_of_its_layer(void)
{
    struct rig rig;
    char text[4096];
    rig_open_pair(&rig);
    struct node *node = rig.side[0].node;
    node_show(node, DATA_PLANE_QUERY_ASSOCIATIONS, text, sizeof(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "no association"));
    node_show(node, DATA_PLANE_QUERY_ASP, text, sizeof(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "ASP-DOWN"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "none"));
    rig_run_for(&rig, RIG_SEC);
    const uint32_t dialogue = rig_begin(&rig.side[0], SCCP_SSN_CAP);
    node_show(node, DATA_PLANE_QUERY_ASP, text, sizeof(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "to-sg"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "ASP-ACTIVE"));
    node_show(node, DATA_PLANE_QUERY_AS, text, sizeof(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "AS-ACTIVE"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, " to-sg\n"));
    node_show(node, DATA_PLANE_QUERY_ASSOCIATIONS, text, sizeof(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "10.0.0.2"));
    node_show(node, DATA_PLANE_QUERY_DIALOGUES, text, sizeof(text));
    char id[16];
    (void)snprintf(id, sizeof(id), "%08x", tcap_dialogue_local_id(node_dialogues(node), dialogue));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "1 dialogues open of 64"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, id));
    node_show(node, DATA_PLANE_QUERY_COUNTERS, text, sizeof(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "m3ua.data_out"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "tcap.begin_sent"));
    CU_ASSERT_PTR_NULL(strstr(text, "malformed")); /* zeros are left out */
    rig_close(&rig);
}

static void more_dialogues_than_a_page_shows_are_said_to_be_more(void)
{
    struct rig rig;
    char text[4096];
    rig_open_pair(&rig);
    rig_run_for(&rig, RIG_SEC);
    for (unsigned i = 0; i < 20; i++)
        (void)rig_begin(&rig.side[0], SCCP_SSN_CAP);
    node_show(rig.side[0].node, DATA_PLANE_QUERY_DIALOGUES, text, sizeof(text));
    CU_ASSERT_PTR_NULL(strstr(text, "only the first"));
    (void)rig_begin(&rig.side[0], SCCP_SSN_CAP);
    node_show(rig.side[0].node, DATA_PLANE_QUERY_DIALOGUES, text, sizeof(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "only the first 20"));
    rig_close(&rig);
}

static void a_page_that_is_too_small_is_cut_and_not_overrun(void)
{
    struct rig rig;
    char whole[4096];
    char text[4096];
    rig_open_pair(&rig);
    rig_run_for(&rig, RIG_SEC);
    (void)rig_begin(&rig.side[0], SCCP_SSN_CAP);
    for (int what = DATA_PLANE_QUERY_ASP; what <= DATA_PLANE_QUERY_COUNTERS; what++) {
        node_show(rig.side[0].node, (enum data_plane_query)what, whole, sizeof(whole));
        const size_t length = strlen(whole);
        for (size_t room = 1; room <= length + 1; room++) {
            text[room] = 0x5a;
            node_show(rig.side[0].node, (enum data_plane_query)what, text, room);
            CU_ASSERT_EQUAL(text[room], 0x5a);
            CU_ASSERT_EQUAL(strlen(text), room - 1);
            CU_ASSERT_EQUAL(strncmp(text, whole, room - 1), 0);
        }
    }
    rig_close(&rig);
}

struct sum {
    unsigned names;
    uint64_t data_out;
};

static void add_up(void *context, const char *name, uint64_t value)
{
    struct sum *sum = context;
    sum->names++;
    CU_ASSERT_PTR_NOT_NULL(strchr(name, '.'));
    if (strcmp(name, "m3ua.data_out") == 0)
        sum->data_out = value;
}

static void every_counter_is_visited_by_its_name(void)
{
    struct rig rig;
    struct sum sum = {0};
    rig_open_pair(&rig);
    rig_run_for(&rig, RIG_SEC);
    (void)rig_begin(&rig.side[0], SCCP_SSN_CAP);
    node_counters_each(rig.side[0].node, add_up, &sum);
    CU_ASSERT(sum.names > 60);
    CU_ASSERT_EQUAL(sum.data_out, 1);
    rig_close(&rig);
}

UNIT_TESTS = {
    UNIT(every_table_tells_the_state_of_its_layer),
    UNIT(more_dialogues_than_a_page_shows_are_said_to_be_more),
    UNIT(a_page_that_is_too_small_is_cut_and_not_overrun),
    UNIT(every_counter_is_visited_by_its_name),
};
UNIT_MAIN("node_show")
