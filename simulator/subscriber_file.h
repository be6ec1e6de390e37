/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * subscriber_file - reads the subscribers' CSV file whole: core/subscribers.h says what it is.
 */
#ifndef SIMULATOR_SUBSCRIBER_FILE_H
#define SIMULATOR_SUBSCRIBER_FILE_H

#include <stddef.h>

#include "sigtran/base/status.h"
#include "simulator/core/subscribers.h"

/* On failure `error` names the file, the line and the column. subscribers_free in any case. */
enum p7_status subscriber_file_load(struct subscribers *subscribers, const char *path, char *error,
                                    size_t error_octets) P7_MUST_CHECK;

#endif
