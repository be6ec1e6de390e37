/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * sccp_management - SCMG of one node (Q.714-5.1): which local subsystems are in service, and which
 * remote signalling points, SCCPs and subsystems are not to be sent to now.
 *
 * Pure: messages, MTP's indications and time go in; messages with their DPC and events go out
 * through the handler, which is called from inside. Bounded: what is not as usual has an entry in a
 * table; when that is full, more of it is counted and not noted.
 *
 * Life cycle: sccp_manager_init -> sccp_manager_equip for each local subsystem -> anything else,
 * and sccp_manager_time when sccp_manager_deadline_ns is reached. The struct holds no memory.
 */
#ifndef SIGTRAN_FSM_SCCP_MANAGEMENT_H
#define SIGTRAN_FSM_SCCP_MANAGEMENT_H

#include "sigtran/codec/sccp.h"

#define SCCP_MANAGER_REMOTES_MAX   64
#define SCCP_MANAGER_CONCERNED_MAX 16

/* Importance of UDT, XUDT and LUDT (Q.714-2.6): above this restriction level they are held back. */
#define SCCP_MANAGER_IMPORTANCE 4
#define SCCP_MANAGER_LEVEL_MAX  8 /* Q.713-5.2: congestion levels 1 to 8 */

struct sccp_manager_config {
    enum sccp_variant variant;
    uint32_t local_pc;
    int64_t t_stat_info_ns;     /* T(stat.info): first pause before an SST, 0 = 30 s ... */
    int64_t t_stat_info_max_ns; /* ... it doubles up to this, 0 = 10 min */
    int64_t t_coord_chg_ns;     /* T(coord.chg): wait for SOG, 0 = 60 s */
    int64_t t_ignore_sst_ns;    /* T(ignore SST), 0 = 30 s */
    int64_t t_decay_ns;         /* after which a congestion level falls by one, 0 = 2 s */
    uint32_t replicate_pc;      /* node of the replicate that is asked by SOR, 0 = none */
    uint32_t concerned_count;   /* point codes that are told SSP and SSA (Q.714-5.3.7) */
    uint32_t concerned[SCCP_MANAGER_CONCERNED_MAX];
};

enum sccp_manager_event_kind {
    SCCP_MANAGER_POINT_PROHIBITED, /* pc is out of reach; all its subsystems are */
    SCCP_MANAGER_POINT_ALLOWED,
    SCCP_MANAGER_SUBSYSTEM_PROHIBITED, /* ssn at pc; SSN 1: its whole SCCP */
    SCCP_MANAGER_SUBSYSTEM_ALLOWED,
    SCCP_MANAGER_CONGESTED, /* pc has the restriction level `level` now; 0: none any more */
    SCCP_MANAGER_GRANTED,   /* the local ssn may go out of service now (N-COORD confirm) */
    SCCP_MANAGER_DENIED,    /* nobody granted that within T(coord.chg) */
    SCCP_MANAGER_GRANT,     /* pc's ssn was granted to go out of service (N-COORD indication) */
};

struct sccp_manager_event {
    enum sccp_manager_event_kind kind;
    uint32_t pc;
    uint8_t ssn;
    uint8_t level;
};

/* "subsystem-prohibited" and so on. */
const char *sccp_manager_event_name(enum sccp_manager_event_kind kind);

struct sccp_manager_handler {
    void *context;
    /* Sends an SCCP message to the point code (copy it). NULL: nothing is sent. */
    void (*send)(void *context, uint32_t pc, struct bytes message);
    /* Tells the node and its user (Q.714-5.3.6). May be NULL. */
    void (*event)(void *context, const struct sccp_manager_event *event);
};

#define SCCP_MANAGER_COUNTER_LIST(X)                                                               \
    X(tests_sent, "subsystem status tests sent")                                                   \
    X(prohibited_sent, "SSP sent")                                                                 \
    X(allowed_sent, "SSA sent without a test")                                                     \
    X(changes_requested, "SOR sent")                                                               \
    X(changes_granted, "SOG sent")                                                                 \
    X(management_ignored, "management messages about nothing that they may be about")              \
    X(remotes_full, "states of remote subsystems that found no room")

struct sccp_manager_counters {
#define SCCP_MANAGER_COUNTER_FIELD(name, text) uint64_t name;
    SCCP_MANAGER_COUNTER_LIST(SCCP_MANAGER_COUNTER_FIELD)
#undef SCCP_MANAGER_COUNTER_FIELD
};

