/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "config/language/check_problems.h"

static bool match_alike(const struct gtt_settings *a, const struct gtt_settings *b)
{
    return strcmp(a->digits, b->digits) == 0 && a->is_prefix == b->is_prefix &&
           a->has_gti == b->has_gti && a->gti == b->gti &&
           a->has_translation_type == b->has_translation_type &&
           a->translation_type == b->translation_type &&
           a->has_numbering_plan == b->has_numbering_plan &&
           a->numbering_plan == b->numbering_plan &&
           a->has_nature_of_address == b->has_nature_of_address &&
           a->nature_of_address == b->nature_of_address;
}

static void check_gtt(const struct settings *settings, const struct gtt_settings *gtt,
                      struct settings_problems *problems)
{
    if (!gtt->is_local && gtt->route_count == 0)
        check_say(problems, true,
                  "gtt %s: it leads nowhere: write route as NAME pc PC on ssn, or route local",
                  gtt->name);
    if (gtt->is_local && gtt->route_count != 0)
        check_say(problems, true, "gtt %s: it is local and leads elsewhere: leave one of them out",
                  gtt->name);
    if (gtt->is_local && gtt->replaces)
        check_say(problems, false, "gtt %s: replace does nothing with route local", gtt->name);
    for (uint32_t i = 0; i < gtt->route_count; i++)
        if (settings_find_as(settings, gtt->route[i].as) == NULL)
            check_say(problems, true, "gtt %s: there is no as %s: write one, or name another",
                      gtt->name, gtt->route[i].as);
    for (const struct gtt_settings *other = settings->sccp.gtt; other != gtt; other++)
        if (match_alike(other, gtt))
            check_say(problems, true,
                      "gtt %s: gtt %s has the same match and counts alone: make them one, with "
                      "several routes",
                      gtt->name, other->name);
}

void check_titles(const struct settings *settings, struct settings_problems *problems)
{
    const struct sccp_settings *sccp = &settings->sccp;
    for (uint32_t i = 0; i < sccp->gtt_count; i++)
        check_gtt(settings, &sccp->gtt[i], problems);
    if (sccp->t_stat_info_ms > sccp->t_stat_info_max_ms)
        check_say(problems, true,
                  "cs7 instance 0: subsystem-test interval %" PRIu32
                  " is above its interval-max %" PRIu32 ": swap or change them",
                  sccp->t_stat_info_ms, sccp->t_stat_info_max_ms);
}
