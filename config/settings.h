/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * settings - everything that a configuration file can say, as plain structures. The language that
 * fills them is in config/language; the programs read them and never change them while they run.
 *
 * settings_init gives the defaults that each field's comment names. Strings are NUL-terminated.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "sigtran/base/limits.h"
#include "sigtran/base/point_code.h"
#include "sigtran/fsm/m3ua_roles.h"
#include "sigtran/fsm/sccp_management.h"
#include "sigtran/fsm/sccp_segmentation.h"
#include "sigtran/fsm/sccp_translation.h"
#include "sigtran/transport/transport.h"

#define SETTINGS_NAME_OCTETS 64
#define SETTINGS_PATH_OCTETS 1024

#define SETTINGS_PROFILES_MAX   16
#define SETTINGS_ASPS_MAX       LIMIT_ASSOCIATIONS
#define SETTINGS_AS_MAX         LIMIT_AS
#define SETTINGS_TARGETS_MAX    32
#define SETTINGS_FLOWS_MAX      32
#define SETTINGS_MODELS_MAX     32
#define SETTINGS_MIX_MAX        8
#define SETTINGS_GTTS_MAX       SCCP_TRANSLATION_RULES_MAX
#define SETTINGS_PARAMETERS_MAX 24

#define SETTINGS_PARAMETER_NAME_OCTETS 48
#define SETTINGS_PARAMETER_OCTETS      128
#define SETTINGS_LOADS_MAX             32

/* --- cs7 instance: who we are in the SS7 network ------------------------------------------- */

/* xua rkm routing-key-allocation: what an SG of ours lets its ASPs register. */
enum routing_key_allocation {
    ROUTING_KEY_STATIC_ONLY,       /* the keys of the ASs that are configured */
    ROUTING_KEY_DYNAMIC_PERMITTED, /* any other key too */
    ROUTING_KEY_NONE,              /* none */
};

struct instance_settings {
    struct point_code_format point_code_format; /* how they are written, default 3.8.3 */
    uint32_t point_code;                        /* default 0 = must be set */
    enum sccp_variant sccp_variant;             /* default itu */
    enum sccp_long_messages long_messages;      /* default xudt */
    uint32_t t_reass_ms;                        /* T(reass) of SCCP, default 10000 */
    uint8_t sccp_class;          /* of what we send: 1 (default) in sequence, 0 not */
    bool sccp_return_option;     /* "return message on error", default true */
    uint8_t network_indicator;   /* M3UA protocol data NI (Q.704): 0 international, 2 national */
    bool has_network_appearance; /* optional M3UA parameter, absent by default */
    uint32_t network_appearance;
    enum routing_key_allocation allocation; /* default static-only */
};

struct asp_settings {
    char name[SETTINGS_NAME_OCTETS];
    struct transport_endpoint endpoint;     /* `endpoint.profile` is the resolved sctp-profile */
    char profile[SCTP_PROFILE_NAME_OCTETS]; /* default "lan" */
    enum asp_role role;                     /* our own role, default asp */
    enum ipsp_exchange exchange;            /* role ipsp, default single */
    bool sctp_client;                       /* sctp-role client (default) or server */
    bool has_asp_identifier;
    uint32_t asp_identifier;
    uint32_t t_ack_ms;   /* RFC 4666 T(ack), default 2000 */
    uint32_t t_beat_ms;  /* M3UA BEAT interval, 0 (default) = none */
    uint32_t t_audit_ms; /* interval of DAUD for what is not available, default 30 s; 0 = none */
};

/* When our ASPs of an AS ask for its traffic (ASP ACTIVE). */
enum asp_activation {
    ASP_ACTIVATION_ALWAYS,      /* as soon as they are up */
    ASP_ACTIVATION_ACTIVE_NODE, /* while this node is the active one of its cluster */
};

struct as_settings {
    char name[SETTINGS_NAME_OCTETS];
    bool has_routing_context;
    uint32_t routing_context;          /* routing-key RC PC */
    uint32_t point_code;               /* the destination that this AS serves */
    enum as_traffic_mode traffic_mode; /* default override */
    uint32_t recovery_timeout_ms;      /* T(r), default 2000 */
    uint32_t active_minimum;           /* ASPs that make it AS-ACTIVE, default 1 */
    enum asp_activation activation;    /* default always */
    uint32_t registers;                /* registration dynamic; default static */
    uint32_t asp_count;
    char asp[LIMIT_ASP_PER_AS][SETTINGS_NAME_OCTETS];
};

/* --- SCCP: global titles and subsystem management -------------------------------------------- */