/* A signalling point (ssn 0), an SCCP (ssn 1) or a subsystem that is not as usual. */
struct sccp_manager_remote {
    uint32_t pc;
    uint8_t mask; /* ssn 0: so many low bits of pc are any (RFC4666-3.4.1) */
    uint8_t ssn;
    bool is_prohibited;
    uint8_t level;       /* ssn 0: restriction level by congestion */
    int64_t decay_at_ns; /* level */
    int64_t test_at_ns;  /* the next SST, TIMER_NEVER_NS: none */
    int64_t test_pause_ns;
};

/* Fields are this module's own, but for reading. */
struct sccp_manager {
    struct sccp_manager_config config;
    struct sccp_manager_handler handler;
    uint64_t equipped[4];   /* a bit per local SSN */
    uint64_t prohibited[4]; /* equipped, but out of service */
    uint8_t change_ssn;     /* waits for SOG, 0: none */
    int64_t change_at_ns;
    uint8_t ignore_ssn; /* its SST are ignored, 0: none */
    int64_t ignore_at_ns;
    uint32_t remote_count;
    struct sccp_manager_remote remote[SCCP_MANAGER_REMOTES_MAX];
    struct sccp_manager_counters counters;
};

/* P7_RANGE: more concerned point codes than fit. */
enum p7_status sccp_manager_init(struct sccp_manager *manager,
                                 const struct sccp_manager_config *config,
                                 const struct sccp_manager_handler *handler) P7_MUST_CHECK;

/* --- local subsystems ------------------------------------------------------------------------- */

/* P7_RANGE for 0 (unknown) and 1 (SCMG, always there). */
enum p7_status sccp_manager_equip(struct sccp_manager *manager, uint8_t ssn) P7_MUST_CHECK;
bool sccp_manager_is_equipped(const struct sccp_manager *manager, uint8_t ssn);
bool sccp_manager_is_in_service(const struct sccp_manager *manager, uint8_t ssn);

/*
 * The user goes out of service or comes back (N-STATE request): concerned point codes are told SSP
 * or SSA when that is a change (Q.714-5.3.2.2, 5.3.3, 5.3.7). P7_NOT_FOUND: not equipped.
 */
enum p7_status sccp_manager_set_in_service(struct sccp_manager *manager, uint8_t ssn,
                                           bool in_service) P7_MUST_CHECK;

/*
 * The user asks whether it may go out of service (N-COORD request, Q.714-5.3.5.2): SOR to the
 * replicate's node, then GRANTED or DENIED. P7_NOT_FOUND: not in service, or no replicate is
 * configured; P7_STATE: another one is waiting.
 */
enum p7_status sccp_manager_request_change(struct sccp_manager *manager, uint8_t ssn,
                                           int64_t now_ns) P7_MUST_CHECK;

/* A message from `opc` came for a local subsystem that is out of service: SSP to it
 * (Q.714-5.3.2.1). */
void sccp_manager_refuse(struct sccp_manager *manager, uint32_t opc, uint8_t ssn);

/* Is a status test of the local SSN to be answered by SSA (Q.714-5.3.4.3)? */
bool sccp_manager_answers_test(const struct sccp_manager *manager,
                               const struct sccp_management *test);

/* --- remote ones ------------------------------------------------------------------------------ */

/* A management message but SST. */
void sccp_manager_receive(struct sccp_manager *manager, uint32_t opc,
                          const struct sccp_management *message, int64_t now_ns);

/* MTP-PAUSE and MTP-RESUME (Q.714-5.2.2, 5.2.3): DUNA and DAVA of M3UA, with their mask. */
void sccp_manager_pause(struct sccp_manager *manager, uint32_t pc, uint8_t mask);
void sccp_manager_resume(struct sccp_manager *manager, uint32_t pc, uint8_t mask);
/* MTP-STATUS, user part unavailable (Q.714-5.2.2): DUPU of M3UA. An SCCP that is there but out of
 * reach is tested; one that is unequipped is not (`is_unequipped`). */
void sccp_manager_user_unavailable(struct sccp_manager *manager, uint32_t pc, bool is_unequipped,
                                   int64_t now_ns);
/* It is back, as far as anybody knows. */
void sccp_manager_user_available(struct sccp_manager *manager, uint32_t pc);

/*
 * May a message go there now? `ssn` 0: to the node's translation (route on GT); 1: to its SCMG, for
 * which only MTP matters. False: `cause` is
 * what its return would say (Q.714-2.6): MTP failure, SCCP failure, subsystem failure, network
 * congestion.
 */
bool sccp_manager_is_open(const struct sccp_manager *manager, uint32_t pc, uint8_t ssn,
                          uint8_t *cause);

/* --- time ------------------------------------------------------------------------------------- */

void sccp_manager_time(struct sccp_manager *manager, int64_t now_ns);
/* TIMER_NEVER_NS when nothing is due. */
int64_t sccp_manager_deadline_ns(const struct sccp_manager *manager);

#endif
