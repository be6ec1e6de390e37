/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/fsm/sccp_translation.h"

struct sccp_translation_rule sccp_translation_rule_any(void)
{
    return (struct sccp_translation_rule){
        .gti = SCCP_TRANSLATION_ANY,
        .translation_type = SCCP_TRANSLATION_ANY,
        .numbering_plan = SCCP_TRANSLATION_ANY,
        .nature_of_address = SCCP_TRANSLATION_ANY,
        .is_prefix = true,
    };
}

static bool are_digits(const char *text)
{
    const size_t length = strnlen(text, DIGITS_TEXT_OCTETS);
    return length <= LIMIT_DIGITS && strspn(text, "0123456789abcdef") == length;
}

static bool fits(uint16_t value, uint16_t most)
{
    return value == SCCP_TRANSLATION_ANY || value <= most;
}

enum p7_status sccp_translation_add(struct sccp_translation *translation,
                                    const struct sccp_translation_rule *rule)
{
    if (!are_digits(rule->digits) || !are_digits(rule->replacement) ||
        (rule->digits[0] == '\0' && !rule->is_prefix) || rule->ssn == SCCP_SSN_MANAGEMENT ||
        !fits(rule->gti, 4) || rule->gti == 0 || !fits(rule->translation_type, 255) ||
        !fits(rule->numbering_plan, 15) || !fits(rule->nature_of_address, 127) ||
        rule->route_count > SCCP_TRANSLATION_ROUTES_MAX ||
        rule->is_local != (rule->route_count == 0))
        return P7_RANGE;
    if (translation->count == SCCP_TRANSLATION_RULES_MAX)
        return P7_FULL;
    translation->rule[translation->count++] = *rule;
    translation->has_local = translation->has_local || rule->is_local;
    translation->has_remote = translation->has_remote || !rule->is_local;
    return P7_OK;
}

static bool is_value(uint16_t wanted, bool has, uint8_t value)
{
    return wanted == SCCP_TRANSLATION_ANY || (has && wanted == value);
}

/* Q.713-3.4.2.3, T1.112.3-3.4.2.3: which elements an address has follows from its GTI. */
static bool is_of_nature(const struct sccp_translation_rule *rule, const struct sccp_address *a)
{
    const bool itu = a->variant == SCCP_ITU;
    const bool has_type = itu ? a->gti >= 2 && a->gti <= 4 : a->gti == 1 || a->gti == 2;
    const bool has_plan = itu ? a->gti == 3 || a->gti == 4 : a->gti == 1;
    const bool has_nature = itu && (a->gti == 1 || a->gti == 4);
    return is_value(rule->gti, true, a->gti) &&
           is_value(rule->translation_type, has_type, a->translation_type) &&
           is_value(rule->numbering_plan, has_plan, a->numbering_plan) &&
           is_value(rule->nature_of_address, has_nature, a->nature_of_address);
}

static unsigned said(uint16_t value)
{
    return value != SCCP_TRANSLATION_ANY;
}

/* The greater, the better a matching rule fits. */
static unsigned rank(const struct sccp_translation_rule *rule)
{
    return (unsigned)strlen(rule->digits) * 16 + (rule->is_prefix ? 0u : 8u) + said(rule->gti) +
           said(rule->translation_type) + said(rule->numbering_plan) +
           said(rule->nature_of_address);
}

const struct sccp_translation_rule *
sccp_translation_find(const struct sccp_translation *translation,
                      const struct sccp_address *address, uint8_t *cause)
{
    const struct sccp_translation_rule *best = NULL;
    char digits[DIGITS_TEXT_OCTETS];
    *cause = SCCP_CAUSE_NO_TRANSLATION_NATURE;
    if (sccp_address_digits(address, digits) != P7_OK)
        return NULL;
    for (uint32_t i = 0; i < translation->count; i++) {
        const struct sccp_translation_rule *rule = &translation->rule[i];
        if (!is_of_nature(rule, address))
            continue;
        *cause = SCCP_CAUSE_NO_TRANSLATION;
        const bool fits_digits = rule->is_prefix
                                     ? strncmp(rule->digits, digits, strlen(rule->digits)) == 0
                                     : strcmp(rule->digits, digits) == 0;
        if (fits_digits && (best == NULL || rank(rule) > rank(best)))
            best = rule;
    }
    return best;
}

static enum p7_status replace_digits(const struct sccp_translation_rule *rule,
                                     const struct sccp_address *address, struct sccp_address *to,
                                     uint8_t packed[DIGITS_PACKED_OCTETS])
{
    char digits[DIGITS_TEXT_OCTETS];
    char text[DIGITS_TEXT_OCTETS];
    const size_t kept_from = strlen(rule->digits);
    const size_t before = strlen(rule->replacement);
    const enum p7_status status = sccp_address_digits(address, digits);
    if (status != P7_OK)
        return status;
    const size_t length = strlen(digits);
    if (length < kept_from || before + (length - kept_from) > LIMIT_DIGITS)
        return P7_RANGE;
    memcpy(text, rule->replacement, before);
    memcpy(text + before, digits + kept_from, length - kept_from + 1);
    return sccp_address_set_digits(to, text, packed);
}

enum p7_status sccp_translation_apply(const struct sccp_translation_rule *rule,
                                      const struct sccp_translation_route *route,
                                      const struct sccp_address *address, struct sccp_party *party)
{
    uint8_t packed[DIGITS_PACKED_OCTETS];
    struct sccp_address to = *address;
    to.has_pc = false;
    to.pc = 0;
    to.route_on_ssn = !route->on_gt;
    if (rule->ssn != 0) {
        to.has_ssn = true;
        to.ssn = rule->ssn;
    }
    if (to.route_on_ssn && (!to.has_ssn || to.ssn == 0))
        return P7_RANGE;
    if (rule->replaces) {
        const enum p7_status status = replace_digits(rule, address, &to, packed);
        if (status != P7_OK)
            return status;
    }
    return sccp_party_set(party, &to);
}
