/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The rows of the responder's ledger and cluster. */
#include <inttypes.h>
#include <string.h>

#include "config/language/grammar_rows.h"
#include "config/language/language.h"

#define DAY_MS      UINT64_C(86400000)
#define SEGMENT_MIN UINT64_C(4096) /* a record and its header have to fit */
#define SEGMENT_MAX UINT64_C(1073741824)
#define DELAY_MAX   UINT64_C(10000)
#define CDR_MIN     UINT64_C(1024)
#define CDR_MAX     UINT64_C(1073741824)

static enum p7_status cluster_enter(struct grammar_call *call)
{
    struct cluster_settings *cluster = &call->settings->responder.cluster;
    uint64_t id = 0;
    uint64_t node = 0;
    enum p7_status status = value_parse_number(call->argument[0], 1, UINT64_MAX, &id, call->why);
    if (status != P7_OK)
        return status;
    status = value_parse_number(call->argument[1], 0, 1, &node, call->why);
    if (status != P7_OK)
        return grammar_fail(call, status, 1, "a cluster has the nodes 0 and 1; write one of them");
    cluster->id = id;
    cluster->node = (uint32_t)node;
    call->entered = call->settings;
    return P7_OK;
}

static void cluster_write(const void *object, struct grammar_text *text)
{
    const struct settings *settings = object;
    if (settings->responder.cluster.id == 0)
        return;
    grammar_text_line(text, "cluster %" PRIu64 " node %" PRIu32, settings->responder.cluster.id,
                      settings->responder.cluster.node);
    grammar_write_node(GRAMMAR_CLUSTER, object, text);
}

/* IP PORT from the argument `from` on. */
static enum p7_status socket_set(struct grammar_call *call, uint32_t from, char *ip, uint16_t *port)
{
    uint64_t number = 0;
    call->bad_argument = from;
    enum p7_status status =
        value_parse_address(call->argument[from], ip, TRANSPORT_IP_TEXT_OCTETS, call->why);
    if (status != P7_OK)
        return status;
    call->bad_argument = from + 1;
    status = value_parse_number(call->argument[from + 1], 1, UINT16_MAX, &number, call->why);
    if (status == P7_OK)
        *port = (uint16_t)number;
    return status;
}

static enum p7_status link_set(struct grammar_call *call)
{
    struct cluster_settings *cluster = &call->settings->responder.cluster;
    struct cluster_link_settings link = {.local_port = 0};
    enum p7_status status = socket_set(call, 0, link.local_ip, &link.local_port);
    if (status == P7_OK)
        status = socket_set(call, 2, link.remote_ip, &link.remote_port);
    if (status != P7_OK)
        return status;
    if (cluster->link_count == SETTINGS_LINKS_MAX)
        return grammar_fail(call, P7_FULL, 0, "one link too many; at most %d fit",
                            SETTINGS_LINKS_MAX);
    cluster->link[cluster->link_count++] = link;
    return P7_OK;
}

static void links_write(const void *object, struct grammar_text *text)
{
    const struct cluster_settings *cluster = &((const struct settings *)object)->responder.cluster;
    for (uint32_t i = 0; i < cluster->link_count; i++)
        grammar_text_line(text, "link %s %u %s %u", cluster->link[i].local_ip,
                          cluster->link[i].local_port, cluster->link[i].remote_ip,
                          cluster->link[i].remote_port);
}

static enum p7_status witness_set(struct grammar_call *call)
{
    struct cluster_settings *cluster = &call->settings->responder.cluster;
    return socket_set(call, 0, cluster->witness_ip, &cluster->witness_port);
}

static void witness_write(const void *object, struct grammar_text *text)
{
    const struct cluster_settings *cluster = &((const struct settings *)object)->responder.cluster;
    if (cluster->witness_port != 0)
        grammar_text_line(text, "witness %s %u", cluster->witness_ip, cluster->witness_port);
}

#define LEDGER(kind, words, field, lowest, highest, about)                                         \
    ROW_VALUE(GRAMMAR_RESPONDER, kind, words, struct settings, responder.ledger.field, lowest,     \
              highest, about)
#define CLUSTER(kind, words, field, lowest, highest, about)                                        \
    ROW_VALUE(GRAMMAR_CLUSTER, kind, words, struct settings, responder.cluster.field, lowest,      \
              highest, about)

const struct grammar_row grammar_cluster[] = {
    ROW_FLAG(
        GRAMMAR_RESPONDER, VALUE_TRUE, "ledger", struct settings, responder.ledger.on,
        "Keeps every charge in a durable ledger in the data directory (a cluster does anyway)"),
    LEDGER(VALUE_OCTETS32, "ledger segment OCTETS", segment_octets, SEGMENT_MIN, SEGMENT_MAX,
           "Size of the ledger's files; the same on both nodes of a cluster"),
    LEDGER(VALUE_MS32, "ledger sync-delay MS", sync_delay_ms, 0, DELAY_MAX,
           "Measurements: makes each sync of the disk that much slower"),
    LEDGER(VALUE_OCTETS32, "cdr size OCTETS", cdr_octets, CDR_MIN, CDR_MAX,
           "After which a CDR file is closed"),
    LEDGER(VALUE_TIME32, "cdr age TIME", cdr_age_ms, 100, DAY_MS,
           "Age at which a CDR file is closed, full or not"),
    ROW_ENTER(GRAMMAR_RESPONDER, GRAMMAR_CLUSTER, "cluster ID node N", cluster_enter, cluster_write,
              "An active/passive cluster: a number for it, and which node this is, 0 or 1"),
    ROW_TEXT(GRAMMAR_CLUSTER, VALUE_TEXT, "key-file .PATH", struct settings,
             responder.cluster.key_file, "The key that both nodes and the witness share"),
    ROW_CUSTOM(GRAMMAR_CLUSTER, "link LOCAL-IP LOCAL-PORT REMOTE-IP REMOTE-PORT", link_set,
               links_write, "UDP path to the other node; a second line for a second path"),
    ROW_CUSTOM(GRAMMAR_CLUSTER, "witness IP PORT", witness_set, witness_write,
               "The pulse7-witness that decides who serves"),
    ROW_TEXT(GRAMMAR_CLUSTER, VALUE_ADDRESS, "witness-local IP", struct settings,
             responder.cluster.witness_local_ip,
             "Our address towards the witness; any if not given"),
    ROW_TEXT(GRAMMAR_CLUSTER, VALUE_TEXT, "etcd .URLS", struct settings, responder.cluster.etcd,
             "The etcd that decides who serves: http://IP:PORT, several with commas"),
    ROW_FLAG(GRAMMAR_CLUSTER, VALUE_TRUE, "two-node", struct settings, responder.cluster.two_node,
             "Nobody decides who serves: can split, and charge twice then"),
    CLUSTER(VALUE_TIME32, "heartbeat TIME", heartbeat_ms, 10, DAY_MS, "Between two heartbeats"),
    CLUSTER(VALUE_TIME32, "suspect TIME", suspect_ms, 20, DAY_MS,
            "Silence after which the other node counts as dead"),
    CLUSTER(VALUE_TIME32, "give-up TIME", give_up_ms, 100, DAY_MS,
            "After which a request that nobody could decide is dropped"),
};
const uint32_t grammar_cluster_count = sizeof(grammar_cluster) / sizeof(grammar_cluster[0]);
