/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/fsm/sccp_management.h"

#include "sigtran/base/timer_heap.h"

#define NS_PER_S 1000000000LL

#define SSN_NONE 0 /* of an entry: the signalling point itself */

const char *sccp_manager_event_name(enum sccp_manager_event_kind kind)
{
    static const char *const names[] = {
        [SCCP_MANAGER_POINT_PROHIBITED] = "point-prohibited",
        [SCCP_MANAGER_POINT_ALLOWED] = "point-allowed",
        [SCCP_MANAGER_SUBSYSTEM_PROHIBITED] = "subsystem-prohibited",
        [SCCP_MANAGER_SUBSYSTEM_ALLOWED] = "subsystem-allowed",
        [SCCP_MANAGER_CONGESTED] = "point-congested",
        [SCCP_MANAGER_GRANTED] = "out-of-service-granted",
        [SCCP_MANAGER_DENIED] = "out-of-service-denied",
        [SCCP_MANAGER_GRANT] = "out-of-service-grant",
    };
    return names[kind];
}

static bool bit_is_set(const uint64_t bits[4], uint8_t ssn)
{
    return ((bits[ssn / 64] >> (ssn % 64)) & 1u) != 0;
}

static void set_bit(uint64_t bits[4], uint8_t ssn, bool value)
{
    const uint64_t bit = (uint64_t)1 << (ssn % 64);
    bits[ssn / 64] = value ? (bits[ssn / 64] | bit) : (bits[ssn / 64] & ~bit);
}

static int64_t or_default(int64_t value_ns, int64_t default_ns)
{
    return value_ns != 0 ? value_ns : default_ns;
}

enum p7_status sccp_manager_init(struct sccp_manager *manager,
                                 const struct sccp_manager_config *config,
                                 const struct sccp_manager_handler *handler)
{
    if (config->concerned_count > SCCP_MANAGER_CONCERNED_MAX)
        return P7_RANGE;
    memset(manager, 0, sizeof(*manager));
    manager->config = *config;
    manager->handler = *handler;
    struct sccp_manager_config *c = &manager->config;
    c->t_stat_info_ns = or_default(c->t_stat_info_ns, 30 * NS_PER_S);
    c->t_stat_info_max_ns = or_default(c->t_stat_info_max_ns, 600 * NS_PER_S);
    c->t_coord_chg_ns = or_default(c->t_coord_chg_ns, 60 * NS_PER_S);
    c->t_ignore_sst_ns = or_default(c->t_ignore_sst_ns, 30 * NS_PER_S);
    c->t_decay_ns = or_default(c->t_decay_ns, 2 * NS_PER_S);
    manager->change_at_ns = TIMER_NEVER_NS;
    manager->ignore_at_ns = TIMER_NEVER_NS;
    return P7_OK;
}

/* --- what goes out ---------------------------------------------------------------------------- */

static void tell(const struct sccp_manager *m, enum sccp_manager_event_kind kind, uint32_t pc,
                 uint8_t ssn, uint8_t level)
{
    const struct sccp_manager_event event = {.kind = kind, .pc = pc, .ssn = ssn, .level = level};
    if (m->handler.event != NULL)
        m->handler.event(m->handler.context, &event);
}

/* Q.713-5.1: a UDT of class 0 without return option, from SSN 1 to SSN 1. */
static void send_message(const struct sccp_manager *m, uint32_t pc, enum sccp_management_type type,
                         uint8_t ssn, uint32_t affected_pc, uint64_t *counter)
{
    uint8_t data[8];
    uint8_t message[64];
    struct sccp_party management;
    struct bytes_writer d = bytes_writer_of(data, data + sizeof(data));
    struct bytes_writer w = bytes_writer_of(message, message + sizeof(message));
    const struct sccp_management content = {.variant = m->config.variant,
                                            .type = (uint8_t)type,
                                            .affected_ssn = ssn,
                                            .affected_pc = affected_pc};
    enum p7_status status = sccp_management_write(&d, &content);
    if (status == P7_OK)
        status = sccp_party_set_ssn(&management, m->config.variant, false, 0, SCCP_SSN_MANAGEMENT);
    if (status == P7_OK)
        status =
            sccp_write_udt(&w, 0, false, sccp_party_bytes(&management),
                           sccp_party_bytes(&management), bytes_of(data, bytes_writer_length(&d)));
    /* Only a point code beyond its bits fails: such a one has no node. */
    if (status != P7_OK || m->handler.send == NULL)
        return;
    ++*counter;
    m->handler.send(m->handler.context, pc, bytes_of(message, bytes_writer_length(&w)));
}

