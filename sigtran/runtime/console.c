/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Writable globals, the exception with its reason: libosmovty keeps its nodes and commands in
 * globals for the life of the process and hands a command's callback nothing but its own element;
 * the registry here holds those elements, and finds its way from one to our callback.
 */
/* libosmocore declares its statistics for "unix", which -std=c11 leaves undefined. */
#ifndef unix
#define unix 1
#endif

#include "sigtran/runtime/console.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <osmocom/core/rate_ctr.h>
#include <osmocom/core/select.h>
#include <osmocom/core/stat_item.h>
#include <osmocom/core/stats.h>
#include <osmocom/core/talloc.h>
#include <osmocom/vty/buffer.h>
#include <osmocom/vty/command.h>
#include <osmocom/vty/logging.h>
#include <osmocom/vty/stats.h>
#include <osmocom/vty/telnet_interface.h>
#include <osmocom/vty/vty.h>

#include "sigtran/runtime/log.h"

#define CONSOLE_LINE_OCTETS 1024
#define CONSOLE_DOC_OCTETS  1024

struct console_output {
    struct vty *vty;
};

struct console_slot {
    struct cmd_element element; /* first: libosmovty gives its address back */
    char command[CONSOLE_COMMAND_OCTETS];
    char doc[CONSOLE_DOC_OCTETS];
    struct console_command callback;
};

struct console {
    uint16_t port;
    const void *running_config;
    void *talloc_context; /* what libosmovty takes for it: not given back when it can't listen */
};

static struct {
    bool library_up;
    bool open;
    char version[64];
    struct vty_app_info app;
    uint32_t slot_count;
    struct console_slot slot[CONSOLE_COMMANDS_MAX];
} console_state;

void console_print(struct console_output *output, const char *format, ...)
{
    char line[CONSOLE_LINE_OCTETS];
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(line, sizeof(line), format, ap);
    va_end(ap);
    (void)vty_out(output->vty, "%s%s", line, vty_newline(output->vty));
}

enum p7_status console_library_open(const char *program, const char *version)
{
    if (console_state.library_up)
        return P7_OK;
    const enum p7_status status = p7_log_library_open();
    if (status != P7_OK)
        return status;
    (void)snprintf(console_state.version, sizeof(console_state.version), "%s %s", program, version);
    console_state.app = (struct vty_app_info){
        .name = "pulse7",
        .version = console_state.version,
        .copyright = "Licence AGPL-3.0-or-later: https://gnu.org/licenses/agpl-3.0\r\n"
                     "This is free software: you may change and share it. No warranty.\r\n",
        .tall_ctx = NULL,
    };
    vty_init(&console_state.app);
    logging_vty_add_cmds();
    osmo_stats_init(NULL);
    (void)rate_ctr_init(NULL);
    (void)osmo_stat_item_init(NULL);
    osmo_stats_vty_add_cmds();
    console_state.library_up = true;
    return P7_OK;
}

static int console_run(struct cmd_element *element, struct vty *vty, int argc, const char *argv[])
{
    const struct console_slot *slot = (const struct console_slot *)(const void *)element;
    struct console_output output = {.vty = vty};
    const char *argument[CONSOLE_COMMAND_ARGUMENTS] = {0};
    const uint32_t count =
        argc < CONSOLE_COMMAND_ARGUMENTS ? (uint32_t)argc : CONSOLE_COMMAND_ARGUMENTS;
    for (uint32_t i = 0; i < count; i++)
        argument[i] = argv[i];
    const enum p7_status status =
        slot->callback.run(slot->callback.context, count, argument, &output);
    if (status != P7_OK)
        console_print(&output, "%% %s", p7_status_text(status));
    /* libosmovty closes at `exit` without sending what it holds: a script that writes all its
     * commands at once would get nothing. */
    if (vty->type == VTY_TERM)
        (void)buffer_flush_all(vty->obuf, vty->fd);
    return status == P7_OK ? CMD_SUCCESS : CMD_WARNING;
}

