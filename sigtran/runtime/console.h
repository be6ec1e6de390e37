/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * console - the telnet console on loopback (libosmovty), prompt `pulse7>`.
 *
 * A program adds commands as plain callbacks that print lines; nothing of libosmovty shows here.
 * `show version`, `show running-config`, `show statistics`-like commands, logging to the console
 * and `help` work from the start.
 *
 * Life cycle: console_library_open (once per process; config/language does it too, whoever comes
 * first) -> console_command_add ... -> control_plane_create -> console_open -> console_close.
 *
 * Commands are part of libosmovty's global tables: they can be added, also while the console is
 * open, but never taken away, so that adding the same command again replaces its callback. A
 * command may be used on the console alone, not in a configuration file.
 */
#ifndef SIGTRAN_RUNTIME_CONSOLE_H
#define SIGTRAN_RUNTIME_CONSOLE_H

#include <stdint.h>

#include "sigtran/base/status.h"

#define CONSOLE_COMMANDS_MAX      64
#define CONSOLE_COMMAND_OCTETS    128
#define CONSOLE_COMMAND_ARGUMENTS 8

struct console;
struct console_output;
struct vty; /* libosmovty's */

/* Prints one line; the line end is added. */
void console_print(struct console_output *output, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Runs one command: `argument[0..argument_count)` are the words that stood for its variables.
 * Anything but P7_OK prints "% " and the status's text after what the callback printed.
 */
struct console_command {
    void *context;
    enum p7_status (*run)(void *context, uint32_t argument_count, const char *const *argument,
                          struct console_output *output);
};

/* Brings libosmovty up; a no-op when it is up. `program` and `version` are copied at the first
 * call only. P7_NO_MEMORY. */
enum p7_status console_library_open(const char *program, const char *version) P7_MUST_CHECK;

/*
 * Adds a command, or replaces its callback: `command` in libosmovty's words, capitals and <1-9>
 * standing for variables ("show statistics", "rate <0-1000000>", "show dialogues FLOW"). `help`
 * is one sentence for the whole command.
 * P7_FULL, P7_RANGE (empty, too long, or too many variables), P7_STATE (library not open).
 */
enum p7_status console_command_add(const char *command, const char *help,
                                   struct console_command callback) P7_MUST_CHECK;

/*
 * Listens on 127.0.0.1:port (0: the system chooses, see console_port). `running_config` is what
 * the configuration language's `show running-config` writes: a const struct settings *, or NULL.
 * P7_SYSTEM when the port is taken, P7_STATE when a console is open already.
 */
enum p7_status console_open(struct console **console, uint16_t port,
                            const void *running_config) P7_MUST_CHECK;
void console_close(struct console *console);

uint16_t console_port(const struct console *console);

/* For config/language: what console_open was given, for one of its connections; NULL when `vty` is
 * none. */
const void *console_running_config(const struct vty *vty);

#endif
