/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * cap_fields - CAP's ASN.1 types as constant tables, and the one decoder and encoder that walk
 * them. Private to the cap_*.c files, their tests and their fuzz target.
 *
 * A shape describes a C struct: a SEQUENCE, a CHOICE or a list, with a row per element in the
 * standard's order; rows without a presence flag (mandatory) stand first. A row names tag, place
 * in the struct, place of the flag and the bounds, so each is written down once and both
 * directions and the comparison follow it. The tables are static: nothing is owned. Errors are
 * those of cap.h.
 */
#ifndef SIGTRAN_CODEC_CAP_FIELDS_H
#define SIGTRAN_CODEC_CAP_FIELDS_H

#include <stddef.h>

#include "sigtran/base/bytes.h"
#include "sigtran/base/status.h"
#include "sigtran/codec/cap_operation.h"

enum cap_kind {
    CAP_KIND_OCTETS,   /* struct bytes; bounds are octets. Also content that is not looked into */
    CAP_KIND_OCTET,    /* uint8_t: OCTET STRING of one */
    CAP_KIND_INTEGER,  /* int32_t: INTEGER or ENUMERATED; bounds are values */
    CAP_KIND_BOOLEAN,  /* bool */
    CAP_KIND_NULL,     /* the flag alone */
    CAP_KIND_LEG,      /* struct cap_leg; min is the set of sides allowed, CAP_SIDE_* */
    CAP_KIND_SEQUENCE, /* a struct of its own, by `inner` */
    CAP_KIND_CHOICE,   /* a struct of its own, by `inner`, of which one flag is set */
    CAP_KIND_LIST,     /* a struct that starts with uint8_t count; bounds are counts */
};

#define CAP_MANDATORY UINT16_MAX

#define CAP_SIDE_SENDING   1
#define CAP_SIDE_RECEIVING 2
#define CAP_SIDE_EITHER    3

struct cap_shape;

struct cap_field {
    uint16_t tag;     /* identifier octets as a number; 0: the CHOICE has no tag of its own */
    uint16_t wrapped; /* not 0: the value is the content of this one element inside of `tag` */
    uint16_t at;      /* offset of the value in its struct */
    uint16_t has;     /* offset of its flag, or CAP_MANDATORY */
    enum cap_kind kind;
    int32_t min;
    int32_t max;
    const struct cap_shape *inner;
};

struct cap_shape {
    const struct cap_field *fields; /* of a list: one row, its element */
    uint8_t count;                  /* rows, at most 64 */
    uint16_t has_at;                /* the block of flags; has_octets 0: there is none, or it */
    uint16_t has_octets;            /* belongs to the struct around */
    uint16_t items_at;              /* of a list: offset of its first item */
    uint16_t stride;                /* of a list: octets from item to item */
};

#define CAP_AT(type, member)  (uint16_t) offsetof(struct type, member)
#define CAP_HAS(type, member) (uint16_t) offsetof(struct type, has.member)

/* Rows: OPTIONAL elements have a flag of their own name, the others none. */
#define CAP_ROW(tag_, wrapped_, at_, has_, kind_, min_, max_, inner_)                              \
    {                                                                                              \
        .tag = (tag_), .wrapped = (wrapped_), .at = (at_), .has = (has_), .kind = (kind_),         \
        .min = (min_), .max = (max_), .inner = (inner_)                                            \
    }
#define CAP_OPTIONAL(type, member, tag, kind, min, max, inner)                                     \
    CAP_ROW(tag, 0, CAP_AT(type, member), CAP_HAS(type, member), kind, min, max, inner)
#define CAP_REQUIRED(type, member, tag, kind, min, max, inner)                                     \
    CAP_ROW(tag, 0, CAP_AT(type, member), CAP_MANDATORY, kind, min, max, inner)

#define CAP_OCTETS(type, member, tag, min, max)                                                    \
    CAP_OPTIONAL(type, member, tag, CAP_KIND_OCTETS, min, max, NULL)
#define CAP_OCTET(type, member, tag) CAP_OPTIONAL(type, member, tag, CAP_KIND_OCTET, 1, 1, NULL)
#define CAP_INTEGER(type, member, tag, min, max)                                                   \
    CAP_OPTIONAL(type, member, tag, CAP_KIND_INTEGER, min, max, NULL)
#define CAP_BOOLEAN(type, member, tag) CAP_OPTIONAL(type, member, tag, CAP_KIND_BOOLEAN, 0, 1, NULL)
#define CAP_NULL(type, member, tag)                                                                \
    CAP_ROW(tag, 0, 0, CAP_HAS(type, member), CAP_KIND_NULL, 0, 0, NULL)
