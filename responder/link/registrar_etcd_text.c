/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "responder/link/registrar_etcd.h"

#define BASE64_OCTETS(n) (BASE64_ENCODE_RAW_LENGTH(n) + 1)

static void to_base64(char *dst, const char *text, size_t length)
{
    base64_encode_raw(dst, length, (const uint8_t *)text);
    dst[BASE64_ENCODE_RAW_LENGTH(length)] = '\0';
}

/* --- values ----------------------------------------------------------------------------------- */

enum p7_status etcd_value_write(const struct register_value *value, char *dst, size_t octets)
{
    if (value->version > INT64_MAX || value->term > INT64_MAX)
        return P7_RANGE;
    const int n = snprintf(
        dst, octets,
        "{\"version\": %" PRIu64 ", \"term\": %" PRIu64
        ", \"mode\": \"%s\", \"owner\": %u, \"owner_identity\": \"%016" PRIx64
        "\", \"pair\": [\"%016" PRIx64 "\", \"%016" PRIx64 "\"], \"nonce\": \"%016" PRIx64 "\"}",
        value->version, value->term, register_mode_name(value->mode), (unsigned)value->owner,
        value->owner_identity, value->pair[0], value->pair[1], value->nonce);
    return n > 0 && (size_t)n < octets ? P7_OK : P7_FULL;
}

static bool read_count(const json_t *json, uint64_t *number)
{
    if (!json_is_integer(json) || json_integer_value(json) < 0)
        return false;
    *number = (uint64_t)json_integer_value(json);
    return true;
}

/* 16 hexadecimal digits. */
static bool read_hex(const json_t *json, uint64_t *number)
{
    const char *text = json_string_value(json);
    if (text == NULL || strlen(text) != 16 || strspn(text, "0123456789abcdefABCDEF") != 16)
        return false;
    *number = strtoull(text, NULL, 16);
    return true;
}

static bool read_mode(const json_t *json, uint8_t *mode)
{
    const char *text = json_string_value(json);
    for (*mode = REGISTER_PAIR; text != NULL && *mode <= REGISTER_SOLO; (*mode)++)
        if (strcmp(text, register_mode_name(*mode)) == 0)
            return true;
    return false;
}

enum p7_status etcd_value_read(const char *text, size_t length, struct register_value *value)
{
    uint8_t octets[REGISTER_VALUE_OCTETS];
    uint64_t owner = 0;
    json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    const json_t *pair = json_object_get(json, "pair");
    memset(value, 0, sizeof(*value));
    const bool good = read_count(json_object_get(json, "version"), &value->version) &&
                      read_count(json_object_get(json, "term"), &value->term) &&
                      read_mode(json_object_get(json, "mode"), &value->mode) &&
                      read_count(json_object_get(json, "owner"), &owner) && owner <= 1 &&
                      read_hex(json_object_get(json, "owner_identity"), &value->owner_identity) &&
                      json_array_size(pair) == 2 &&
                      read_hex(json_array_get(pair, 0), &value->pair[0]) &&
                      read_hex(json_array_get(pair, 1), &value->pair[1]) &&
                      read_hex(json_object_get(json, "nonce"), &value->nonce);
    json_decref(json);
    if (!good || register_value_is_empty(value))
        return P7_MALFORMED;
    value->owner = (uint8_t)owner;
    /* An operator may have written it: held to the rules of every other value. */
    register_value_encode(value, octets);
    return register_value_decode(bytes_of(octets, sizeof(octets)), value);
}

/* --- requests --------------------------------------------------------------------------------- */

enum p7_status etcd_range_write(const char *key, char *dst, size_t octets)
{
    char key64[BASE64_OCTETS(ETCD_KEY_OCTETS)];
    if (strlen(key) >= ETCD_KEY_OCTETS)
        return P7_FULL;
    to_base64(key64, key, strlen(key));
    const int n = snprintf(dst, octets, "{\"key\":\"%s\"}", key64);
    return n > 0 && (size_t)n < octets ? P7_OK : P7_FULL;
}

