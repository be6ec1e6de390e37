/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/language/grammar.h"
#include "config/language/language.h"

#define MS_PER_S UINT64_C(1000)
#define MS_PER_M (60 * MS_PER_S)
#define MS_PER_H (60 * MS_PER_M)

struct value_unit {
    const char *name;
    uint64_t factor;
};

static const struct value_unit time_units[] = {
    {"h", MS_PER_H}, {"m", MS_PER_M}, {"s", MS_PER_S}, {"ms", 1}};
static const struct value_unit octet_units[] = {
    {"G", UINT64_C(1) << 30}, {"M", UINT64_C(1) << 20}, {"k", UINT64_C(1) << 10}, {"", 1}};
#define UNIT_COUNT 4u

static enum p7_status why_say(enum p7_status status, char *why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum p7_status why_say(enum p7_status status, char *why, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(why, GRAMMAR_WHY_OCTETS, format, ap);
    va_end(ap);
    return status;
}

void value_copy_text(char *dst, size_t room, const char *text)
{
    const size_t length = strlen(text);
    assert(length < room);
    memset(dst, 0, room);
    memcpy(dst, text, length + 1);
}

/* Digits only, so that "-1", "+1" and " 1" are no numbers; *end is behind the last digit. */
static enum p7_status digits_to_u64(const char *word, const char **end, uint64_t *value)
{
    uint64_t v = 0;
    const char *p = word;
    for (; isdigit((unsigned char)*p); p++) {
        const uint64_t digit = (uint64_t)(*p - '0');
        if (v > (UINT64_MAX - digit) / 10)
            return P7_RANGE;
        v = v * 10 + digit;
    }
    *end = p;
    *value = v;
    return p == word ? P7_MALFORMED : P7_OK;
}

/* A number with one of the units behind it; `*has_unit` says whether there was one. */
static enum p7_status parse_with_unit(const char *word, const struct value_unit *units,
                                      uint64_t *value, bool *has_unit)
{
    const char *end = NULL;
    const enum p7_status status = digits_to_u64(word, &end, value);
    if (status != P7_OK)
        return status;
    *has_unit = *end != '\0';
    if (!*has_unit)
        return P7_OK;
    for (uint32_t i = 0; i < UNIT_COUNT; i++) {
        if (strcmp(end, units[i].name) != 0)
            continue;
        if (*value > UINT64_MAX / units[i].factor)
            return P7_RANGE;
        *value *= units[i].factor;
        return P7_OK;
    }
    return P7_MALFORMED;
}

enum p7_status settings_parse_duration(const char *text, uint64_t *duration_ms)
{
    bool has_unit = false;
    const enum p7_status status = parse_with_unit(text, time_units, duration_ms, &has_unit);
    if (status != P7_OK)
        return status;
    /* "60" could be meant as seconds or as milliseconds: only 0 is the same in both. */
    return has_unit || *duration_ms == 0 ? P7_OK : P7_MALFORMED;
}

enum p7_status settings_parse_octets(const char *text, uint64_t *octets)
{
    bool has_unit = false;
    return parse_with_unit(text, octet_units, octets, &has_unit);
}

enum p7_status value_parse_number(const char *word, uint64_t min, uint64_t max, uint64_t *value,
                                  char *why)
{
    const char *end = NULL;
    enum p7_status status = digits_to_u64(word, &end, value);
    if (status == P7_MALFORMED || (status == P7_OK && *end != '\0'))
        return why_say(P7_MALFORMED, why,
                       "not a whole number; write one from %" PRIu64 " to %" PRIu64, min, max);
    if (status == P7_OK && (*value < min || *value > max))
        status = P7_RANGE;
    if (status != P7_OK)
        return why_say(P7_RANGE, why, "out of range; write a number from %" PRIu64 " to %" PRIu64,
                       min, max);
    return P7_OK;
}

const char *value_time_text(uint64_t ms, char *dst, size_t dst_octets)
{
    for (uint32_t i = 0; i < UNIT_COUNT; i++) {
        if (ms % time_units[i].factor != 0 || ms == 0)
            continue;
        (void)snprintf(dst, dst_octets, "%" PRIu64 "%s", ms / time_units[i].factor,
                       time_units[i].name);
        return dst;
    }
    (void)snprintf(dst, dst_octets, "0s");
    return dst;
}

enum p7_status value_parse_time(const char *word, bool plain_is_ms, uint64_t min, uint64_t max,
                                uint64_t *ms, char *why)
{
    bool has_unit = false;
    char from[VALUE_TIME_OCTETS];
    char to[VALUE_TIME_OCTETS];
    enum p7_status status = parse_with_unit(word, time_units, ms, &has_unit);
    if (status == P7_MALFORMED)
        return why_say(P7_MALFORMED, why,
                       plain_is_ms
                           ? "not a time; write milliseconds, or a number with a unit: 500ms, 2s"
                           : "not a time; write a number with a unit: 500ms, 90s, 20m, 1h");
    if (status == P7_OK && !has_unit && !plain_is_ms && *ms != 0)
        return why_say(P7_MALFORMED, why, "a time needs its unit; write %ss or %sms", word, word);
    if (status == P7_OK && (*ms < min || *ms > max))
        status = P7_RANGE;
    if (status != P7_OK)
        return why_say(P7_RANGE, why, "out of range; write a time from %s to %s",
                       value_time_text(min, from, sizeof(from)),
                       value_time_text(max, to, sizeof(to)));
    return P7_OK;
}

static enum p7_status parse_octets(const char *word, uint64_t min, uint64_t max, uint64_t *octets,
                                   char *why)
{
    enum p7_status status = settings_parse_octets(word, octets);
    if (status == P7_MALFORMED)
        return why_say(status, why, "not a size; write octets, or a number with k, M or G: 64k");
    if (status == P7_OK && (*octets < min || *octets > max))
        status = P7_RANGE;
    if (status != P7_OK)
        return why_say(P7_RANGE, why, "out of range; write %" PRIu64 " to %" PRIu64 " octets", min,
                       max);
    return P7_OK;
}

enum p7_status value_parse_name(const char *word, char *dst, size_t room, char *why)
{
    const size_t length = strlen(word);
    if (length == 0 || length >= room)
        return why_say(P7_RANGE, why, "the name is too long; write at most %zu characters",
                       room - 1);
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)word[i]) && strchr("-_.", word[i]) == NULL)
            return why_say(P7_MALFORMED, why,
                           "not a name; write letters, digits, '-', '_' and '.' only");
    value_copy_text(dst, room, word);
    return P7_OK;
}

