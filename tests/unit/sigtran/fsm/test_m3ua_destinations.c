/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/fsm/m3ua_destinations.h"

#include "tests/unit/unit.h"

#define SECOND INT64_C(1000000000)
#define AUDIT  (30 * SECOND)
#define SCCP   3

static struct m3ua_destinations table;
static struct m3ua_destination_change change;
static int64_t now_ns;

static uint32_t range(uint8_t mask, uint32_t point_code)
{
    return (uint32_t)mask << 24 | point_code;
}

static void start(void)
{
    m3ua_destinations_init(&table);
    now_ns = SECOND;
}

static bool tell(enum m3ua_kind kind, uint32_t entry)
{
    const struct m3ua_destination_news news = {.kind = kind};
    CU_ASSERT_EQUAL_FATAL(m3ua_destinations_tell(&table, entry, &news, now_ns, AUDIT, &change),
                          P7_OK);
    return change.changed;
}

static bool congest(uint32_t entry, uint8_t level)
{
    const struct m3ua_destination_news news = {.kind = M3UA_SCON, .congestion = level};
    CU_ASSERT_EQUAL_FATAL(m3ua_destinations_tell(&table, entry, &news, now_ns, AUDIT, &change),
                          P7_OK);
    return change.changed;
}

static bool lose_user(uint32_t entry, uint16_t user)
{
    const struct m3ua_destination_news news = {.kind = M3UA_DUPU, .user = user};
    CU_ASSERT_EQUAL_FATAL(m3ua_destinations_tell(&table, entry, &news, now_ns, AUDIT, &change),
                          P7_OK);
    return change.changed;
}

static enum m3ua_availability availability(uint32_t point_code)
{
    return m3ua_destinations_of(&table, point_code).availability;
}

static bool is_open(uint32_t point_code)
{
    const struct m3ua_destination destination = m3ua_destinations_of(&table, point_code);
    return m3ua_destination_is_open(&destination, SCCP);
}

/* How many ranges are to be asked for at this time. */
static unsigned audits(void)
{
    unsigned n = 0;
    bool audit;
    while (m3ua_destinations_due(&table, now_ns, AUDIT, &audit, &change))
        n += audit;
    return n;
}

/* RFC4666-3.4.1, 3.4.2, 3.4.6 */
static void a_destination_follows_what_is_said_of_it(void)
{
    start();
    CU_ASSERT_TRUE(is_open(700));
    CU_ASSERT_TRUE(tell(M3UA_DUNA, 700));
    CU_ASSERT_EQUAL(change.before.availability, M3UA_AVAILABLE);
    CU_ASSERT_EQUAL(change.after.availability, M3UA_UNAVAILABLE);
    CU_ASSERT_FALSE(is_open(700));
    CU_ASSERT_TRUE(is_open(701));
    CU_ASSERT_FALSE(tell(M3UA_DUNA, 700));
    CU_ASSERT_TRUE(tell(M3UA_DRST, 700));
    CU_ASSERT_EQUAL(availability(700), M3UA_RESTRICTED);
    CU_ASSERT_TRUE(is_open(700));
    CU_ASSERT_TRUE(tell(M3UA_DAVA, 700));
    CU_ASSERT_EQUAL(availability(700), M3UA_AVAILABLE);
    CU_ASSERT_EQUAL(table.count, 0);
    CU_ASSERT_FALSE(tell(M3UA_DAVA, 700));
}

/* RFC4666-3.4.1: Mask */
static void a_mask_names_all_below_it(void)
{
    start();
    CU_ASSERT_TRUE(tell(M3UA_DUNA, range(3, 0x123)));
    CU_ASSERT_EQUAL(change.entry, range(3, 0x120));
    CU_ASSERT_FALSE(is_open(0x120));
    CU_ASSERT_FALSE(is_open(0x127));
    CU_ASSERT_TRUE(is_open(0x11f));
    CU_ASSERT_TRUE(is_open(0x128));
    CU_ASSERT_TRUE(tell(M3UA_DUNA, range(255, 0)));
    CU_ASSERT_FALSE(is_open(0));
    CU_ASSERT_FALSE(is_open(0xffffff));
    CU_ASSERT_TRUE(tell(M3UA_DAVA, range(24, 5)));
    CU_ASSERT_EQUAL(table.count, 0);
}

