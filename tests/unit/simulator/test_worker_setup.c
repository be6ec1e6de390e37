/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From settings to the node that a worker opens. */
#include "config/language/language.h"
#include "config/node_config.h"
#include "simulator/worker_internal.h"
#include "tests/unit/unit.h"

static struct settings settings;

/* RFC4666-4.3.2: as an IPSP it has AS-PENDING, where a request would wait and count as sent. */
static void a_simulator_sends_at_once_or_not_at_all(void)
{
    static const char text[] =
        "cs7 instance 0\n point-code 1.1.1\n asp peer 2905 0 m3ua\n  remote-ip 127.0.0.1\n"
        "  role ipsp\n as peers m3ua\n  asp peer\n  routing-key 1 2.2.2\n"
        "simulator\n dialogues 500\n target peer\n  as peers\n  called ssn 146 pc 2.2.2\n";
    char error[SETTINGS_ERROR_OCTETS];
    struct node_setup node;
    CU_ASSERT_EQUAL_FATAL(settings_load_text("test.cfg", text, &settings, error, sizeof(error)),
                          P7_OK);
    const struct worker_config config = {.settings = &settings, .run_tag = 0x10007};
    CU_ASSERT_EQUAL_FATAL(worker_node_setup_make(&config, &node), P7_OK);
    CU_ASSERT_TRUE(node.config.no_queue);
    CU_ASSERT_EQUAL(node.config.generation, 7);
    CU_ASSERT_TRUE(node.config.dialogues_max >= 500);
    CU_ASSERT_EQUAL(node.as[0].group, 1);
    node_setup_free(&node);
}

UNIT_TESTS = {
    UNIT(a_simulator_sends_at_once_or_not_at_all),
};
UNIT_MAIN("worker_setup")