struct gtt_route_settings {
    char as[SETTINGS_NAME_OCTETS];
    uint32_t point_code;
    bool on_gt; /* the next node translates; else on SSN */
};

/* One entry of the table of global titles; see struct sccp_translation_rule. */
struct gtt_settings {
    char name[SETTINGS_NAME_OCTETS];
    char digits[LIMIT_DIGITS + 1]; /* default "" */
    bool is_prefix;                /* default true */
    bool has_gti;
    uint8_t gti;
    bool has_translation_type;
    uint8_t translation_type;
    bool has_numbering_plan;
    uint8_t numbering_plan;
    bool has_nature_of_address;
    uint8_t nature_of_address;
    bool is_local;
    bool has_ssn;
    uint8_t ssn;
    bool replaces;
    char replacement[LIMIT_DIGITS + 1];
    uint32_t route_count;
    struct gtt_route_settings route[SCCP_TRANSLATION_ROUTES_MAX];
};

enum remote_status { REMOTE_STATUS_HEED, REMOTE_STATUS_IGNORE };

struct sccp_settings {
    uint32_t gtt_count;
    struct gtt_settings gtt[SETTINGS_GTTS_MAX];
    uint32_t concerned_count; /* told SSP and SSA */
    uint32_t concerned[SCCP_MANAGER_CONCERNED_MAX];
    bool has_replicate_pc;
    uint32_t replicate_pc;            /* asked by SOR */
    enum remote_status remote_status; /* default heed */
    uint32_t t_stat_info_ms;          /* default 30000 ... */
    uint32_t t_stat_info_max_ms;      /* ... growing to 600000 */
    uint32_t t_coord_chg_ms;          /* default 60000 */
    uint32_t t_ignore_sst_ms;         /* default 30000 */
};

/* --- simulator ------------------------------------------------------------------------------ */

/* An address that SCCP routes on. */
struct sccp_address_settings {
    uint32_t point_code;                 /* 0 = absent */
    uint8_t ssn;                         /* default 146 (CAP) */
    char global_title[LIMIT_DIGITS + 1]; /* digits, "" = route on SSN */
};

/* Which of its ASs a request takes that opens a dialogue. */
enum target_policy {
    TARGET_POLICY_ACTIVE,      /* the first one that is open, or the one that has proved itself */
    TARGET_POLICY_ROUND_ROBIN, /* the open ones in turn */
    TARGET_POLICY_BOTH,        /* two of them at once; the first reply counts */
};

struct target_settings {
    char name[SETTINGS_NAME_OCTETS];
    uint32_t as_count; /* the ASs that lead there; more than one: several nodes of a cluster */
    char as[LIMIT_ASP_PER_AS][SETTINGS_NAME_OCTETS];
    enum target_policy policy; /* default active */
    struct sccp_address_settings called;
    struct sccp_address_settings calling;
};

/* What a flow starts at each due instant. */
enum call_model_kind {
    CALL_MODEL_ONESHOT, /* one request: initialDP, answered by END + continue; no state */
    CALL_MODEL_CALL,    /* initial, interim per used-up slice, final */
    CALL_MODEL_EVENT,   /* one request: initialDPSMS */
};

/* What becomes of a call. */
enum call_outcome {
    CALL_OUTCOME_ANSWERED,
    CALL_OUTCOME_ABANDON, /* the caller gives up */
    CALL_OUTCOME_BUSY,
    CALL_OUTCOME_NO_ANSWER,
    CALL_OUTCOME_ROUTE_FAILURE,
    CALL_OUTCOME_COUNT
};

/* A parameter of initialDP that a model says otherwise. */
struct parameter_settings {
    char name[SETTINGS_PARAMETER_NAME_OCTETS];
    bool omitted;
    char value[SETTINGS_PARAMETER_OCTETS]; /* text, may hold ${column} */
};

struct call_model_settings {
    char name[SETTINGS_NAME_OCTETS];
    enum call_model_kind kind;
    uint8_t cap_version;       /* 2 (default) or 3; event: CAPv3 SMS always */
    uint32_t service_key;      /* default by kind: oneshot 1, call 100, event 101 */
    uint32_t answer_delay_ms;  /* call: from the answer to `initial` to oAnswer, default 2000 */
    uint32_t duration_ms;      /* call: from oAnswer to disconnect, default 60000 */
    bool duration_exponential; /* duration_ms is the mean then */
    uint32_t outcome_weight[CALL_OUTCOME_COUNT]; /* call; all 0 (default): answered always */
    uint32_t called_disconnects_percent;         /* call: the called party ends it, default 0 */
    bool mobile_terminated; /* initialDP with calledPartyNumber, eventTypeBCSM 12 */
    bool prearranged_end;   /* oneshot: the reply ends the dialogue without END, default false */
    uint32_t parameter_count;
    struct parameter_settings parameter[SETTINGS_PARAMETERS_MAX];
};

