/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * sccp_translation - the table of global titles (Q.714-2.4): which titles are ours, and where the
 * others lead.
 *
 * Life cycle: zeroed -> sccp_translation_add for each rule -> sccp_translation_find per address,
 * sccp_translation_apply for what the rule makes of it. Pure; the struct holds no memory.
 *
 * Which of several rules counts: the one with the most digits; of those a whole number before a
 * prefix; then the one that says more about the indicator and the numbers beside it; then the
 * first.
 */
#ifndef SIGTRAN_FSM_SCCP_TRANSLATION_H
#define SIGTRAN_FSM_SCCP_TRANSLATION_H

#include "sigtran/codec/sccp.h"

/* An endpoint has few: its own numbers, those of its peers, and their prefixes. */
#define SCCP_TRANSLATION_RULES_MAX  64
#define SCCP_TRANSLATION_ROUTES_MAX 4

#define SCCP_TRANSLATION_ANY UINT16_MAX

/* Where a title leads: the owner's number for an AS, and the DPC there. */
struct sccp_translation_route {
    uint32_t as;
    uint32_t pc;
    bool on_gt; /* the node there translates again; else the routing indicator becomes SSN */
};

struct sccp_translation_rule {
    /* What must be so in the address; SCCP_TRANSLATION_ANY: whatever it is. A GTI that has no such
     * element does not match a value. */
    uint16_t gti;
    uint16_t translation_type;
    uint16_t numbering_plan;
    uint16_t nature_of_address;
    char digits[DIGITS_TEXT_OCTETS]; /* 0-9, a-f */
    bool is_prefix;                  /* the address may have more of them */
    /* What becomes of it. */
    bool is_local; /* the title is ours: `ssn`, or the address's own SSN, or the default */
    uint8_t ssn;   /* put into the address; 0: it keeps its own */
    bool replaces; /* `digits` give way to `replacement`, which may be empty */
    char replacement[DIGITS_TEXT_OCTETS];
    uint8_t route_count; /* unless local: the primary first, backups behind it */
    struct sccp_translation_route route[SCCP_TRANSLATION_ROUTES_MAX];
};

struct sccp_translation {
    uint32_t count;
    bool has_local;  /* a rule says which titles are ours: others are not */
    bool has_remote; /* a rule leads elsewhere */
    struct sccp_translation_rule rule[SCCP_TRANSLATION_RULES_MAX];
};

/* Matches everything, leads nowhere: to be filled in. */
struct sccp_translation_rule sccp_translation_rule_any(void);

/* P7_RANGE: digits that are none or too many (none at all only with is_prefix), a value too large
 * for its element, SSN 1, a rule that is not local and has no route or too many; P7_FULL. */
enum p7_status sccp_translation_add(struct sccp_translation *translation,
                                    const struct sccp_translation_rule *rule) P7_MUST_CHECK;

/*
 * The rule for an address with a title, or NULL with the cause (Q.713-3.12): no rule is for such an
 * indicator, translation type, plan or nature, or its digits can't be read: "no translation for an
 * address of such nature"; else "no translation for this specific address".
 */
const struct sccp_translation_rule *
sccp_translation_find(const struct sccp_translation *translation,
                      const struct sccp_address *address, uint8_t *cause);

/*
 * The address as the rule and one of its routes make it (Q.714-2.4): routing indicator, SSN and
 * digits; its point code goes, since the routing label says it. The title stays also when it is no
 * longer routed on. P7_RANGE: the digits get too long or vanish, or a route on SSN has none.
 */
enum p7_status sccp_translation_apply(const struct sccp_translation_rule *rule,
                                      const struct sccp_translation_route *route,
                                      const struct sccp_address *address,
                                      struct sccp_party *party) P7_MUST_CHECK;

#endif
