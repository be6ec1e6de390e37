/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * grammar - every command of the configuration language as a row of a table: the words, the field
 * that they set, what the field may be. Parser, writer, documentation test and round-trip test all
 * walk these rows, so that a command can't be readable but not writable.
 *
 * Internal to config/language (and its tests).
 */
#ifndef CONFIG_LANGUAGE_GRAMMAR_H
#define CONFIG_LANGUAGE_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings.h"
#include "sigtran/base/status.h"

/* Where a command can stand, and the structure that it works on. */
enum grammar_node {
    GRAMMAR_TOP,       /* struct settings */
    GRAMMAR_PROFILE,   /* struct sctp_profile */
    GRAMMAR_CS7,       /* struct settings */
    GRAMMAR_ASP,       /* struct asp_settings */
    GRAMMAR_AS,        /* struct as_settings */
    GRAMMAR_GTT,       /* struct gtt_settings */
    GRAMMAR_SIMULATOR, /* struct settings */
    GRAMMAR_TARGET,    /* struct target_settings */
    GRAMMAR_MODEL,     /* struct call_model_settings */
    GRAMMAR_FLOW,      /* struct flow_settings */
    GRAMMAR_RESPONDER, /* struct settings */
    GRAMMAR_CLUSTER,   /* struct settings */
    GRAMMAR_NODE_COUNT
};

/* "cs7 instance 0", ... and what its lines stand under (itself for GRAMMAR_TOP). */
const char *grammar_node_name(enum grammar_node node);
enum grammar_node grammar_node_parent(enum grammar_node node);

enum value_kind {
    VALUE_CUSTOM, /* the row's own set and write */
    VALUE_ENTER,  /* opens a node: set gives the object */
    VALUE_TRUE,   /* no word; sets a bool */
    VALUE_FALSE,
    VALUE_U8, /* whole numbers */
    VALUE_U16,
    VALUE_U32,
    VALUE_U64,
    VALUE_MS32,   /* milliseconds; a plain number is milliseconds, units are taken */
    VALUE_TIME32, /* a number with a unit, kept in milliseconds */
    VALUE_TIME64,
    VALUE_OCTETS32, /* a number, k, M or G may follow */
    VALUE_OCTETS64,
    VALUE_RATE,       /* a double, per second */
    VALUE_NAME,       /* a word that names something */
    VALUE_TEXT,       /* the rest of the line */
    VALUE_DIGITS,     /* a number of digits, as text */
    VALUE_ADDRESS,    /* an IP address, as text */
    VALUE_POINT_CODE, /* uint32_t */
    VALUE_CHOICE,     /* an enum by its words */
};

struct value_choice {
    const char *word;
    uint32_t value;
};

#define GRAMMAR_WHY_OCTETS 256
#define GRAMMAR_NO_FIELD   SIZE_MAX

/* One command being read. */
struct grammar_call {
    struct settings *settings;
    void *object; /* of the node that the command stands in */
    uint32_t argument_count;
    const char *const *argument;  /* the words that stood for capitals */
    uint32_t bad_argument;        /* out, on failure: which of them is wrong */
    char why[GRAMMAR_WHY_OCTETS]; /* out, on failure: what is wrong; the way out */
    void *entered;                /* out, VALUE_ENTER: the object of the node */
};

/* Text being written. */
struct grammar_text {
    char *at;
    char *end;
    bool failed;
    uint32_t indent;
    const struct point_code_format *point_codes; /* how they are written */
};

void grammar_text_line(struct grammar_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

struct grammar_row {
    enum grammar_node node;
    enum grammar_node enters; /* VALUE_ENTER */
    enum value_kind kind;
    const char *form; /* capitals stand for values, a word with a leading '.' for the line's rest */
    const char *help;
    size_t offset;  /* of the field in the node's structure */
    size_t present; /* of its has_... field, or GRAMMAR_NO_FIELD */
    size_t room;    /* octets of a text field */
    uint64_t min;
    uint64_t max;
    const struct value_choice *choices; /* ends with a NULL word */
    enum p7_status (*set)(struct grammar_call *call);
    /* Writes all of this command's lines; NULL: another row's write does it. */
    void (*write)(const void *object, struct grammar_text *text);
};

/* All rows, grouped by node in the order in which they are written. */
uint32_t grammar_row_count(void);
const struct grammar_row *grammar_row_at(uint32_t index);

/* The parts of the table. */
extern const struct grammar_row grammar_network[];
extern const uint32_t grammar_network_count;
extern const struct grammar_row grammar_sccp[];
extern const uint32_t grammar_sccp_count;
extern const struct grammar_row grammar_traffic[];
extern const uint32_t grammar_traffic_count;
extern const struct grammar_row grammar_cluster[];
extern const uint32_t grammar_cluster_count;

/* --- values (value.c) ------------------------------------------------------------------------ */

/* Reads the row's value from call->argument[0] into its field; sets the has_... field. */
enum p7_status value_set(const struct grammar_row *row, struct grammar_call *call) P7_MUST_CHECK;

/* Writes the row's line unless there is nothing to say. */
void value_write(const struct grammar_row *row, const void *object, struct grammar_text *text);

/* Parsers for custom rows: on failure `why` says what is wrong and the way out. */
enum p7_status value_parse_number(const char *word, uint64_t min, uint64_t max, uint64_t *value,
                                  char *why) P7_MUST_CHECK;
enum p7_status value_parse_time(const char *word, bool plain_is_ms, uint64_t min, uint64_t max,
                                uint64_t *ms, char *why) P7_MUST_CHECK;
enum p7_status value_parse_rate(const char *word, double *rate, char *why) P7_MUST_CHECK;
enum p7_status value_parse_name(const char *word, char *dst, size_t room, char *why) P7_MUST_CHECK;
enum p7_status value_parse_digits(const char *word, char *dst, size_t room,
                                  char *why) P7_MUST_CHECK;
enum p7_status value_parse_address(const char *word, char *dst, size_t room,
                                   char *why) P7_MUST_CHECK;
enum p7_status value_parse_choice(const char *word, const struct value_choice *choices,
                                  uint32_t *value, char *why) P7_MUST_CHECK;
/* The argument of that number, in the instance's point code format. */
enum p7_status value_parse_point_code(struct grammar_call *call, uint32_t argument,
                                      uint32_t *point_code) P7_MUST_CHECK;
const char *value_choice_word(const struct value_choice *choices, uint32_t value);

/* "20m" for milliseconds, the largest unit that needs no fraction. */
#define VALUE_TIME_OCTETS 24
const char *value_time_text(uint64_t ms, char *dst, size_t dst_octets);

/* The shortest digits that read back to the same rate. */
#define VALUE_RATE_OCTETS 32
const char *value_rate_text(double rate, char *dst, size_t dst_octets);

/* Copies text, filling the rest of dst with zeros so that settings compare by their bytes. */
void value_copy_text(char *dst, size_t room, const char *text);

#endif