static void a_smaller_range_is_an_exception_to_the_larger_one(void)
{
    start();
    CU_ASSERT_TRUE(tell(M3UA_DUNA, range(8, 0x200)));
    CU_ASSERT_TRUE(tell(M3UA_DAVA, 0x205));
    CU_ASSERT_TRUE(is_open(0x205));
    CU_ASSERT_FALSE(is_open(0x204));
    CU_ASSERT_FALSE(is_open(0x206));
    /* what is said of the whole holds for the exception too, and then there is none any more */
    CU_ASSERT_TRUE(tell(M3UA_DUNA, range(8, 0x200)));
    CU_ASSERT_FALSE(is_open(0x205));
    CU_ASSERT_EQUAL(table.count, 1);
    CU_ASSERT_TRUE(tell(M3UA_DAVA, range(4, 0x200)));
    CU_ASSERT_TRUE(is_open(0x20f));
    CU_ASSERT_FALSE(is_open(0x210));
}

static void a_larger_range_is_laid_around_smaller_ones(void)
{
    start();
    CU_ASSERT_TRUE(congest(0x301, 2));
    CU_ASSERT_TRUE(tell(M3UA_DRST, range(8, 0x300)));
    struct m3ua_destination destination = m3ua_destinations_of(&table, 0x301);
    CU_ASSERT_EQUAL(destination.availability, M3UA_RESTRICTED);
    CU_ASSERT_EQUAL(destination.congestion, 2);
    destination = m3ua_destinations_of(&table, 0x302);
    CU_ASSERT_EQUAL(destination.congestion, 0);
}

/* RFC4666-3.4.4 */
static void congestion_leaves_the_destination_open(void)
{
    start();
    CU_ASSERT_TRUE(congest(700, 3));
    CU_ASSERT_TRUE(is_open(700));
    CU_ASSERT_EQUAL(m3ua_destinations_of(&table, 700).congestion, 3);
    CU_ASSERT_TRUE(tell(M3UA_DUNA, 700));
    CU_ASSERT_EQUAL(m3ua_destinations_of(&table, 700).congestion, 0);
    CU_ASSERT_TRUE(tell(M3UA_DAVA, 700));
    CU_ASSERT_TRUE(congest(700, 1));
    CU_ASSERT_TRUE(congest(700, 0));
    CU_ASSERT_EQUAL(table.count, 0);
}

/* RFC4666-3.4.5 */
static void a_lost_user_part_closes_its_own_traffic_only(void)
{
    start();
    CU_ASSERT_TRUE(lose_user(700, 5));
    CU_ASSERT_TRUE(is_open(700));
    CU_ASSERT_TRUE(lose_user(700, SCCP));
    CU_ASSERT_FALSE(is_open(700));
    CU_ASSERT_FALSE(lose_user(700, 0xffff));
    /* nobody says that it is back: it counts as back after a while */
    now_ns += AUDIT - 1;
    CU_ASSERT_EQUAL(audits(), 0);
    CU_ASSERT_FALSE(is_open(700));
    now_ns += 1;
    CU_ASSERT_EQUAL(audits(), 0);
    CU_ASSERT_TRUE(change.changed);
    CU_ASSERT_TRUE(is_open(700));
    CU_ASSERT_TRUE(lose_user(700, SCCP));
    CU_ASSERT_TRUE(tell(M3UA_DAVA, 700));
    CU_ASSERT_TRUE(is_open(700));
}

