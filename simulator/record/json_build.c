/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "simulator/record/json_build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void json_put(struct json_build *build, json_t *object, const char *name, json_t *value)
{
    if (object == NULL || value == NULL) {
        json_decref(value);
        build->failed = true;
        return;
    }
    if (json_object_set_new(object, name, value) == -1)
        build->failed = true;
}

/* JSON's integers end at 2^63 - 1 with jansson; counters that large do not exist. */
static json_t *unsigned_value(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

void json_put_u64(struct json_build *build, json_t *object, const char *name, uint64_t value)
{
    json_put(build, object, name, unsigned_value(value));
}

void json_put_i64(struct json_build *build, json_t *object, const char *name, int64_t value)
{
    json_put(build, object, name, json_integer(value));
}

void json_put_real(struct json_build *build, json_t *object, const char *name, double value)
{
    json_put(build, object, name, isfinite(value) ? json_real(value) : json_null());
}

void json_put_bool(struct json_build *build, json_t *object, const char *name, bool value)
{
    json_put(build, object, name, json_boolean(value));
}

/* Length of the well-formed UTF-8 sequence at the start (RFC 3629-4), 0 = there is none. */
static size_t utf8_sequence(const unsigned char *p)
{
    static const struct {
        unsigned char first_low, first_high, second_low, second_high, length;
    } forms[] = {
        {0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (p[0] < forms[i].first_low || p[0] > forms[i].first_high)
            continue;
        if (forms[i].length > 1 && (p[1] < forms[i].second_low || p[1] > forms[i].second_high))
            return 0;
        for (size_t at = 2; at < forms[i].length; at++)
            if (p[at] < 0x80 || p[at] > 0xbf)
                return 0;
        return forms[i].length;
    }
    return 0;
}

/* Names and commands come from files that anybody wrote. */
static json_t *text_value(const char *text)
{
    if (text == NULL)
        return json_null();
    json_t *whole = json_string(text);
    if (whole != NULL)
        return whole;
    static const char replacement[] = "\xef\xbf\xbd";
    char *repaired = malloc(3 * strlen(text) + 1);
    if (repaired == NULL)
        return NULL;
    size_t n = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0';) {
        const size_t length = utf8_sequence(p);
        if (length == 0) {
            memcpy(repaired + n, replacement, 3);
            n += 3;
            p++;
        } else {
            memcpy(repaired + n, p, length);
            n += length;
            p += length;
        }
    }
    repaired[n] = '\0';
    whole = json_string(repaired);
    free(repaired);
    return whole;
}

void json_put_text(struct json_build *build, json_t *object, const char *name, const char *value)
{
    json_put(build, object, name, text_value(value));
}

json_t *json_put_object(struct json_build *build, json_t *object, const char *name)
{
    json_put(build, object, name, json_object());
    return json_object_get(object, name);
}

json_t *json_put_array(struct json_build *build, json_t *object, const char *name)
{
    json_put(build, object, name, json_array());
    return json_object_get(object, name);
}

json_t *json_append_object(struct json_build *build, json_t *array)
{
    json_t *object = json_object();
    if (json_array_append_new(array, object) == -1) {
        build->failed = true;
        return NULL;
    }
    return object;
}

void json_append_text(struct json_build *build, json_t *array, const char *value)
{
    if (json_array_append_new(array, text_value(value)) == -1)
        build->failed = true;
}