enum p7_status value_parse_digits(const char *word, char *dst, size_t room, char *why)
{
    const size_t length = strlen(word);
    if (length == 0 || strspn(word, "0123456789") != length)
        return why_say(P7_MALFORMED, why, "not a number of digits; write digits only, without '+'");
    if (length >= room)
        return why_say(P7_RANGE, why, "too many digits; write at most %zu", room - 1);
    value_copy_text(dst, room, word);
    return P7_OK;
}

enum p7_status value_parse_address(const char *word, char *dst, size_t room, char *why)
{
    struct in6_addr binary;
    if (strlen(word) >= room ||
        (inet_pton(AF_INET, word, &binary) != 1 && inet_pton(AF_INET6, word, &binary) != 1))
        return why_say(P7_MALFORMED, why,
                       "not an IP address; write one like 127.0.0.1 or ::1 (no host names)");
    value_copy_text(dst, room, word);
    return P7_OK;
}

enum p7_status value_parse_choice(const char *word, const struct value_choice *choices,
                                  uint32_t *value, char *why)
{
    int at = snprintf(why, GRAMMAR_WHY_OCTETS, "no such choice; write");
    for (uint32_t i = 0; choices[i].word != NULL; i++) {
        if (strcmp(word, choices[i].word) == 0) {
            *value = choices[i].value;
            return P7_OK;
        }
        if (at > 0 && at < GRAMMAR_WHY_OCTETS)
            at += snprintf(why + at, (size_t)(GRAMMAR_WHY_OCTETS - at), "%s %s",
                           i == 0 ? "" : (choices[i + 1].word == NULL ? " or" : ","),
                           choices[i].word);
    }
    return P7_MALFORMED;
}

enum p7_status value_parse_point_code(struct grammar_call *call, uint32_t argument,
                                      uint32_t *point_code)
{
    const struct point_code_format *format = &call->settings->instance.point_code_format;
    char lowest[POINT_CODE_TEXT_OCTETS];
    char highest[POINT_CODE_TEXT_OCTETS];
    call->bad_argument = argument;
    const enum p7_status status = point_code_parse(format, call->argument[argument], point_code);
    if (status == P7_OK)
        return P7_OK;
    return why_say(
        status, call->why, "%s; write %s to %s (point-code format), or a number from 0 to %" PRIu32,
        status == P7_MALFORMED ? "not a point code" : "no point code of this format",
        point_code_text(format, 0, lowest),
        point_code_text(format, point_code_max(format), highest), point_code_max(format));
}

