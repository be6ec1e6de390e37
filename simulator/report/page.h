/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * page - report.html: one self-contained file (no script, nothing loaded) for one run or several.
 * The verdict comes first, then tables and charts; every text of a run is escaped.
 */
#ifndef SIMULATOR_REPORT_PAGE_H
#define SIMULATOR_REPORT_PAGE_H

#include <stddef.h>

#include "sigtran/base/status.h"
#include "simulator/record/run_read.h"

extern const char page_style[]; /* the style sheet */

/* Writes DIRECTORY/report.html under a temporary name and renames it. P7_NOT_FOUND: written, but
 * without charts as there is no gnuplot; P7_STATE: written without charts as gnuplot failed;
 * otherwise not written. `reason` tells each. */
enum p7_status page_write(const char *directory, struct run *const *runs, size_t count,
                          char *reason, size_t reason_octets) P7_MUST_CHECK;

#endif
