/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * siphash - SipHash-2-4 (Aumasson, Bernstein 2012) with 64 and 128 bits of result: the hash behind
 * request identities. Portable: the same octets give the same hash on every machine, as the nodes
 * of a cluster and the ledger compare them.
 */
#ifndef RESPONDER_CORE_SIPHASH_H
#define RESPONDER_CORE_SIPHASH_H

#include <stdint.h>

#include "sigtran/base/bytes.h"

struct siphash_key {
    uint64_t word[2];
};

uint64_t siphash_64(const struct siphash_key *key, struct bytes input);
void siphash_128(const struct siphash_key *key, struct bytes input, uint64_t result[2]);

#endif
