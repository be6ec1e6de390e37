/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * account - prepaid accounts of one range of subscriber numbers, and the tariff that they pay by.
 *
 * Life cycle: accounts_create -> find, reserve, settle, charge any number of times ->
 * accounts_destroy. An account is named by its index in the range. One thread.
 *
 * Money is counted in whole units, never in floating point. For each account, at all times,
 * balance + reserved + charged = what it was funded with: accounts_conserved checks it.
 *
 * Rounding, for all of it: a call costs the set-up price plus the price per second times the
 * seconds *started* over the whole call. Slices do not round: two reports of 1.5 s cost 3 s, not 4.
 */
#ifndef RESPONDER_CORE_ACCOUNT_H
#define RESPONDER_CORE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/status.h"

#define ACCOUNT_NONE UINT32_MAX

/* Accounts of one responder: more than any national number block; 24 octets each. */
#define ACCOUNTS_MAX 100000000u

/* Digits of a subscriber number that the index works on: E.164 has at most 15, and 18 fit into 64
 * bits. */
#define ACCOUNT_DIGITS_MAX 18u

struct account {
    uint64_t balance;  /* free to reserve or charge */
    uint64_t reserved; /* held for slices that were granted and not yet reported */
    uint64_t charged;  /* gone */
};

struct accounts {
    struct account *entry;
    uint32_t count;
    uint32_t digits; /* of each number in the range */
    uint64_t first;  /* first number of the range */
    uint64_t funded; /* each account, at start */
    uint64_t reserved_total;
    uint64_t charged_total;
};

/*
 * `first` is the first number of the range, digits only; the range takes `count` numbers of the
 * same length. count 0: no accounts, `first` is not looked at.
 * P7_RANGE: no digits, other characters, too many of them, or the range outgrows its length;
 * P7_NO_MEMORY.
 */
enum p7_status accounts_create(struct accounts *accounts, const char *first, uint32_t count,
                               uint64_t balance) P7_MUST_CHECK;
void accounts_destroy(struct accounts *accounts);

/* Index of the account of a number (digits, NUL-terminated), or ACCOUNT_NONE. */
uint32_t accounts_find(const struct accounts *accounts, const char *number);

/* Moves `amount` from balance to reserved; false, with nothing moved, when there is less. */
bool accounts_reserve(struct accounts *accounts, uint32_t index, uint64_t amount);

/*
 * Ends a reservation: gives back `reserved`, which the caller reserved before, and charges
 * `charge`. Returns what was charged: less than `charge` only where the account does not hold as
 * much.
 */
uint64_t accounts_settle(struct accounts *accounts, uint32_t index, uint64_t reserved,
                         uint64_t charge);

/* Whether money was conserved, in each account and in the totals. Walks all accounts. */
bool accounts_conserved(const struct accounts *accounts);

struct tariff {
    uint64_t price_per_call;   /* set-up, due once the call is answered */
    uint64_t price_per_second; /* per started second */
    uint64_t price_per_event;  /* event and oneshot */
    uint32_t slice_ms;         /* granted at a time, 100 to 86 400 000 */
};

/* What a call of `used_ms` costs from set-up on. UINT64_MAX where the sum does not fit. */
uint64_t tariff_call_price(const struct tariff *tariff, uint64_t used_ms);

/*
 * The longest call, in ms from answer and at most `wanted_ms`, that `funds` pay for. A call cut
 * short ends on a whole second, as the rest of a started one would be paid for without use.
 */
uint64_t tariff_affordable_ms(const struct tariff *tariff, uint64_t funds, uint64_t wanted_ms);

#endif