const char *value_choice_word(const struct value_choice *choices, uint32_t value)
{
    for (uint32_t i = 0; choices[i].word != NULL; i++)
        if (choices[i].value == value)
            return choices[i].word;
    return NULL;
}

/* --- rows ------------------------------------------------------------------------------------ */

enum p7_status value_parse_rate(const char *word, double *rate, char *why)
{
    char *end = NULL;
    errno = 0;
    const double v = isdigit((unsigned char)*word) ? strtod(word, &end) : 0;
    if (end == NULL || *end != '\0' || strpbrk(word, "xXpP") != NULL)
        return why_say(P7_MALFORMED, why, "not a rate; write starts per second like 750 or 0.5");
    if (!isfinite(v) || v > 10e6)
        return why_say(P7_RANGE, why, "out of range; write a rate of at most 10000000 a second");
    *rate = v;
    return P7_OK;
}

/* The words of the rest of the line with a blank between them. */
static enum p7_status join_text(const struct grammar_call *call, char *dst, size_t room, char *why)
{
    size_t at = 0;
    memset(dst, 0, room);
    for (uint32_t i = 0; i < call->argument_count; i++) {
        const int n = snprintf(dst + at, room - at, "%s%s", i == 0 ? "" : " ", call->argument[i]);
        if (n < 0 || (size_t)n >= room - at)
            return why_say(P7_RANGE, why, "too long; write at most %zu characters", room - 1);
        at += (size_t)n;
    }
    return P7_OK;
}

static enum p7_status set_text(const struct grammar_row *row, struct grammar_call *call,
                               char *field)
{
    const char *word = call->argument[0];
    switch (row->kind) {
    case VALUE_NAME:
        return value_parse_name(word, field, row->room, call->why);
    case VALUE_TEXT:
        return join_text(call, field, row->room, call->why);
    case VALUE_DIGITS:
        return value_parse_digits(word, field, row->room, call->why);
    default:
        return value_parse_address(word, field, row->room, call->why);
    }
}

static enum p7_status parse_integer(const struct grammar_row *row, struct grammar_call *call,
                                    uint64_t *value)
{
    const char *word = call->argument[0];
    uint32_t narrow = 0;
    enum p7_status status;
    switch (row->kind) {
    case VALUE_MS32:
        return value_parse_time(word, true, row->min, row->max, value, call->why);
    case VALUE_TIME32:
    case VALUE_TIME64:
        return value_parse_time(word, false, row->min, row->max, value, call->why);
    case VALUE_OCTETS32:
    case VALUE_OCTETS64:
        return parse_octets(word, row->min, row->max, value, call->why);
    case VALUE_POINT_CODE:
        status = value_parse_point_code(call, 0, &narrow);
        *value = narrow;
        return status;
    case VALUE_CHOICE:
        status = value_parse_choice(word, row->choices, &narrow, call->why);
        *value = narrow;
        return status;
    default:
        return value_parse_number(word, row->min, row->max, value, call->why);
    }
}

static size_t integer_octets(enum value_kind kind)
{
    switch (kind) {
    case VALUE_U8:
        return sizeof(uint8_t);
    case VALUE_U16:
        return sizeof(uint16_t);
    case VALUE_U64:
    case VALUE_TIME64:
    case VALUE_OCTETS64:
        return sizeof(uint64_t);
    default:
        return sizeof(uint32_t);
    }
}

static void store_integer(enum value_kind kind, uint8_t *field, uint64_t value)
{
    const uint8_t u8 = (uint8_t)value;
    const uint16_t u16 = (uint16_t)value;
    const uint32_t u32 = (uint32_t)value;
    switch (integer_octets(kind)) {
    case sizeof(u8):
        memcpy(field, &u8, sizeof(u8));
        break;
    case sizeof(u16):
        memcpy(field, &u16, sizeof(u16));
        break;
    case sizeof(u32):
        memcpy(field, &u32, sizeof(u32));
        break;
    default:
        memcpy(field, &value, sizeof(value));
        break;
    }
}