enum flow_arrival { FLOW_ARRIVAL_CONSTANT, FLOW_ARRIVAL_POISSON };

struct flow_settings {
    char name[SETTINGS_NAME_OCTETS];
    char target[SETTINGS_NAME_OCTETS];
    double rate_per_s; /* starts per second: requests for oneshot and event, calls for call */
    enum flow_arrival arrival;
    uint32_t mix_count;
    struct {
        char model[SETTINGS_NAME_OCTETS];
        uint32_t weight;
    } mix[SETTINGS_MIX_MAX];
};

struct simulator_settings {
    char name[SETTINGS_NAME_OCTETS];
    uint64_t seed;                  /* default 1 */
    uint64_t duration_ms;           /* default 60000; 0 = until stopped */
    uint64_t warmup_ms;             /* left out of the steady-state statistics, default 0 */
    uint32_t interval_ms;           /* default 10000 */
    uint32_t timeout_ms;            /* request without a reply: outcome timeout, default 10000 */
    uint32_t retransmit_after_ms;   /* 0 (default) = never sent again */
    uint32_t attempts;              /* sends of one request at most, default 1 */
    uint32_t dialogues_max;         /* default 1000000 */
    char out[SETTINGS_PATH_OCTETS]; /* run directory, "" (default) = "runs/TIME-NAME" */
    uint32_t load_count;            /* 0 (default): one run; else a campaign, a run per load ... */
    double load_per_s[SETTINGS_LOADS_MAX]; /* ... of so many starts per second of all flows */
    uint32_t repeats;                      /* runs per load, default 1 */
    uint32_t rest_ms;                      /* between two runs, default 2000 */
    bool has_failed_threshold; /* failed requests above the threshold: exit code 1; default true */
    uint64_t failed_threshold; /* default 0 */
    bool realtime;        /* SCHED_FIFO for the traffic thread, where permitted; default false */
    bool record_requests; /* requests.csv, default true */
    bool journal_durable; /* journal.csv, synced as it grows; implies requests.csv; default false */
    char subscriber_first[LIMIT_DIGITS + 1]; /* calling MSISDN range, default 467010000000 */
    uint32_t subscriber_count;               /* default 100000 */
    char imsi_first[LIMIT_DIGITS + 1];       /* of the first subscriber, default 240010000000000 */
    char subscriber_csv[SETTINGS_PATH_OCTETS]; /* columns msisdn, imsi, ...; wins over the range */
    char called_party[LIMIT_DIGITS + 1];       /* default 467019999999 */
    char msc_address[LIMIT_DIGITS + 1];        /* MSC, VLR and SMS centre, default 467010099999 */
    uint32_t target_count;
    struct target_settings target[SETTINGS_TARGETS_MAX];
    uint32_t model_count;
    struct call_model_settings model[SETTINGS_MODELS_MAX];
    uint32_t flow_count;
    struct flow_settings flow[SETTINGS_FLOWS_MAX];
};

/* --- responder ------------------------------------------------------------------------------ */

/* What each request costs the machine: this is how a responder resembles the studied one. */
struct workload_settings {
    uint32_t cpu_us;         /* burnt per request, default 0 */
    uint32_t octets_written; /* appended to a file per request, default 0 */
    uint32_t pages_dirtied;  /* in the resident heap per request, default 0 */
    uint64_t heap_octets;    /* resident from the start, default 0 */
    uint32_t workers;        /* threads that burn, = vCPUs; default 0: none, in line */
};

/* Weighted misbehaviour, per 100 000 requests. */
struct fault_settings {
    uint32_t error_weight; /* return error / abort instead of an answer */
    uint32_t drop_weight;  /* no answer at all */
    uint32_t delay_weight; /* answer later by delay_ms */
    uint32_t delay_ms;
};

struct tariff_settings {
    uint64_t price_per_call;   /* units of account, default 0 */
    uint64_t price_per_second; /* call, default 1 */
    uint64_t price_per_event;  /* event, oneshot, default 1 */
    uint32_t slice_ms;         /* applyCharging maxCallPeriodDuration, default 30000 */
};

