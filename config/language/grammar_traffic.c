/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The rows of simulator and responder. */
#include <inttypes.h>
#include <string.h>

#include "config/language/grammar_model.h"
#include "config/language/grammar_rows.h"
#include "config/language/language.h"

#define DAY_MS         UINT64_C(86400000)
#define YEAR_MS        (366 * DAY_MS)
#define COUNT_MAX      UINT64_C(100000000)
#define WEIGHT_MAX     UINT64_C(1000000)
#define FAULT_MAX      UINT64_C(100000)
#define DUPLICATES_MAX UINT64_C(16777216)
#define REPEATS_MAX    1000
#define LOADS_PER_LINE 8

static const struct value_choice arrival_choices[] = {
    {"constant", FLOW_ARRIVAL_CONSTANT}, {"poisson", FLOW_ARRIVAL_POISSON}, {NULL, 0}};
static const struct value_choice model_choices[] = {{"oneshot", CALL_MODEL_ONESHOT},
                                                    {"call", CALL_MODEL_CALL},
                                                    {"event", CALL_MODEL_EVENT},
                                                    {NULL, 0}};
static const struct value_choice call_end_choices[] = {
    {"release", CALL_END_RELEASE}, {"continue", CALL_END_CONTINUE}, {NULL, 0}};
static const struct value_choice policy_choices[] = {{"active", TARGET_POLICY_ACTIVE},
                                                     {"round-robin", TARGET_POLICY_ROUND_ROBIN},
                                                     {"both", TARGET_POLICY_BOTH},
                                                     {NULL, 0}};
/* The responder takes an initialDP by its service key: see its oneshot service-key. */
static const uint32_t service_keys[] = {
    [CALL_MODEL_ONESHOT] = 1, [CALL_MODEL_CALL] = 100, [CALL_MODEL_EVENT] = 101};
_Static_assert(sizeof(enum flow_arrival) == sizeof(uint32_t) &&
                   sizeof(enum target_policy) == sizeof(uint32_t) &&
                   sizeof(enum call_end) == sizeof(uint32_t) &&
                   sizeof(enum call_model_kind) == sizeof(uint32_t),
               "VALUE_CHOICE keeps enums as 32 bits");

/* --- simulator ------------------------------------------------------------------------------- */

static enum p7_status itself_enter(struct grammar_call *call)
{
    call->entered = call->settings;
    return P7_OK;
}

static void simulator_write(const void *object, struct grammar_text *text)
{
    grammar_text_line(text, "simulator");
    grammar_write_node(GRAMMAR_SIMULATOR, object, text);
}

static void responder_write(const void *object, struct grammar_text *text)
{
    grammar_text_line(text, "responder");
    grammar_write_node(GRAMMAR_RESPONDER, object, text);
}

/* FIRST COUNT, of subscribers and of accounts. */
static enum p7_status range_set(struct grammar_call *call, char *first, uint32_t *count)
{
    char digits[LIMIT_DIGITS + 1];
    uint64_t number = 0;
    enum p7_status status =
        value_parse_digits(call->argument[0], digits, sizeof(digits), call->why);
    if (status != P7_OK)
        return status;
    call->bad_argument = 1;
    status = value_parse_number(call->argument[1], 1, COUNT_MAX, &number, call->why);
    if (status != P7_OK)
        return status;
    value_copy_text(first, LIMIT_DIGITS + 1, digits);
    *count = (uint32_t)number;
    return P7_OK;
}

static enum p7_status subscribers_set(struct grammar_call *call)
{
    struct simulator_settings *simulator = &call->settings->simulator;
    return range_set(call, simulator->subscriber_first, &simulator->subscriber_count);
}

static void subscribers_write(const void *object, struct grammar_text *text)
{
    const struct settings *settings = object;
    grammar_text_line(text, "subscribers %s %" PRIu32, settings->simulator.subscriber_first,
                      settings->simulator.subscriber_count);
}

