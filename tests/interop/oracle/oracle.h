/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * oracle - Debian's libosmo-sigtran and our codecs read what the other one encoded, over and over
 * with random values, and every field that both know is compared. Only this test links that
 * library; the product does not.
 */
#ifndef TESTS_INTEROP_ORACLE_ORACLE_H
#define TESTS_INTEROP_ORACLE_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/bytes.h"
#include "sigtran/base/random.h"
#include "sigtran/codec/sccp.h"

struct osmo_sccp_addr;

#define ORACLE_ROUNDS          4000
#define ORACLE_MESSAGE_OCTETS  4096
#define ORACLE_FAULTS_TOLD_MAX 20

struct oracle {
    struct random_state random;
    uint64_t ours_read_by_it;
    uint64_t its_read_by_us;
    uint64_t refused_by_it; /* by a fault of its own, at the place that says so */
    uint64_t mismatches;
    bool damage;    /* a bit of each of our SCCP messages changes on the way: must be noticed */
    unsigned kinds; /* of messages and addresses, told once by each part */
};

/* Counts a mismatch; the first ones are told. */
void oracle_fault(struct oracle *oracle, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define ORACLE_EQUAL(oracle, what, ours, its)                                                      \
    do {                                                                                           \
        const unsigned long long ours_ = (unsigned long long)(ours);                               \
        const unsigned long long its_ = (unsigned long long)(its);                                 \
        if (ours_ != its_)                                                                         \
            oracle_fault(oracle, "%s: %llu here, %llu there", what, ours_, its_);                  \
    } while (0)

static inline uint32_t oracle_below(struct oracle *oracle, uint32_t bound)
{
    return (uint32_t)random_below(&oracle->random, bound);
}

static inline bool oracle_coin(struct oracle *oracle)
{
    return oracle_below(oracle, 2) == 1;
}

void oracle_octets(struct oracle *oracle, uint8_t *octets, size_t length);

/* --- addresses ------------------------------------------------------------------------------ */

/* An address of one value in two forms: ours borrows the digits from `packed`. */
struct oracle_address {
    struct sccp_address ours;
    uint8_t packed[DIGITS_PACKED_OCTETS];
    char digits[DIGITS_TEXT_OCTETS];
};

void oracle_address_draw(struct oracle *oracle, struct oracle_address *address, bool its_gti);
void oracle_address_to_its(const struct oracle_address *address, struct osmo_sccp_addr *its);
void oracle_address_compare(struct oracle *oracle, const struct sccp_address *ours,
                            const struct osmo_sccp_addr *its);

void oracle_addresses(struct oracle *oracle);
void oracle_messages(struct oracle *oracle);
void oracle_m3ua(struct oracle *oracle, void *context);

#endif
