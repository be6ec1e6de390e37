/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * stream - the association under the library's stack, played by a pair of local sockets: this
 * program defines the functions of libosmo-netif and of libsctp that the library calls, so no
 * network and no SCTP is needed. One message is one packet of the pair.
 */
#ifndef TESTS_INTEROP_ORACLE_STREAM_H
#define TESTS_INTEROP_ORACLE_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/bytes.h"

struct osmo_stream_cli;

/* The association is there. */
void stream_connected(struct osmo_stream_cli *stream);

/* A message for the library; it has taken it in when this returns. */
void stream_input(struct osmo_stream_cli *stream, struct bytes message);

/* The next message that the library sent; its length, 0 for none. */
size_t stream_output(const struct osmo_stream_cli *stream, uint8_t *room, size_t size);

#endif
