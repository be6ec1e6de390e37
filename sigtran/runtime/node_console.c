/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/node_console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *command;
    const char *help;
    enum data_plane_query what;
} shows[NODE_CONSOLE_SHOWS] = {
    {"show asp", "Application server processes and their states", DATA_PLANE_QUERY_ASP},
    {"show as", "Application servers and their states", DATA_PLANE_QUERY_AS},
    {"show routes", "Where messages go: application servers, global titles, what is prohibited",
     DATA_PLANE_QUERY_ROUTES},
    {"show queues", "What waits: for an AS that is pending, for acknowledgement, for reassembly",
     DATA_PLANE_QUERY_QUEUES},
    {"show associations", "SCTP associations: RTO, congestion window, paths",
     DATA_PLANE_QUERY_ASSOCIATIONS},
    {"show dialogues", "Open TCAP dialogues", DATA_PLANE_QUERY_DIALOGUES},
    {"show counters", "Counters of every layer that are not zero", DATA_PLANE_QUERY_COUNTERS},
};

/* What the words that stand for capitals are, in their order. */
enum word {
    WORD_NONE,
    WORD_ASP,
    WORD_AS,
    WORD_POINT_CODE,
    WORD_NUMBER,
    WORD_CAUSE, /* of DUPU, by name */
    WORD_OCTETS /* hexadecimal */
};

struct node_console_row {
    const char *command;
    const char *help;
    enum node_command_kind kind;
    enum m3ua_kind message;
    enum word word[3];
};

static const struct node_console_row rows[NODE_CONSOLE_COMMANDS] = {
    {"asp NAME up", "Ask the peer to take the ASP up", NODE_COMMAND_ASP_UP, M3UA_ERR, {WORD_ASP}},
    {"asp NAME down", "Take the ASP down", NODE_COMMAND_ASP_DOWN, M3UA_ERR, {WORD_ASP}},
    {"asp NAME active",
     "Ask for the traffic of all its ASs",
     NODE_COMMAND_ASP_ACTIVE,
     M3UA_ERR,
     {WORD_ASP}},
    {"asp NAME active AS",
     "Ask for the traffic of one AS",
     NODE_COMMAND_ASP_ACTIVE,
     M3UA_ERR,
     {WORD_ASP, WORD_AS}},
    {"asp NAME inactive",
     "Give the traffic of all its ASs back",
     NODE_COMMAND_ASP_INACTIVE,
     M3UA_ERR,
     {WORD_ASP}},
    {"asp NAME inactive AS",
     "Give the traffic of one AS back",
     NODE_COMMAND_ASP_INACTIVE,
     M3UA_ERR,
     {WORD_ASP, WORD_AS}},
    {"asp NAME block",
     "As SG: refuse its ASP UP and ASP ACTIVE (management blocking)",
     NODE_COMMAND_ASP_BLOCK,
     M3UA_ERR,
     {WORD_ASP}},
    {"asp NAME unblock", "As SG: take them again", NODE_COMMAND_ASP_UNBLOCK, M3UA_ERR, {WORD_ASP}},
    {"asp NAME register AS",
     "Register the routing key of the AS (REG REQ)",
     NODE_COMMAND_ASP_REGISTER,
     M3UA_ERR,
     {WORD_ASP, WORD_AS}},
    {"asp NAME deregister AS",
     "Deregister it (DEREG REQ)",
     NODE_COMMAND_ASP_DEREGISTER,
     M3UA_ERR,
     {WORD_ASP, WORD_AS}},
    {"asp NAME send beat size <1-65524>",
     "Send one M3UA BEAT with so many octets of data",
     NODE_COMMAND_SEND_BEAT,
     M3UA_ERR,
     {WORD_ASP, WORD_NUMBER}},
    {"asp NAME send duna PC",
     "Send Destination Unavailable",
     NODE_COMMAND_SEND_SSNM,
     M3UA_DUNA,
     {WORD_ASP, WORD_POINT_CODE}},
    {"asp NAME send dava PC",
     "Send Destination Available",
     NODE_COMMAND_SEND_SSNM,
     M3UA_DAVA,
     {WORD_ASP, WORD_POINT_CODE}},
    {"asp NAME send daud PC",
     "Send Destination State Audit",
     NODE_COMMAND_SEND_SSNM,
     M3UA_DAUD,
     {WORD_ASP, WORD_POINT_CODE}},
    {"asp NAME send drst PC",
     "Send Destination Restricted",
     NODE_COMMAND_SEND_SSNM,
     M3UA_DRST,
     {WORD_ASP, WORD_POINT_CODE}},
    {"asp NAME send scon PC <0-3>",
     "Send Signalling Congestion with that level",
     NODE_COMMAND_SEND_SSNM,
     M3UA_SCON,
     {WORD_ASP, WORD_POINT_CODE, WORD_NUMBER}},
    {"asp NAME send dupu PC CAUSE",
     "Send Destination User Part Unavailable: SCCP, cause unknown, unequipped or inaccessible",
     NODE_COMMAND_SEND_SSNM,
     M3UA_DUPU,
     {WORD_ASP, WORD_POINT_CODE, WORD_CAUSE}},
    {"as NAME send data PC HEX",
     "Send an SCCP message, given in hexadecimal, as DATA",
     NODE_COMMAND_SEND_DATA,
     M3UA_DATA,
     {WORD_AS, WORD_POINT_CODE, WORD_OCTETS}},
    {"subsystem <2-254> out-of-service",
     "Take a local subsystem out of service",
     NODE_COMMAND_SUBSYSTEM_OUT,
     M3UA_ERR,
     {WORD_NUMBER}},
    {"subsystem <2-254> ask-replicate",
     "Ask the replicate whether it may go out of service",
     NODE_COMMAND_SUBSYSTEM_ASK,
     M3UA_ERR,
     {WORD_NUMBER}},
    {"subsystem <2-254> in-service",
     "Put it into service again",
     NODE_COMMAND_SUBSYSTEM_IN,
     M3UA_ERR,
     {WORD_NUMBER}},
};

