/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Party addresses, Q.713-3.4.1, 3.4.2.1, 3.4.2.2, 3.4.2.3.1, 3.4.2.3.3, 3.4.2.3.4, 3.5. */
#include <osmocom/core/msgb.h>
#include <osmocom/sigtran/sccp_sap.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tests/interop/oracle/oracle.h"

/* Exported by the library, and in none of its headers. */
int osmo_sccp_addr_parse(struct osmo_sccp_addr *out, const uint8_t *addr, unsigned int addrlen);
int osmo_sccp_addr_encode(struct msgb *msg, const struct osmo_sccp_addr *in);

#define ITS_DIGITS_MAX 31 /* osmo_sccp_gt.digits holds 31 and the NUL */

static void draw_digits(struct oracle *oracle, char *text, bool its)
{
    const uint32_t count = 1 + oracle_below(oracle, its ? ITS_DIGITS_MAX : LIMIT_DIGITS);
    for (uint32_t i = 0; i < count; i++)
        text[i] = "0123456789abcde"[oracle_below(oracle, oracle_coin(oracle) ? 15 : 10)];
    text[count] = '\0';
}

/* `its_gti`: without GTI 2, which the library refuses both ways ("for national use only", though
 * Q.713-3.4.2.3.2 describes it). */
void oracle_address_draw(struct oracle *oracle, struct oracle_address *address, bool its_gti)
{
    static const uint8_t indicators[] = {0, 1, 3, 4, 2};
    memset(address, 0, sizeof(*address));
    struct sccp_address *a = &address->ours;
    a->variant = SCCP_ITU;
    a->gti = indicators[oracle_below(oracle, its_gti ? 4 : 5)];
    a->has_pc = oracle_coin(oracle);
    a->pc = a->has_pc ? oracle_below(oracle, SCCP_POINT_CODE_MAX_ITU + 1) : 0;
    a->has_ssn = oracle_coin(oracle);
    a->ssn = a->has_ssn ? (uint8_t)oracle_below(oracle, 256) : 0;
    a->route_on_ssn = oracle_coin(oracle);
    if (a->gti == 0)
        return;
    draw_digits(oracle, address->digits, its_gti);
    if (sccp_address_set_digits(a, address->digits, address->packed) != P7_OK)
        oracle_fault(oracle, "digits %s are refused", address->digits);
    a->translation_type = a->gti != 1 ? (uint8_t)oracle_below(oracle, 256) : 0;
    a->numbering_plan = a->gti > 2 ? (uint8_t)oracle_below(oracle, 16) : 0;
    a->nature_of_address = a->gti == 1 || a->gti == 4 ? (uint8_t)oracle_below(oracle, 128) : 0;
}

void oracle_address_to_its(const struct oracle_address *address, struct osmo_sccp_addr *its)
{
    const struct sccp_address *a = &address->ours;
    memset(its, 0, sizeof(*its));
    its->ri = a->route_on_ssn ? OSMO_SCCP_RI_SSN_PC : OSMO_SCCP_RI_GT;
    its->presence = (a->has_pc ? OSMO_SCCP_ADDR_T_PC : 0u) |
                    (a->has_ssn ? OSMO_SCCP_ADDR_T_SSN : 0u) |
                    (a->gti != 0 ? OSMO_SCCP_ADDR_T_GT : 0u);
    its->pc = a->pc;
    its->ssn = a->ssn;
    its->gt.gti = a->gti;
    its->gt.tt = a->translation_type;
    its->gt.npi = a->numbering_plan;
    its->gt.nai = a->nature_of_address;
    for (size_t i = 0; address->digits[i] != '\0'; i++)
        its->gt.digits[i] =
            address->digits[i] >= 'a' ? (char)(address->digits[i] - 'a' + 'A') : address->digits[i];
}