static enum p7_status loads_set(struct grammar_call *call)
{
    struct simulator_settings *simulator = &call->settings->simulator;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        double load = 0;
        call->bad_argument = i;
        const enum p7_status status = value_parse_rate(call->argument[i], &load, call->why);
        if (status != P7_OK)
            return status;
        if (!(load > 0))
            return grammar_fail(call, P7_RANGE, i, "no load; write starts per second above 0");
        for (uint32_t j = 0; j < simulator->load_count; j++)
            if (simulator->load_per_s[j] == load)
                return grammar_fail(call, P7_EXISTS, i,
                                    "this load stands here already; leave it out, repeats runs it "
                                    "several times");
        if (simulator->load_count == SETTINGS_LOADS_MAX)
            return grammar_fail(call, P7_FULL, i, "one load too many; a campaign holds at most %d",
                                SETTINGS_LOADS_MAX);
        simulator->load_per_s[simulator->load_count++] = load;
    }
    return P7_OK;
}

/* Several lines: 32 rates of 17 digits are longer than a line may be. */
static void loads_write(const void *object, struct grammar_text *text)
{
    const struct simulator_settings *simulator = &((const struct settings *)object)->simulator;
    for (uint32_t from = 0; from < simulator->load_count; from += LOADS_PER_LINE) {
        char line[LOADS_PER_LINE * VALUE_RATE_OCTETS] = "";
        size_t at = 0;
        for (uint32_t i = from; i < from + LOADS_PER_LINE && i < simulator->load_count; i++) {
            char rate[VALUE_RATE_OCTETS];
            at += (size_t)snprintf(line + at, sizeof(line) - at, " %s",
                                   value_rate_text(simulator->load_per_s[i], rate, sizeof(rate)));
        }
        grammar_text_line(text, "loads%s", line);
    }
}

/* --- target ---------------------------------------------------------------------------------- */

static enum p7_status target_enter(struct grammar_call *call)
{
    struct simulator_settings *simulator = &call->settings->simulator;
    char name[SETTINGS_NAME_OCTETS];
    const enum p7_status status =
        value_parse_name(call->argument[0], name, sizeof(name), call->why);
    if (status != P7_OK)
        return status;
    if (settings_find_target(call->settings, name) != NULL)
        return grammar_fail(call, P7_EXISTS, 0, "this name is a target already; take another");
    if (simulator->target_count == SETTINGS_TARGETS_MAX)
        return grammar_fail(call, P7_FULL, 0, "one target too many; at most %d fit",
                            SETTINGS_TARGETS_MAX);
    struct target_settings *target = &simulator->target[simulator->target_count++];
    value_copy_text(target->name, sizeof(target->name), name);
    target->called.ssn = 146; /* CAP */
    target->calling.ssn = 146;
    call->entered = target;
    return P7_OK;
}

static void targets_write(const void *object, struct grammar_text *text)
{
    const struct settings *settings = object;
    for (uint32_t i = 0; i < settings->simulator.target_count; i++) {
        grammar_text_line(text, "target %s", settings->simulator.target[i].name);
        grammar_write_node(GRAMMAR_TARGET, &settings->simulator.target[i], text);
    }
}

static enum p7_status target_as_set(struct grammar_call *call)
{
    struct target_settings *target = call->object;
    char name[SETTINGS_NAME_OCTETS];
    const enum p7_status status =
        value_parse_name(call->argument[0], name, sizeof(name), call->why);
    if (status != P7_OK)
        return status;
    for (uint32_t i = 0; i < target->as_count; i++)
        if (strcmp(target->as[i], name) == 0)
            return grammar_fail(call, P7_EXISTS, 0, "this as stands here already; leave it out");
    if (target->as_count == LIMIT_ASP_PER_AS)
        return grammar_fail(call, P7_FULL, 0, "one as too many; a target holds at most %d",
                            LIMIT_ASP_PER_AS);
    value_copy_text(target->as[target->as_count++], SETTINGS_NAME_OCTETS, name);
    return P7_OK;
}