void node_console_print(struct console_output *output, char *text)
{
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        if (rest != NULL || *line != '\0')
            console_print(output, "%s", line);
}

static enum p7_status show(void *context, uint32_t argument_count, const char *const *argument,
                           struct console_output *output)
{
    const struct node_console_show *wanted = context;
    (void)argument_count;
    (void)argument;
    char *text = malloc(DATA_PLANE_TEXT_OCTETS);
    if (text == NULL)
        return P7_NO_MEMORY;
    const enum p7_status status =
        data_plane_query(wanted->plane, wanted->what, text, DATA_PLANE_TEXT_OCTETS);
    if (status == P7_OK)
        node_console_print(output, text);
    free(text);
    return status;
}

/* --- driving a peer by hand ------------------------------------------------------------------- */

static enum p7_status take_name(char *dst, size_t room, const char *text)
{
    if (strlen(text) >= room)
        return P7_RANGE;
    (void)snprintf(dst, room, "%s", text);
    return P7_OK;
}

/* RFC4666-3.4.5: Unavailability Cause. */
static enum p7_status take_cause(struct node_command *command, const char *text)
{
    static const char *const causes[] = {"unknown", "unequipped", "inaccessible"};
    for (uint32_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
        if (strcmp(text, causes[i]) == 0) {
            command->number = i;
            return P7_OK;
        }
    return P7_MALFORMED;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef0123456789ABCDEF";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits) % 16;
}

static enum p7_status take_octets(struct node_command *command, const char *text)
{
    const size_t digits = strlen(text);
    if (digits == 0 || digits % 2 != 0)
        return P7_MALFORMED;
    if (digits / 2 > sizeof(command->octets))
        return P7_RANGE;
    for (size_t i = 0; i < digits; i += 2) {
        const int high = hex_digit(text[i]);
        const int low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0)
            return P7_MALFORMED;
        command->octets[command->length++] = (uint8_t)((high * 16) + low);
    }
    return P7_OK;
}

static enum p7_status take_word(struct node_command *command, enum word word, const char *text)
{
    switch (word) {
    case WORD_ASP:
        return take_name(command->asp, sizeof(command->asp), text);
    case WORD_AS:
        return take_name(command->as, sizeof(command->as), text);
    case WORD_POINT_CODE:
        return take_name(command->point_code, sizeof(command->point_code), text);
    case WORD_NUMBER: /* the console has looked at its bounds */
        command->number = (uint32_t)strtoul(text, NULL, 10);
        return P7_OK;
    case WORD_CAUSE:
        return take_cause(command, text);
    case WORD_OCTETS:
        return take_octets(command, text);
    default:
        return P7_MALFORMED;
    }
}

static enum p7_status run(void *context, uint32_t argument_count, const char *const *argument,
                          struct console_output *output)
{
    const struct node_console_command *wanted = context;
    const struct node_console_row *row = wanted->row;
    struct node_command command = {.kind = row->kind, .message = row->message};
    char answer[NODE_COMMAND_ANSWER_OCTETS];
    for (uint32_t i = 0; i < argument_count; i++) {
        const enum word word =
            i < sizeof(row->word) / sizeof(row->word[0]) ? row->word[i] : WORD_NONE;
        const enum p7_status status = take_word(&command, word, argument[i]);
        if (status != P7_OK) {
            console_print(output, "%s: not what `%s` wants: %s", argument[i], row->command,
                          row->help);
            return status;
        }
    }
    const enum p7_status status = data_plane_command(wanted->plane, &command, answer);
    console_print(output, "%s", answer);
    return status;
}

enum p7_status node_console_add(struct node_console *node_console, struct data_plane *plane)
{
    enum p7_status status = P7_OK;
    for (size_t i = 0; i < NODE_CONSOLE_SHOWS && status == P7_OK; i++) {
        node_console->show[i] = (struct node_console_show){.plane = plane, .what = shows[i].what};
        const struct console_command command = {.context = &node_console->show[i], .run = show};
        status = console_command_add(shows[i].command, shows[i].help, command);
    }
    for (size_t i = 0; i < NODE_CONSOLE_COMMANDS && status == P7_OK; i++) {
        node_console->command[i] = (struct node_console_command){.plane = plane, .row = &rows[i]};
        const struct console_command command = {.context = &node_console->command[i], .run = run};
        status = console_command_add(rows[i].command, rows[i].help, command);
    }
    return status;
}

const char *node_console_command_text(size_t index)
{
    if (index < NODE_CONSOLE_SHOWS)
        return shows[index].command;
    index -= NODE_CONSOLE_SHOWS;
    return index < NODE_CONSOLE_COMMANDS ? rows[index].command : NULL;
}
