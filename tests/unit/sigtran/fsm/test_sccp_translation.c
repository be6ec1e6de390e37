/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/fsm/sccp_translation.h"

#include "tests/unit/unit.h"

static struct sccp_translation table;
static uint8_t packed[DIGITS_PACKED_OCTETS];

static struct sccp_translation_rule rule_of(const char *digits, bool is_prefix, uint32_t as)
{
    struct sccp_translation_rule rule = sccp_translation_rule_any();
    (void)snprintf(rule.digits, sizeof(rule.digits), "%s", digits);
    rule.is_prefix = is_prefix;
    rule.route_count = 1;
    rule.route[0] = (struct sccp_translation_route){.as = as, .pc = 100 + as};
    return rule;
}

static void add(const struct sccp_translation_rule *rule)
{
    CU_ASSERT_EQUAL_FATAL(sccp_translation_add(&table, rule), P7_OK);
}

static void set_up(void)
{
    memset(&table, 0, sizeof(table));
}

static struct sccp_address title(uint8_t gti, const char *digits)
{
    struct sccp_address address = {.has_ssn = true,
                                   .ssn = SCCP_SSN_CAP,
                                   .gti = gti,
                                   .translation_type = 0,
                                   .numbering_plan = SCCP_NUMBERING_PLAN_E164,
                                   .nature_of_address = SCCP_NATURE_INTERNATIONAL};
    CU_ASSERT_EQUAL_FATAL(sccp_address_set_digits(&address, digits, packed), P7_OK);
    return address;
}

/* The AS that the title leads to, or -1 - the cause. */
static int leads(const struct sccp_address *address)
{
    uint8_t cause = 99;
    const struct sccp_translation_rule *rule = sccp_translation_find(&table, address, &cause);
    return rule != NULL ? (int)rule->route[0].as : -1 - cause;
}

static int leads_digits(const char *digits)
{
    const struct sccp_address address = title(4, digits);
    return leads(&address);
}

static void the_longest_prefix_counts_and_a_whole_number_before_it(void) /* Q.714-2.4 */
{
    set_up();
    struct sccp_translation_rule rule = rule_of("4670", true, 1);
    add(&rule);
    rule = rule_of("467001", true, 2);
    add(&rule);
    rule = rule_of("467001", false, 3);
    add(&rule);
    rule = rule_of("46", true, 4);
    add(&rule);
    CU_ASSERT_EQUAL(leads_digits("46700"), 1);
    CU_ASSERT_EQUAL(leads_digits("4670012"), 2);
    CU_ASSERT_EQUAL(leads_digits("467001"), 3);
    CU_ASSERT_EQUAL(leads_digits("4671"), 4);
    CU_ASSERT_EQUAL(leads_digits("4"), -1 - SCCP_CAUSE_NO_TRANSLATION);
    rule = rule_of("", true, 5); /* the rest of the world */
    add(&rule);
    CU_ASSERT_EQUAL(leads_digits("49"), 5);
}

static void of_two_alike_the_one_that_says_more_counts_and_then_the_first(void)
{
    set_up();
    struct sccp_translation_rule rule = rule_of("46", true, 1);
    add(&rule);
    rule = rule_of("46", true, 2);
    add(&rule);
    CU_ASSERT_EQUAL(leads_digits("46"), 1);
    rule.numbering_plan = SCCP_NUMBERING_PLAN_E164;
    rule.route[0].as = 3;
    add(&rule);
    CU_ASSERT_EQUAL(leads_digits("46"), 3);
}

static void each_element_of_the_title_can_be_asked_for(void) /* Q.713-3.4.2.3 */
{
    struct sccp_address address = title(4, "46700");
    set_up();
    struct sccp_translation_rule rule = rule_of("46", true, 1);
    rule.gti = 4;
    rule.translation_type = 0;
    rule.numbering_plan = SCCP_NUMBERING_PLAN_E164;
    rule.nature_of_address = SCCP_NATURE_INTERNATIONAL;
    add(&rule);
    CU_ASSERT_EQUAL(leads(&address), 1);
    address.translation_type = 9;
    CU_ASSERT_EQUAL(leads(&address), -1 - SCCP_CAUSE_NO_TRANSLATION_NATURE);
    address = title(4, "46700");
    address.numbering_plan = SCCP_NUMBERING_PLAN_E214;
    CU_ASSERT_EQUAL(leads(&address), -1 - SCCP_CAUSE_NO_TRANSLATION_NATURE);
    address = title(4, "46700");
    address.nature_of_address = SCCP_NATURE_NATIONAL;
    CU_ASSERT_EQUAL(leads(&address), -1 - SCCP_CAUSE_NO_TRANSLATION_NATURE);
    address = title(3, "46700");
    CU_ASSERT_EQUAL(leads(&address), -1 - SCCP_CAUSE_NO_TRANSLATION_NATURE);
}

