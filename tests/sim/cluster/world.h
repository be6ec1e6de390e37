/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * world - a whole cluster on virtual time: two nodes with their disks, the register's keeper, the
 * network between them, clients, and what goes wrong. All of it follows from one seed.
 *
 * Life cycle: world_create -> world_run for one seed after the other -> world_destroy. One thread.
 * Everything is in one struct, that a reader of a trace may look at it as a whole; each part's
 * functions are in the source of its name (store, network, host, keeper, client, trouble, judge).
 *
 * The judge looks after every event: what was promised (docs/cluster.md) must hold at any time,
 * not only when all is well again. The first broken promise ends the run: world_failure.
 */
#ifndef TESTS_SIM_CLUSTER_WORLD_H
#define TESTS_SIM_CLUSTER_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "responder/cluster/cluster.h"
#include "responder/cluster/register.h"
#include "responder/cluster/replica.h"
#include "sigtran/base/pool.h"
#include "sigtran/base/random.h"

#define WORLD_US INT64_C(1000)
#define WORLD_MS INT64_C(1000000)
#define WORLD_S  INT64_C(1000000000)

/* A world is small: a seed takes a millisecond or two. */
#define WORLD_RECORDS_MAX  1536u
#define WORLD_REQUESTS_MAX 512u
#define WORLD_CALLS_MAX    64u
#define WORLD_TERMS_MAX    1024u
#define WORLD_EVENTS_MAX   8192u
#define WORLD_PACKETS_MAX  6144u
#define WORLD_TOKENS_MAX   8192u
#define WORLD_OPS_MAX      2048u
#define WORLD_TROUBLES_MAX 16u
#define WORLD_ACCOUNTS     6u
#define WORLD_UNREAD_MAX   1000u
#define WORLD_TEXT_OCTETS  320u
/* Steps of one run: a machine that calls for turns without end is stopped here. */
#define WORLD_STEPS_MAX 400000u
/* After healing all has to be well within this. */
#define WORLD_HEALED_WITHIN_NS (5 * WORLD_S)
/* A planned switchover, and an answer while one happens, where nothing else does. */
#define WORLD_SWITCHOVER_WITHIN_NS  (200 * WORLD_MS)
#define WORLD_CALM_ANSWER_WITHIN_NS (300 * WORLD_MS)
#define WORLD_CALM_FROM_NS          (1500 * WORLD_MS)

enum world_party { PARTY_NODE_0, PARTY_NODE_1, PARTY_WITNESS, PARTY_CLIENT, PARTY_COUNT };

/* --- what was seen to happen, so that a batch of seeds can tell that it tested something ----- */

#define WORLD_SEEN_LIST(X)                                                                         \
    X(takeovers)                                                                                   \
    X(calm_switchovers)                                                                            \
    X(switchovers)                                                                                 \
    X(truncations)                                                                                 \
    X(rejoined)                                                                                    \
    X(went_solo)                                                                                   \
    X(went_pair)                                                                                   \
    X(claims_refused)                                                                              \
    X(appends_refused)                                                                             \
    X(appends_resent)                                                                              \
    X(mismatches)                                                                                  \
    X(stale_answers)                                                                               \
    X(own_stalls)                                                                                  \
    X(decided)                                                                                     \
    X(again)                                                                                       \
    X(attached)                                                                                    \
    X(forwarded)                                                                                   \
    X(forwards_resent)                                                                             \
    X(relayed)                                                                                     \
    X(undone)                                                                                      \
    X(gave_up)                                                                                     \
    X(overload)                                                                                    \
    X(no_credit)                                                                                   \
    X(calls_ended)                                                                                 \
    X(calls_closed)                                                                                \
    X(repeated_late)                                                                               \
    X(crashes)                                                                                     \
    X(torn_groups)                                                                                 \
    X(freezes)                                                                                     \
    X(cuts)                                                                                        \
    X(slow_disks)                                                                                  \
    X(failed_disks)                                                                                \
    X(clock_steps)                                                                                 \
    X(witness_deaths)                                                                              \
    X(late_swaps)                                                                                  \
    X(exchanges)                                                                                   \
    X(both_crashed)