static uint64_t load_integer(enum value_kind kind, const uint8_t *field)
{
    uint16_t u16 = 0;
    uint32_t u32 = 0;
    uint64_t u64 = 0;
    switch (integer_octets(kind)) {
    case sizeof(uint8_t):
        return *field;
    case sizeof(u16):
        memcpy(&u16, field, sizeof(u16));
        return u16;
    case sizeof(u32):
        memcpy(&u32, field, sizeof(u32));
        return u32;
    default:
        memcpy(&u64, field, sizeof(u64));
        return u64;
    }
}

enum p7_status value_set(const struct grammar_row *row, struct grammar_call *call)
{
    uint8_t *field = (uint8_t *)call->object + row->offset;
    const bool on = row->kind == VALUE_TRUE;
    enum p7_status status = P7_OK;
    switch (row->kind) {
    case VALUE_TRUE:
    case VALUE_FALSE:
        memcpy(field, &on, sizeof(on));
        break;
    case VALUE_RATE: {
        double rate = 0;
        status = value_parse_rate(call->argument[0], &rate, call->why);
        if (status == P7_OK)
            memcpy(field, &rate, sizeof(rate));
        break;
    }
    case VALUE_NAME:
    case VALUE_TEXT:
    case VALUE_DIGITS:
    case VALUE_ADDRESS:
        status = set_text(row, call, (char *)field);
        break;
    default: {
        uint64_t value = 0;
        status = parse_integer(row, call, &value);
        if (status == P7_OK)
            store_integer(row->kind, field, value);
        break;
    }
    }
    if (status == P7_OK && row->present != GRAMMAR_NO_FIELD) {
        const bool present = true;
        memcpy((uint8_t *)call->object + row->present, &present, sizeof(present));
    }
    return status;
}

static const char *integer_text(const struct grammar_row *row, const struct grammar_text *text,
                                uint64_t value, char *dst, size_t dst_octets)
{
    switch (row->kind) {
    case VALUE_TIME32:
    case VALUE_TIME64:
        return value_time_text(value, dst, dst_octets);
    case VALUE_POINT_CODE:
        return point_code_text(text->point_codes, (uint32_t)value, dst);
    case VALUE_CHOICE:
        return value_choice_word(row->choices, (uint32_t)value);
    case VALUE_OCTETS32:
    case VALUE_OCTETS64:
        for (uint32_t i = 0; i < UNIT_COUNT; i++) {
            if (value == 0 || value % octet_units[i].factor != 0)
                continue;
            (void)snprintf(dst, dst_octets, "%" PRIu64 "%s", value / octet_units[i].factor,
                           octet_units[i].name);
            return dst;
        }
        break;
    default:
        break;
    }
    (void)snprintf(dst, dst_octets, "%" PRIu64, value);
    return dst;
}

const char *value_rate_text(double rate, char *dst, size_t dst_octets)
{
    for (int digits = 1; digits <= 17; digits++) {
        (void)snprintf(dst, dst_octets, "%.*g", digits, rate);
        if (strtod(dst, NULL) == rate)
            break;
    }
    return dst;
}

void value_write(const struct grammar_row *row, const void *object, struct grammar_text *text)
{
    const uint8_t *field = (const uint8_t *)object + row->offset;
    const int words = (int)strcspn(row->form, " ");
    const char *last = strrchr(row->form, ' ');
    const int before = last == NULL ? words : (int)(last - row->form);
    char number[64];
    double rate = 0;
    if (row->present != GRAMMAR_NO_FIELD && !((const uint8_t *)object)[row->present])
        return;
    switch (row->kind) {
    case VALUE_TRUE:
    case VALUE_FALSE:
        if ((*field != 0) == (row->kind == VALUE_TRUE))
            grammar_text_line(text, "%s", row->form);
        return;
    case VALUE_RATE:
        memcpy(&rate, field, sizeof(rate));
        grammar_text_line(text, "%.*s %s", before, row->form,
                          value_rate_text(rate, number, sizeof(number)));
        return;
    case VALUE_NAME:
    case VALUE_TEXT:
    case VALUE_DIGITS:
    case VALUE_ADDRESS:
        if (*field != '\0')
            grammar_text_line(text, "%.*s %s", before, row->form, (const char *)field);
        return;
    default: {
        const char *word =
            integer_text(row, text, load_integer(row->kind, field), number, sizeof(number));
        if (word != NULL)
            grammar_text_line(text, "%.*s %s", before, row->form, word);
        return;
    }
    }
}
