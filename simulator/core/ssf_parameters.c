/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/core/ssf_parameters.h"

#include <stdio.h>
#include <string.h>

#define FORM_OCTETS 96

/* The texts of one subscriber that every list has. */
struct subscriber_texts {
    const struct subscribers *subscribers;
    uint32_t index;
    struct subscriber numbers;
};

/* --- templates -------------------------------------------------------------------------------- */

/* The name in a `${name}` at `at`, and what is behind it; NULL when it is not closed. */
static const char *take_name(const char *at, char name[SUBSCRIBERS_COLUMN_OCTETS])
{
    const char *start = at + 2;
    const char *end = strchr(start, '}');
    if (end == NULL || end == start || (size_t)(end - start) >= SUBSCRIBERS_COLUMN_OCTETS)
        return NULL;
    memcpy(name, start, (size_t)(end - start));
    name[end - start] = '\0';
    return end + 1;
}

static bool is_number_column(const char *name)
{
    return strcmp(name, "msisdn") == 0 || strcmp(name, "imsi") == 0;
}

static const char *text_of(const struct subscriber_texts *texts, const char *name)
{
    if (strcmp(name, "msisdn") == 0)
        return texts->numbers.msisdn;
    if (strcmp(name, "imsi") == 0)
        return texts->numbers.imsi;
    const uint32_t column = subscribers_column(texts->subscribers, name);
    return column == SUBSCRIBERS_NO_COLUMN
               ? ""
               : subscribers_cell(texts->subscribers, texts->index, column);
}

/* False when it is longer than any value. */
static bool expand(const char *template, const struct subscriber_texts *texts,
                   char text[SSF_TEMPLATE_OCTETS])
{
    char name[SUBSCRIBERS_COLUMN_OCTETS];
    size_t length = 0;
    while (*template != '\0') {
        const bool is_column = strncmp(template, "${", 2) == 0;
        const char *behind = is_column ? take_name(template, name) : template + 1;
        const char *part = is_column ? text_of(texts, name) : template;
        const size_t octets = is_column ? strlen(part) : 1;
        if (length + octets >= SSF_TEMPLATE_OCTETS)
            return false;
        memcpy(text + length, part, octets);
        length += octets;
        template = behind;
    }
    text[length] = '\0';
    return true;
}

/* --- compiling -------------------------------------------------------------------------------- */

static struct ssf_parameter *entry_of(struct ssf_parameters *p,
                                      const struct cap_parameter *parameter)
{
    for (uint32_t i = 0; i < p->count; i++)
        if (p->entry[i].parameter == parameter)
            return &p->entry[i];
    return p->count == SSF_PARAMETERS_MAX ? NULL : &p->entry[p->count++];
}

static void add_columns(struct ssf_parameters *p, enum cap_phase phase,
                        const struct subscribers *subscribers)
{
    for (uint32_t c = 0; c < subscribers->column_count; c++) {
        const struct cap_parameter *parameter =
            cap_parameter_find(subscribers->column[c], p->argument);
        if (parameter == NULL || !cap_parameter_in_phase(parameter, phase) ||
            !cap_parameter_may_be_set(parameter))
            continue;
        struct ssf_parameter *entry = entry_of(p, parameter);
        if (entry != NULL)
            *entry =
                (struct ssf_parameter){.parameter = parameter, .source = SSF_CELL, .column = c};
    }
}

static enum p7_status check_template(const char *value, const struct subscribers *subscribers,
                                     char *problem)
{
    char name[SUBSCRIBERS_COLUMN_OCTETS];
    for (const char *at = strstr(value, "${"); at != NULL; at = strstr(at, "${")) {
        at = take_name(at, name);
        if (at == NULL) {
            (void)snprintf(problem, SSF_PARAMETERS_PROBLEM,
                           "%s: a ${ without a name and }; write ${column}", value);
            return P7_MALFORMED;
        }
        if (!is_number_column(name) &&
            subscribers_column(subscribers, name) == SUBSCRIBERS_NO_COLUMN) {
            (void)snprintf(problem, SSF_PARAMETERS_PROBLEM,
                           "${%s}: the subscribers have no such column; name one of the header of "
                           "subscribers csv, msisdn or imsi",
                           name);
            return P7_NOT_FOUND;
        }
    }
    return P7_OK;
}

static enum p7_status fail_value(const struct cap_parameter *parameter, enum p7_status status,
                                 const char *where, const char *value, char *problem)
{
    char form[FORM_OCTETS];
    cap_parameter_form(parameter, form, sizeof(form));
    (void)snprintf(problem, SSF_PARAMETERS_PROBLEM, "%s%s \"%.60s\": %s; write %s", where,
                   cap_parameter_name(parameter), value,
                   status == P7_RANGE ? "too long, too short or out of range" : "no such value",
                   form);
    return status;
}