struct world_seen {
#define WORLD_SEEN_FIELD(name) uint64_t name;
    WORLD_SEEN_LIST(WORLD_SEEN_FIELD)
#undef WORLD_SEEN_FIELD
    uint64_t seeds;
    uint64_t steps;
    uint64_t records;
};

/* --- events ---------------------------------------------------------------------------------- */

enum event_kind {
    EVENT_PACKET,       /* value: slot of the packet */
    EVENT_TURN,         /* who: node */
    EVENT_SYNCED,       /* who: node; value: its life */
    EVENT_DURABLE,      /* who: node; value: its life, index and generation in `more` */
    EVENT_START,        /* who: node */
    EVENT_KEEPER_SAVED, /* value: its life */
    EVENT_KEEPER_START,
    EVENT_REQUEST, /* value: request to be sent (again) */
    EVENT_TROUBLE, /* value: index */
    EVENT_MEND,    /* value: index */
    EVENT_HEAL,
    EVENT_LOOK, /* whether all is well again */
    EVENT_EXIT, /* who: node whose journal failed; value: its life */
};

struct event {
    int64_t at_ns;
    uint64_t order; /* events of one instant keep the order in which they were made */
    uint64_t value;
    uint64_t more;
    uint32_t kind;
    uint32_t who;
};

/* --- store: a ledger in memory, the same on disk, and what is on the way between them --------- */

struct copy {
    uint8_t *octets;
    uint32_t end[WORLD_RECORDS_MAX + 1]; /* offset behind record i */
    uint64_t term[WORLD_RECORDS_MAX + 1];
    uint32_t checksum[WORLD_RECORDS_MAX + 1];
    uint64_t last;
};

struct store_op {
    uint32_t offset; /* in `queued` */
    uint32_t length;
    uint64_t last_kept;
    uint32_t generation;
    bool truncates;
};

struct store {
    struct copy memory;
    struct copy disk;
    struct store_op op[WORLD_OPS_MAX];
    uint8_t *queued;
    uint32_t ops;
    uint32_t queued_octets;
    uint32_t running; /* the first so many are being synced; 0: idle */
    uint32_t generation;
    int64_t slow_until_ns;
    bool fails_next;
};

/* --- host: a node's process and its machine --------------------------------------------------- */

struct host_token {
    uint32_t request;
    bool done;
};

struct host {
    struct world *world;
    uint8_t node;
    bool running;
    bool journal_failed;
    bool dead_for_good;
    uint32_t life;       /* counts up */
    uint32_t heard_life; /* of the peer, the newest */
    int64_t thaw_ns;     /* no turn before this */
    int64_t turn_ns;     /* of the event that counts */
    uint64_t identity;
    int64_t wall_offset_ns;
    uint64_t committed; /* as reported in this life */
    uint64_t served_term;
    uint32_t tokens;
    uint32_t unread; /* datagrams that wait for a frozen process */
    struct host_token token[WORLD_TOKENS_MAX];
    struct service service;
    struct cluster cluster;
    struct replica replica;
    struct store store;
};

/* --- keeper: the register's durable value ------------------------------------------------------
 */

#define KEEPER_QUEUE_MAX 512u

struct keeper {
    bool running;
    uint32_t life;
    uint32_t heard_life[2];
    struct register_value durable;
    struct register_value current; /* as it will be when what runs is saved */
    struct register_request queue[KEEPER_QUEUE_MAX];
    uint8_t from[KEEPER_QUEUE_MAX];
    uint32_t from_life[KEEPER_QUEUE_MAX];
    uint32_t queued;
    uint32_t saving; /* the first one is applied and being saved */
    struct register_answer answer;
};

/* --- clients -----------------------------------------------------------------------------------
 */

enum asked_kind {
    ASKED_ONESHOT,
    ASKED_SMS,
    ASKED_INITIAL,
    ASKED_INTERIM,
    ASKED_FINAL,
    ASKED_CLOSE
};

