/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * options - the command lines of pulse7-simulator and pulse7-responder: few things that one changes
 * between runs, over what the file says.
 *
 *     options_parse -> settings_load(options.config_path) -> options_apply -> settings_check
 *
 * options_usage and the manual pages (docs/man) say the same.
 */
#ifndef CONFIG_LANGUAGE_OPTIONS_H
#define CONFIG_LANGUAGE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config/language/language.h"
#include "config/settings.h"
#include "sigtran/base/status.h"

/* Exit codes of the programs. */
#define OPTIONS_EXIT_PASSED    0
#define OPTIONS_EXIT_THRESHOLD 1 /* a threshold failed, or a step of --probe */
#define OPTIONS_EXIT_USAGE     2 /* command line or configuration */
#define OPTIONS_EXIT_INVALID   3 /* the run itself was not valid */
#define OPTIONS_EXIT_LEDGER    4 /* the ledger failed: disk or contradiction, the log says which */

#define OPTIONS_ERROR_OCTETS 512

enum options_screen { OPTIONS_SCREEN_AUTO, OPTIONS_SCREEN_ON, OPTIONS_SCREEN_OFF };

/* What the command line asks to be done. */
enum options_action { OPTIONS_RUN, OPTIONS_CHECK, OPTIONS_PROBE, OPTIONS_VERSION, OPTIONS_HELP };

struct options {
    const char *config_path; /* borrowed from argv, as all paths and names; NULL: not given */
    const char *out;         /* simulator: run directory */
    const char *data;        /* responder: directory */
    const char *name;
    double rate_per_s;    /* simulator: all flows together, shared as the file's rates are */
    uint64_t duration_ms; /* simulator: of the run; responder: ends after it */
    uint64_t seed;
    enum options_action action;
    enum options_screen screen; /* simulator */
    enum transport_kind transport;
    char address_ip[TRANSPORT_IP_TEXT_OCTETS]; /* --target of the simulator, --listen */
    uint16_t address_port;                     /* SCTP port; 0: not given */
    bool quiet;
    bool has_rate;
    bool has_duration;
    bool has_seed;
    bool has_transport;
    bool has_address;
};

/*
 * Reads argv. On P7_RANGE or P7_MALFORMED `error` says what is wrong with which option and the way
 * out. --help and --version win over everything else.
 */
enum p7_status options_parse(struct options *options, enum settings_program program, int argc,
                             char *const *argv, char *error, size_t error_octets) P7_MUST_CHECK;

/* Puts the options over loaded settings. --target sets the first client ASP's remote address,
 * --listen the first server ASP's local one; P7_NOT_FOUND (with `error`) when there is none.
 * --rate with loads in the file is P7_STATE: which of them was meant? */
enum p7_status options_apply(const struct options *options, enum settings_program program,
                             struct settings *settings, char *error,
                             size_t error_octets) P7_MUST_CHECK;

/* Prints what --help prints. */
void options_usage(enum settings_program program, FILE *stream);

/* Prints "pulse7-simulator 0.1.0" and the licence line. */
void options_version(enum settings_program program, FILE *stream);

#endif
