/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * control - the CTRL interface on loopback (libosmoctrl): variables that scripts GET and SET.
 *
 * libosmocore's own `rate_ctr.*` variables work too, so that everything in `metrics` can be read.
 *
 * Life cycle: control_open, inside of a control plane -> control_variable_add ... ->
 * control_close. Main thread only.
 */
#ifndef SIGTRAN_RUNTIME_CONTROL_H
#define SIGTRAN_RUNTIME_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "sigtran/base/status.h"

#define CONTROL_VARIABLES_MAX   64
#define CONTROL_VARIABLE_OCTETS 64
#define CONTROL_VALUE_OCTETS    1024

struct control;

/* Callbacks of one variable; `set` may be NULL: read only. Anything but P7_OK answers ERROR with
 * the status's text. */
struct control_variable {
    void *context;
    enum p7_status (*get)(void *context, char *value, size_t value_octets);
    enum p7_status (*set)(void *context, const char *value);
};

/* Listens on 127.0.0.1:port (0: the system chooses). P7_SYSTEM when the port is taken; P7_STATE
 * when one is open already. */
enum p7_status control_open(struct control **control, uint16_t port) P7_MUST_CHECK;
void control_close(struct control *control);

uint16_t control_port(const struct control *control);

/* `name` is one word of letters, digits and '-' ("requests-sent"); adding it again replaces its
 * callbacks. P7_FULL, P7_RANGE. */
enum p7_status control_variable_add(struct control *control, const char *name,
                                    struct control_variable variable) P7_MUST_CHECK;

#endif