/* Q.714-5.3.7: to the concerned signalling points. */
static void broadcast(struct sccp_manager *m, enum sccp_management_type type, uint8_t ssn)
{
    uint64_t *counter = type == SCCP_SSP ? &m->counters.prohibited_sent : &m->counters.allowed_sent;
    for (uint32_t i = 0; i < m->config.concerned_count; i++)
        send_message(m, m->config.concerned[i], type, ssn, m->config.local_pc, counter);
}

/* --- local subsystems ------------------------------------------------------------------------- */

enum p7_status sccp_manager_equip(struct sccp_manager *manager, uint8_t ssn)
{
    if (ssn <= SCCP_SSN_MANAGEMENT)
        return P7_RANGE;
    set_bit(manager->equipped, ssn, true);
    return P7_OK;
}

bool sccp_manager_is_equipped(const struct sccp_manager *manager, uint8_t ssn)
{
    return bit_is_set(manager->equipped, ssn);
}

bool sccp_manager_is_in_service(const struct sccp_manager *manager, uint8_t ssn)
{
    return bit_is_set(manager->equipped, ssn) && !bit_is_set(manager->prohibited, ssn);
}

static void stop_ignoring(struct sccp_manager *m)
{
    m->ignore_ssn = SSN_NONE;
    m->ignore_at_ns = TIMER_NEVER_NS;
}

enum p7_status sccp_manager_set_in_service(struct sccp_manager *manager, uint8_t ssn,
                                           bool in_service)
{
    if (!sccp_manager_is_equipped(manager, ssn))
        return P7_NOT_FOUND;
    if (sccp_manager_is_in_service(manager, ssn) == in_service)
        return P7_OK;
    set_bit(manager->prohibited, ssn, !in_service);
    if (ssn == manager->ignore_ssn) /* Q.714-5.3.2.2: it has gone now */
        stop_ignoring(manager);
    broadcast(manager, in_service ? SCCP_SSA : SCCP_SSP, ssn);
    return P7_OK;
}

enum p7_status sccp_manager_request_change(struct sccp_manager *manager, uint8_t ssn,
                                           int64_t now_ns)
{
    if (!sccp_manager_is_in_service(manager, ssn) || manager->config.replicate_pc == 0)
        return P7_NOT_FOUND;
    if (manager->change_ssn != SSN_NONE)
        return P7_STATE;
    manager->change_ssn = ssn;
    manager->change_at_ns = now_ns + manager->config.t_coord_chg_ns;
    send_message(manager, manager->config.replicate_pc, SCCP_SOR, ssn, manager->config.local_pc,
                 &manager->counters.changes_requested);
    return P7_OK;
}

/* Q.714-5.3.5.2: the replicate takes over. Tests are not answered from now on, until the subsystem
 * has gone or T(ignore SST) runs out. */
static void take_grant(struct sccp_manager *m, const struct sccp_management *grant, int64_t now_ns)
{
    const uint8_t ssn = m->change_ssn;
    if (ssn == SSN_NONE || grant->affected_ssn != ssn || grant->affected_pc != m->config.local_pc) {
        m->counters.management_ignored++;
        return;
    }
    m->change_ssn = SSN_NONE;
    m->change_at_ns = TIMER_NEVER_NS;
    m->ignore_ssn = ssn;
    m->ignore_at_ns = now_ns + m->config.t_ignore_sst_ns;
    broadcast(m, SCCP_SSP, ssn);
    tell(m, SCCP_MANAGER_GRANTED, m->config.replicate_pc, ssn, 0);
}

/* Q.714-5.3.5.3: a replicate asks; it may go when its like is in service here, and else hears
 * nothing. Replicates have the same SSN. */
