/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The rows of SCCP: global titles and subsystem management. */
#include <string.h>

#include "config/language/grammar_rows.h"
#include "config/language/language.h"

#define MS_MAX UINT64_C(3600000)

static const struct value_choice indicator_choices[] = {{"gt", 1}, {"ssn", 0}, {NULL, 0}};
static const struct value_choice status_choices[] = {
    {"heed", REMOTE_STATUS_HEED}, {"ignore", REMOTE_STATUS_IGNORE}, {NULL, 0}};

/* --- gtt -------------------------------------------------------------------------------------- */

static enum p7_status gtt_enter(struct grammar_call *call)
{
    struct sccp_settings *sccp = &call->settings->sccp;
    char name[SETTINGS_NAME_OCTETS];
    const enum p7_status status =
        value_parse_name(call->argument[0], name, sizeof(name), call->why);
    if (status != P7_OK)
        return status;
    for (uint32_t i = 0; i < sccp->gtt_count; i++)
        if (strcmp(sccp->gtt[i].name, name) == 0)
            return grammar_fail(call, P7_EXISTS, 0, "this name is a gtt already; take another");
    if (sccp->gtt_count == SETTINGS_GTTS_MAX)
        return grammar_fail(call, P7_FULL, 0, "one gtt too many; at most %d fit",
                            SETTINGS_GTTS_MAX);
    struct gtt_settings *gtt = &sccp->gtt[sccp->gtt_count++];
    value_copy_text(gtt->name, sizeof(gtt->name), name);
    gtt->is_prefix = true;
    call->entered = gtt;
    return P7_OK;
}

static void gtts_write(const void *object, struct grammar_text *text)
{
    const struct sccp_settings *sccp = &((const struct settings *)object)->sccp;
    for (uint32_t i = 0; i < sccp->gtt_count; i++) {
        grammar_text_line(text, "gtt %s", sccp->gtt[i].name);
        grammar_write_node(GRAMMAR_GTT, &sccp->gtt[i], text);
    }
}

/* "46701*", "*" or a whole number. */
static enum p7_status digits_set(struct grammar_call *call)
{
    struct gtt_settings *gtt = call->object;
    char word[LIMIT_DIGITS + 2];
    char digits[LIMIT_DIGITS + 1] = "";
    const size_t length = strlen(call->argument[0]);
    if (length >= sizeof(word))
        return grammar_fail(call, P7_RANGE, 0, "a title has at most %d digits; shorten it",
                            LIMIT_DIGITS);
    memcpy(word, call->argument[0], length + 1);
    const bool is_prefix = word[length - 1] == '*';
    if (is_prefix)
        word[length - 1] = '\0';
    if (word[0] != '\0') {
        const enum p7_status status = value_parse_digits(word, digits, sizeof(digits), call->why);
        if (status != P7_OK)
            return status;
    }
    value_copy_text(gtt->digits, sizeof(gtt->digits), digits);
    gtt->is_prefix = is_prefix;
    return P7_OK;
}

static void digits_write(const void *object, struct grammar_text *text)
{
    const struct gtt_settings *gtt = object;
    grammar_text_line(text, "match digits %s%s", gtt->digits, gtt->is_prefix ? "*" : "");
}

static enum p7_status route_set(struct grammar_call *call)
{
    struct gtt_settings *gtt = call->object;
    struct gtt_route_settings route = {.point_code = 0};
    char name[SETTINGS_NAME_OCTETS];
    uint32_t on_gt = 0;
    enum p7_status status = value_parse_name(call->argument[0], name, sizeof(name), call->why);
    if (status != P7_OK)
        return status;
    value_copy_text(route.as, sizeof(route.as), name);
    status = value_parse_point_code(call, 1, &route.point_code);
    if (status != P7_OK)
        return status;
    call->bad_argument = 2;
    status = value_parse_choice(call->argument[2], indicator_choices, &on_gt, call->why);
    if (status != P7_OK)
        return status;
    if (gtt->route_count == SCCP_TRANSLATION_ROUTES_MAX)
        return grammar_fail(call, P7_FULL, 0, "one route too many; a gtt holds at most %d",
                            SCCP_TRANSLATION_ROUTES_MAX);
    route.on_gt = on_gt == 1;
    gtt->route[gtt->route_count++] = route;
    return P7_OK;
}

static void routes_write(const void *object, struct grammar_text *text)
{
    const struct gtt_settings *gtt = object;
    for (uint32_t i = 0; i < gtt->route_count; i++) {
        const struct gtt_route_settings *route = &gtt->route[i];
        char pc[POINT_CODE_TEXT_OCTETS];
        grammar_text_line(text, "route as %s pc %s on %s", route->as,
                          point_code_text(text->point_codes, route->point_code, pc),
                          value_choice_word(indicator_choices, route->on_gt ? 1 : 0));
    }
}

static enum p7_status replace_set(struct grammar_call *call)
{
    struct gtt_settings *gtt = call->object;
    char digits[LIMIT_DIGITS + 1] = "";
    if (strcmp(call->argument[0], "none") != 0) {
        const enum p7_status status =
            value_parse_digits(call->argument[0], digits, sizeof(digits), call->why);
        if (status != P7_OK)
            return status;
    }
    value_copy_text(gtt->replacement, sizeof(gtt->replacement), digits);
    gtt->replaces = true;
    return P7_OK;
}

