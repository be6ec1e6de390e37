/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * check_problems - how the parts of settings_check say what they found. Internal to
 * config/language.
 */
#ifndef CONFIG_LANGUAGE_CHECK_PROBLEMS_H
#define CONFIG_LANGUAGE_CHECK_PROBLEMS_H

#include "config/language/language.h"

/* One more problem; `error` forbids the run. */
void check_say(struct settings_problems *problems, bool error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void check_profile(const struct sctp_profile *profile, struct settings_problems *problems);
void check_network(struct settings *settings, struct settings_problems *problems);
void check_titles(const struct settings *settings, struct settings_problems *problems);
void check_simulator(const struct settings *settings, struct settings_problems *problems);
void check_responder(const struct settings *settings, struct settings_problems *problems);
void check_cluster(const struct settings *settings, struct settings_problems *problems);

#endif