static void target_as_write(const void *object, struct grammar_text *text)
{
    const struct target_settings *target = object;
    for (uint32_t i = 0; i < target->as_count; i++)
        grammar_text_line(text, "as %s", target->as[i]);
}

/* "N [gt DIGITS] [pc PC]": the words after `ssn`. */
static enum p7_status party_set(struct grammar_call *call, struct sccp_address_settings *address)
{
    struct sccp_address_settings parsed = {0};
    uint64_t ssn = 0;
    enum p7_status status = value_parse_number(call->argument[0], 1, 254, &ssn, call->why);
    parsed.ssn = (uint8_t)ssn;
    for (uint32_t i = 1; status == P7_OK && i < call->argument_count; i += 2) {
        const bool gt = strcmp(call->argument[i], "gt") == 0;
        if (!gt && strcmp(call->argument[i], "pc") != 0)
            return grammar_fail(call, P7_MALFORMED, i, "no such word here; write gt or pc");
        if (i + 1 == call->argument_count)
            return grammar_fail(call, P7_MISSING, i, "a value is missing; write %s",
                                gt ? "gt DIGITS" : "pc PC");
        call->bad_argument = i + 1;
        status = gt ? value_parse_digits(call->argument[i + 1], parsed.global_title,
                                         sizeof(parsed.global_title), call->why)
                    : value_parse_point_code(call, i + 1, &parsed.point_code);
    }
    if (status == P7_OK)
        *address = parsed;
    return status;
}

static enum p7_status called_set(struct grammar_call *call)
{
    struct target_settings *target = call->object;
    return party_set(call, &target->called);
}

static enum p7_status calling_set(struct grammar_call *call)
{
    struct target_settings *target = call->object;
    return party_set(call, &target->calling);
}

static void party_write(const char *word, const struct sccp_address_settings *address,
                        struct grammar_text *text)
{
    char pc[POINT_CODE_TEXT_OCTETS] = "";
    if (address->point_code != 0)
        (void)point_code_text(text->point_codes, address->point_code, pc);
    grammar_text_line(text, "%s ssn %u%s%s%s%s", word, address->ssn,
                      address->global_title[0] != '\0' ? " gt " : "", address->global_title,
                      pc[0] != '\0' ? " pc " : "", pc);
}

static void called_write(const void *object, struct grammar_text *text)
{
    const struct target_settings *target = object;
    party_write("called", &target->called, text);
}

static void calling_write(const void *object, struct grammar_text *text)
{
    const struct target_settings *target = object;
    party_write("calling", &target->calling, text);
}

/* --- model ----------------------------------------------------------------------------------- */

static enum p7_status model_enter(struct grammar_call *call)
{
    struct simulator_settings *simulator = &call->settings->simulator;
    char name[SETTINGS_NAME_OCTETS];
    uint32_t kind = 0;
    enum p7_status status = value_parse_name(call->argument[0], name, sizeof(name), call->why);
    if (status != P7_OK)
        return status;
    call->bad_argument = 1;
    status = value_parse_choice(call->argument[1], model_choices, &kind, call->why);
    if (status != P7_OK)
        return status;
    if (settings_find_model(call->settings, name) != NULL)
        return grammar_fail(call, P7_EXISTS, 0, "this name is a model already; take another");
    if (simulator->model_count == SETTINGS_MODELS_MAX)
        return grammar_fail(call, P7_FULL, 0, "one model too many; at most %d fit",
                            SETTINGS_MODELS_MAX);
    struct call_model_settings *model = &simulator->model[simulator->model_count++];
    value_copy_text(model->name, sizeof(model->name), name);
    model->kind = (enum call_model_kind)kind;
    model->cap_version = kind == CALL_MODEL_EVENT ? 3 : 2;
    model->service_key = service_keys[kind];
    model->answer_delay_ms = 2000;
    model->duration_ms = 60000;
    call->entered = model;
    return P7_OK;
}

static void models_write(const void *object, struct grammar_text *text)
{
    const struct settings *settings = object;
    for (uint32_t i = 0; i < settings->simulator.model_count; i++) {
        const struct call_model_settings *model = &settings->simulator.model[i];
        grammar_text_line(text, "model %s %s", model->name,
                          value_choice_word(model_choices, model->kind));
        grammar_write_node(GRAMMAR_MODEL, model, text);
    }
}