static void replace_write(const void *object, struct grammar_text *text)
{
    const struct gtt_settings *gtt = object;
    if (gtt->replaces)
        grammar_text_line(text, "replace %s",
                          gtt->replacement[0] == '\0' ? "none" : gtt->replacement);
}

/* --- subsystem management --------------------------------------------------------------------- */

static enum p7_status concerned_set(struct grammar_call *call)
{
    struct sccp_settings *sccp = &call->settings->sccp;
    uint32_t pc = 0;
    const enum p7_status status = value_parse_point_code(call, 0, &pc);
    if (status != P7_OK)
        return status;
    for (uint32_t i = 0; i < sccp->concerned_count; i++)
        if (sccp->concerned[i] == pc)
            return grammar_fail(call, P7_EXISTS, 0,
                                "this point code stands here already; leave it out");
    if (sccp->concerned_count == SCCP_MANAGER_CONCERNED_MAX)
        return grammar_fail(call, P7_FULL, 0, "one point code too many; at most %d fit",
                            SCCP_MANAGER_CONCERNED_MAX);
    sccp->concerned[sccp->concerned_count++] = pc;
    return P7_OK;
}

static void concerned_write(const void *object, struct grammar_text *text)
{
    const struct sccp_settings *sccp = &((const struct settings *)object)->sccp;
    char pc[POINT_CODE_TEXT_OCTETS];
    for (uint32_t i = 0; i < sccp->concerned_count; i++)
        grammar_text_line(text, "concerned %s",
                          point_code_text(text->point_codes, sccp->concerned[i], pc));
}

/* --- the rows --------------------------------------------------------------------------------- */

#define CS7(kind, words, field, lowest, highest, about)                                            \
    ROW_VALUE(GRAMMAR_CS7, kind, words, struct settings, field, lowest, highest, about)
#define MATCH(words, field, lowest, highest, about)                                                \
    ROW_OPTIONAL(GRAMMAR_GTT, VALUE_U8, words, struct gtt_settings, field, has_##field, lowest,    \
                 highest, about)

const struct grammar_row grammar_sccp[] = {
    ROW_ENTER(GRAMMAR_CS7, GRAMMAR_GTT, "gtt NAME", gtt_enter, gtts_write,
              "Where global titles lead, or which are ours: the longest match counts"),
    ROW_CUSTOM(GRAMMAR_GTT, "match digits DIGITS", digits_set, digits_write,
               "Titles that begin so (46701*), the one title (46701) or all (*, the default)"),
    MATCH("match gti N", gti, 1, 4, "Global title indicator; any when not given"),
    MATCH("match translation-type N", translation_type, 0, 255, "Any when not given"),
    MATCH("match numbering-plan N", numbering_plan, 0, 15,
          "1 is E.164, 7 is E.214; any when not given"),
    MATCH("match nature N", nature_of_address, 0, 127,
          "Nature of address: 3 national, 4 international; any when not given"),
    ROW_FLAG(GRAMMAR_GTT, VALUE_TRUE, "route local", struct gtt_settings, is_local,
             "The title is ours; titles without a gtt are not, then"),
    ROW_CUSTOM(GRAMMAR_GTT, "route as NAME pc PC on KIND", route_set, routes_write,
               "The title leads there, on gt or on ssn; further lines are backups"),
    MATCH("ssn N", ssn, 2, 254, "The subsystem that the title means; its own when not given"),
    ROW_CUSTOM(GRAMMAR_GTT, "replace DIGITS", replace_set, replace_write,
               "What stands for the matched digits from there; none takes them off"),
    ROW_CUSTOM(GRAMMAR_CS7, "concerned PC", concerned_set, concerned_write,
               "A point code that is told when our subsystem goes or comes (SSP, SSA)"),
    ROW_OPTIONAL(GRAMMAR_CS7, VALUE_POINT_CODE, "replicate PC", struct settings, sccp.replicate_pc,
                 sccp.has_replicate_pc, 1, UINT32_MAX,
                 "The node that takes over for us: asked before we go out of service (SOR)"),
    ROW_CHOICE(GRAMMAR_CS7, "remote-subsystem-status KIND", struct settings, sccp.remote_status,
               status_choices,
               "heed sends nothing to what is out of service or congested; ignore does"),
    CS7(VALUE_MS32, "subsystem-test interval MS", sccp.t_stat_info_ms, 100, MS_MAX,
        "T(stat.info): first pause before a subsystem out of service is tested (SST)"),
    CS7(VALUE_MS32, "subsystem-test interval-max MS", sccp.t_stat_info_max_ms, 100, MS_MAX,
        "The pause doubles up to this"),
    CS7(VALUE_MS32, "timer coord-chg MS", sccp.t_coord_chg_ms, 100, MS_MAX,
        "T(coord.chg): wait for the replicate's grant (SOG)"),
    CS7(VALUE_MS32, "timer ignore-sst MS", sccp.t_ignore_sst_ms, 100, MS_MAX,
        "T(ignore SST): from the grant until we are out of service"),
};
const uint32_t grammar_sccp_count = sizeof(grammar_sccp) / sizeof(grammar_sccp[0]);
