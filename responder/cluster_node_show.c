/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "responder/cluster_node_internal.h"

#define NS_PER_MS 1000000LL

struct page {
    char *at;
    char *end;
};

static void line(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void line(struct page *page, const char *format, ...)
{
    const size_t room = (size_t)(page->end - page->at);
    va_list ap;
    va_start(ap, format);
    const int n = vsnprintf(page->at, room, format, ap);
    va_end(ap);
    if (n < 0 || (size_t)n + 1 >= room) { /* whole lines only */
        *page->at = '\0';
        page->end = page->at;
        return;
    }
    page->at += n;
    *page->at++ = '\n';
    *page->at = '\0';
}

/* "12 ms ago", "never". */
static const char *ago(int64_t then_ns, int64_t now_ns, char dst[32])
{
    if (then_ns == 0)
        return "never";
    (void)snprintf(dst, 32, "%lld ms ago",
                   (long long)((now_ns > then_ns ? now_ns - then_ns : 0) / NS_PER_MS));
    return dst;
}

/* Upper bound in us of the `share` smallest of all syncs. */
static uint64_t sync_us_at(const struct journal_thread_counters *journal, double share)
{
    uint64_t total = 0;
    uint64_t sum = 0;
    for (unsigned i = 0; i < 32; i++)
        total += journal->sync_us_below[i];
    for (unsigned i = 0; i < 32; i++) {
        sum += journal->sync_us_below[i];
        if (total > 0 && (double)sum >= share * (double)total)
            return UINT64_C(1) << i;
    }
    return 0;
}

static const struct register_value *newest(const struct cluster_node *node)
{
    return node->seen.version >= node->cluster.known.version ? &node->seen : &node->cluster.known;
}

static const char *mode_of(const struct cluster_node *node)
{
    if (node->alone)
        return "alone";
    if (node->settings->responder.cluster.two_node)
        return node->cluster.role != CLUSTER_ACTIVE ? "two-node"
               : node->cluster.needs_both           ? "PAIR"
                                                    : "SOLO";
    return register_mode_name(newest(node)->mode);
}

static void show_self(const struct cluster_node *node, struct page *page)
{
    const struct cluster *c = &node->cluster;
    line(page, "role %s", cluster_role_name((uint8_t)c->role));
    line(page, "mode %s", mode_of(node));
    if (!node->alone)
        line(page, "cluster %" PRIu64 ", node %u, identity %016" PRIx64 ", life %" PRIu32,
             c->params.cluster_id, c->params.node, c->params.identity, node->directory.life);
    line(page, "term %" PRIu64, c->term);
    line(page, "last %" PRIu64 ", commit %" PRIu64 ", durable %" PRIu64,
         cluster_log_last(node->log), c->commit, c->durable);
    if (c->role == CLUSTER_ACTIVE)
        line(page, "commits need %s%s", c->needs_both ? "both disks" : "this disk",
             c->handing_over ? ", handing over" : "");
    if (atomic_load(&node->has_failure))
        line(page, "failure: %s", node->failure);
}

static void show_peer(const struct cluster_node *node, int64_t now_ns, struct page *page)
{
    const struct cluster *c = &node->cluster;
    char when[32];
    if (c->peer.node == REGISTER_NODE_NONE) {
        line(page, "peer: never heard");
        return;
    }
    const uint64_t last = cluster_log_last(node->log);
    const uint64_t behind =
        c->role == CLUSTER_ACTIVE && last > c->peer_durable ? last - c->peer_durable
        : c->role == CLUSTER_PASSIVE && c->peer.last > last ? c->peer.last - last
                                                            : 0;
    line(page, "peer: node %u, %s, %s, term %" PRIu64 ", last %" PRIu64 ", commit %" PRIu64,
         c->peer.node, cluster_role_name(c->peer.role), c->peer_lost ? "lost" : "heard",
         c->peer.term, c->peer.last, c->peer.commit);
    line(page, "peer: heard %s, identity %016" PRIx64, ago(c->peer_heard_ns, now_ns, when),
         c->peer.identity);
    line(page, "lag: %" PRIu64 " records%s", behind,
         c->role == CLUSTER_ACTIVE ? " not durable at the peer" : " not here yet");
}

static void show_register(const struct cluster_node *node, int64_t now_ns, struct page *page)
{
    const struct register_value *value = newest(node);
    char when[32];
    if (node->registrar == NULL) {
        line(page, "register: none (two-node): this cluster can split");
        return;
    }
    if (register_value_is_empty(value))
        line(page, "register: %s, asked %s", node->register_ns == 0 ? "never reached" : "empty",
             ago(node->register_ns, now_ns, when));
    else
        line(page,
             "register: version %" PRIu64 ", term %" PRIu64 ", owner node %u (%016" PRIx64
             "), %s, read %s",
             value->version, value->term, value->owner, value->owner_identity,
             register_mode_name(value->mode), ago(node->register_ns, now_ns, when));
}

static void show_links(const struct cluster_node *node, int64_t now_ns, struct page *page)
{
    const struct cluster_settings *s = &node->settings->responder.cluster;
    const struct interconnect_counters i = interconnect_get_counters(node->interconnect);
    char when[32];
    for (uint32_t l = 0; l < s->link_count; l++)
        line(page,
             "link %u: %s:%u to %s:%u, heard %s, sent %" PRIu64 ", unsent %" PRIu64
             ", taken first %" PRIu64,
             l, s->link[l].local_ip, s->link[l].local_port, s->link[l].remote_ip,
             s->link[l].remote_port, ago(i.heard_ns[l], now_ns, when), i.sent[l], i.unsent[l],
             i.taken[l]);
    line(page,
         "links: taken %" PRIu64 ", repeated %" PRIu64 ", stale %" PRIu64 ", forged %" PRIu64
         ", other cluster %" PRIu64 ", not ours %" PRIu64 ", malformed %" PRIu64,
         i.channel.taken, i.channel.repeated, i.channel.stale, i.channel.forged,
         i.channel.other_cluster, i.channel.not_ours, i.malformed);
}

static void show_journal(const struct cluster_node *node, struct page *page)
{
    struct journal_thread_counters j;
    journal_thread_counters(node->journal_thread, &j);
    line(page, "journal: %" PRIu64 " records, %" PRIu64 " octets, %" PRIu64 " syncs", j.records,
         j.octets, j.syncs);
    line(page,
         "sync: smoothed %" PRIu64 " us, last %" PRIu64 " us, p50 below %" PRIu64
         " us, p99 below %" PRIu64 " us, max %" PRIu64 " us",
         j.sync_us_smoothed, j.sync_us_last, sync_us_at(&j, 0.50), sync_us_at(&j, 0.99),
         j.sync_us_max);
    line(page,
         "throttle: %" PRIu64 " syncs put off, %" PRIu64 " writes when idle, %" PRIu64
         " posts deferred",
         j.throttled, j.idle_writes, node->posts_deferred);
}

static void show_cdr(const struct cluster_node *node, struct page *page)
{
    struct cdr_counters c;
    cdr_counters(node->cdr, &c);
    line(page,
         "cdr: published up to %" PRIu64 ", %" PRIu64 " files, %" PRIu64 " lines, %" PRIu64
         " units in this life",
         c.published, c.files, c.lines, c.amount);
    if (c.failing) {
        char text[CDR_TEXT_OCTETS];
        cdr_text(node->cdr, text, sizeof(text));
        line(page, "cdr: failing: %s", text);
    }
}

static void show_counters(const struct cluster_node *node, struct page *page)
{
    const struct cluster_counters *c = &node->cluster.counters;
    const struct replica_counters *r = &node->replica.counters;
    line(page,
         "replica: %" PRIu64 " decided, %" PRIu64 " again, %" PRIu64 " attached, %" PRIu64
         " forwarded, %" PRIu64 " resent, %" PRIu64 " relayed",
         r->decided, r->again, r->attached, r->forwarded, r->resent, r->relayed);
    line(page,
         "replica: %" PRIu32 " waiting, %" PRIu64 " gave up, %" PRIu64 " overload, %" PRIu64
         " malformed, %" PRIu64 " undone, %" PRIu64 " not applied",
         replica_pending_count(&node->replica), r->gave_up, r->overload, r->malformed, r->undone,
         node->replica.book.failures);
    line(page,
         "machine: %" PRIu64 " takeovers, %" PRIu64 " claims refused, %" PRIu64
         " appends refused, %" PRIu64 " resent, %" PRIu64 " mismatches, %" PRIu64
         " truncated, %" PRIu64 " stale answers, %" PRIu64 " own stalls",
         c->takeovers, c->claims_refused, c->appends_refused, c->appends_resent, c->mismatches,
         c->truncated, c->stale_answers, c->own_stalls);
}

void cluster_node_event(const struct cluster_node *node, enum node_severity severity,
                        const char *event, const char *format, ...)
{
    struct node_event told = {.severity = severity, .source = "cluster", .event = event};
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(told.detail, sizeof(told.detail), format, ap);
    va_end(ap);
    node->handler.event(node->handler.context, &told);
}

void cluster_node_show(const struct cluster_node *node, int64_t now_ns, char *text,
                       size_t text_octets)
{
    struct page page = {.at = text, .end = text + text_octets};
    *text = '\0';
    show_self(node, &page);
    if (!node->alone) {
        show_peer(node, now_ns, &page);
        show_register(node, now_ns, &page);
        show_links(node, now_ns, &page);
    }
    show_journal(node, &page);
    show_cdr(node, &page);
    show_counters(node, &page);
}

void cluster_node_get_figures(const struct cluster_node *node, int64_t now_ns,
                              struct cluster_node_figures *figures)
{
    const struct cluster *c = &node->cluster;
    struct journal_thread_counters j;
    journal_thread_counters(node->journal_thread, &j);
    *figures = (struct cluster_node_figures){
        .role = (uint64_t)c->role,
        .term = c->term,
        .paired = newest(node)->mode == REGISTER_PAIR ? 1 : 0,
        .last = cluster_log_last(node->log),
        .commit = c->commit,
        .durable = c->durable,
        .peer_heard_ms =
            c->peer_heard_ns < now_ns ? (uint64_t)((now_ns - c->peer_heard_ns) / NS_PER_MS) : 0,
        .takeovers = c->counters.takeovers,
        .forwarded = node->replica.counters.forwarded,
        .gave_up = node->replica.counters.gave_up,
        .syncs = j.syncs,
        .sync_us = j.sync_us_smoothed,
    };
}