static enum p7_status add_row(struct ssf_parameters *p, enum cap_phase phase,
                              const struct ssf_parameter_row *row,
                              const struct subscribers *subscribers, char *problem)
{
    const struct cap_parameter *parameter = cap_parameter_find(row->name, p->argument);
    if (parameter == NULL || !cap_parameter_in_phase(parameter, phase)) {
        (void)snprintf(
            problem, SSF_PARAMETERS_PROBLEM,
            "parameter %s: %s has none of this name in CAP phase %d; docs/configuration.md "
            "lists them",
            row->name, p->argument == CAP_PARAMETER_OF_INITIAL_DP ? "initialDP" : "initialDPSMS",
            (int)phase);
        return parameter == NULL ? P7_NOT_FOUND : P7_UNSUPPORTED;
    }
    struct ssf_parameter made = {.parameter = parameter, .source = SSF_OMITTED};
    enum p7_status status = P7_OK;
    if (row->value == NULL) {
        if (!cap_parameter_may_be_omitted(parameter)) {
            (void)snprintf(problem, SSF_PARAMETERS_PROBLEM,
                           "no parameter %s: it is mandatory; leave this line out", row->name);
            return P7_MISSING;
        }
    } else if (strstr(row->value, "${") != NULL) {
        made.source = SSF_TEMPLATE;
        status = check_template(row->value, subscribers, problem);
        (void)snprintf(made.text, sizeof(made.text), "%s", row->value);
    } else {
        made.source = SSF_FIXED;
        status = cap_parameter_read(parameter, row->value, &made.value);
        if (status != P7_OK)
            return fail_value(parameter, status, "parameter ", row->value, problem);
    }
    if (status != P7_OK)
        return status;
    struct ssf_parameter *entry = entry_of(p, parameter);
    if (entry == NULL) {
        (void)snprintf(problem, SSF_PARAMETERS_PROBLEM, "parameter %s: one too many", row->name);
        return P7_FULL;
    }
    *entry = made;
    return P7_OK;
}

enum p7_status ssf_parameters_compile(struct ssf_parameters *parameters,
                                      enum cap_parameter_argument argument, enum cap_phase phase,
                                      const struct ssf_parameter_row *rows, uint32_t row_count,
                                      const struct subscribers *subscribers,
                                      char problem[SSF_PARAMETERS_PROBLEM])
{
    parameters->argument = argument;
    parameters->count = 0;
    add_columns(parameters, phase, subscribers);
    for (uint32_t i = 0; i < row_count; i++) {
        const enum p7_status status = add_row(parameters, phase, &rows[i], subscribers, problem);
        if (status != P7_OK)
            return status;
    }
    return P7_OK;
}

/* --- values ----------------------------------------------------------------------------------- */

static bool depends_on_subscriber(const struct ssf_parameter *entry)
{
    return entry->source == SSF_CELL || entry->source == SSF_TEMPLATE;
}

/* The entry's text for the subscriber; NULL when it can't be one of any parameter. */
static const char *entry_text(const struct ssf_parameter *entry,
                              const struct subscriber_texts *texts, char room[SSF_TEMPLATE_OCTETS])
{
    if (entry->source == SSF_CELL)
        return subscribers_cell(texts->subscribers, texts->index, entry->column);
    return expand(entry->text, texts, room) ? room : NULL;
}

static enum p7_status verify_one(const struct ssf_parameters *parameters,
                                 const struct subscriber_texts *texts, char *problem)
{
    for (uint32_t i = 0; i < parameters->count; i++) {
        const struct ssf_parameter *entry = &parameters->entry[i];
        struct cap_parameter_value value;
        char room[SSF_TEMPLATE_OCTETS];
        char where[96];
        if (!depends_on_subscriber(entry))
            continue;
        const char *text = entry_text(entry, texts, room);
        if (text != NULL && text[0] == '\0')
            continue;
        const enum p7_status status =
            text == NULL ? P7_RANGE : cap_parameter_read(entry->parameter, text, &value);
        if (status == P7_OK)
            continue;
        if (entry->source == SSF_CELL)
            (void)snprintf(where, sizeof(where), "line %u, column %u: ",
                           subscribers_line(texts->subscribers, texts->index), entry->column + 1);
        else
            (void)snprintf(where, sizeof(where), "subscriber %s: parameter ",
                           texts->numbers.msisdn);
        return fail_value(entry->parameter, status, where, text == NULL ? entry->text : text,
                          problem);
    }
    return P7_OK;
}

enum p7_status ssf_parameters_verify(const struct ssf_parameters *parameters,
                                     const struct subscribers *subscribers,
                                     char problem[SSF_PARAMETERS_PROBLEM])
{
    bool needed = false;
    for (uint32_t i = 0; i < parameters->count; i++)
        needed = needed || depends_on_subscriber(&parameters->entry[i]);
    for (uint32_t index = 0; needed && index < subscribers->count; index++) {
        struct subscriber_texts texts = {.subscribers = subscribers, .index = index};
        subscribers_at(subscribers, index, &texts.numbers);
        const enum p7_status status = verify_one(parameters, &texts, problem);
        if (status != P7_OK)
            return status;
    }
    return P7_OK;
}

void ssf_parameters_apply(const struct ssf_parameters *parameters,
                          const struct subscribers *subscribers, uint32_t subscriber,
                          struct ssf_parameter_values *values, void *argument)
{
    struct subscriber_texts texts = {.subscribers = subscribers, .index = subscriber};
    if (parameters->count > 0)
        subscribers_at(subscribers, subscriber, &texts.numbers);
    for (uint32_t i = 0; i < parameters->count; i++) {
        const struct ssf_parameter *entry = &parameters->entry[i];
        char room[SSF_TEMPLATE_OCTETS];
        const char *text = NULL;
        if (entry->source == SSF_OMITTED)
            cap_parameter_omit(entry->parameter, argument);
        else if (entry->source == SSF_FIXED)
            cap_parameter_put(entry->parameter, &entry->value, argument);
        else
            text = entry_text(entry, &texts, room);
        if (text != NULL && text[0] != '\0' &&
            cap_parameter_read(entry->parameter, text, &values->value[i]) == P7_OK)
            cap_parameter_put(entry->parameter, &values->value[i], argument);
    }
}
