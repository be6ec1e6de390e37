/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/node_console.h"

#include "tests/unit/unit.h"

static char page[65536];

/* docs/console.md tells of each command, in its words. */
static void every_command_stands_in_the_page(void)
{
    FILE *file = fopen("docs/console.md", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    page[fread(page, 1, sizeof(page) - 1, file)] = '\0';
    (void)fclose(file);
    CU_ASSERT_FATAL(strlen(page) > 500);
    size_t count = 0;
    for (const char *command; (command = node_console_command_text(count)) != NULL; count++) {
        char cell[CONSOLE_COMMAND_OCTETS + 8];
        (void)snprintf(cell, sizeof(cell), "| `%s` |", command);
        if (strstr(page, cell) == NULL)
            (void)fprintf(stderr, "docs/console.md does not tell: %s\n", command);
        CU_ASSERT_PTR_NOT_NULL(strstr(page, cell));
    }
    CU_ASSERT_EQUAL(count, NODE_CONSOLE_SHOWS + NODE_CONSOLE_COMMANDS);
}

static void every_command_can_be_added_twice(void)
{
    static struct node_console node_console;
    CU_ASSERT_EQUAL_FATAL(console_library_open("test", "0"), P7_OK);
    CU_ASSERT_EQUAL(node_console_add(&node_console, NULL), P7_OK);
    CU_ASSERT_EQUAL(node_console_add(&node_console, NULL), P7_OK);
}

UNIT_TESTS = {
    UNIT(every_command_stands_in_the_page),
    UNIT(every_command_can_be_added_twice),
};
UNIT_MAIN("node_console")