enum p7_status etcd_swap_write(const char *key, uint64_t mod_revision,
                               const struct register_value *value, char *dst, size_t octets)
{
    char key64[BASE64_OCTETS(ETCD_KEY_OCTETS)];
    char text[ETCD_VALUE_OCTETS];
    char text64[BASE64_OCTETS(ETCD_VALUE_OCTETS)];
    if (strlen(key) >= ETCD_KEY_OCTETS)
        return P7_FULL;
    const enum p7_status status = etcd_value_write(value, text, sizeof(text));
    if (status != P7_OK)
        return status;
    to_base64(key64, key, strlen(key));
    to_base64(text64, text, strlen(text));
    const int n = snprintf(dst, octets,
                           "{\"compare\":[{\"key\":\"%s\",\"target\":\"MOD\",\"result\":\"EQUAL\","
                           "\"mod_revision\":\"%" PRIu64 "\"}],"
                           "\"success\":[{\"request_put\":{\"key\":\"%s\",\"value\":\"%s\"}}],"
                           "\"failure\":[{\"request_range\":{\"key\":\"%s\"}}]}",
                           key64, mod_revision, key64, text64, key64);
    return n > 0 && (size_t)n < octets ? P7_OK : P7_FULL;
}

/* --- answers ---------------------------------------------------------------------------------- */

/* The gateway writes 64-bit numbers as strings. */
static bool read_revision(const json_t *json, uint64_t *number)
{
    const char *text = json_string_value(json);
    char *end = NULL;
    if (text == NULL)
        return read_count(json, number);
    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static enum p7_status read_value(const json_t *json, struct register_value *value)
{
    const char *text64 = json_string_value(json);
    uint8_t text[ETCD_VALUE_OCTETS];
    size_t length = sizeof(text);
    struct base64_decode_ctx context;
    /* Without a value the key is there and empty: no register. */
    if (text64 == NULL || BASE64_DECODE_LENGTH(strlen(text64)) > sizeof(text))
        return P7_MALFORMED;
    base64_decode_init(&context);
    if (base64_decode_update(&context, &length, text, strlen(text64), text64) == 0 ||
        base64_decode_final(&context) == 0)
        return P7_MALFORMED;
    return etcd_value_read((const char *)text, length, value);
}

/* A range's answer; no `kvs` where there is no such key. */
static enum p7_status read_state(const json_t *json, struct etcd_state *state)
{
    const json_t *kvs = json_object_get(json, "kvs");
    if (!json_is_object(json) || !json_is_object(json_object_get(json, "header")))
        return P7_UNSUPPORTED;
    state->mod_revision = 0;
    state->value = (struct register_value){.owner = REGISTER_NODE_NONE};
    if (kvs == NULL || (json_is_array(kvs) && json_array_size(kvs) == 0))
        return P7_OK;
    const json_t *kv = json_array_get(kvs, 0);
    if (!read_revision(json_object_get(kv, "mod_revision"), &state->mod_revision) ||
        state->mod_revision == 0)
        return P7_UNSUPPORTED;
    return read_value(json_object_get(kv, "value"), &state->value);
}

enum p7_status etcd_range_read(const char *body, size_t length, struct etcd_state *state)
{
    json_t *json = json_loadb(body, length, 0, NULL);
    state->swapped = false;
    const enum p7_status status = read_state(json, state);
    json_decref(json);
    return status;
}

enum p7_status etcd_swap_read(const char *body, size_t length, struct etcd_state *state)
{
    json_t *json = json_loadb(body, length, 0, NULL);
    const json_t *response = json_array_get(json_object_get(json, "responses"), 0);
    const json_t *range = json_object_get(response, "response_range");
    enum p7_status status = P7_UNSUPPORTED;
    state->swapped = json_is_true(json_object_get(json, "succeeded"));
    if (state->swapped)
        status = P7_OK;
    else if (range != NULL)
        status = read_state(range, state);
    json_decref(json);
    return status;
}

void etcd_error_read(const char *body, size_t length, char text[ETCD_ERROR_OCTETS])
{
    json_t *json = json_loadb(body, length, 0, NULL);
    const char *message = json_string_value(json_object_get(json, "message"));
    if (message == NULL)
        message = json_string_value(json_object_get(json, "error"));
    (void)snprintf(text, ETCD_ERROR_OCTETS, "%s", message != NULL ? message : "");
    for (char *c = text; *c != '\0'; c++)
        if (!isprint((unsigned char)*c))
            *c = '?';
    json_decref(json);
}