static void answer_request(struct sccp_manager *m, uint32_t opc,
                           const struct sccp_management *request)
{
    if (!sccp_manager_is_in_service(m, request->affected_ssn) ||
        request->affected_pc == m->config.local_pc) {
        m->counters.management_ignored++;
        return;
    }
    send_message(m, opc, SCCP_SOG, request->affected_ssn, request->affected_pc,
                 &m->counters.changes_granted);
    tell(m, SCCP_MANAGER_GRANT, request->affected_pc, request->affected_ssn, 0);
}

void sccp_manager_refuse(struct sccp_manager *manager, uint32_t opc, uint8_t ssn)
{
    send_message(manager, opc, SCCP_SSP, ssn, manager->config.local_pc,
                 &manager->counters.prohibited_sent);
}

bool sccp_manager_answers_test(const struct sccp_manager *manager,
                               const struct sccp_management *test)
{
    const uint8_t ssn = test->affected_ssn;
    return test->affected_pc == manager->config.local_pc &&
           (ssn == SCCP_SSN_MANAGEMENT ||
            (sccp_manager_is_in_service(manager, ssn) && ssn != manager->ignore_ssn));
}

/* --- remote ones ------------------------------------------------------------------------------ */

static bool overlaps(uint32_t a, uint8_t a_mask, uint32_t b, uint8_t b_mask)
{
    const uint8_t bits = a_mask > b_mask ? a_mask : b_mask;
    return bits >= 32 || (a >> bits) == (b >> bits);
}

static struct sccp_manager_remote *find(struct sccp_manager *m, uint32_t pc, uint8_t ssn)
{
    for (uint32_t i = 0; i < m->remote_count; i++)
        if (m->remote[i].pc == pc && m->remote[i].ssn == ssn && m->remote[i].mask == 0)
            return &m->remote[i];
    return NULL;
}

static struct sccp_manager_remote *find_or_add(struct sccp_manager *m, uint32_t pc, uint8_t ssn)
{
    struct sccp_manager_remote *remote = find(m, pc, ssn);
    if (remote != NULL)
        return remote;
    if (m->remote_count == SCCP_MANAGER_REMOTES_MAX) {
        m->counters.remotes_full++;
        return NULL;
    }
    remote = &m->remote[m->remote_count++];
    *remote = (struct sccp_manager_remote){
        .pc = pc, .ssn = ssn, .decay_at_ns = TIMER_NEVER_NS, .test_at_ns = TIMER_NEVER_NS};
    return remote;
}

static void forget(struct sccp_manager *m, struct sccp_manager_remote *remote)
{
    *remote = m->remote[--m->remote_count];
}

static bool point_is_prohibited(const struct sccp_manager *m, uint32_t pc)
{
    for (uint32_t i = 0; i < m->remote_count; i++)
        if (m->remote[i].ssn == SSN_NONE && m->remote[i].is_prohibited &&
            overlaps(m->remote[i].pc, m->remote[i].mask, pc, 0))
            return true;
    return false;
}

/* Marks it and begins to test it (Q.714-5.3.2.2, 5.3.4.2), where that is wanted. */
static void prohibit(struct sccp_manager *m, uint32_t pc, uint8_t ssn, bool is_tested,
                     int64_t now_ns)
{
    struct sccp_manager_remote *remote = find_or_add(m, pc, ssn);
    if (remote == NULL || remote->is_prohibited)
        return;
    remote->is_prohibited = true;
    remote->test_pause_ns = m->config.t_stat_info_ns;
    remote->test_at_ns = is_tested ? now_ns + remote->test_pause_ns : TIMER_NEVER_NS;
    tell(m, SCCP_MANAGER_SUBSYSTEM_PROHIBITED, pc, ssn, 0);
}

/* Q.714-5.3.3. An SCCP that is back has its subsystems back. */
static void allow(struct sccp_manager *m, uint32_t pc, uint8_t ssn)
{
    for (uint32_t i = m->remote_count; i-- > 0;) {
        struct sccp_manager_remote *remote = &m->remote[i];
        if (remote->pc != pc || remote->ssn == SSN_NONE ||
            (remote->ssn != ssn && ssn != SCCP_SSN_MANAGEMENT))
            continue;
        const uint8_t allowed = remote->ssn;
        forget(m, remote);
        tell(m, SCCP_MANAGER_SUBSYSTEM_ALLOWED, pc, allowed, 0);
    }
}

