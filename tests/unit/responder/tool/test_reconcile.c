/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/tool/reconcile.h"

#include "sigtran/base/random.h"
#include "tests/unit/unit.h"

static struct reconcile *reconcile;
static struct reconcile_result result;

static void begin(void)
{
    CU_ASSERT_EQUAL_FATAL(reconcile_create(&reconcile), P7_OK);
}

static void request(uint64_t key, unsigned flags)
{
    CU_ASSERT_EQUAL_FATAL(reconcile_add_request(reconcile, (uint64_t[2]){key, 1}, flags), P7_OK);
}

static void charge(uint64_t index, uint64_t key, uint64_t amount)
{
    CU_ASSERT_EQUAL_FATAL(reconcile_add_charge(reconcile, index, (uint64_t[2]){key, 1}, amount),
                          P7_OK);
}

static bool compare(void)
{
    reconcile_compare(reconcile, &result);
    return reconcile_passed(&result);
}

static void requests_that_are_charged_once_pass(void)
{
    begin();
    request(3, RECONCILE_OK);
    request(1, RECONCILE_OK);
    charge(1, 1, 100);
    charge(2, 3, 50);
    CU_ASSERT_TRUE(compare());
    CU_ASSERT_EQUAL(result.matched, 2);
    CU_ASSERT_EQUAL(result.sum_ok, 150);
    CU_ASSERT_EQUAL(result.sum_ledger, 150);
    reconcile_destroy(reconcile);
}

static void an_ok_reply_without_a_record_is_missing(void)
{
    begin();
    request(1, RECONCILE_OK);
    request(2, RECONCILE_OK);
    request(3, 0); /* timed out and not charged: no fault */
    charge(1, 1, 100);
    CU_ASSERT_FALSE(compare());
    CU_ASSERT_EQUAL(result.missing, 1);
    CU_ASSERT_EQUAL(result.missing_examples, 1);
    CU_ASSERT_EQUAL(result.missing_example[0].key[0], 2);
    CU_ASSERT_EQUAL(result.missing_example[0].number, 1);
    reconcile_destroy(reconcile);
}

static void an_identity_that_stands_twice_is_found_whoever_asked(void)
{
    begin();
    request(1, RECONCILE_OK);
    charge(1, 1, 100);
    charge(9, 1, 100);
    charge(2, 5, 7); /* of another run, and twice as well */
    charge(3, 5, 7);
    CU_ASSERT_FALSE(compare());
    CU_ASSERT_EQUAL(result.twice, 2);
    CU_ASSERT_EQUAL(result.sum_twice, 107);
    CU_ASSERT_EQUAL(result.twice_example[0].index, 9);
    CU_ASSERT_EQUAL(result.sum_ledger, 214);
    CU_ASSERT_TRUE(result.sums_agree);
    reconcile_destroy(reconcile);
}

static void what_was_charged_without_an_ok_reply_is_counted_apart(void)
{
    begin();
    request(1, 0);
    request(2, RECONCILE_OK);
    charge(1, 1, 5);
    charge(2, 2, 6);
    charge(3, 3, 7);
    reconcile_add_settlement(reconcile, 8);
    CU_ASSERT_TRUE(compare());
    CU_ASSERT_EQUAL(result.unseen, 1);
    CU_ASSERT_EQUAL(result.sum_unseen, 5);
    CU_ASSERT_EQUAL(result.other, 1);
    CU_ASSERT_EQUAL(result.sum_other, 7);
    CU_ASSERT_EQUAL(result.settlements, 1);
    CU_ASSERT_EQUAL(result.sum_settled, 8);
    CU_ASSERT_EQUAL(result.sum_ok, 6);
    CU_ASSERT_EQUAL(result.sum_ledger, 26);
    reconcile_destroy(reconcile);
}

static void a_request_of_which_a_journal_tells_twice_counts_once(void)
{
    begin();
    request(1, 0);
    request(1, RECONCILE_OK | RECONCILE_AGAIN);
    request(2, RECONCILE_OK);
    request(2, RECONCILE_OK); /* another request of the same name */
    charge(1, 1, 5);
    charge(2, 2, 5);
    CU_ASSERT_TRUE(compare());
    CU_ASSERT_EQUAL(result.requests, 3);
    CU_ASSERT_EQUAL(result.repeated, 1);
    CU_ASSERT_EQUAL(result.matched, 2);
    CU_ASSERT_EQUAL(result.unseen, 0);
    reconcile_destroy(reconcile);
}