struct asked {
    uint8_t kind;
    uint8_t node; /* where it goes next */
    bool answered;
    bool committed;          /* its record is */
    bool repeats;            /* to be repeated after its answer */
    bool probe;              /* sent after healing */
    uint32_t account;        /* index */
    uint32_t call;           /* or POOL_NONE */
    uint32_t attempts;       /* times that it was sent */
    uint32_t used_100ms;     /* told by the report */
    uint32_t sequence;       /* of the request in its dialogue */
    uint64_t key[2];         /* identity, as the client works it out */
    int64_t sent_ns;         /* first */
    uint64_t amount;         /* of its record */
    struct decision reply;   /* as seen */
    struct decision decided; /* as in its record */
    uint16_t length;
    uint8_t octets[256];
};

struct asked_call {
    uint64_t reference[2];
    uint32_t account;
    uint32_t number; /* of the dialogue */
    uint32_t answered;
    uint32_t used_100ms;
    uint32_t granted_100ms;
    uint32_t steps_left;
    uint64_t charged; /* by records */
    bool over;        /* as the client knows */
    bool closed;      /* by `close`, with a settlement */
    bool settled;
};

/* --- network -----------------------------------------------------------------------------------
 */

#define PACKET_OCTETS_MAX 1600u

struct packet {
    uint8_t from;
    uint8_t to;
    uint32_t from_life;
    uint32_t to_life;
    uint32_t length;
    uint8_t octets[PACKET_OCTETS_MAX];
};

struct network {
    struct pool packets;
    bool cut[PARTY_COUNT][PARTY_COUNT];
    double loss;
    double doubled;
    double late;          /* probability of a delay of up to late_ns */
    double late_register; /* the same for what goes to and from the register */
    int64_t late_ns;
    int64_t delay_min_ns;
    int64_t delay_max_ns;
};

/* --- what goes wrong
 * ------------------------------------------------------------------------------
 */

enum trouble_kind {
    TROUBLE_CRASH,
    TROUBLE_FREEZE,
    TROUBLE_CUT_NODES,
    TROUBLE_CUT_WITNESS,
    TROUBLE_CUT_CLIENT,
    TROUBLE_SLOW_DISK,
    TROUBLE_FAILED_DISK,
    TROUBLE_CLOCK_STEP,
    TROUBLE_WITNESS_DIES,
    TROUBLE_SWITCHOVER,
    TROUBLE_BOTH_CRASH,
    TROUBLE_EXCHANGE,
    TROUBLE_LOSSY,
    TROUBLE_ISOLATE, /* from the peer and the witness, not from clients */
    TROUBLE_KINDS
};

struct trouble {
    uint8_t kind;
    uint8_t node;
    uint8_t way; /* 1: from it, 2: to it, 3: both */
    int64_t at_ns;
    int64_t lasts_ns;
};

struct world_failure {
    bool is;
    char invariant[40];
    char text[WORLD_TEXT_OCTETS];
};

struct world {
    uint64_t seed;
    bool trace;
    struct random_state random;
    int64_t now_ns;
    int64_t heal_ns;
    bool healed;
    bool well; /* all was found well: the run ends */
    bool calm; /* nothing goes wrong, and it is switched over: requests may not notice */
    bool etcd; /* the register knows no lives: a request of an earlier one may land */
    bool exchanged;
    struct event *heap;
    uint32_t events;
    uint64_t order;
    uint64_t steps;
    struct host host[2];
    struct keeper keeper;
    struct network network;
    struct asked asked[WORLD_REQUESTS_MAX];
    uint32_t asked_count;
    struct asked_call call[WORLD_CALLS_MAX];
    uint32_t call_count;
    uint32_t probes_at; /* first request of those sent after healing; 0: none yet */
    struct trouble trouble[WORLD_TROUBLES_MAX];
    uint32_t troubles;
    uint64_t balance;
    uint32_t pending_max;
    int64_t give_up_ns;
    int64_t wall_start_ns;
    int64_t switchover_ns; /* the last one that was begun; 0: none */
    /* judge: the one ledger that all must agree on */
    uint64_t committed_last;
    uint32_t committed_checksum[WORLD_RECORDS_MAX + 1];
    uint64_t committed_term[WORLD_RECORDS_MAX + 1];
    uint8_t committer[WORLD_TERMS_MAX]; /* node + 1 */
    uint8_t actives[WORLD_TERMS_MAX];   /* node + 1 */
    uint64_t ledger_charged[WORLD_ACCOUNTS];
    int64_t ledger_reserved[WORLD_ACCOUNTS];
    struct world_seen seen; /* over all seeds */
    struct world_failure failure;
};

