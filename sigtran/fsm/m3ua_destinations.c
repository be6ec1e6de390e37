/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/fsm/m3ua_destinations.h"

#include <stdio.h>

#define POINT_CODE_BITS 24u

static const struct m3ua_destination unheard_of = {.availability = M3UA_AVAILABLE};

void m3ua_destination_text(const struct m3ua_destination *destination, char *text,
                           size_t text_octets)
{
    static const char *const names[] = {"available", "restricted", "unavailable"};
    char congestion[32] = "";
    if (destination->congestion == M3UA_CONGESTION_UNDEFINED)
        (void)snprintf(congestion, sizeof(congestion), ", congested");
    else if (destination->congestion != 0)
        (void)snprintf(congestion, sizeof(congestion), ", congested (level %u)",
                       (unsigned)destination->congestion);
    const unsigned users = destination->users_unavailable;
    const char *user = users == 0               ? ""
                       : users == 1u << 3       ? ", its SCCP is unavailable"
                       : (users & 1u << 3) == 0 ? ", a user part other than SCCP is unavailable"
                                                : ", its SCCP and others are unavailable";
    (void)snprintf(text, text_octets, "%s%s%s", names[destination->availability], congestion, user);
}

void m3ua_destinations_init(struct m3ua_destinations *table)
{
    table->count = 0;
    table->lost_count = 0;
}

/* --- ranges ---------------------------------------------------------------------------------- */

static uint32_t base_of(uint32_t point_code, uint8_t mask)
{
    return m3ua_point_code(point_code) & ~((1u << mask) - 1u);
}

static uint32_t entry_of(const struct m3ua_destinations_range *range)
{
    return (uint32_t)range->mask << 24 | range->point_code;
}

/* The smallest range around the given one that has more wildcards than `above`; NULL: none. */
static const struct m3ua_destinations_range *
container_of_range(const struct m3ua_destinations *table, uint32_t point_code, int above)
{
    const struct m3ua_destinations_range *found = NULL;
    for (uint32_t i = 0; i < table->count; i++) {
        const struct m3ua_destinations_range *range = &table->range[i];
        if ((int)range->mask > above && base_of(point_code, range->mask) == range->point_code &&
            (found == NULL || range->mask < found->mask))
            found = range;
    }
    return found;
}

static struct m3ua_destination around(const struct m3ua_destinations *table, uint32_t point_code,
                                      int above)
{
    const struct m3ua_destinations_range *range = container_of_range(table, point_code, above);
    return range == NULL ? unheard_of : range->state;
}

struct m3ua_destination m3ua_destinations_of(const struct m3ua_destinations *table,
                                             uint32_t point_code)
{
    return table->count == 0 ? unheard_of : around(table, point_code, -1);
}

/* Takes out what says no more than the range around it. */
static void tidy(struct m3ua_destinations *table)
{
    uint32_t i = 0;
    while (i < table->count) {
        const struct m3ua_destinations_range *range = &table->range[i];
        const struct m3ua_destination outer = around(table, range->point_code, range->mask);
        if (m3ua_destination_equal(&range->state, &outer))
            table->range[i] = table->range[--table->count];
        else
            i++;
    }
}

/* --- what a message says --------------------------------------------------------------------- */

static struct m3ua_destination after_news(const struct m3ua_destination *before, bool is_stale,
                                          const struct m3ua_destination_news *news)
{
    struct m3ua_destination after = *before;
    switch (news->kind) {
    case M3UA_DUNA:
        return (struct m3ua_destination){.availability = M3UA_UNAVAILABLE};
    case M3UA_DAVA:
    case M3UA_DRST:
        /* RFC4666-4.5.3: the answer to an audit of a congested destination is SCON and then DAVA
         * or DRST; without the SCON the congestion is over. */
        after.availability = news->kind == M3UA_DAVA ? M3UA_AVAILABLE : M3UA_RESTRICTED;
        after.users_unavailable = 0;
        if (is_stale)
            after.congestion = 0;
        break;
    case M3UA_SCON:
        after.congestion = news->congestion;
        break;
    case M3UA_DUPU:
        if (news->user < 16)
            after.users_unavailable = (uint16_t)(after.users_unavailable | 1u << news->user);
        break;
    default:
        break;
    }
    return after;
}

