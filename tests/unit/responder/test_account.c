/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/account.h"

#include "sigtran/base/random.h"
#include "tests/unit/unit.h"

static void a_number_finds_the_account_at_its_place_in_the_range(void)
{
    struct accounts accounts;
    CU_ASSERT_EQUAL_FATAL(accounts_create(&accounts, "46701000000", 1000, 5), P7_OK);
    CU_ASSERT_EQUAL(accounts_find(&accounts, "46701000000"), 0);
    CU_ASSERT_EQUAL(accounts_find(&accounts, "46701000999"), 999);
    CU_ASSERT_EQUAL(accounts_find(&accounts, "46701001000"), ACCOUNT_NONE);
    CU_ASSERT_EQUAL(accounts_find(&accounts, "46700999999"), ACCOUNT_NONE);
    CU_ASSERT_EQUAL(accounts_find(&accounts, "046701000000"), ACCOUNT_NONE);
    CU_ASSERT_EQUAL(accounts_find(&accounts, "4670100000"), ACCOUNT_NONE);
    CU_ASSERT_EQUAL(accounts_find(&accounts, "4670100000b"), ACCOUNT_NONE);
    CU_ASSERT_EQUAL(accounts_find(&accounts, "46701000000467010000004670100000"), ACCOUNT_NONE);
    CU_ASSERT_EQUAL(accounts_find(&accounts, ""), ACCOUNT_NONE);
    accounts_destroy(&accounts);
}

static void a_leading_zero_is_a_digit_like_any_other(void)
{
    struct accounts accounts;
    CU_ASSERT_EQUAL_FATAL(accounts_create(&accounts, "0099", 2, 5), P7_OK);
    CU_ASSERT_EQUAL(accounts_find(&accounts, "0100"), 1);
    CU_ASSERT_EQUAL(accounts_find(&accounts, "100"), ACCOUNT_NONE);
    accounts_destroy(&accounts);
}

static void a_range_that_cannot_be_is_refused(void)
{
    struct accounts accounts;
    CU_ASSERT_EQUAL(accounts_create(&accounts, "", 1, 0), P7_RANGE);
    CU_ASSERT_EQUAL(accounts_create(&accounts, "12x", 1, 0), P7_RANGE);
    CU_ASSERT_EQUAL(accounts_create(&accounts, "1234567890123456789", 1, 0), P7_RANGE);
    CU_ASSERT_EQUAL(accounts_create(&accounts, "998", 3, 0), P7_RANGE);
    CU_ASSERT_EQUAL(accounts_create(&accounts, "998", ACCOUNTS_MAX + 1, 0), P7_RANGE);
    CU_ASSERT_EQUAL_FATAL(accounts_create(&accounts, "998", 2, 0), P7_OK);
    accounts_destroy(&accounts);
    CU_ASSERT_EQUAL_FATAL(accounts_create(&accounts, NULL, 0, 0), P7_OK);
    CU_ASSERT_EQUAL(accounts_find(&accounts, "998"), ACCOUNT_NONE);
    accounts_destroy(&accounts);
}

static void what_is_not_there_is_neither_reserved_nor_charged(void)
{
    struct accounts accounts;
    CU_ASSERT_EQUAL_FATAL(accounts_create(&accounts, "10", 1, 100), P7_OK);
    CU_ASSERT_TRUE(accounts_reserve(&accounts, 0, 60));
    CU_ASSERT_FALSE(accounts_reserve(&accounts, 0, 41));
    CU_ASSERT_EQUAL(accounts.entry[0].balance, 40);
    CU_ASSERT_EQUAL(accounts_settle(&accounts, 0, 60, 25), 25);
    CU_ASSERT_EQUAL(accounts.entry[0].balance, 75);
    CU_ASSERT_EQUAL(accounts.entry[0].reserved, 0);
    CU_ASSERT_EQUAL(accounts_settle(&accounts, 0, 0, 80), 75);
    CU_ASSERT_EQUAL(accounts.entry[0].charged, 100);
    CU_ASSERT_TRUE(accounts_conserved(&accounts));
    accounts_destroy(&accounts);
}