static void each_ledger_is_compared_by_itself(void)
{
    begin();
    request(1, RECONCILE_OK);
    charge(1, 1, 5);
    CU_ASSERT_TRUE(compare());
    CU_ASSERT_FALSE(compare()); /* an empty one */
    CU_ASSERT_EQUAL(result.missing, 1);
    charge(1, 1, 6);
    CU_ASSERT_TRUE(compare());
    CU_ASSERT_EQUAL(result.sum_ledger, 6);
    reconcile_destroy(reconcile);
}

static void sums_that_outgrow_64_bits_do_not_pass(void)
{
    begin();
    charge(1, 1, UINT64_MAX);
    charge(2, 2, 1);
    CU_ASSERT_FALSE(compare());
    CU_ASSERT_FALSE(result.sums_agree);
    charge(1, 1, 1);
    CU_ASSERT_TRUE(compare()); /* the next one is not held responsible */
    reconcile_destroy(reconcile);
}

static void keys_differ_in_either_half(void)
{
    begin();
    CU_ASSERT_EQUAL(reconcile_add_request(reconcile, (uint64_t[2]){1, 2}, RECONCILE_OK), P7_OK);
    CU_ASSERT_EQUAL(reconcile_add_charge(reconcile, 1, (uint64_t[2]){1, 3}, 4), P7_OK);
    CU_ASSERT_EQUAL(reconcile_add_charge(reconcile, 2, (uint64_t[2]){2, 2}, 4), P7_OK);
    CU_ASSERT_FALSE(compare());
    CU_ASSERT_EQUAL(result.missing, 1);
    CU_ASSERT_EQUAL(result.other, 2);
    reconcile_destroy(reconcile);
}

/* Against counting by hand: small keys, so that all cases meet. */
static void random_mixtures_agree_with_a_naive_count(void)
{
    struct random_state random;
    random_seed(&random, 5);
    for (int round = 0; round < 200; round++) {
        unsigned asked[16] = {0}, ok[16] = {0}, charged[16] = {0};
        uint64_t missing = 0, twice = 0, sum = 0;
        begin();
        for (int i = 0; i < 12; i++) {
            const uint64_t key = random_u64(&random) % 16;
            const bool good = random_u64(&random) % 2 == 0;
            request(key, good ? RECONCILE_OK : 0);
            asked[key]++;
            ok[key] += good;
        }
        for (uint64_t i = 0; i < 12; i++) {
            const uint64_t key = random_u64(&random) % 16;
            charge(i, key, i);
            charged[key]++;
            sum += i;
        }
        uint64_t unseen = 0, other = 0, matched = 0;
        for (int k = 0; k < 16; k++) {
            missing += ok[k] > 0 && charged[k] == 0;
            twice += charged[k] > 1 ? charged[k] - 1 : 0;
            matched += ok[k] > 0 && charged[k] > 0;
            unseen += asked[k] > 0 && ok[k] == 0 && charged[k] > 0;
            other += asked[k] == 0 && charged[k] > 0;
        }
        CU_ASSERT_EQUAL(compare(), missing == 0 && twice == 0);
        CU_ASSERT_EQUAL(result.missing, missing);
        CU_ASSERT_EQUAL(result.twice, twice);
        CU_ASSERT_EQUAL(result.matched, matched);
        CU_ASSERT_EQUAL(result.unseen, unseen);
        CU_ASSERT_EQUAL(result.other, other);
        CU_ASSERT_EQUAL(result.sum_ledger, sum);
        CU_ASSERT_TRUE(result.sums_agree);
        reconcile_destroy(reconcile);
    }
}

UNIT_TESTS = {
    UNIT(requests_that_are_charged_once_pass),
    UNIT(an_ok_reply_without_a_record_is_missing),
    UNIT(an_identity_that_stands_twice_is_found_whoever_asked),
    UNIT(what_was_charged_without_an_ok_reply_is_counted_apart),
    UNIT(a_request_of_which_a_journal_tells_twice_counts_once),
    UNIT(each_ledger_is_compared_by_itself),
    UNIT(sums_that_outgrow_64_bits_do_not_pass),
    UNIT(keys_differ_in_either_half),
    UNIT(random_mixtures_agree_with_a_naive_count),
};
UNIT_MAIN("reconcile")