static bool range_tell(struct m3ua_destinations_range *range,
                       const struct m3ua_destination_news *news, int64_t due_at_ns)
{
    const struct m3ua_destination before = range->state;
    range->state = after_news(&before, range->is_stale, news);
    if (news->kind != M3UA_DUPU)
        range->is_stale = false;
    range->due_at_ns = due_at_ns;
    return !m3ua_destination_equal(&before, &range->state);
}

enum p7_status m3ua_destinations_tell(struct m3ua_destinations *table, uint32_t entry,
                                      const struct m3ua_destination_news *news, int64_t now_ns,
                                      int64_t audit_ns, struct m3ua_destination_change *change)
{
    uint8_t mask = m3ua_point_code_mask(entry);
    if (mask > POINT_CODE_BITS)
        mask = POINT_CODE_BITS;
    const uint32_t base = base_of(entry, mask);
    const struct m3ua_destinations_range *container =
        container_of_range(table, base, (int)mask - 1);
    const struct m3ua_destination before = container == NULL ? unheard_of : container->state;
    const struct m3ua_destination after =
        after_news(&before, container != NULL && container->is_stale, news);
    const bool exists = container != NULL && container->mask == mask;
    const bool differs = !m3ua_destination_equal(&before, &after);
    change->entry = (uint32_t)mask << 24 | base;
    change->before = before;
    change->after = after;
    change->changed = differs;
    if (!exists && differs) {
        if (table->count == M3UA_DESTINATIONS_MAX)
            return P7_FULL;
        table->range[table->count++] =
            (struct m3ua_destinations_range){.point_code = base,
                                             .mask = mask,
                                             .state = before,
                                             .is_stale = container != NULL && container->is_stale};
    }
    for (uint32_t i = 0; i < table->count; i++) {
        struct m3ua_destinations_range *range = &table->range[i];
        if (range->mask <= mask && base_of(range->point_code, mask) == base &&
            range_tell(range, news, now_ns + audit_ns))
            change->changed = true;
    }
    if (change->changed)
        tidy(table);
    return P7_OK;
}

/* --- time ------------------------------------------------------------------------------------ */

int64_t m3ua_destinations_deadline_ns(const struct m3ua_destinations *table)
{
    int64_t deadline_ns = TIMER_NEVER_NS;
    for (uint32_t i = 0; i < table->count; i++)
        if (table->range[i].due_at_ns < deadline_ns)
            deadline_ns = table->range[i].due_at_ns;
    return deadline_ns;
}

bool m3ua_destinations_due(struct m3ua_destinations *table, int64_t now_ns, int64_t audit_ns,
                           bool *audit, struct m3ua_destination_change *change)
{
    for (uint32_t i = 0; i < table->count; i++) {
        struct m3ua_destinations_range *range = &table->range[i];
        if (range->due_at_ns > now_ns)
            continue;
        struct m3ua_destination *state = &range->state;
        change->entry = entry_of(range);
        change->before = *state;
        state->users_unavailable = 0;
        if (state->congestion == M3UA_CONGESTION_UNDEFINED || range->is_stale)
            state->congestion = 0;
        range->is_stale = state->congestion != 0;
        range->due_at_ns = now_ns + audit_ns;
        /* RFC4666-4.5.3: not for an end of congestion, nor where no level is kept. A range that is
         * available inside of one that is not has nothing to be asked for. */
        *audit = state->availability != M3UA_AVAILABLE || state->congestion != 0;
        change->after = *state;
        change->changed = !m3ua_destination_equal(&change->before, &change->after);
        tidy(table);
        return true;
    }
    return false;
}

void m3ua_destinations_forget(struct m3ua_destinations *table)
{
    if (table->count == 0)
        return;
    table->lost_count = table->count;
    for (uint32_t i = 0; i < table->count; i++)
        table->lost[i] = entry_of(&table->range[i]);
    table->count = 0;
}