#define CAP_LEG(type, member, tag, sides)                                                          \
    CAP_OPTIONAL(type, member, tag, CAP_KIND_LEG, sides, 0, NULL)
#define CAP_SEQUENCE(type, member, tag, shape)                                                     \
    CAP_OPTIONAL(type, member, tag, CAP_KIND_SEQUENCE, 0, 0, shape)
#define CAP_CHOICE(type, member, tag, shape)                                                       \
    CAP_OPTIONAL(type, member, tag, CAP_KIND_CHOICE, 0, 0, shape)
/* Content of a constructed element that is kept as it is. */
#define CAP_OPAQUE(type, member, tag) CAP_OCTETS(type, member, tag, 0, CAP_OPAQUE_OCTETS_MAX)

/* No argument can be longer than the SCCP message around it. */
#define CAP_OPAQUE_OCTETS_MAX 4096

#define CAP_SHAPE(type, rows)                                                                      \
    {                                                                                              \
        .fields = (rows), .count = sizeof(rows) / sizeof((rows)[0]),                               \
        .has_at = (uint16_t)offsetof(struct type, has),                                            \
        .has_octets = (uint16_t)sizeof(((struct type *)NULL)->has)                                 \
    }
/* A struct without flags, or one whose flags are cleared with those of the struct around. */
#define CAP_SHAPE_WITHOUT_FLAGS(rows)                                                              \
    {                                                                                              \
        .fields = (rows), .count = sizeof(rows) / sizeof((rows)[0])                                \
    }

/* An operation's argument: its outermost element, whose struct it fills. */
struct cap_argument {
    struct cap_field top;
    size_t octets; /* size of the struct */
};

/* NULL when the operation has no argument, or is not known. */
const struct cap_argument *cap_argument_of(enum cap_operation operation);

enum p7_status cap_argument_decode(const struct cap_argument *argument, struct bytes parameter,
                                   void *out) P7_MUST_CHECK;
enum p7_status cap_argument_encode(const struct cap_argument *argument, struct bytes_writer *writer,
                                   const void *in) P7_MUST_CHECK;

/* Elements of a SEQUENCE without tag and length around them. */
enum p7_status cap_content_decode(const struct cap_shape *shape, struct bytes content,
                                  void *out) P7_MUST_CHECK;
enum p7_status cap_content_encode(const struct cap_shape *shape, struct bytes_writer *writer,
                                  const void *in) P7_MUST_CHECK;

/* Whether both hold the same elements with the same values. */
bool cap_argument_equal(const struct cap_argument *argument, const void *a, const void *b);

/* Shapes that several arguments use. */
extern const struct cap_shape cap_basic_service_shape;
extern const struct cap_shape cap_misc_call_info_shape;
extern const struct cap_shape cap_subscriber_state_shape;
extern const struct cap_shape cap_location_information_shape;
extern const struct cap_shape cap_location_information_gprs_shape;

/* Arguments, each beside the functions of its operation. */
extern const struct cap_argument cap_initial_dp_argument;
extern const struct cap_argument cap_connect_argument;
extern const struct cap_argument cap_release_call_argument;
extern const struct cap_argument cap_request_report_bcsm_event_argument;
extern const struct cap_argument cap_event_report_bcsm_argument;
extern const struct cap_argument cap_furnish_charging_information_argument;
extern const struct cap_argument cap_apply_charging_argument;
extern const struct cap_argument cap_apply_charging_report_argument;
extern const struct cap_argument cap_call_information_request_argument;
extern const struct cap_argument cap_call_information_report_argument;
extern const struct cap_argument cap_cancel_argument;
extern const struct cap_argument cap_initial_dp_sms_argument;
extern const struct cap_argument cap_connect_sms_argument;
extern const struct cap_argument cap_request_report_sms_event_argument;
extern const struct cap_argument cap_event_report_sms_argument;
extern const struct cap_argument cap_release_sms_argument;

/* The two functions of an operation, by its argument table. */
#define CAP_DEFINE_CODEC(name)                                                                     \
    enum p7_status name##_decode(struct bytes parameter, struct name *out)                         \
    {                                                                                              \
        return cap_argument_decode(&name##_argument, parameter, out);                              \
    }                                                                                              \
    enum p7_status name##_encode(struct bytes_writer *writer, const struct name *in)               \
    {                                                                                              \
        return cap_argument_encode(&name##_argument, writer, in);                                  \
    }

#endif