/* --- flow ------------------------------------------------------------------------------------ */

static enum p7_status flow_enter(struct grammar_call *call)
{
    struct simulator_settings *simulator = &call->settings->simulator;
    char name[SETTINGS_NAME_OCTETS];
    const enum p7_status status =
        value_parse_name(call->argument[0], name, sizeof(name), call->why);
    if (status != P7_OK)
        return status;
    for (uint32_t i = 0; i < simulator->flow_count; i++)
        if (strcmp(simulator->flow[i].name, name) == 0)
            return grammar_fail(call, P7_EXISTS, 0, "this name is a flow already; take another");
    if (simulator->flow_count == SETTINGS_FLOWS_MAX)
        return grammar_fail(call, P7_FULL, 0, "one flow too many; at most %d fit",
                            SETTINGS_FLOWS_MAX);
    struct flow_settings *flow = &simulator->flow[simulator->flow_count++];
    value_copy_text(flow->name, sizeof(flow->name), name);
    call->entered = flow;
    return P7_OK;
}

static void flows_write(const void *object, struct grammar_text *text)
{
    const struct settings *settings = object;
    for (uint32_t i = 0; i < settings->simulator.flow_count; i++) {
        grammar_text_line(text, "flow %s", settings->simulator.flow[i].name);
        grammar_write_node(GRAMMAR_FLOW, &settings->simulator.flow[i], text);
    }
}

static enum p7_status mix_set(struct grammar_call *call)
{
    struct flow_settings *flow = call->object;
    char name[SETTINGS_NAME_OCTETS];
    uint64_t weight = 0;
    enum p7_status status = value_parse_name(call->argument[0], name, sizeof(name), call->why);
    if (status != P7_OK)
        return status;
    call->bad_argument = 1;
    status = value_parse_number(call->argument[1], 1, WEIGHT_MAX, &weight, call->why);
    if (status != P7_OK)
        return status;
    for (uint32_t i = 0; i < flow->mix_count; i++)
        if (strcmp(flow->mix[i].model, name) == 0)
            return grammar_fail(call, P7_EXISTS, 0,
                                "this model is in the mix; add its weight there");
    if (flow->mix_count == SETTINGS_MIX_MAX)
        return grammar_fail(call, P7_FULL, 0, "one model too many; a mix holds at most %d",
                            SETTINGS_MIX_MAX);
    value_copy_text(flow->mix[flow->mix_count].model, SETTINGS_NAME_OCTETS, name);
    flow->mix[flow->mix_count++].weight = (uint32_t)weight;
    return P7_OK;
}

static void mix_write(const void *object, struct grammar_text *text)
{
    const struct flow_settings *flow = object;
    for (uint32_t i = 0; i < flow->mix_count; i++)
        grammar_text_line(text, "mix %s %" PRIu32, flow->mix[i].model, flow->mix[i].weight);
}

/* --- responder ------------------------------------------------------------------------------- */

static enum p7_status accounts_set(struct grammar_call *call)
{
    struct responder_settings *responder = &call->settings->responder;
    uint64_t balance = 0;
    enum p7_status status =
        value_parse_number(call->argument[2], 0, INT64_MAX, &balance, call->why);
    if (status != P7_OK) {
        call->bad_argument = 2;
        return status;
    }
    status = range_set(call, responder->account_first, &responder->account_count);
    if (status == P7_OK)
        responder->account_balance = balance;
    return status;
}

static void accounts_write(const void *object, struct grammar_text *text)
{
    const struct settings *settings = object;
    grammar_text_line(text, "accounts %s %" PRIu32 " balance %" PRIu64,
                      settings->responder.account_first, settings->responder.account_count,
                      settings->responder.account_balance);
}