static void a_unit_made_from_nothing_is_noticed(void)
{
    struct accounts accounts;
    CU_ASSERT_EQUAL_FATAL(accounts_create(&accounts, "10", 3, 100), P7_OK);
    CU_ASSERT_TRUE(accounts_conserved(&accounts));
    accounts.entry[1].balance++;
    CU_ASSERT_FALSE(accounts_conserved(&accounts));
    accounts.entry[1].charged--; /* wraps around: the sum is right again */
    CU_ASSERT_FALSE(accounts_conserved(&accounts));
    accounts_destroy(&accounts);
}

static void random_reservations_and_charges_conserve_money(void)
{
    struct accounts accounts;
    struct random_state random;
    uint64_t held[8] = {0};
    random_seed(&random, 42);
    CU_ASSERT_EQUAL_FATAL(accounts_create(&accounts, "10", 8, 10000), P7_OK);
    for (unsigned i = 0; i < 20000; i++) {
        const uint32_t index = (uint32_t)random_below(&random, 8);
        const uint64_t amount = random_below(&random, 40);
        if (random_below(&random, 2) == 0) {
            held[index] += accounts_reserve(&accounts, index, amount) ? amount : 0;
        } else {
            const uint64_t back = random_below(&random, held[index] + 1);
            (void)accounts_settle(&accounts, index, back, random_below(&random, 3));
            held[index] -= back;
        }
        if (i % 100 == 0)
            CU_ASSERT_TRUE(accounts_conserved(&accounts));
    }
    CU_ASSERT_TRUE(accounts_conserved(&accounts));
    CU_ASSERT_TRUE(accounts.charged_total > 0);
    accounts_destroy(&accounts);
}

static void a_started_second_counts_once_over_the_whole_call(void)
{
    const struct tariff tariff = {.price_per_call = 7, .price_per_second = 2};
    CU_ASSERT_EQUAL(tariff_call_price(&tariff, 0), 7);
    CU_ASSERT_EQUAL(tariff_call_price(&tariff, 1), 9);
    CU_ASSERT_EQUAL(tariff_call_price(&tariff, 1000), 9);
    CU_ASSERT_EQUAL(tariff_call_price(&tariff, 1001), 11);
    CU_ASSERT_EQUAL(tariff_call_price(&tariff, 3000), 13);
}

static void a_price_too_large_for_64_bits_is_unaffordable_and_not_small(void)
{
    const struct tariff tariff = {.price_per_call = 1, .price_per_second = UINT64_MAX / 2};
    CU_ASSERT_EQUAL(tariff_call_price(&tariff, 2000), UINT64_MAX);
    CU_ASSERT_EQUAL(tariff_call_price(&tariff, 3000), UINT64_MAX);
    CU_ASSERT_EQUAL(tariff_affordable_ms(&tariff, UINT64_MAX - 1, 60000), 1000);
    CU_ASSERT_EQUAL(tariff_affordable_ms(&tariff, 1000, 60000), 0);
}

static void the_affordable_time_is_the_longest_that_the_funds_pay_for(void)
{
    struct random_state random;
    random_seed(&random, 3);
    for (unsigned i = 0; i < 5000; i++) {
        const struct tariff tariff = {.price_per_call = random_below(&random, 20),
                                      .price_per_second = random_below(&random, 5)};
        const uint64_t funds = random_below(&random, 200);
        const uint64_t wanted_ms = random_below(&random, 60) * 100;
        const uint64_t ms = tariff_affordable_ms(&tariff, funds, wanted_ms);
        CU_ASSERT_TRUE(ms <= wanted_ms);
        if (ms > 0)
            CU_ASSERT_TRUE(tariff_call_price(&tariff, ms) <= funds);
        if (ms < wanted_ms)
            CU_ASSERT_TRUE(tariff_call_price(&tariff, ms + 1) > funds);
    }
}

UNIT_TESTS = {
    UNIT(a_number_finds_the_account_at_its_place_in_the_range),
    UNIT(a_leading_zero_is_a_digit_like_any_other),
    UNIT(a_range_that_cannot_be_is_refused),
    UNIT(what_is_not_there_is_neither_reserved_nor_charged),
    UNIT(a_unit_made_from_nothing_is_noticed),
    UNIT(random_reservations_and_charges_conserve_money),
    UNIT(a_started_second_counts_once_over_the_whole_call),
    UNIT(a_price_too_large_for_64_bits_is_unaffordable_and_not_small),
    UNIT(the_affordable_time_is_the_longest_that_the_funds_pay_for),
};
UNIT_MAIN("responder/core/account")
