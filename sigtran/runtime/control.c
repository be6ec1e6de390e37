/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Writable globals, the exception with its reason: libosmoctrl keeps its variables in globals for
 * the life of the process, and they can't be taken out again; the registry here holds them.
 */
#include "sigtran/runtime/control.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <osmocom/core/msgb.h>
#include <osmocom/core/select.h>
#include <osmocom/core/talloc.h>
#include <osmocom/core/write_queue.h>
#include <osmocom/ctrl/control_cmd.h>
#include <osmocom/ctrl/control_if.h>

struct control_slot {
    struct ctrl_cmd_element element;
    char name[CONTROL_VARIABLE_OCTETS];
    struct control_variable variable;
    bool live; /* its program's control is open */
};

struct control {
    struct ctrl_handle *handle;
    uint16_t port;
};

static struct {
    bool open;
    uint32_t slot_count;
    struct control_slot slot[CONTROL_VARIABLES_MAX];
} control_state;

static struct control_slot *control_find(const char *name)
{
    for (uint32_t i = 0; i < control_state.slot_count; i++)
        if (strcmp(control_state.slot[i].name, name) == 0)
            return &control_state.slot[i];
    return NULL;
}

static int control_fail(struct ctrl_cmd *cmd, enum p7_status status)
{
    cmd->reply = talloc_strdup(cmd, p7_status_text(status));
    return CTRL_CMD_ERROR;
}

static int control_get(struct ctrl_cmd *cmd, void *data)
{
    (void)data;
    char value[CONTROL_VALUE_OCTETS] = "";
    const struct control_slot *slot = control_find(cmd->variable);
    if (slot == NULL || !slot->live)
        return control_fail(cmd, P7_NOT_FOUND);
    const enum p7_status status = slot->variable.get(slot->variable.context, value, sizeof(value));
    if (status != P7_OK)
        return control_fail(cmd, status);
    cmd->reply = talloc_strdup(cmd, value);
    return CTRL_CMD_REPLY;
}

static int control_set(struct ctrl_cmd *cmd, void *data)
{
    const struct control_slot *slot = control_find(cmd->variable);
    if (slot == NULL || !slot->live)
        return control_fail(cmd, P7_NOT_FOUND);
    if (slot->variable.set == NULL) {
        cmd->reply = talloc_strdup(cmd, "read only");
        return CTRL_CMD_ERROR;
    }
    const enum p7_status status = slot->variable.set(slot->variable.context, cmd->value);
    return status == P7_OK ? control_get(cmd, data) : control_fail(cmd, status);
}

enum p7_status control_open(struct control **control, uint16_t port)
{
    *control = NULL;
    if (control_state.open)
        return P7_STATE;
    /* libosmoctrl allocates under it. */
    struct control *c = talloc_zero(NULL, struct control);
    if (c == NULL)
        return P7_NO_MEMORY;
    errno = 0;
    c->handle = ctrl_interface_setup_dynip(c, "127.0.0.1", port, NULL);
    if (c->handle == NULL) {
        (void)talloc_free(c);
        if (errno == 0)
            errno = EADDRINUSE;
        return P7_SYSTEM;
    }
    struct sockaddr_in address = {0};
    socklen_t length = sizeof(address);
    c->port = port;
    if (getsockname(c->handle->listen_fd.fd, (struct sockaddr *)&address, &length) != -1)
        c->port = ntohs(address.sin_port);
    control_state.open = true;
    *control = c;
    return P7_OK;
}

/* libosmoctrl has no call for it. */
static void control_drop(struct ctrl_connection *connection)
{
    osmo_wqueue_clear(&connection->write_queue);
    osmo_fd_unregister(&connection->write_queue.bfd);
    (void)close(connection->write_queue.bfd.fd);
    if (connection->pending_msg != NULL)
        msgb_free(connection->pending_msg);
    llist_del(&connection->list_entry);
    talloc_free(connection);
}

void control_close(struct control *control)
{
    if (control == NULL)
        return;
    /* By hand: libosmocore's list macros are GNU C. */
    struct llist_head *const list = &control->handle->ccon_list;
    for (struct llist_head *at = list->next, *next = at->next; at != list;
         at = next, next = at->next)
        control_drop(
            (struct ctrl_connection *)(void *)((char *)at -
                                               offsetof(struct ctrl_connection, list_entry)));
    osmo_fd_unregister(&control->handle->listen_fd);
    (void)close(control->handle->listen_fd.fd);
    for (uint32_t i = 0; i < control_state.slot_count; i++)
        control_state.slot[i].live = false;
    control_state.open = false;
    (void)talloc_free(control);
}

uint16_t control_port(const struct control *control)
{
    return control->port;
}

static bool control_name_is_good(const char *name)
{
    const size_t length = strlen(name);
    if (length == 0 || length >= CONTROL_VARIABLE_OCTETS)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '-')
            return false;
    return true;
}

enum p7_status control_variable_add(struct control *control, const char *name,
                                    struct control_variable variable)
{
    (void)control; /* open: that is what the caller shows by having it */
    if (!control_name_is_good(name) || variable.get == NULL)
        return P7_RANGE;
    struct control_slot *slot = control_find(name);
    if (slot != NULL) {
        slot->variable = variable;
        slot->live = true;
        return P7_OK;
    }
    if (control_state.slot_count == CONTROL_VARIABLES_MAX)
        return P7_FULL;
    slot = &control_state.slot[control_state.slot_count];
    memset(slot, 0, sizeof(*slot));
    memcpy(slot->name, name, strlen(name) + 1);
    slot->variable = variable;
    slot->live = true;
    slot->element.name = slot->name;
    slot->element.get = control_get;
    slot->element.set = control_set;
    if (ctrl_cmd_install(CTRL_NODE_ROOT, &slot->element) != 0)
        return P7_NO_MEMORY;
    control_state.slot_count++;
    return P7_OK;
}