static enum p7_status fault_delay_set(struct grammar_call *call)
{
    struct fault_settings *fault = &call->settings->responder.fault;
    uint64_t weight = 0;
    uint64_t ms = 0;
    enum p7_status status = value_parse_number(call->argument[0], 0, FAULT_MAX, &weight, call->why);
    if (status != P7_OK)
        return status;
    call->bad_argument = 1;
    status = value_parse_time(call->argument[1], true, 0, DAY_MS, &ms, call->why);
    if (status != P7_OK)
        return status;
    fault->delay_weight = (uint32_t)weight;
    fault->delay_ms = (uint32_t)ms;
    return P7_OK;
}

static void fault_delay_write(const void *object, struct grammar_text *text)
{
    const struct settings *settings = object;
    grammar_text_line(text, "fault delay %" PRIu32 " %" PRIu32,
                      settings->responder.fault.delay_weight, settings->responder.fault.delay_ms);
}

/* --- the rows -------------------------------------------------------------------------------- */

#define SIMULATOR(kind, words, field, lowest, highest, about)                                      \
    ROW_VALUE(GRAMMAR_SIMULATOR, kind, words, struct settings, simulator.field, lowest, highest,   \
              about)
#define SIMULATOR_TEXT(kind, words, field, about)                                                  \
    ROW_TEXT(GRAMMAR_SIMULATOR, kind, words, struct settings, simulator.field, about)
#define MODEL(kind, words, field, lowest, highest, about)                                          \
    ROW_VALUE(GRAMMAR_MODEL, kind, words, struct call_model_settings, field, lowest, highest, about)
#define RESPONDER(kind, words, field, lowest, highest, about)                                      \
    ROW_VALUE(GRAMMAR_RESPONDER, kind, words, struct settings, responder.field, lowest, highest,   \
              about)

