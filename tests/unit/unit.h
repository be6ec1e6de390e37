/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * unit - the few lines between CUnit and a test file.
 *
 *     static void a_name_that_says_the_behaviour(void) { CU_ASSERT(...); }
 *     UNIT_TESTS = {UNIT(a_name_that_says_the_behaviour)};
 *     UNIT_MAIN("module")
 *
 * One executable per test file; the exit code is 0 only when every test ran and passed, and an
 * empty list fails.
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <CUnit/Basic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct unit_test {
    const char *name;
    void (*run)(void);
};

#define UNIT(function)                                                                             \
    {                                                                                              \
        .name = #function, .run = (function)                                                       \
    }
#define UNIT_TESTS static const struct unit_test unit_tests[]

static inline int unit_run(const char *suite_name, const struct unit_test *tests, size_t count)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    CU_pSuite suite = CU_add_suite(suite_name, NULL, NULL);
    for (size_t i = 0; suite != NULL && i < count; i++)
        if (CU_add_test(suite, tests[i].name, tests[i].run) == NULL)
            suite = NULL;
    if (suite == NULL || CU_get_suite(suite_name) == NULL) {
        (void)fprintf(stderr, "%s: CUnit refused the suite: %s\n", suite_name, CU_get_error_msg());
        return 1;
    }
    CU_basic_set_mode(CU_BRM_VERBOSE);
    const CU_ErrorCode ran = CU_basic_run_tests();
    const unsigned run = CU_get_number_of_tests_run();
    const unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return ran == CUE_SUCCESS && failed == 0 && run == count && count > 0 ? 0 : 1;
}

#define UNIT_MAIN(suite_name)                                                                      \
    int main(void)                                                                                 \
    {                                                                                              \
        return unit_run(suite_name, unit_tests, sizeof(unit_tests) / sizeof(unit_tests[0]));       \
    }

/* Reads hex digits (blanks are skipped) into dst; returns the number of octets. */
static inline size_t unit_hex(const char *hex, uint8_t *dst, size_t room)
{
    size_t n = 0;
    int high = -1;
    for (; *hex != '\0'; hex++) {
        int v;
        if (*hex >= '0' && *hex <= '9')
            v = *hex - '0';
        else if (*hex >= 'a' && *hex <= 'f')
            v = *hex - 'a' + 10;
        else if (*hex >= 'A' && *hex <= 'F')
            v = *hex - 'A' + 10;
        else
            continue;
        if (high < 0) {
            high = v;
        } else {
            if (n == room)
                return n;
            dst[n++] = (uint8_t)(((unsigned)high << 4) | (unsigned)v);
            high = -1;
        }
    }
    return n;
}

#endif