/* RFC4666-4.5.3: periodic audit */
static void what_is_not_taken_back_is_asked_for(void)
{
    start();
    CU_ASSERT_EQUAL(m3ua_destinations_deadline_ns(&table), TIMER_NEVER_NS);
    CU_ASSERT_TRUE(tell(M3UA_DUNA, 700));
    CU_ASSERT_EQUAL(m3ua_destinations_deadline_ns(&table), now_ns + AUDIT);
    now_ns += AUDIT / 2;
    CU_ASSERT_TRUE(tell(M3UA_DRST, 800));
    CU_ASSERT_FALSE(tell(M3UA_DUNA, 700)); /* nothing new, but it was heard of */
    now_ns += AUDIT / 2;
    CU_ASSERT_EQUAL(audits(), 0);
    now_ns += AUDIT / 2;
    CU_ASSERT_EQUAL(audits(), 2);
    CU_ASSERT_EQUAL(audits(), 0);
    CU_ASSERT_TRUE(tell(M3UA_DAVA, 800));
    now_ns += AUDIT;
    CU_ASSERT_EQUAL(audits(), 1);
    CU_ASSERT_EQUAL(change.entry, 700);
    CU_ASSERT_TRUE(tell(M3UA_DAVA, 700));
    CU_ASSERT_EQUAL(m3ua_destinations_deadline_ns(&table), TIMER_NEVER_NS);
}

/* RFC4666-4.5.3: the answer for a congested destination is SCON and DAVA, else DAVA alone. */
static void congestion_ends_when_an_audit_does_not_confirm_it(void)
{
    start();
    CU_ASSERT_TRUE(congest(700, 2));
    CU_ASSERT_FALSE(tell(M3UA_DAVA, 700)); /* not an answer: nothing was asked */
    CU_ASSERT_EQUAL(m3ua_destinations_of(&table, 700).congestion, 2);
    now_ns += AUDIT;
    CU_ASSERT_EQUAL(audits(), 1);
    CU_ASSERT_FALSE(congest(700, 2));
    CU_ASSERT_FALSE(tell(M3UA_DAVA, 700));
    CU_ASSERT_EQUAL(m3ua_destinations_of(&table, 700).congestion, 2);
    now_ns += AUDIT;
    CU_ASSERT_EQUAL(audits(), 1);
    CU_ASSERT_TRUE(tell(M3UA_DAVA, 700));
    CU_ASSERT_EQUAL(table.count, 0);
    /* no answer at all */
    CU_ASSERT_TRUE(congest(700, 1));
    now_ns += AUDIT;
    CU_ASSERT_EQUAL(audits(), 1);
    now_ns += AUDIT;
    CU_ASSERT_EQUAL(audits(), 0);
    CU_ASSERT_EQUAL(table.count, 0);
}

/* RFC4666-4.5.3: where no level is kept an audit tells nothing of congestion. */
static void congestion_without_a_level_lapses_unasked(void)
{
    start();
    CU_ASSERT_TRUE(congest(700, M3UA_CONGESTION_UNDEFINED));
    now_ns += AUDIT;
    CU_ASSERT_EQUAL(audits(), 0);
    CU_ASSERT_TRUE(change.changed);
    CU_ASSERT_EQUAL(table.count, 0);
}

static void a_full_table_refuses_and_keeps_what_it_has(void)
{
    start();
    for (uint32_t i = 0; i < M3UA_DESTINATIONS_MAX; i++)
        CU_ASSERT_TRUE(tell(M3UA_DUNA, i));
    const struct m3ua_destination_news news = {.kind = M3UA_DUNA};
    CU_ASSERT_EQUAL(m3ua_destinations_tell(&table, 5000, &news, now_ns, AUDIT, &change), P7_FULL);
    CU_ASSERT_TRUE(is_open(5000));
    CU_ASSERT_FALSE(is_open(0));
    CU_ASSERT_FALSE(tell(M3UA_DUNA, 63));
    CU_ASSERT_TRUE(tell(M3UA_DAVA, 63));
    CU_ASSERT_TRUE(tell(M3UA_DUNA, 5000));
}