static void congest_to(struct sccp_manager *m, uint32_t pc, uint8_t level, int64_t now_ns)
{
    struct sccp_manager_remote *remote = find_or_add(m, pc, SSN_NONE);
    if (remote == NULL)
        return;
    const bool changed = remote->level != level;
    remote->level = level;
    remote->decay_at_ns = now_ns + m->config.t_decay_ns;
    if (changed)
        tell(m, SCCP_MANAGER_CONGESTED, pc, SSN_NONE, level);
}

void sccp_manager_receive(struct sccp_manager *manager, uint32_t opc,
                          const struct sccp_management *message, int64_t now_ns)
{
    const uint32_t pc = message->affected_pc;
    const uint8_t ssn = message->affected_ssn;
    const bool is_remote = pc != manager->config.local_pc && ssn != SSN_NONE;
    switch (message->type) {
    case SCCP_SSA:
        if (is_remote) {
            allow(manager, pc, ssn);
            return;
        }
        break;
    case SCCP_SSP: /* an SCMG says nothing of its own end (Q.714-5.3.2.2) */
        if (is_remote && ssn != SCCP_SSN_MANAGEMENT && !point_is_prohibited(manager, pc)) {
            prohibit(manager, pc, ssn, true, now_ns);
            return;
        }
        break;
    case SCCP_SOR:
        answer_request(manager, opc, message);
        return;
    case SCCP_SOG:
        take_grant(manager, message, now_ns);
        return;
    case SCCP_SSC: /* Q.714-5.2.8: it is of the SCCP, and so of SSN 1 */
        if (is_remote && ssn == SCCP_SSN_MANAGEMENT && message->congestion != 0 &&
            message->congestion <= SCCP_MANAGER_LEVEL_MAX) {
            congest_to(manager, pc, message->congestion, now_ns);
            return;
        }
        break;
    default:
        break;
    }
    manager->counters.management_ignored++;
}

void sccp_manager_pause(struct sccp_manager *manager, uint32_t pc, uint8_t mask)
{
    for (uint32_t i = manager->remote_count; i-- > 0;) {
        struct sccp_manager_remote *remote = &manager->remote[i];
        if (remote->ssn == SSN_NONE && remote->is_prohibited && remote->mask >= mask &&
            overlaps(remote->pc, remote->mask, pc, mask))
            return; /* known */
    }
    /* Q.714-5.2.2: whatever was known of its subsystems holds no more, and tests end. */
    for (uint32_t i = manager->remote_count; i-- > 0;)
        if (manager->remote[i].mask <= mask && overlaps(manager->remote[i].pc, mask, pc, mask))
            forget(manager, &manager->remote[i]);
    if (manager->remote_count == SCCP_MANAGER_REMOTES_MAX) {
        manager->counters.remotes_full++;
        return;
    }
    manager->remote[manager->remote_count++] =
        (struct sccp_manager_remote){.pc = pc,
                                     .mask = mask,
                                     .is_prohibited = true,
                                     .decay_at_ns = TIMER_NEVER_NS,
                                     .test_at_ns = TIMER_NEVER_NS};
    tell(manager, SCCP_MANAGER_POINT_PROHIBITED, pc, SSN_NONE, 0);
}

/* Q.714-5.2.3: the signalling point and all its subsystems are allowed. Of a range that is back in
 * part the rest is taken as back, too: the SG says DUNA again to what is sent there. */
void sccp_manager_resume(struct sccp_manager *manager, uint32_t pc, uint8_t mask)
{
    bool was_prohibited = false;
    for (uint32_t i = manager->remote_count; i-- > 0;) {
        struct sccp_manager_remote *remote = &manager->remote[i];
        if (!overlaps(remote->pc, remote->mask, pc, mask))
            continue;
        was_prohibited = was_prohibited || remote->is_prohibited;
        forget(manager, remote);
    }
    if (was_prohibited)
        tell(manager, SCCP_MANAGER_POINT_ALLOWED, pc, SSN_NONE, 0);
}

void sccp_manager_user_unavailable(struct sccp_manager *manager, uint32_t pc, bool is_unequipped,
                                   int64_t now_ns)
{
    if (point_is_prohibited(manager, pc))
        return;
    /* Its subsystems are out with it, and are not tested one by one. */
    for (uint32_t i = manager->remote_count; i-- > 0;)
        if (manager->remote[i].pc == pc && manager->remote[i].ssn > SCCP_SSN_MANAGEMENT)
            forget(manager, &manager->remote[i]);
    prohibit(manager, pc, SCCP_SSN_MANAGEMENT, !is_unequipped, now_ns);
}

