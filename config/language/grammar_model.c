/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Rows of a model. What its parameters say is looked at here, so that an error has its line.
 * Whether the model's phase has the parameter, and the subscribers the column, is known when all
 * lines and the subscribers are read. */
#include <inttypes.h>
#include <string.h>

#include "config/language/grammar_model.h"
#include "config/language/grammar_rows.h"
#include "sigtran/codec/cap_parameter.h"

#define FORM_OCTETS 96
#define DAY_MS      UINT64_C(86400000)
#define WEIGHT_MAX  UINT64_C(1000000)

static const struct value_choice outcome_choices[] = {{"answered", CALL_OUTCOME_ANSWERED},
                                                      {"abandon", CALL_OUTCOME_ABANDON},
                                                      {"busy", CALL_OUTCOME_BUSY},
                                                      {"no-answer", CALL_OUTCOME_NO_ANSWER},
                                                      {"route-failure", CALL_OUTCOME_ROUTE_FAILURE},
                                                      {NULL, 0}};

enum p7_status model_duration_set(struct grammar_call *call)
{
    struct call_model_settings *model = call->object;
    uint64_t ms = 0;
    const bool exponential = call->argument_count > 1;
    const enum p7_status status =
        value_parse_time(call->argument[0], false, 1, DAY_MS, &ms, call->why);
    if (status != P7_OK)
        return status;
    if (call->argument_count > 2 || (exponential && strcmp(call->argument[1], "exponential") != 0))
        return grammar_fail(call, P7_MALFORMED, call->argument_count - 1,
                            "no such word here; write exponential, or nothing");
    model->duration_ms = (uint32_t)ms;
    model->duration_exponential = exponential;
    return P7_OK;
}

void model_duration_write(const void *object, struct grammar_text *text)
{
    const struct call_model_settings *model = object;
    char time[VALUE_TIME_OCTETS];
    grammar_text_line(text, "duration %s%s",
                      value_time_text(model->duration_ms, time, sizeof(time)),
                      model->duration_exponential ? " exponential" : "");
}

enum p7_status model_outcome_set(struct grammar_call *call)
{
    struct call_model_settings *model = call->object;
    uint32_t outcome = 0;
    uint64_t weight = 0;
    enum p7_status status =
        value_parse_choice(call->argument[0], outcome_choices, &outcome, call->why);
    if (status != P7_OK)
        return status;
    call->bad_argument = 1;
    status = value_parse_number(call->argument[1], 0, WEIGHT_MAX, &weight, call->why);
    if (status == P7_OK)
        model->outcome_weight[outcome] = (uint32_t)weight;
    return status;
}

void model_outcome_write(const void *object, struct grammar_text *text)
{
    const struct call_model_settings *model = object;
    for (uint32_t o = 0; o < CALL_OUTCOME_COUNT; o++)
        if (model->outcome_weight[o] != 0)
            grammar_text_line(text, "outcome %s %" PRIu32, value_choice_word(outcome_choices, o),
                              model->outcome_weight[o]);
}

/* --- parameters ------------------------------------------------------------------------------- */

static const struct cap_parameter *find(const struct call_model_settings *model, const char *name)
{
    return cap_parameter_find(name, model->kind == CALL_MODEL_EVENT
                                        ? CAP_PARAMETER_OF_INITIAL_DP_SMS
                                        : CAP_PARAMETER_OF_INITIAL_DP);
}

/* A new entry for the parameter; NULL, and why, when the model can't take one. */
static struct parameter_settings *take_entry(struct grammar_call *call, enum p7_status *status)
{
    struct call_model_settings *model = call->object;
    const char *name = call->argument[0];
    *status = P7_OK;
    for (uint32_t i = 0; i < model->parameter_count; i++)
        if (strcmp(model->parameter[i].name, name) == 0)
            *status = grammar_fail(call, P7_EXISTS, 0,
                                   "the model has a line for this parameter; leave one out");
    if (*status == P7_OK && model->parameter_count == SETTINGS_PARAMETERS_MAX)
        *status = grammar_fail(call, P7_FULL, 0, "one parameter too many; a model holds at most %d",
                               SETTINGS_PARAMETERS_MAX);
    if (*status != P7_OK)
        return NULL;
    struct parameter_settings *entry = &model->parameter[model->parameter_count++];
    value_copy_text(entry->name, sizeof(entry->name), name);
    return entry;
}

static enum p7_status no_such_parameter(struct grammar_call *call)
{
    const struct call_model_settings *model = call->object;
    return grammar_fail(call, P7_NOT_FOUND, 0,
                        "%s has no parameter of this name; docs/configuration.md lists them",
                        model->kind == CALL_MODEL_EVENT ? "initialDPSMS" : "initialDP");
}

enum p7_status model_parameter_set(struct grammar_call *call)
{
    const struct cap_parameter *parameter = find(call->object, call->argument[0]);
    struct cap_parameter_value value;
    char form[FORM_OCTETS];
    const char *text = call->argument[1];
    if (parameter == NULL)
        return no_such_parameter(call);
    cap_parameter_form(parameter, form, sizeof(form));
    if (strlen(text) >= SETTINGS_PARAMETER_OCTETS)
        return grammar_fail(call, P7_RANGE, 1, "longer than %d characters",
                            SETTINGS_PARAMETER_OCTETS - 1);
    if (!cap_parameter_may_be_set(parameter))
        return grammar_fail(call, P7_UNSUPPORTED, 0,
                            "it is made for each call; it can only be left out: no parameter %s",
                            call->argument[0]);
    if (strstr(text, "${") == NULL) {
        const enum p7_status status = cap_parameter_read(parameter, text, &value);
        if (status != P7_OK)
            return grammar_fail(
                call, status, 1, "%s; write %s",
                status == P7_RANGE ? "too long, too short or out of range" : "no such value", form);
    }
    enum p7_status status;
    struct parameter_settings *entry = take_entry(call, &status);
    if (entry != NULL)
        value_copy_text(entry->value, sizeof(entry->value), text);
    return status;
}

enum p7_status model_no_parameter_set(struct grammar_call *call)
{
    const struct cap_parameter *parameter = find(call->object, call->argument[0]);
    if (parameter == NULL)
        return no_such_parameter(call);
    if (!cap_parameter_may_be_omitted(parameter))
        return grammar_fail(call, P7_MISSING, 0, "it is mandatory; leave this line out");
    enum p7_status status;
    struct parameter_settings *entry = take_entry(call, &status);
    if (entry != NULL)
        entry->omitted = true;
    return status;
}

void model_parameter_write(const void *object, struct grammar_text *text)
{
    const struct call_model_settings *model = object;
    for (uint32_t i = 0; i < model->parameter_count; i++) {
        const struct parameter_settings *p = &model->parameter[i];
        if (p->omitted)
            grammar_text_line(text, "no parameter %s", p->name);
        else
            grammar_text_line(text, "parameter %s %s", p->name, p->value);
    }
}
