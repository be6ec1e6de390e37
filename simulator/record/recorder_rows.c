/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/record/recorder_rows.h"

#include <stdlib.h>
#include <string.h>

#include "simulator/core/failures.h"
#include "simulator/core/ssf.h"
#include "simulator/record/run_directory.h"

static void cell_set(struct recorder_cell *cell, const char *text)
{
    const bool quoted = strpbrk(text, ",\"\r\n") != NULL;
    size_t n = 0;
    if (quoted)
        cell->text[n++] = '"';
    for (; *text != '\0' && n < RECORDER_CELL_OCTETS - 3; text++) {
        if (*text == '"')
            cell->text[n++] = '"';
        cell->text[n++] = *text;
    }
    if (quoted)
        cell->text[n++] = '"';
    cell->length = (uint8_t)n;
}

static char *put_cell(char *at, const struct recorder_cell *cell)
{
    memcpy(at, cell->text, cell->length);
    at[cell->length] = ',';
    return at + cell->length + 1;
}

static char *put_time(char *at, int64_t time_ns)
{
    if (time_ns != REQUEST_TIME_NONE)
        at += output_format_i64(at, time_ns);
    *at++ = ',';
    return at;
}

/* An index beyond the names can only be our own mistake; the row still shows what it was. */
static char *put_name(char *at, const struct recorder_cell *cells, uint32_t count, uint32_t index)
{
    if (index < count)
        return put_cell(at, &cells[index]);
    *at++ = '#';
    at += output_format_u64(at, index);
    *at++ = ',';
    return at;
}

static char *put_flags(char *at, unsigned flags)
{
    static const struct {
        unsigned flag;
        const char *word;
    } words[] = {{REQUEST_FLAG_NO_CREDIT, "no-credit"},
                 {REQUEST_FLAG_LATE, "late"},
                 {REQUEST_FLAG_WARMUP, "warmup"},
                 {REQUEST_FLAG_BLOCKED, "blocked"},
                 {REQUEST_FLAG_CONTRADICTED, "contradicted"}};
    const char *separator = "";
    for (size_t i = 0; flags != 0 && i < sizeof(words) / sizeof(words[0]); i++) {
        if ((flags & words[i].flag) == 0)
            continue;
        at = stpcpy(stpcpy(at, separator), words[i].word);
        separator = ";";
    }
    return at;
}

static char *put_number(char *at, uint64_t number)
{
    at += output_format_u64(at, number);
    *at++ = ',';
    return at;
}

static char *put_reference(char *at, const struct recorder_names *names,
                           const struct request_record *record)
{
    static const char digits[] = "0123456789abcdef";
    const uint64_t reference = ssf_call_reference(names->run_tag, record->call);
    for (int shift = 60; shift >= 0; shift -= 4)
        *at++ = digits[(reference >> shift) & 0x0fu];
    *at++ = ',';
    return at;
}

static char *put_node(char *at, const struct recorder_names *names, uint8_t node)
{
    if (node != REQUEST_NODE_NONE)
        return put_name(at, names->node, names->node_count, node);
    *at++ = ',';
    return at;
}

size_t recorder_row_format(const struct recorder_names *names, const struct request_record *record,
                           char *row)
{
    char *at = put_number(row, record->id);
    at = put_name(at, names->kind, REQUEST_KIND_COUNT, record->kind);
    at = put_name(at, names->target, names->target_count, record->target);
    at = put_time(at, record->due_ns);
    at = put_time(at, record->sent_ns);
    at = put_time(at, record->reply_ns);
    at = put_name(at, names->outcome, OUTCOME_COUNT, record->outcome);
    at = put_number(at, record->attempts);
    at = put_name(at, names->flow, names->flow_count, record->flow);
    at = put_flags(at, record->flags);
    *at++ = ',';
    at = put_number(at, record->call);
    at = put_number(at, record->sequence);
    at = put_reference(at, names, record);
    at = put_node(at, names, record->node);
    at = put_number(at, record->replies);
    failure_text((struct failure_cause){record->failure, record->failure_code}, at,
                 FAILURES_TEXT_OCTETS);
    at += strlen(at);
    *at++ = '\n';
    return (size_t)(at - row);
}

static const char *event_word(const struct request_record *entry)
{
    switch ((enum request_event)entry->event) {
    case REQUEST_EVENT_SENT:
        return "sent";
    case REQUEST_EVENT_OVER:
        return request_outcome_name((enum request_outcome)entry->outcome);
    case REQUEST_EVENT_LATE:
        return "late";
    case REQUEST_EVENT_AGAIN:
        return "again";
    case REQUEST_EVENT_ROW:
        break;
    }
    return "?";
}

size_t recorder_entry_format(const struct recorder_names *names, const struct request_record *entry,
                             char *row)
{
    char *at = put_number(row, entry->id);
    at = put_name(at, names->target, names->target_count, entry->target);
    at = put_reference(at, names, entry);
    at = put_number(at, entry->sequence);
    at = stpcpy(at, event_word(entry));
    *at++ = ',';
    at = put_time(at, entry->reply_ns);
    at = put_node(at, names, entry->node);
    at = put_flags(at, entry->flags);
    *at++ = '\n';
    return (size_t)(at - row);
}

static struct recorder_cell *copy_names(const char *const *names, uint32_t count)
{
    struct recorder_cell *cells = calloc(count + 1u, sizeof(*cells));
    for (uint32_t i = 0; cells != NULL && i < count; i++)
        cell_set(&cells[i], names[i]);
    return cells;
}

enum p7_status recorder_names_create(struct recorder_names *names,
                                     const struct recorder_settings *settings)
{
    names->run_tag = settings->run_tag;
    names->target_count = settings->target_count;
    names->flow_count = settings->flow_count;
    names->node_count = settings->node_count;
    names->target = copy_names(settings->target_names, settings->target_count);
    names->flow = copy_names(settings->flow_names, settings->flow_count);
    names->node = copy_names(settings->node_names, settings->node_count);
    for (unsigned kind = 0; kind < REQUEST_KIND_COUNT; kind++)
        cell_set(&names->kind[kind], request_kind_name((enum request_kind)kind));
    for (unsigned outcome = 0; outcome < OUTCOME_COUNT; outcome++)
        cell_set(&names->outcome[outcome], request_outcome_name((enum request_outcome)outcome));
    return names->target == NULL || names->flow == NULL || names->node == NULL ? P7_NO_MEMORY
                                                                               : P7_OK;
}

void recorder_names_destroy(struct recorder_names *names)
{
    free(names->target);
    free(names->flow);
    free(names->node);
}