const struct grammar_row grammar_traffic[] = {
    ROW_ENTER(GRAMMAR_TOP, GRAMMAR_SIMULATOR, "simulator", itself_enter, simulator_write,
              "What pulse7-simulator does"),
    SIMULATOR_TEXT(VALUE_NAME, "name NAME", name, "Name of the run"),
    SIMULATOR(VALUE_U64, "seed N", seed, 0, UINT64_MAX, "Of the schedule and all that is drawn"),
    SIMULATOR(VALUE_TIME64, "duration TIME", duration_ms, 0, YEAR_MS,
              "Length of each run, warm-up included; 0: until stopped"),
    SIMULATOR(VALUE_TIME64, "warmup TIME", warmup_ms, 0, DAY_MS,
              "Start of the run that is left out of the steady-state statistics"),
    SIMULATOR(VALUE_TIME32, "interval TIME", interval_ms, 100, DAY_MS, "Of the statistics table"),
    SIMULATOR(VALUE_TIME32, "timeout TIME", timeout_ms, 1, DAY_MS,
              "After which a request without a reply has failed"),
    SIMULATOR(VALUE_TIME32, "retransmit-after TIME", retransmit_after_ms, 0, DAY_MS,
              "After which a request is sent again with the same identity; 0: never"),
    SIMULATOR(VALUE_U32, "attempts N", attempts, 1, 255, "Sends of one request at most"),
    SIMULATOR(VALUE_U32, "dialogues N", dialogues_max, 1, LIMIT_DIALOGUES,
              "Open dialogues at most: memory is taken for them"),
    SIMULATOR_TEXT(VALUE_TEXT, "out .DIR", out,
                   "Run directory, or that of a campaign's runs; runs/TIME-NAME when not given"),
    ROW_CUSTOM(GRAMMAR_SIMULATOR, "loads .R [R...]", loads_set, loads_write,
               "A campaign: a run for each of these starts per second of all flows, in this order"),
    SIMULATOR(VALUE_U32, "repeats N", repeats, 1, REPEATS_MAX, "Runs of each load"),
    SIMULATOR(VALUE_TIME32, "rest TIME", rest_ms, 0, DAY_MS, "Between two runs of a campaign"),
    ROW_OPTIONAL(GRAMMAR_SIMULATOR, VALUE_U64, "threshold failed N", struct settings,
                 simulator.failed_threshold, simulator.has_failed_threshold, 0, UINT32_MAX,
                 "Failed requests above N break the threshold: exit code 1 (default 0)"),
    ROW_FLAG(GRAMMAR_SIMULATOR, VALUE_FALSE, "no threshold failed", struct settings,
             simulator.has_failed_threshold, "Any number of failed requests is good"),
    ROW_FLAG(GRAMMAR_SIMULATOR, VALUE_TRUE, "realtime", struct settings, simulator.realtime,
             "Gives the traffic thread real-time priority, where that is permitted"),
    ROW_FLAG(GRAMMAR_SIMULATOR, VALUE_FALSE, "no realtime", struct settings, simulator.realtime,
             "Leaves the traffic thread's priority alone (the default)"),
    ROW_FLAG(GRAMMAR_SIMULATOR, VALUE_TRUE, "record requests", struct settings,
             simulator.record_requests, "Writes requests.csv (the default)"),
    ROW_FLAG(GRAMMAR_SIMULATOR, VALUE_FALSE, "no record requests", struct settings,
             simulator.record_requests, "Writes no requests.csv"),
    ROW_FLAG(GRAMMAR_SIMULATOR, VALUE_TRUE, "journal durable", struct settings,
             simulator.journal_durable,
             "Writes journal.csv, synced to the disk every 100 ms; implies record requests"),
    ROW_FLAG(GRAMMAR_SIMULATOR, VALUE_FALSE, "no journal durable", struct settings,
             simulator.journal_durable, "Writes no journal.csv (the default)"),
    ROW_CUSTOM(GRAMMAR_SIMULATOR, "subscribers FIRST COUNT", subscribers_set, subscribers_write,
               "Calling numbers: a first one and how many follow it"),
    SIMULATOR_TEXT(VALUE_TEXT, "subscribers csv .FILE", subscriber_csv,
                   "Calling numbers, IMSIs and parameters from a file with a header of columns"),
    SIMULATOR_TEXT(VALUE_DIGITS, "imsi FIRST", imsi_first, "IMSI of the first subscriber"),
    SIMULATOR_TEXT(VALUE_DIGITS, "called NUMBER", called_party, "Called party number"),
    SIMULATOR_TEXT(VALUE_DIGITS, "msc NUMBER", msc_address,
                   "Address of the simulated MSC, VLR and SMS centre"),
    ROW_ENTER(GRAMMAR_SIMULATOR, GRAMMAR_TARGET, "target NAME", target_enter, targets_write,
              "A system under test"),
    ROW_CUSTOM(GRAMMAR_TARGET, "as NAME", target_as_set, target_as_write,
               "An as that leads there; several for the nodes of a cluster"),
    ROW_CHOICE(GRAMMAR_TARGET, "policy KIND", struct target_settings, policy, policy_choices,
               "Which as a request takes: active, round-robin or both (at once)"),
    ROW_CUSTOM(GRAMMAR_TARGET, "called ssn .N [gt DIGITS] [pc PC]", called_set, called_write,
               "SCCP called address"),
    ROW_CUSTOM(GRAMMAR_TARGET, "calling ssn .N [gt DIGITS] [pc PC]", calling_set, calling_write,
               "SCCP calling address"),
    ROW_ENTER(GRAMMAR_SIMULATOR, GRAMMAR_MODEL, "model NAME KIND", model_enter, models_write,
              "What a flow starts: oneshot, call or event"),
    MODEL(VALUE_U8, "cap VERSION", cap_version, 2, 3, "CAP phase; an event is always CAPv3 SMS"),
    MODEL(VALUE_U32, "service-key N", service_key, 0, INT32_MAX,
          "serviceKey of initialDP; 1 for oneshot, 100 for call, 101 for event when not given"),
    MODEL(VALUE_TIME32, "answer-delay TIME", answer_delay_ms, 0, DAY_MS,
          "call: from the reply to initialDP to oAnswer"),
    ROW_CUSTOM(GRAMMAR_MODEL, "duration .TIME [exponential]", model_duration_set,
               model_duration_write, "call: from oAnswer to oDisconnect, or its mean"),
    ROW_CUSTOM(GRAMMAR_MODEL, "outcome WHAT WEIGHT", model_outcome_set, model_outcome_write,
               "call: answered, abandon, busy, no-answer or route-failure, and its share"),
    MODEL(VALUE_U32, "called-disconnects PERCENT", called_disconnects_percent, 0, 100,
          "call: conversations that the called party ends (leg 2)"),
    ROW_CUSTOM(GRAMMAR_MODEL, "parameter NAME .VALUE", model_parameter_set, model_parameter_write,
               "A parameter of initialDP by its name in TS 29.078; ${column} is the subscriber's"),
    ROW_CUSTOM(GRAMMAR_MODEL, "no parameter NAME", model_no_parameter_set, NULL,
               "Leaves a parameter out"),
    ROW_FLAG(GRAMMAR_MODEL, VALUE_TRUE, "mobile-terminated", struct call_model_settings,
             mobile_terminated, "initialDP of a terminating call"),
    ROW_FLAG(GRAMMAR_MODEL, VALUE_FALSE, "no mobile-terminated", struct call_model_settings,
             mobile_terminated, "initialDP of an originating call (the default)"),
    ROW_FLAG(GRAMMAR_MODEL, VALUE_TRUE, "prearranged-end", struct call_model_settings,
             prearranged_end, "oneshot: a CONTINUE in reply ends the dialogue on both sides"),
    ROW_FLAG(GRAMMAR_MODEL, VALUE_FALSE, "no prearranged-end", struct call_model_settings,
             prearranged_end, "oneshot: the reply is an END (the default)"),
    ROW_ENTER(GRAMMAR_SIMULATOR, GRAMMAR_FLOW, "flow NAME", flow_enter, flows_write,
              "A stream of starts towards one target"),
    ROW_TEXT(GRAMMAR_FLOW, VALUE_NAME, "target NAME", struct flow_settings, target,
             "Where it goes"),
    ROW_VALUE(GRAMMAR_FLOW, VALUE_RATE, "rate R", struct flow_settings, rate_per_s, 0, 0,
              "Starts per second"),
    ROW_CHOICE(GRAMMAR_FLOW, "arrival KIND", struct flow_settings, arrival, arrival_choices,
               "constant or poisson"),
    ROW_CUSTOM(GRAMMAR_FLOW, "mix MODEL WEIGHT", mix_set, mix_write,
               "A model and its share among the weights of this flow"),
    ROW_ENTER(GRAMMAR_TOP, GRAMMAR_RESPONDER, "responder", itself_enter, responder_write,
              "What pulse7-responder does"),
    ROW_TEXT(GRAMMAR_RESPONDER, VALUE_NAME, "name NAME", struct settings, responder.name,
             "Name of this node"),
    RESPONDER(VALUE_U8, "ssn N", ssn, 1, 254, "Subsystem that it answers as"),
    ROW_TEXT(GRAMMAR_RESPONDER, VALUE_TEXT, "data .DIR", struct settings, responder.data,
             "Directory for what it writes; nothing is written when not given"),
    RESPONDER(VALUE_TIME32, "interval TIME", interval_ms, 100, DAY_MS, "Of the statistics table"),
    RESPONDER(VALUE_U32, "dialogues N", dialogues_max, 1, LIMIT_DIALOGUES,
              "Open dialogues at most: memory is taken for them"),
    RESPONDER(VALUE_TIME32, "dialogue-timeout TIME", dialogue_timeout_ms, 1, DAY_MS,
              "Silence after which a dialogue is aborted"),
    RESPONDER(VALUE_TIME32, "activity-test TIME", activity_test_ms, 0, DAY_MS,
              "Silence after which the peer of a call is asked by activityTest; 0: never"),
    RESPONDER(VALUE_TIME32, "activity-timeout TIME", activity_timeout_ms, 1000, 10000,
              "For the answer to it; without one the call ends"),
    RESPONDER(VALUE_U32, "duplicates N", duplicates_max, 1, DUPLICATES_MAX,
              "Requests remembered to tell a retransmission"),
    RESPONDER(VALUE_U32, "oneshot service-key N", oneshot_service_key, 0, INT32_MAX,
              "initialDP with this serviceKey is a oneshot request: charged at once, no dialogue"),
    ROW_FLAG(GRAMMAR_RESPONDER, VALUE_TRUE, "oneshot prearranged-end", struct settings,
             responder.oneshot_prearranged,
             "Its reply is a CONTINUE with which both sides end the dialogue"),
    ROW_FLAG(GRAMMAR_RESPONDER, VALUE_FALSE, "no oneshot prearranged-end", struct settings,
             responder.oneshot_prearranged, "Its reply is an END (the default)"),
    ROW_FLAG(GRAMMAR_RESPONDER, VALUE_TRUE, "call-information", struct settings,
             responder.asks_information, "Calls begin with a callInformationRequest"),
    ROW_FLAG(GRAMMAR_RESPONDER, VALUE_FALSE, "no call-information", struct settings,
             responder.asks_information, "They do not (the default)"),
    ROW_FLAG(GRAMMAR_RESPONDER, VALUE_TRUE, "furnish-charging", struct settings,
             responder.furnishes, "Calls begin with a furnishChargingInformation"),
    ROW_FLAG(GRAMMAR_RESPONDER, VALUE_FALSE, "no furnish-charging", struct settings,
             responder.furnishes, "They do not (the default)"),
    ROW_CHOICE(GRAMMAR_RESPONDER, "call-end KIND", struct settings, responder.call_end,
               call_end_choices, "Answer to the event that ends a call: release or continue"),
    ROW_CUSTOM(GRAMMAR_RESPONDER, "accounts FIRST COUNT balance UNITS", accounts_set,
               accounts_write, "Accounts: a first number, how many follow it, units in each"),
    RESPONDER(VALUE_U64, "tariff per-call UNITS", tariff.price_per_call, 0, UINT32_MAX,
              "Price of an answered call"),
    RESPONDER(VALUE_U64, "tariff per-second UNITS", tariff.price_per_second, 0, UINT32_MAX,
              "Price of a second of a call"),
    RESPONDER(VALUE_U64, "tariff per-event UNITS", tariff.price_per_event, 0, UINT32_MAX,
              "Price of an event or oneshot request"),
    RESPONDER(VALUE_TIME32, "tariff slice TIME", tariff.slice_ms, 100, DAY_MS,
              "Time granted at once: maxCallPeriodDuration"),
    RESPONDER(VALUE_U32, "workload cpu US", workload.cpu_us, 0, 10000000,
              "Microseconds burnt per request"),
    RESPONDER(VALUE_OCTETS32, "workload write OCTETS", workload.octets_written, 0, 67108864,
              "Appended to a file per request"),
    RESPONDER(VALUE_U32, "workload dirty PAGES", workload.pages_dirtied, 0, 1000000,
              "Pages of the heap dirtied per request"),
    RESPONDER(VALUE_OCTETS64, "workload heap OCTETS", workload.heap_octets, 0, UINT64_C(1) << 42,
              "Memory resident from the start"),
    RESPONDER(VALUE_U32, "workload workers N", workload.workers, 0, 256,
              "Threads that burn; 0: none, in line"),
    RESPONDER(VALUE_U32, "fault error WEIGHT", fault.error_weight, 0, FAULT_MAX,
              "Answered by an error, of 100000"),
    RESPONDER(VALUE_U32, "fault drop WEIGHT", fault.drop_weight, 0, FAULT_MAX,
              "Not answered, of 100000"),
    ROW_CUSTOM(GRAMMAR_RESPONDER, "fault delay WEIGHT MS", fault_delay_set, fault_delay_write,
               "Answered later, of 100000, and by how much"),
};
const uint32_t grammar_traffic_count = sizeof(grammar_traffic) / sizeof(grammar_traffic[0]);
