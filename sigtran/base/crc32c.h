/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * crc32c - the checksum of SCTP packets (RFC 9260 appendix A), with the CPU's own instruction where
 * there is one (SSE4.2, found at run time) and a table elsewhere.
 *
 * Both give the same values; the second function exists so that tests can compare them and so that
 * a verdict can say which one works.
 */
#ifndef SIGTRAN_BASE_CRC32C_H
#define SIGTRAN_BASE_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/bytes.h"

/* Continues a checksum; start with 0. crc32c(crc32c(0, a), b) is the checksum of a followed by b.
 */
uint32_t crc32c(uint32_t crc, struct bytes bytes);

/* The same by table, on every CPU. */
uint32_t crc32c_by_table(uint32_t crc, struct bytes bytes);

bool crc32c_in_hardware(void);

#endif
