/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/core/service_turn.h"

#include <assert.h>

#define MS_PER_UNIT 100u /* CAP counts durations in units of 100 ms */
#define NS_PER_UNIT 100000000

/* Without accounts everybody is served, and nothing is counted. */
static bool is_free(const struct service *service)
{
    return service->accounts.count == 0;
}

bool service_grant(struct service *service, struct service_dialogue *dialogue,
                   struct decision *decision)
{
    const struct tariff *tariff = &service->tariff;
    const uint64_t slice_100ms = tariff->slice_ms / MS_PER_UNIT;
    const uint64_t wanted_ms = (dialogue->used_100ms + slice_100ms) * MS_PER_UNIT;
    uint64_t affordable_ms = wanted_ms;

    assert(dialogue->reserved == 0);
    if (!is_free(service)) {
        const struct account *account = &service->accounts.entry[dialogue->account];
        affordable_ms =
            tariff_affordable_ms(tariff, dialogue->charged + account->balance, wanted_ms);
    }
    if (affordable_ms / MS_PER_UNIT <= dialogue->used_100ms)
        return false;
    if (!is_free(service)) {
        const uint64_t price = tariff_call_price(tariff, affordable_ms);
        dialogue->reserved = price > dialogue->charged ? price - dialogue->charged : 0;
        const bool reserved =
            accounts_reserve(&service->accounts, dialogue->account, dialogue->reserved);
        assert(reserved);
        (void)reserved;
    }
    dialogue->granted_100ms = (uint32_t)(affordable_ms / MS_PER_UNIT);
    decision->slice_100ms = dialogue->granted_100ms - dialogue->used_100ms;
    if (affordable_ms < wanted_ms)
        decision->flags |= DECISION_LAST_SLICE;
    return true;
}

static uint64_t settle(struct service *service, struct service_dialogue *dialogue, uint64_t charge)
{
    if (is_free(service) || dialogue->account == ACCOUNT_NONE)
        return 0;
    const uint64_t charged =
        accounts_settle(&service->accounts, dialogue->account, dialogue->reserved, charge);
    dialogue->reserved = 0;
    dialogue->charged += charged;
    service->counters.shortfall += charge - charged;
    return charged;
}

uint64_t service_settle(struct service *service, struct service_dialogue *dialogue,
                        uint32_t used_100ms)
{
    uint64_t due = 0;
    if (used_100ms > dialogue->used_100ms)
        dialogue->used_100ms = used_100ms;
    if (dialogue->used_100ms > dialogue->granted_100ms)
        service->counters.overrun++;
    if ((dialogue->flags & SERVICE_DIALOGUE_ANSWERED) != 0)
        due = tariff_call_price(&service->tariff, (uint64_t)dialogue->used_100ms * MS_PER_UNIT);
    return settle(service, dialogue, due > dialogue->charged ? due - dialogue->charged : 0);
}

uint64_t service_settle_unreported(struct service *service, struct service_dialogue *dialogue,
                                   int64_t now_ns)
{
    if ((dialogue->flags & SERVICE_DIALOGUE_ANSWERED) == 0)
        return settle(service, dialogue, 0);
    service->counters.unreported++;
    int64_t units = 0;
    if (now_ns > dialogue->answered_ns)
        units = (now_ns - dialogue->answered_ns + NS_PER_UNIT - 1) / NS_PER_UNIT;
    const uint32_t used =
        units > dialogue->granted_100ms ? dialogue->granted_100ms : (uint32_t)units;
    return service_settle(service, dialogue, used);
}

void service_give_back(struct service *service, struct service_dialogue *dialogue)
{
    (void)settle(service, dialogue, 0);
}

bool service_charge(struct service *service, uint32_t account, uint64_t price)
{
    if (is_free(service))
        return true;
    if (!accounts_reserve(&service->accounts, account, price))
        return false;
    (void)accounts_settle(&service->accounts, account, price, price);
    return true;
}
