/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * language - configuration files in the open STP's words, from and to `struct settings`.
 *
 *     settings_load -> (command-line options: options.h) -> settings_check -> run
 *
 * The parser is libosmovty's, which keeps its tables in globals of its own: all of this belongs to
 * the main thread. Nothing of it shows here, and any number of files may be read one after another.
 * libosmocore's `log ...` and `stats ...` commands take effect as they are read: they configure the
 * process, not the settings.
 *
 * struct settings is half a megabyte: keep it on the heap or static, not on a stack.
 */
#ifndef CONFIG_LANGUAGE_LANGUAGE_H
#define CONFIG_LANGUAGE_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/settings.h"
#include "sigtran/base/status.h"

/* Room that holds every error of one load. */
#define SETTINGS_ERROR_OCTETS 2048

/*
 * Reads a file over fresh defaults (settings_init is called inside). On failure `error` holds a
 * line "PATH:LINE: WORD: what is wrong; the way out" for each problem found (at most as fits), and
 * `settings` is unspecified. Values that break a rule of their own are all collected; a word that
 * no command knows ends the reading.
 *
 * P7_SYSTEM the file can't be read; P7_MALFORMED no such command, or a wrong indent; P7_RANGE a
 * value outside of what is allowed; P7_FULL more entries than a table holds; P7_EXISTS a name used
 * twice; the first problem gives the status.
 */
enum p7_status settings_load(const char *path, struct settings *settings, char *error,
                             size_t error_octets) P7_MUST_CHECK;

/* The same from text; `name` stands for the path in errors. */
enum p7_status settings_load_text(const char *name, const char *text, struct settings *settings,
                                  char *error, size_t error_octets) P7_MUST_CHECK;

/* Which program's part of the settings is meant to run. */
enum settings_program { SETTINGS_FOR_SIMULATOR, SETTINGS_FOR_RESPONDER };

/* What settings_check found. Errors forbid a run, warnings are printed and kept with the result. */
#define SETTINGS_PROBLEMS_MAX   64
#define SETTINGS_PROBLEM_OCTETS 256

struct settings_problem {
    bool error; /* else a warning */
    char text[SETTINGS_PROBLEM_OCTETS];
};

struct settings_problems {
    uint32_t count;
    uint32_t error_count;
    uint32_t left_out; /* problems beyond SETTINGS_PROBLEMS_MAX */
    struct settings_problem problem[SETTINGS_PROBLEMS_MAX];
};

/*
 * Checks what no single line can: that every name leads somewhere, that values fit each other, and
 * copies each ASP's profile into its endpoint and sets the program's console port where the file
 * names none. All problems are collected. P7_OK when no error is among them, else P7_RANGE.
 */
enum p7_status settings_check(struct settings *settings, enum settings_program program,
                              struct settings_problems *problems) P7_MUST_CHECK;

/*
 * Writes the settings as a configuration file that loads to the same settings. P7_FULL when
 * `text_octets` do not hold it. `length` (may be NULL) gets the octets without the NUL.
 */
enum p7_status settings_write(const struct settings *settings, char *text, size_t text_octets,
                              size_t *length) P7_MUST_CHECK;

/* "20m", "90s", "500ms", "1h" to milliseconds. Without a unit it is P7_MALFORMED, but for "0";
 * P7_RANGE when it does not fit. */
enum p7_status settings_parse_duration(const char *text, uint64_t *duration_ms) P7_MUST_CHECK;

/* "k", "M" and "G" (1024 each) after a number of octets. P7_MALFORMED, P7_RANGE. */
enum p7_status settings_parse_octets(const char *text, uint64_t *octets) P7_MUST_CHECK;

/* The table that the gtt entries make; its `as` count as settings->as does. P7_NOT_FOUND: one names
 * an as that there is none of; else as sccp_translation_add. settings_check finds all of it. */
enum p7_status settings_translation(const struct settings *settings,
                                    struct sccp_translation *translation) P7_MUST_CHECK;

/* A target's address for the wire. P7_RANGE: values that no address has. */
enum p7_status settings_party(const struct settings *settings,
                              const struct sccp_address_settings *address,
                              struct sccp_party *party) P7_MUST_CHECK;

/* The rule that says where a called address leads: it has a title and no point code, and the table
 * leads elsewhere with it. Else NULL: it goes where the target says. */
const struct sccp_translation_rule *
settings_title_rule(const struct settings *settings, const struct sccp_translation *translation,
                    const struct sccp_address_settings *address);

/* An entry by its name, or NULL. */
const struct sctp_profile *settings_find_profile(const struct settings *settings, const char *name);
const struct asp_settings *settings_find_asp(const struct settings *settings, const char *name);
const struct as_settings *settings_find_as(const struct settings *settings, const char *name);
const struct target_settings *settings_find_target(const struct settings *settings,
                                                   const char *name);
const struct call_model_settings *settings_find_model(const struct settings *settings,
                                                      const char *name);

/* Starts per second of all flows together. */
double settings_total_rate(const struct simulator_settings *simulator);

/* Makes the flows' rates add up to rate_per_s: each keeps its share, and all get the same when none
 * has a rate. */
void settings_share_rate(struct simulator_settings *simulator, double rate_per_s);

/* How long a path with this profile is tried without an answer before it counts as failed
 * (RFC9260-8.2), with the RTO at its floor as on a quick network: the sum over
 * i = 0..Path.Max.Retrans of min(RTO.Min 2^i, RTO.Max). */
uint64_t settings_path_failure_ms(const struct sctp_profile *profile);

#endif