static void an_element_that_the_indicator_lacks_is_no_match(void) /* Q.713-3.4.2.3 */
{
    static const bool has_type[] = {false, false, true, true, true};
    static const bool has_plan[] = {false, false, false, true, true};
    static const bool has_nature[] = {false, true, false, false, true};
    for (uint8_t gti = 1; gti <= 4; gti++) {
        const struct sccp_address address = title(gti, "4670");
        set_up();
        struct sccp_translation_rule rule = rule_of("46", true, 1);
        rule.translation_type = 0;
        add(&rule);
        CU_ASSERT_EQUAL(leads(&address) == 1, has_type[gti]);
        set_up();
        rule = rule_of("46", true, 1);
        rule.numbering_plan = SCCP_NUMBERING_PLAN_E164;
        add(&rule);
        CU_ASSERT_EQUAL(leads(&address) == 1, has_plan[gti]);
        set_up();
        rule = rule_of("46", true, 1);
        rule.nature_of_address = SCCP_NATURE_INTERNATIONAL;
        add(&rule);
        CU_ASSERT_EQUAL(leads(&address) == 1, has_nature[gti]);
    }
}

static void in_an_ansi_network_indicator_2_has_a_translation_type_alone(void) /* T1.112.3-3.4.2.3 */
{
    set_up();
    struct sccp_address address = title(2, "4670");
    address.variant = SCCP_ANSI;
    address.translation_type = 14;
    struct sccp_translation_rule rule = rule_of("46", true, 1);
    rule.translation_type = 14;
    add(&rule);
    CU_ASSERT_EQUAL(leads(&address), 1);
    rule.numbering_plan = 1;
    set_up();
    add(&rule);
    CU_ASSERT_EQUAL(leads(&address), -1 - SCCP_CAUSE_NO_TRANSLATION_NATURE);
}

static void digits_that_cant_be_read_have_no_translation_of_their_nature(void)
{
    set_up();
    const struct sccp_translation_rule rule = rule_of("", true, 1);
    add(&rule);
    struct sccp_address address = title(4, "46700");
    address.encoding_scheme = 5;
    CU_ASSERT_EQUAL(leads(&address), -1 - SCCP_CAUSE_NO_TRANSLATION_NATURE);
}

/* Decodes what the rule makes of the address. */
static struct sccp_address applied(const struct sccp_translation_rule *rule,
                                   const struct sccp_address *address, struct sccp_party *party)
{
    struct sccp_address to;
    CU_ASSERT_EQUAL_FATAL(sccp_translation_apply(rule, &rule->route[0], address, party), P7_OK);
    CU_ASSERT_EQUAL_FATAL(sccp_address_decode(SCCP_ITU, sccp_party_bytes(party), &to), P7_OK);
    return to;
}

static void a_rule_on_ssn_ends_the_translation_and_keeps_the_title(void) /* Q.714-2.4 */
{
    struct sccp_party party;
    char digits[DIGITS_TEXT_OCTETS];
    struct sccp_address address = title(4, "4670012");
    address.has_pc = true;
    address.pc = 77;
    struct sccp_translation_rule rule = rule_of("4670", true, 1);
    rule.ssn = 147;
    const struct sccp_address to = applied(&rule, &address, &party);
    CU_ASSERT_TRUE(to.route_on_ssn);
    CU_ASSERT_FALSE(to.has_pc);
    CU_ASSERT_EQUAL(to.ssn, 147);
    CU_ASSERT_EQUAL(sccp_address_digits(&to, digits), P7_OK);
    CU_ASSERT_STRING_EQUAL(digits, "4670012");
}

static void a_rule_on_gt_leaves_the_next_translation_to_another_node(void) /* Q.714-2.4 */
{
    struct sccp_party party;
    const struct sccp_address address = title(4, "4670012");
    struct sccp_translation_rule rule = rule_of("4670", true, 1);
    rule.route[0].on_gt = true;
    const struct sccp_address to = applied(&rule, &address, &party);
    CU_ASSERT_FALSE(to.route_on_ssn);
    CU_ASSERT_EQUAL(to.ssn, SCCP_SSN_CAP);
    CU_ASSERT_EQUAL(to.nature_of_address, SCCP_NATURE_INTERNATIONAL);
}

