/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * usrsctp_options - what both ways to use usrsctp share: profiles into usrsctp's options and back,
 * the state of an association and its paths, the sentence of a loss. Internal to sigtran/transport;
 * never included together with netinet/sctp.h, which has the same names.
 */
#ifndef SIGTRAN_TRANSPORT_USRSCTP_OPTIONS_H
#define SIGTRAN_TRANSPORT_USRSCTP_OPTIONS_H

#include <usrsctp.h>

#include "sigtran/transport/cork.h"
#include "sigtran/transport/transport_ops.h"
#include "sigtran/transport/udp_socket.h"

/*
 * The SCTP packet size of a path. Path MTU discovery needs ICMP, which UDP encapsulation does not
 * pass on (RFC6951-5.6), so the size is fixed: 1400 octets of SCTP, 8 of UDP and 40 of IPv6 leave
 * room for a VXLAN or GRE tunnel within 1500. Loopback gets the same: bigger packets there would
 * measure a network that nobody has.
 */
#define USERLAND_PATH_MTU_OCTETS 1400

/* Once usrsctp is initialised. */
void userland_sysctls_set(void);

/* `family` is that of the socket: AF_CONN, AF_INET or AF_INET6. */
enum p7_status userland_profile_apply(struct socket *socket, int family,
                                      const struct sctp_profile *profile) P7_MUST_CHECK;
bool userland_nodelay_set(struct socket *socket, bool on);

/* Hands the message that the cork holds over, with SCTP_NODELAY as wanted; `nodelay` is what is
 * set. P7_FULL: no room; P7_STATE: refused. */
enum p7_status userland_push(struct socket *socket, const struct cork *cork, bool nodelay_wanted,
                             bool *nodelay) P7_MUST_CHECK;

/* False: there is no association on this socket (any more). */
bool userland_streams_read(struct socket *socket, uint16_t *streams_out, uint16_t *streams_in);

/* All but the paths; `profile` is what was asked for. */
void userland_status_read(struct socket *socket, const struct sctp_profile *profile,
                          struct transport_status *status);

/* What is counted, of the whole process: `counters` as transport.h gives them, `base` when the
 * transport was opened. */
void userland_counts_read(const struct transport_counters *counters, const struct sctpstat *base,
                          struct transport_status *status);

/* Adds one path of the status, by its address of usrsctp's (all that sctp_paddrinfo can hold). */
void userland_path_read(struct socket *socket, const struct sockaddr_storage *address,
                        const char *ip, struct transport_status *status);

/* A sentence from the ABORT chunk that comes with the notification, or for a time-out of ours.
 * `length` is the notification's. */
void userland_lost_reason(struct socket *socket, const struct sctp_profile *profile,
                          const struct sctp_assoc_change *change, uint32_t length, char *text,
                          size_t octets);

/* DATA and headers that usrsctp dropped as malformed or foreign, of the whole process. */
uint32_t userland_malformed(const struct sctpstat *stat);

/* Closes at once, with an ABORT when there is an association. */
void userland_socket_abort(struct socket *socket);

#endif