void sccp_manager_user_available(struct sccp_manager *manager, uint32_t pc)
{
    allow(manager, pc, SCCP_SSN_MANAGEMENT);
}

bool sccp_manager_is_open(const struct sccp_manager *manager, uint32_t pc, uint8_t ssn,
                          uint8_t *cause)
{
    bool is_congested = false;
    bool has_no_sccp = false;
    bool has_failed = false;
    for (uint32_t i = 0; i < manager->remote_count; i++) {
        const struct sccp_manager_remote *remote = &manager->remote[i];
        if (!overlaps(remote->pc, remote->mask, pc, 0))
            continue;
        if (remote->ssn == SSN_NONE && remote->is_prohibited) {
            *cause = SCCP_CAUSE_MTP_FAILURE;
            return false;
        }
        if (remote->ssn == SSN_NONE)
            is_congested = is_congested || remote->level > SCCP_MANAGER_IMPORTANCE;
        else if (remote->ssn == SCCP_SSN_MANAGEMENT)
            has_no_sccp = true;
        else
            has_failed = has_failed || remote->ssn == ssn;
    }
    /* SSN 1: between SCMGs it is how an SCCP tells that it is back. */
    if (ssn == SCCP_SSN_MANAGEMENT || (!has_no_sccp && !has_failed && !is_congested))
        return true;
    *cause = has_no_sccp  ? SCCP_CAUSE_SCCP_FAILURE
             : has_failed ? SCCP_CAUSE_SUBSYSTEM_FAILURE
                          : SCCP_CAUSE_NETWORK_CONGESTION;
    return false;
}

/* --- time ------------------------------------------------------------------------------------- */

/* Q.714-5.3.4.2: the cycle goes on until SSA comes, or the signalling point goes. */
static void test_due(struct sccp_manager *m, struct sccp_manager_remote *remote, int64_t now_ns)
{
    const int64_t most_ns = m->config.t_stat_info_max_ns;
    const int64_t pause_ns = remote->test_pause_ns;
    remote->test_pause_ns = pause_ns > most_ns / 2 ? most_ns : 2 * pause_ns;
    remote->test_at_ns = now_ns + remote->test_pause_ns;
    send_message(m, remote->pc, SCCP_SST, remote->ssn, remote->pc, &m->counters.tests_sent);
}

static void decay_due(struct sccp_manager *m, struct sccp_manager_remote *remote, int64_t now_ns)
{
    const uint32_t pc = remote->pc;
    const uint8_t level = --remote->level;
    remote->decay_at_ns = now_ns + m->config.t_decay_ns;
    if (level == 0)
        forget(m, remote);
    tell(m, SCCP_MANAGER_CONGESTED, pc, SSN_NONE, level);
}

void sccp_manager_time(struct sccp_manager *manager, int64_t now_ns)
{
    for (uint32_t i = manager->remote_count; i-- > 0;) {
        if (manager->remote[i].test_at_ns <= now_ns)
            test_due(manager, &manager->remote[i], now_ns);
        else if (manager->remote[i].decay_at_ns <= now_ns)
            decay_due(manager, &manager->remote[i], now_ns);
    }
    if (manager->ignore_at_ns <= now_ns)
        stop_ignoring(manager);
    if (manager->change_at_ns <= now_ns) { /* Q.714-5.3.5.2: no grant is a denial */
        const uint8_t ssn = manager->change_ssn;
        manager->change_ssn = SSN_NONE;
        manager->change_at_ns = TIMER_NEVER_NS;
        tell(manager, SCCP_MANAGER_DENIED, manager->config.replicate_pc, ssn, 0);
    }
}

static int64_t earlier(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

int64_t sccp_manager_deadline_ns(const struct sccp_manager *manager)
{
    int64_t at_ns = earlier(manager->change_at_ns, manager->ignore_at_ns);
    for (uint32_t i = 0; i < manager->remote_count; i++)
        at_ns =
            earlier(at_ns, earlier(manager->remote[i].test_at_ns, manager->remote[i].decay_at_ns));
    return at_ns;
}