/* libosmovty wants one line of help for every word of a command. */
static enum p7_status console_document(struct console_slot *slot, const char *help)
{
    size_t at = 0;
    uint32_t variables = 0;
    const char *word = slot->command;
    while (*word != '\0') {
        const size_t length = strcspn(word, " ");
        const bool show = word == slot->command && length == 4 && memcmp(word, "show", 4) == 0;
        const int n = snprintf(slot->doc + at, sizeof(slot->doc) - at, "%s\n",
                               show ? "Show running system information" : help);
        if (length == 0 || n < 0 || (size_t)n >= sizeof(slot->doc) - at)
            return P7_RANGE;
        at += (size_t)n;
        if (isupper((unsigned char)*word) || *word == '<')
            variables++;
        word += length;
        if (*word == ' ')
            word++;
    }
    return variables <= CONSOLE_COMMAND_ARGUMENTS ? P7_OK : P7_RANGE;
}

enum p7_status console_command_add(const char *command, const char *help,
                                   struct console_command callback)
{
    if (!console_state.library_up)
        return P7_STATE;
    for (uint32_t i = 0; i < console_state.slot_count; i++) {
        struct console_slot *slot = &console_state.slot[i];
        if (strcmp(slot->command, command) != 0)
            continue;
        slot->callback = callback;
        return P7_OK;
    }
    if (console_state.slot_count == CONSOLE_COMMANDS_MAX)
        return P7_FULL;
    const size_t length = strlen(command);
    if (length == 0 || length >= CONSOLE_COMMAND_OCTETS || strpbrk(command, "()[]|\n") != NULL ||
        strchr(help, '\n') != NULL)
        return P7_RANGE;
    struct console_slot *slot = &console_state.slot[console_state.slot_count];
    memset(slot, 0, sizeof(*slot));
    memcpy(slot->command, command, length + 1);
    const enum p7_status status = console_document(slot, help);
    if (status != P7_OK)
        return status;
    slot->callback = callback;
    slot->element.string = slot->command;
    slot->element.doc = slot->doc;
    slot->element.func = console_run;
    console_state.slot_count++;
    install_element_ve(&slot->element);
    return P7_OK;
}

/* A free port of the loopback address: libosmovty does not tell which one it got for port 0. */
static uint16_t console_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    uint16_t port = 0;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd == -1)
        return 0;
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != -1 &&
        getsockname(fd, (struct sockaddr *)&address, &length) != -1)
        port = ntohs(address.sin_port);
    (void)close(fd);
    return port;
}

enum p7_status console_open(struct console **console, uint16_t port, const void *running_config)
{
    *console = NULL;
    if (!console_state.library_up || console_state.open)
        return P7_STATE;
    struct console *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return P7_NO_MEMORY;
    c->port = port != 0 ? port : console_free_port();
    c->running_config = running_config;
    c->talloc_context = talloc_named_const(NULL, 0, "console");
    errno = 0;
    if (c->port == 0 || telnet_init_dynif(c->talloc_context, c, "127.0.0.1", c->port) < 0) {
        (void)talloc_free(c->talloc_context);
        free(c);
        if (errno == 0)
            errno = EADDRINUSE;
        return P7_SYSTEM;
    }
    console_state.open = true;
    *console = c;
    return P7_OK;
}

void console_close(struct console *console)
{
    if (console == NULL)
        return;
    telnet_exit();
    (void)talloc_free(console->talloc_context);
    console_state.open = false;
    free(console);
}

uint16_t console_port(const struct console *console)
{
    return console->port;
}

const void *console_running_config(const struct vty *vty)
{
    if (vty->type != VTY_TERM || vty->priv == NULL)
        return NULL;
    const struct telnet_connection *connection = vty->priv;
    const struct console *console = connection->priv;
    return console != NULL ? console->running_config : NULL;
}