void oracle_address_compare(struct oracle *oracle, const struct sccp_address *ours,
                            const struct osmo_sccp_addr *its)
{
    ORACLE_EQUAL(oracle, "routing indicator", ours->route_on_ssn, its->ri == OSMO_SCCP_RI_SSN_PC);
    ORACLE_EQUAL(oracle, "point code present", ours->has_pc,
                 (its->presence & OSMO_SCCP_ADDR_T_PC) != 0);
    ORACLE_EQUAL(oracle, "SSN present", ours->has_ssn, (its->presence & OSMO_SCCP_ADDR_T_SSN) != 0);
    ORACLE_EQUAL(oracle, "global title indicator", ours->gti, its->gt.gti);
    if (ours->has_pc)
        ORACLE_EQUAL(oracle, "point code", ours->pc, its->pc);
    if (ours->has_ssn)
        ORACLE_EQUAL(oracle, "SSN", ours->ssn, its->ssn);
    if (ours->gti == 0)
        return;
    if (ours->gti == 1 || ours->gti == 4)
        ORACLE_EQUAL(oracle, "nature of address", ours->nature_of_address, its->gt.nai);
    if (ours->gti != 1)
        ORACLE_EQUAL(oracle, "translation type", ours->translation_type, its->gt.tt);
    if (ours->gti > 2)
        ORACLE_EQUAL(oracle, "numbering plan", ours->numbering_plan, its->gt.npi);
    char digits[DIGITS_TEXT_OCTETS];
    if (sccp_address_digits(ours, digits) != P7_OK || strcasecmp(digits, its->gt.digits) != 0)
        oracle_fault(oracle, "digits: %s here, %s there", digits, its->gt.digits);
}

static void ours_to_it(struct oracle *oracle)
{
    struct oracle_address address;
    oracle_address_draw(oracle, &address, true);
    uint8_t room[LIMIT_SCCP_ADDRESS_OCTETS];
    struct bytes_writer writer = bytes_writer_of(room, room + sizeof(room));
    const enum p7_status status = sccp_address_write(&writer, &address.ours);
    struct osmo_sccp_addr its;
    if (status != P7_OK)
        oracle_fault(oracle, "sccp_address_write: %s", p7_status_text(status));
    else if (osmo_sccp_addr_parse(&its, room, (unsigned)bytes_writer_length(&writer)) < 0)
        oracle_fault(oracle, "it refuses an address of GTI %u", address.ours.gti);
    else
        oracle_address_compare(oracle, &address.ours, &its);
    oracle->ours_read_by_it++;
}

static void its_to_us(struct oracle *oracle)
{
    struct oracle_address address;
    struct osmo_sccp_addr its;
    oracle_address_draw(oracle, &address, true);
    oracle_address_to_its(&address, &its);
    struct msgb *msg = msgb_alloc(64, "address");
    struct sccp_address ours;
    if (osmo_sccp_addr_encode(msg, &its) < 0) {
        oracle_fault(oracle, "it does not encode an address of GTI %u", address.ours.gti);
    } else {
        const enum p7_status status =
            sccp_address_decode(SCCP_ITU, bytes_of(msg->data, msg->len), &ours);
        if (status != P7_OK)
            oracle_fault(oracle, "sccp_address_decode: %s", p7_status_text(status));
        else
            oracle_address_compare(oracle, &ours, &its);
    }
    oracle->its_read_by_us++;
    msgb_free(msg);
}

/* What it refuses by its own rule stays refused: else the comparison above could take it in. */
static void its_refusals(struct oracle *oracle)
{
    struct oracle_address address;
    do {
        oracle_address_draw(oracle, &address, false);
    } while (address.ours.gti != 2);
    uint8_t room[LIMIT_SCCP_ADDRESS_OCTETS];
    struct bytes_writer writer = bytes_writer_of(room, room + sizeof(room));
    struct osmo_sccp_addr its;
    if (sccp_address_write(&writer, &address.ours) != P7_OK ||
        osmo_sccp_addr_parse(&its, room, (unsigned)bytes_writer_length(&writer)) >= 0)
        oracle_fault(oracle, "GTI 2 is not refused any more");
    oracle->refused_by_it++;
}

void oracle_addresses(struct oracle *oracle)
{
    for (int i = 0; i < ORACLE_ROUNDS; i++) {
        ours_to_it(oracle);
        its_to_us(oracle);
    }
    for (int i = 0; i < 100; i++)
        its_refusals(oracle);
    oracle->kinds += 4; /* no title, GTI 1, 3 and 4 */
}