static void digits_are_replaced_or_taken_off_and_counted_anew(void)
{
    static const struct {
        const char *digits;
        const char *match;
        const char *replacement;
        const char *result;
    } cases[] = {
        {"4670012", "4670", "4989", "4989012"},
        {"4670012", "4670", "7", "7012"}, /* odd becomes even */
        {"4670012", "4670", "", "012"},
        {"4670012", "", "00", "004670012"},
        {"4670012", "4670012", "1", "1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sccp_party party;
        char digits[DIGITS_TEXT_OCTETS];
        const struct sccp_address address = title(4, cases[i].digits);
        struct sccp_translation_rule rule = rule_of(cases[i].match, true, 1);
        rule.route[0].on_gt = true;
        rule.replaces = true;
        (void)snprintf(rule.replacement, sizeof(rule.replacement), "%s", cases[i].replacement);
        const struct sccp_address to = applied(&rule, &address, &party);
        CU_ASSERT_EQUAL(sccp_address_digits(&to, digits), P7_OK);
        CU_ASSERT_STRING_EQUAL(digits, cases[i].result);
    }
}

static void what_no_address_can_say_is_refused(void)
{
    struct sccp_party party;
    struct sccp_address address = title(4, "4670");
    struct sccp_translation_rule rule = rule_of("4670", true, 1);
    rule.replaces = true; /* by nothing, and nothing is left */
    CU_ASSERT_EQUAL(sccp_translation_apply(&rule, &rule.route[0], &address, &party), P7_RANGE);
    rule = rule_of("", true, 1);
    rule.replaces = true;
    (void)snprintf(rule.replacement, sizeof(rule.replacement), "12345678901234567890123456789012");
    CU_ASSERT_EQUAL(sccp_translation_apply(&rule, &rule.route[0], &address, &party), P7_RANGE);
    address.has_ssn = false; /* on SSN, and there is none */
    rule = rule_of("4670", true, 1);
    CU_ASSERT_EQUAL(sccp_translation_apply(&rule, &rule.route[0], &address, &party), P7_RANGE);
}

static void rules_out_of_bounds_are_refused(void)
{
    set_up();
    struct sccp_translation_rule rule = rule_of("", false, 1);
    CU_ASSERT_EQUAL(sccp_translation_add(&table, &rule), P7_RANGE);
    rule = rule_of("46x", true, 1);
    CU_ASSERT_EQUAL(sccp_translation_add(&table, &rule), P7_RANGE);
    rule = rule_of("46", true, 1);
    rule.ssn = SCCP_SSN_MANAGEMENT;
    CU_ASSERT_EQUAL(sccp_translation_add(&table, &rule), P7_RANGE);
    rule = rule_of("46", true, 1);
    rule.gti = 5;
    CU_ASSERT_EQUAL(sccp_translation_add(&table, &rule), P7_RANGE);
    rule = rule_of("46", true, 1);
    rule.nature_of_address = 128;
    CU_ASSERT_EQUAL(sccp_translation_add(&table, &rule), P7_RANGE);
    rule = rule_of("46", true, 1);
    rule.route_count = 0;
    CU_ASSERT_EQUAL(sccp_translation_add(&table, &rule), P7_RANGE);
    rule.route_count = SCCP_TRANSLATION_ROUTES_MAX + 1;
    CU_ASSERT_EQUAL(sccp_translation_add(&table, &rule), P7_RANGE);
    CU_ASSERT_FALSE(table.has_remote || table.has_local || table.count != 0);
    rule.route_count = 1;
    for (unsigned i = 0; i < SCCP_TRANSLATION_RULES_MAX; i++)
        add(&rule);
    CU_ASSERT_EQUAL(sccp_translation_add(&table, &rule), P7_FULL);
}

UNIT_TESTS = {
    UNIT(the_longest_prefix_counts_and_a_whole_number_before_it),
    UNIT(of_two_alike_the_one_that_says_more_counts_and_then_the_first),
    UNIT(each_element_of_the_title_can_be_asked_for),
    UNIT(an_element_that_the_indicator_lacks_is_no_match),
    UNIT(in_an_ansi_network_indicator_2_has_a_translation_type_alone),
    UNIT(digits_that_cant_be_read_have_no_translation_of_their_nature),
    UNIT(a_rule_on_ssn_ends_the_translation_and_keeps_the_title),
    UNIT(a_rule_on_gt_leaves_the_next_translation_to_another_node),
    UNIT(digits_are_replaced_or_taken_off_and_counted_anew),
    UNIT(what_no_address_can_say_is_refused),
    UNIT(rules_out_of_bounds_are_refused),
};
UNIT_MAIN("sccp_translation")
