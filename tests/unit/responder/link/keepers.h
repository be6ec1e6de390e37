/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * keepers - the real keepers of a register, started by the test in a directory of its own: the
 * witness of this build, and the system's etcd. And seats: a node's registrar with what it heard.
 *
 * Waits are bounded by KEEPERS_WAIT_NS and end as soon as what they wait for is there.
 */
#ifndef TESTS_UNIT_RESPONDER_LINK_KEEPERS_H
#define TESTS_UNIT_RESPONDER_LINK_KEEPERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "responder/link/registrar.h"

#define KEEPERS_WAIT_NS        INT64_C(10000000000)
#define KEEPERS_CLUSTERS       24u /* ids 1 to 24 are served: a test takes the next one */
#define KEEPERS_PORT_WITNESS   24100
#define KEEPERS_PORT_ETCD      24110
#define KEEPERS_PORT_PEERS     24111
#define KEEPERS_PORT_TLS       24112
#define KEEPERS_PORT_TLS_PEERS 24113
#define KEEPERS_PORT_NOBODY    24199

/* KEEPER_ETCD_TLS asks its clients for certificates; keepers_begin does not start it. */
enum keeper_kind { KEEPER_WITNESS, KEEPER_ETCD, KEEPER_ETCD_TLS, KEEPER_COUNT };

struct keepers {
    char directory[64];
    uint8_t key[CHANNEL_KEY_OCTETS];
    pid_t pid[KEEPER_COUNT];
    uint64_t cluster_id[KEEPER_COUNT]; /* taken last */
    uint64_t sessions;
};

struct seat {
    struct registrar *registrar;
    uint64_t cluster_id;
    uint64_t next_id;
    struct register_request request; /* asked last */
    int64_t asked_ns;
    bool answered;
    struct register_answer answer;
    uint32_t troubles;
    char trouble[REGISTRAR_TEXT_OCTETS]; /* the first one */
};

/* The URL of the etcd with TLS, with those files of the directory that are asked for. */
#define KEEPERS_URL_OCTETS 512
void keepers_tls_url(const struct keepers *keepers, bool authority, bool certificate, char *url);

/* False, with a line on stderr: something could not be made or started. */
bool keepers_begin(struct keepers *keepers);
void keepers_end(struct keepers *keepers);
bool keepers_start(struct keepers *keepers, enum keeper_kind kind);
/* As a crash ends it: no signal that it could handle. */
void keepers_kill(struct keepers *keepers, enum keeper_kind kind);
uint64_t keepers_next_cluster(struct keepers *keepers, enum keeper_kind kind);

bool seat_open(struct seat *seat, struct keepers *keepers, enum keeper_kind kind,
               uint64_t cluster_id, uint8_t node);
bool seat_open_witness(struct seat *seat, const struct registrar_witness_params *params);
bool seat_open_etcd(struct seat *seat, const struct registrar_etcd_params *params);
void seat_close(struct seat *seat);

/* Asks, without waiting. */
void seat_ask(struct seat *seat, enum register_request_kind kind,
              const struct register_value *proposal);
/* Turns both (`b` may be NULL), asking again as a machine does, until both have answers. */
bool seat_await(struct seat *a, struct seat *b);
/* Turns it until it has told trouble. */
bool seat_await_trouble(struct seat *seat);

#endif
