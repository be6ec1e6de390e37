/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From gtt entries (names) to the table of global titles (indices). */
#include <string.h>

#include "config/language/language.h"

static uint16_t value_or_any(bool has, uint8_t value)
{
    return has ? value : SCCP_TRANSLATION_ANY;
}

static uint32_t find_as(const struct settings *settings, const char *name)
{
    for (uint32_t i = 0; i < settings->as_count; i++)
        if (strcmp(settings->as[i].name, name) == 0)
            return i;
    return UINT32_MAX;
}

enum p7_status settings_translation(const struct settings *settings,
                                    struct sccp_translation *translation)
{
    memset(translation, 0, sizeof(*translation));
    for (uint32_t i = 0; i < settings->sccp.gtt_count; i++) {
        const struct gtt_settings *gtt = &settings->sccp.gtt[i];
        struct sccp_translation_rule rule = {
            .gti = value_or_any(gtt->has_gti, gtt->gti),
            .translation_type = value_or_any(gtt->has_translation_type, gtt->translation_type),
            .numbering_plan = value_or_any(gtt->has_numbering_plan, gtt->numbering_plan),
            .nature_of_address = value_or_any(gtt->has_nature_of_address, gtt->nature_of_address),
            .is_prefix = gtt->is_prefix,
            .is_local = gtt->is_local,
            .ssn = gtt->has_ssn ? gtt->ssn : 0,
            .replaces = gtt->replaces,
            .route_count = (uint8_t)gtt->route_count,
        };
        memcpy(rule.digits, gtt->digits, sizeof(rule.digits));
        memcpy(rule.replacement, gtt->replacement, sizeof(rule.replacement));
        for (uint32_t r = 0; r < gtt->route_count; r++) {
            rule.route[r] =
                (struct sccp_translation_route){.as = find_as(settings, gtt->route[r].as),
                                                .pc = gtt->route[r].point_code,
                                                .on_gt = gtt->route[r].on_gt};
            if (rule.route[r].as == UINT32_MAX)
                return P7_NOT_FOUND;
        }
        const enum p7_status status = sccp_translation_add(translation, &rule);
        if (status != P7_OK)
            return status;
    }
    return P7_OK;
}

enum p7_status settings_party(const struct settings *settings,
                              const struct sccp_address_settings *address, struct sccp_party *party)
{
    const enum sccp_variant variant = settings->instance.sccp_variant;
    if (address->global_title[0] != '\0')
        return sccp_party_set_gt(party, variant, 0, SCCP_NUMBERING_PLAN_E164,
                                 SCCP_NATURE_INTERNATIONAL, address->global_title, address->ssn);
    return sccp_party_set_ssn(party, variant, address->point_code != 0, address->point_code,
                              address->ssn);
}

const struct sccp_translation_rule *settings_title_rule(const struct settings *settings,
                                                        const struct sccp_translation *translation,
                                                        const struct sccp_address_settings *address)
{
    struct sccp_party party;
    struct sccp_address decoded;
    uint8_t cause = 0;
    if (address->global_title[0] == '\0' || address->point_code != 0 ||
        settings_party(settings, address, &party) != P7_OK ||
        sccp_address_decode(settings->instance.sccp_variant, sccp_party_bytes(&party), &decoded) !=
            P7_OK)
        return NULL;
    const struct sccp_translation_rule *rule = sccp_translation_find(translation, &decoded, &cause);
    return rule != NULL && !rule->is_local ? rule : NULL;
}