/* The durable ledger in `data`. A cluster has one always, a single node when `on`. */
struct ledger_settings {
    bool on;
    uint32_t segment_octets; /* of a file; default 64 MiB, the same on both nodes */
    uint32_t sync_delay_ms;  /* measurements: each sync takes that much longer, default 0 */
    uint32_t cdr_octets;     /* of a CDR file, default 16 MiB */
    uint32_t cdr_age_ms;     /* after which a CDR file is closed, default 60000 */
};

#define SETTINGS_LINKS_MAX  2
#define SETTINGS_URL_OCTETS 1024

struct cluster_link_settings {
    char local_ip[TRANSPORT_IP_TEXT_OCTETS];
    char remote_ip[TRANSPORT_IP_TEXT_OCTETS];
    uint16_t local_port;
    uint16_t remote_port;
};

/* Exactly one of witness, etcd and two_node decides who serves. */
struct cluster_settings {
    uint64_t id;                         /* 0 (default): no cluster */
    uint32_t node;                       /* 0 or 1 */
    char key_file[SETTINGS_PATH_OCTETS]; /* the shared key of the cluster */
    uint32_t link_count;                 /* 1 or 2, to the other node */
    struct cluster_link_settings link[SETTINGS_LINKS_MAX];
    uint16_t witness_port; /* 0: none */
    char witness_ip[TRANSPORT_IP_TEXT_OCTETS];
    char witness_local_ip[TRANSPORT_IP_TEXT_OCTETS]; /* "" (default): any */
    char etcd[SETTINGS_URL_OCTETS];                  /* URLs with commas between; "": none */
    bool two_node;                                   /* nobody decides: it can split */
    uint32_t heartbeat_ms;                           /* default 100 */
    uint32_t suspect_ms; /* silence after which the peer is given up, default 500 */
    uint32_t give_up_ms; /* after which an undecided request is dropped, default 10000 */
};

enum call_end { CALL_END_RELEASE, CALL_END_CONTINUE };

struct responder_settings {
    char name[SETTINGS_NAME_OCTETS];
    uint8_t ssn;                     /* default 146 */
    char data[SETTINGS_PATH_OCTETS]; /* directory for what it writes, "" = writes nothing */
    uint32_t interval_ms;            /* statistics table, default 10000 */
    uint32_t dialogues_max;          /* default 1000000 */
    uint32_t dialogue_timeout_ms;    /* silence after which a dialogue is aborted, default 120000 */
    uint32_t activity_test_ms;       /* silence after which a peer is asked, 0 (default): never */
    uint32_t activity_timeout_ms;    /* for its answer, default 5000 */
    uint32_t duplicates_max;         /* entries of the duplicate table, default 1000000 */
    uint32_t oneshot_service_key;    /* initialDP with it is a oneshot request, default 1 */
    bool oneshot_prearranged;        /* its reply ends the dialogue without END, default false */
    bool asks_information;           /* callInformationRequest, default false */
    bool furnishes;                  /* furnishChargingInformation, default false */
    enum call_end call_end;          /* what the end of a call is answered by, default release */
    char account_first[LIMIT_DIGITS + 1]; /* MSISDN range with accounts, default 467010000000 */
    uint32_t account_count;               /* default 100000 */
    uint64_t account_balance;             /* each, at start, default 1000000000 */
    struct tariff_settings tariff;
    struct workload_settings workload;
    struct fault_settings fault;
    struct ledger_settings ledger;
    struct cluster_settings cluster;
};

/* Console ports where the file names none. */
#define SETTINGS_CONSOLE_PORT_SIMULATOR 4271
#define SETTINGS_CONSOLE_PORT_RESPONDER 4272

/* --- the whole file -------------------------------------------------------------------------- */

struct settings {
    struct transport_settings transport;
    uint32_t profile_count;
    struct sctp_profile profile[SETTINGS_PROFILES_MAX]; /* rfc9260, carrier and lan are built in */
    struct instance_settings instance;
    uint32_t asp_count;
    struct asp_settings asp[SETTINGS_ASPS_MAX];
    uint32_t as_count;
    struct as_settings as[SETTINGS_AS_MAX];
    struct sccp_settings sccp;
    bool has_console_port;   /* else settings_check fills the program's default in */
    uint16_t console_port;   /* telnet on 127.0.0.1, 0 = none; default by program, see below */
    uint16_t control_port;   /* CTRL interface on 127.0.0.1; 0 (default) = none */
    uint64_t capture_octets; /* at most, of the pcapng file of all messages; 0 (default) = none */
    struct simulator_settings simulator;
    struct responder_settings responder;
};

/* Fills in every default. */
void settings_init(struct settings *settings);

#endif