static void a_lost_peer_leaves_only_what_to_ask_its_successor(void)
{
    start();
    CU_ASSERT_TRUE(tell(M3UA_DUNA, range(3, 0x120)));
    m3ua_destinations_forget(&table);
    CU_ASSERT_TRUE(is_open(0x121));
    CU_ASSERT_EQUAL_FATAL(table.lost_count, 1);
    CU_ASSERT_EQUAL(table.lost[0], range(3, 0x120));
    m3ua_destinations_forget(&table);
    CU_ASSERT_EQUAL(table.lost_count, 1);
}

/* Against a plain array of point codes: whatever is said, and in whatever order. */
static void a_thousand_sayings_agree_with_a_list_of_all_point_codes(void)
{
    static struct m3ua_destination all[256];
    uint32_t random = 12345;
    start();
    for (unsigned i = 0; i < 256; i++)
        all[i] = (struct m3ua_destination){.availability = M3UA_AVAILABLE};
    for (unsigned turn = 0; turn < 1000; turn++) {
        random = random * 1664525u + 1013904223u;
        static const enum m3ua_kind kinds[] = {M3UA_DUNA, M3UA_DAVA, M3UA_DRST, M3UA_SCON};
        const struct m3ua_destination_news news = {.kind = kinds[random >> 30],
                                                   .congestion = (uint8_t)(random >> 28 & 3u)};
        const uint8_t mask = (uint8_t)((random >> 24 & 15u) % 9u);
        const uint32_t pc = random >> 16 & 0xffu;
        if (m3ua_destinations_tell(&table, range(mask, pc), &news, now_ns, AUDIT, &change) != P7_OK)
            continue;
        const uint32_t base = pc & ~((1u << mask) - 1u);
        for (uint32_t p = base; p < base + (1u << mask); p++) {
            if (news.kind == M3UA_SCON)
                all[p].congestion = news.congestion;
            else
                all[p].availability = news.kind == M3UA_DUNA   ? M3UA_UNAVAILABLE
                                      : news.kind == M3UA_DAVA ? M3UA_AVAILABLE
                                                               : M3UA_RESTRICTED;
            if (news.kind == M3UA_DUNA)
                all[p].congestion = 0;
        }
        for (uint32_t p = 0; p < 256; p++) {
            const struct m3ua_destination told = m3ua_destinations_of(&table, p);
            CU_ASSERT_TRUE_FATAL(m3ua_destination_equal(&told, &all[p]));
        }
    }
}

static void a_state_reads_as_a_sentence(void)
{
    char text[96];
    struct m3ua_destination d = {.availability = M3UA_UNAVAILABLE};
    m3ua_destination_text(&d, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "unavailable");
    d = (struct m3ua_destination){.availability = M3UA_RESTRICTED, .congestion = 2};
    m3ua_destination_text(&d, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "restricted, congested (level 2)");
    d = (struct m3ua_destination){.congestion = M3UA_CONGESTION_UNDEFINED, .users_unavailable = 8};
    m3ua_destination_text(&d, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "available, congested, its SCCP is unavailable");
}

UNIT_TESTS = {
    UNIT(a_destination_follows_what_is_said_of_it),
    UNIT(a_mask_names_all_below_it),
    UNIT(a_smaller_range_is_an_exception_to_the_larger_one),
    UNIT(a_larger_range_is_laid_around_smaller_ones),
    UNIT(congestion_leaves_the_destination_open),
    UNIT(a_lost_user_part_closes_its_own_traffic_only),
    UNIT(what_is_not_taken_back_is_asked_for),
    UNIT(congestion_ends_when_an_audit_does_not_confirm_it),
    UNIT(congestion_without_a_level_lapses_unasked),
    UNIT(a_full_table_refuses_and_keeps_what_it_has),
    UNIT(a_lost_peer_leaves_only_what_to_ask_its_successor),
    UNIT(a_thousand_sayings_agree_with_a_list_of_all_point_codes),
    UNIT(a_state_reads_as_a_sentence),
};
UNIT_MAIN("m3ua_destinations")
