/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/account.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Digits as a number; false for anything but 1 to ACCOUNT_DIGITS_MAX decimal digits. */
static bool number_of(const char *text, uint64_t *number, uint32_t *digits)
{
    uint64_t value = 0;
    uint32_t n = 0;
    for (; text[n] != '\0'; n++) {
        const unsigned digit = (unsigned)text[n] - '0';
        if (digit > 9 || n == ACCOUNT_DIGITS_MAX)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    *digits = n;
    return n > 0;
}

static uint64_t power_of_ten(uint32_t exponent)
{
    uint64_t power = 1;
    for (uint32_t i = 0; i < exponent; i++)
        power *= 10;
    return power;
}

enum p7_status accounts_create(struct accounts *accounts, const char *first, uint32_t count,
                               uint64_t balance)
{
    *accounts = (struct accounts){.count = count, .funded = balance};
    if (count == 0)
        return P7_OK;
    if (count > ACCOUNTS_MAX || !number_of(first, &accounts->first, &accounts->digits) ||
        power_of_ten(accounts->digits) - accounts->first < count)
        return P7_RANGE;
    accounts->entry = calloc(count, sizeof(*accounts->entry));
    if (accounts->entry == NULL)
        return P7_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++)
        accounts->entry[i].balance = balance;
    return P7_OK;
}

void accounts_destroy(struct accounts *accounts)
{
    free(accounts->entry);
    *accounts = (struct accounts){0};
}

uint32_t accounts_find(const struct accounts *accounts, const char *number)
{
    uint64_t value;
    uint32_t digits;
    if (!number_of(number, &value, &digits) || digits != accounts->digits ||
        value < accounts->first || value - accounts->first >= accounts->count)
        return ACCOUNT_NONE;
    return (uint32_t)(value - accounts->first);
}

bool accounts_reserve(struct accounts *accounts, uint32_t index, uint64_t amount)
{
    assert(index < accounts->count);
    struct account *account = &accounts->entry[index];
    if (account->balance < amount)
        return false;
    account->balance -= amount;
    account->reserved += amount;
    accounts->reserved_total += amount;
    return true;
}

uint64_t accounts_settle(struct accounts *accounts, uint32_t index, uint64_t reserved,
                         uint64_t charge)
{
    assert(index < accounts->count);
    struct account *account = &accounts->entry[index];
    assert(account->reserved >= reserved && accounts->reserved_total >= reserved);
    account->reserved -= reserved;
    accounts->reserved_total -= reserved;
    account->balance += reserved;
    if (charge > account->balance)
        charge = account->balance;
    account->balance -= charge;
    account->charged += charge;
    accounts->charged_total += charge;
    return charge;
}

bool accounts_conserved(const struct accounts *accounts)
{
    uint64_t reserved = 0;
    uint64_t charged = 0;
    for (uint32_t i = 0; i < accounts->count; i++) {
        const struct account *a = &accounts->entry[i];
        /* Each part by itself first: a sum that wraps around may look right. */
        if (a->balance > accounts->funded || a->reserved > accounts->funded ||
            a->charged > accounts->funded ||
            a->balance + a->reserved + a->charged != accounts->funded)
            return false;
        reserved += a->reserved;
        charged += a->charged;
    }
    return reserved == accounts->reserved_total && charged == accounts->charged_total;
}

uint64_t tariff_call_price(const struct tariff *tariff, uint64_t used_ms)
{
    const uint64_t seconds = used_ms / 1000 + (used_ms % 1000 != 0 ? 1 : 0);
    uint64_t price;
    if (__builtin_mul_overflow(tariff->price_per_second, seconds, &price) ||
        __builtin_add_overflow(price, tariff->price_per_call, &price))
        return UINT64_MAX;
    return price;
}

uint64_t tariff_affordable_ms(const struct tariff *tariff, uint64_t funds, uint64_t wanted_ms)
{
    if (funds < tariff->price_per_call)
        return 0;
    if (tariff->price_per_second == 0)
        return wanted_ms;
    const uint64_t seconds = (funds - tariff->price_per_call) / tariff->price_per_second;
    return seconds >= wanted_ms / 1000 + 1 || seconds * 1000 >= wanted_ms ? wanted_ms
                                                                          : seconds * 1000;
}