struct world *world_create(void);
void world_destroy(struct world *world);

/* Runs one seed; false: a promise was broken, see world->failure. */
bool world_run(struct world *world, uint64_t seed, bool trace);

/* --- for the parts -------------------------------------------------------------------------------
 */

/* Notes the first broken promise. */
void world_fail(struct world *world, const char *invariant, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void world_say(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define WORLD_SAY(world, ...)                                                                      \
    do {                                                                                           \
        if ((world)->trace)                                                                        \
            world_say((world), __VA_ARGS__);                                                       \
    } while (0)

void world_push(struct world *world, int64_t at_ns, enum event_kind kind, uint32_t who,
                uint64_t value, uint64_t more);
bool world_chance(struct world *world, double probability);
/* Uniform in [low, high]. */
int64_t world_between(struct world *world, int64_t low, int64_t high);

/* store.c */
void copy_append(struct world *world, struct copy *copy, struct bytes records);
void copy_cut(struct copy *copy, uint64_t last_kept);
struct bytes copy_records(const struct copy *copy, uint64_t first, uint64_t last);
void store_append(struct host *host, struct bytes records);
void store_truncate(struct host *host, uint64_t last_kept, uint32_t generation);
void store_synced(struct host *host, uint64_t life);
/* The power is gone: what was not durable is lost, but for a prefix. Memory becomes what is left.
 */
void store_crash(struct host *host);

/* network.c */
void network_reset(struct world *world);
/* No loss, no late or doubled packets from now on. */
void network_calm(struct world *world);
/* Room for a packet's octets; network_send takes it. */
uint32_t network_packet(struct world *world, enum world_party from, enum world_party to);
void network_send(struct world *world, uint32_t slot, uint32_t length);
void network_arrive(struct world *world, uint32_t slot);

/* host.c */
void host_start(struct host *host);
void host_stop(struct host *host);
void host_turn(struct host *host);
void host_input(struct host *host); /* something came: a turn soon */
void host_on_packet(struct host *host, const struct packet *packet);
void host_on_durable(struct host *host, uint32_t generation, uint64_t index);
void host_journal_failed(struct host *host);
struct host *host_active(struct world *world); /* running and ACTIVE of the highest term, or NULL */

/* keeper.c */
void keeper_reset(struct world *world);
void keeper_on_packet(struct world *world, const struct packet *packet);
void keeper_saved(struct world *world, uint64_t life);
void keeper_stop(struct world *world);
void keeper_start(struct world *world);

/* client.c and client_message.c */
void client_plan(struct world *world);
void client_probe(struct world *world);
void client_send(struct world *world, uint32_t request);
void client_deliver(struct host *host, uint32_t request); /* at the node */
void client_reply_from(struct host *host, uint64_t token, enum replica_verdict verdict,
                       const struct service_reply *reply, const uint64_t reference[2]);
void client_on_packet(struct world *world, const struct packet *packet);
bool client_same_decision(const struct decision *a, const struct decision *b);
struct bytes client_origin(void);
#define CLIENT_FIRST_ACCOUNT        "46701000000"
#define CLIENT_FIRST_ACCOUNT_NUMBER UINT64_C(46701000000)
extern const struct tariff client_tariff;
extern const struct siphash_key client_identity_key;
/* Octets of the request (message, key) as the client makes it. */
void client_write(struct world *world, struct asked *asked, uint32_t number);

/* trouble.c */
void trouble_plan(struct world *world);
void trouble_begin(struct world *world, uint32_t index);
/* The register changes: now and then that is when something goes wrong. */
void trouble_strike_soon(struct world *world);
void trouble_end(struct world *world, uint32_t index);
void trouble_heal(struct world *world);

/* judge.c */
void judge_reset(struct world *world);
void judge_committed(struct host *host, uint64_t index);
void judge_role(struct host *host, enum cluster_role role, uint64_t term);
/* The register has changed: a pair holds everything. */
void judge_pair(struct world *world);
void judge_reply(struct world *world, uint32_t request, const struct decision *decision);
void judge_step(struct world *world);
/* True: all is well. */
bool judge_look(struct world *world);
void judge_end(struct world *world);

#endif
