/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * json_fields - tables that say once how a plain struct stands in run.json, for the writer and for
 * the reader, so that the two can't drift apart. Private to this folder.
 */
#ifndef SIMULATOR_RECORD_JSON_FIELDS_H
#define SIMULATOR_RECORD_JSON_FIELDS_H

#include <jansson.h>
#include <stddef.h>

#include "sigtran/base/status.h"
#include "simulator/record/json_build.h"

enum json_field_type {
    JSON_FIELD_U64,
    JSON_FIELD_I64,
    JSON_FIELD_U32,
    JSON_FIELD_U16,
    JSON_FIELD_INT,
    JSON_FIELD_F64, /* null <-> NAN */
    JSON_FIELD_BOOL,
    JSON_FIELD_TEXT, /* char array; what is too long is cut when read */
};

struct json_field {
    const char *name;
    enum json_field_type type;
    size_t offset;
    size_t octets;
};

struct json_fields {
    size_t count;
    const struct json_field *field;
};

extern const struct json_fields json_profile_fields;      /* struct sctp_profile */
extern const struct json_fields json_path_fields;         /* struct transport_path */
extern const struct json_fields json_status_fields;       /* struct transport_status, its scalars */
extern const struct json_fields json_transport_fields;    /* struct transport_counters */
extern const struct json_fields json_accounting_fields;   /* struct accounting_counts */
extern const struct json_fields json_distribution_fields; /* struct run_distribution, scalars */
extern const struct json_fields json_statistics_fields;   /* struct run_statistics */
extern const struct json_fields json_lane_fields;         /* struct run_lane */
extern const struct json_fields json_outage_fields;       /* struct outage */
extern const struct json_fields json_estimate_fields;     /* struct outage_estimate */
extern const struct json_fields json_threshold_fields;    /* struct run_threshold */
extern const struct json_fields json_recorder_fields;     /* struct recorder_counters */
extern const struct json_fields json_cpu_fields;          /* struct run_cpu */
extern const struct json_fields json_rate_fields;         /* struct run_record: the two rates */
extern const struct json_fields json_time_fields;         /* struct run_record: start and length */

/* "p50" ... "p99.999", in the order of run_percentiles. */
extern const char *const json_quantile_names[];

void json_put_fields(struct json_build *build, json_t *object, const struct json_fields *fields,
                     const void *structure);

/* Fills the structure's fields. P7_MISSING or P7_MALFORMED: *wrong is the first field's name that
 * is absent or of another type or range. */
enum p7_status json_get_fields(const json_t *object, const struct json_fields *fields,
                               void *structure, const char **wrong) P7_MUST_CHECK;

#endif
