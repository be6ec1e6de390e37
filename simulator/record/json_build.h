/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * json_build - the few lines between jansson and the writers of run.json. Private to this folder.
 *
 * Every json_put_* adds one member to an object; when memory lacks or the text is no UTF-8 even
 * after repair, the builder's `failed` stays set and the writer gives up at the end: no call needs
 * its own check.
 */
#ifndef SIMULATOR_RECORD_JSON_BUILD_H
#define SIMULATOR_RECORD_JSON_BUILD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct json_build {
    bool failed;
};

/* Takes over `value`, also when it is NULL. */
void json_put(struct json_build *build, json_t *object, const char *name, json_t *value);
void json_put_u64(struct json_build *build, json_t *object, const char *name, uint64_t value);
void json_put_i64(struct json_build *build, json_t *object, const char *name, int64_t value);
/* Not finite: null. */
void json_put_real(struct json_build *build, json_t *object, const char *name, double value);
void json_put_bool(struct json_build *build, json_t *object, const char *name, bool value);
/* NULL: null. Octets that are no UTF-8 become U+FFFD. */
void json_put_text(struct json_build *build, json_t *object, const char *name, const char *value);
/* A new object or array as member `name`; borrowed, NULL after a failure (puts then do nothing). */
json_t *json_put_object(struct json_build *build, json_t *object, const char *name);
json_t *json_put_array(struct json_build *build, json_t *object, const char *name);
/* A new object at the end of the array. */
json_t *json_append_object(struct json_build *build, json_t *array);
void json_append_text(struct json_build *build, json_t *array, const char *value);

struct settings;
/* Member "settings": everything that the configuration said or left to its default. */
void json_put_settings(struct json_build *build, json_t *root, const struct settings *settings);

#endif
