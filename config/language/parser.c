/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The rows of the grammar as libosmovty commands, and the reading of a file through them.
 *
 * libosmovty says neither the line nor the word of an error. The line is known because the file is
 * given to it one line per read; the word is found by matching the line with the rows again.
 *
 * Writable globals, the exception with its reason: libosmovty keeps nodes and commands in globals
 * for the life of the process, so that the elements made from the rows, once, live as long.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <osmocom/core/talloc.h>
#include <osmocom/vty/buffer.h>
#include <osmocom/vty/command.h>
#include <osmocom/vty/vty.h>

#include "config/language/grammar.h"
#include "config/language/language.h"
#include "config/language/parser_explain.h"
#include "sigtran/runtime/console.h"

#define FILE_OCTETS_MAX    (1u << 20)
#define LINE_OCTETS_MAX    500u /* libosmovty's line buffer holds 512 */
#define COMMANDS_MAX       200
#define STRING_OCTETS      96
#define DOC_OCTETS         1024
#define WRITE_OCTETS       (1u << 20)
#define ARGUMENTS_MAX      32
#define MESSAGE_OCTETS_MAX 200

struct parser_command {
    struct cmd_element element; /* first: libosmovty gives its address back */
    const struct grammar_row *row;
    char string[STRING_OCTETS];
    char doc[DOC_OCTETS];
};

static struct {
    bool installed;
    uint32_t count;
    struct parser_command command[COMMANDS_MAX];
} parser_tables;

/* One file being read. */
struct parser {
    struct settings *settings;
    struct vty *vty;
    const char *name;
    const char *rest; /* of the text that libosmovty has not got yet */
    uint32_t line;    /* number of the line that it got last */
    char current[LINE_OCTETS_MAX + 2];
    enum p7_status status; /* of the first problem */
    char *error;
    size_t error_octets;
    size_t error_at;
    /* What a node's lines work on: libosmovty does not bring vty->index back on leaving one. */
    void *object[GRAMMAR_NODE_COUNT];
    union { /* where the lines of an entry go that could not be made */
        struct sctp_profile profile;
        struct asp_settings asp;
        struct as_settings as;
        struct gtt_settings gtt;
        struct target_settings target;
        struct call_model_settings model;
        struct flow_settings flow;
    } scratch;
};

static int parser_node_id(enum grammar_node node)
{
    return node == GRAMMAR_TOP ? (int)CONFIG_NODE : (int)_LAST_OSMOVTY_NODE + (int)node;
}

static void parser_problem(struct parser *parser, enum p7_status status, const char *word,
                           const char *why)
{
    if (parser->status == P7_OK)
        parser->status = status;
    const size_t room = parser->error_octets - parser->error_at;
    const int n =
        snprintf(parser->error + parser->error_at, room, "%s%s:%u: %s: %s",
                 parser->error_at == 0 ? "" : "\n", parser->name, parser->line, word, why);
    if (n < 0 || (size_t)n >= room)
        parser->error[parser->error_at] = '\0'; /* whole lines only */
    else
        parser->error_at += (size_t)n;
}

static int parser_run(struct cmd_element *element, struct vty *vty, int argc, const char *argv[])
{
    const struct parser_command *command = (const struct parser_command *)(const void *)element;
    const struct grammar_row *row = command->row;
    if (vty->type != VTY_FILE) {
        (void)vty_out(vty,
                      "%% Settings are read at the start and stay; change the file and start "
                      "again.%s",
                      vty_newline(vty));
        return CMD_WARNING;
    }
    struct parser *parser = vty->priv;
    const char *argument[ARGUMENTS_MAX] = {0};
    struct grammar_call call = {
        .settings = parser->settings,
        .object = parser->object[row->node],
        .argument_count = argc < ARGUMENTS_MAX ? (uint32_t)argc : ARGUMENTS_MAX,
        .argument = argument,
    };
    for (uint32_t i = 0; i < call.argument_count; i++)
        argument[i] = argv[i];
    const enum p7_status status = row->set != NULL ? row->set(&call) : value_set(row, &call);
    if (status != P7_OK) {
        const char *word = call.argument_count == 0 ? row->form : argument[call.bad_argument];
        parser_problem(parser, status, word, call.why);
    }
    if (row->kind == VALUE_ENTER) {
        memset(&parser->scratch, 0, sizeof(parser->scratch));
        const bool shared = row->enters == GRAMMAR_CS7 || row->enters == GRAMMAR_SIMULATOR ||
                            row->enters == GRAMMAR_RESPONDER || row->enters == GRAMMAR_CLUSTER;
        void *elsewhere = shared ? (void *)parser->settings : (void *)&parser->scratch;
        vty->node = parser_node_id(row->enters);
        parser->object[row->enters] = status == P7_OK ? call.entered : elsewhere;
    }
    return CMD_SUCCESS;
}

/* `show running-config` on the console. */
static int parser_write_running(struct vty *vty)
{
    const struct settings *settings = console_running_config(vty);
    if (settings == NULL)
        return 0;
    char *text = malloc(WRITE_OCTETS);
    if (text != NULL && settings_write(settings, text, WRITE_OCTETS, NULL) == P7_OK) {
        char *line = text;
        while (*line != '\0') {
            char *end = strchr(line, '\n');
            *end = '\0';
            (void)vty_out(vty, "%s%s", line, vty_newline(vty));
            line = end + 1;
        }
    }
    free(text);
    return 1;
}

/* libosmovty's form of a row's words: optional words are left to the line's rest. */
static void parser_describe(struct parser_command *command)
{
    const char *word = command->row->form;
    size_t at = 0;
    size_t doc_at = 0;
    for (;;) {
        const int length = (int)strcspn(word, " ");
        at += (size_t)snprintf(command->string + at, sizeof(command->string) - at, "%s%.*s",
                               at == 0 ? "" : " ", length, word);
        doc_at += (size_t)snprintf(command->doc + doc_at, sizeof(command->doc) - doc_at, "%s\n",
                                   command->row->help);
        assert(at < sizeof(command->string) && doc_at < sizeof(command->doc));
        if (*word == '.' || word[length] == '\0')
            return;
        word += length + 1;
    }
}

static void parser_install_nodes(void)
{
    static struct cmd_node nodes[GRAMMAR_NODE_COUNT];
    static const char *const prompts[GRAMMAR_NODE_COUNT] = {
        [GRAMMAR_PROFILE] = "%s(config-sctp-profile)# ",
        [GRAMMAR_CS7] = "%s(config-cs7)# ",
        [GRAMMAR_ASP] = "%s(config-cs7-asp)# ",
        [GRAMMAR_AS] = "%s(config-cs7-as)# ",
        [GRAMMAR_GTT] = "%s(config-cs7-gtt)# ",
        [GRAMMAR_SIMULATOR] = "%s(config-simulator)# ",
        [GRAMMAR_TARGET] = "%s(config-simulator-target)# ",
        [GRAMMAR_MODEL] = "%s(config-simulator-model)# ",
        [GRAMMAR_FLOW] = "%s(config-simulator-flow)# ",
        [GRAMMAR_RESPONDER] = "%s(config-responder)# ",
        [GRAMMAR_CLUSTER] = "%s(config-responder-cluster)# ",
    };
    for (int node = GRAMMAR_TOP + 1; node < GRAMMAR_NODE_COUNT; node++) {
        nodes[node].node = parser_node_id((enum grammar_node)node);
        nodes[node].prompt = prompts[node];
        nodes[node].vtysh = 1;
        /* One of them writes all. */
        install_node(&nodes[node], node == GRAMMAR_TOP + 1 ? parser_write_running : NULL);
    }
}

static enum p7_status parser_install(void)
{
    if (parser_tables.installed)
        return P7_OK;
    const enum p7_status status = console_library_open("pulse7", PULSE7_VERSION);
    if (status != P7_OK)
        return status;
    parser_install_nodes();
    assert(grammar_row_count() <= COMMANDS_MAX);
    for (uint32_t i = 0; i < grammar_row_count(); i++) {
        struct parser_command *command = &parser_tables.command[parser_tables.count++];
        command->row = grammar_row_at(i);
        parser_describe(command);
        command->element.string = command->string;
        command->element.doc = command->doc;
        command->element.func = parser_run;
        install_element(parser_node_id(command->row->node), &command->element);
    }
    parser_tables.installed = true;
    return P7_OK;
}

/* What libosmocore's own commands had to say about the line before; whether they had. */
static bool parser_collect_output(struct parser *parser)
{
    char *said = buffer_getstr(parser->vty->obuf);
    if (said == NULL)
        return false;
    buffer_reset(parser->vty->obuf);
    said[strcspn(said, "\r\n")] = '\0';
    const bool spoke = said[0] != '\0';
    if (spoke) {
        char why[MESSAGE_OCTETS_MAX];
        char word[MESSAGE_OCTETS_MAX];
        (void)snprintf(why, sizeof(why), "%s", said + strspn(said, "% "));
        const char *line = parser->current + strspn(parser->current, " \t");
        (void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(line, "\r\n"), line);
        parser_problem(parser, P7_RANGE, word, why);
    }
    talloc_free(said);
    return spoke;
}

/* Gives libosmovty the next line and no more, so that its number is known while it is run. */
static ssize_t parser_read(void *cookie, char *dst, size_t dst_octets)
{
    struct parser *parser = cookie;
    (void)parser_collect_output(parser);
    size_t length = strcspn(parser->rest, "\n");
    if (parser->rest[length] == '\n')
        length++;
    if (length == 0)
        return 0;
    assert(length < sizeof(parser->current) && length <= dst_octets);
    memcpy(parser->current, parser->rest, length);
    parser->current[length] = '\0';
    memcpy(dst, parser->rest, length);
    parser->rest += length;
    parser->line++;
    return (ssize_t)length;
}

static enum grammar_node parser_node_of(int id)
{
    for (int node = 0; node < GRAMMAR_NODE_COUNT; node++)
        if (parser_node_id((enum grammar_node)node) == id)
            return (enum grammar_node)node;
    return GRAMMAR_NODE_COUNT;
}

static void parser_feed(struct parser *parser)
{
    const cookie_io_functions_t functions = {.read = parser_read};
    FILE *stream = fopencookie(parser, "r", functions);
    if (stream == NULL) {
        parser_problem(parser, P7_NO_MEMORY, parser->name, "memory could not be had");
        return;
    }
    const int result = config_from_file(parser->vty, stream);
    (void)fclose(stream);
    const bool explained = parser_collect_output(parser);
    if (result == CMD_SUCCESS || explained)
        return;
    char word[MESSAGE_OCTETS_MAX];
    char why[GRAMMAR_WHY_OCTETS * 2];
    if (result == CMD_ERR_INVALID_INDENT)
        parser_explain_indent(parser->current, word, sizeof(word), why, sizeof(why));
    else
        parser_explain_line(parser_node_of(parser->vty->node), parser->current, word, sizeof(word),
                            why, sizeof(why));
    parser_problem(parser, P7_MALFORMED, word, why);
}

/* Lines that libosmovty could not be given are found before it gets any. */
static enum p7_status parser_check_text(struct parser *parser)
{
    const char *line = parser->rest;
    for (uint32_t number = 1; *line != '\0'; number++) {
        const size_t length = strcspn(line, "\n");
        if (length > LINE_OCTETS_MAX) {
            char word[32];
            (void)snprintf(word, sizeof(word), "%.20s...", line + strspn(line, " \t"));
            parser->line = number;
            parser_problem(parser, P7_RANGE, word, "the line is too long; at most 500 characters");
            return P7_RANGE;
        }
        line += length + (line[length] == '\n' ? 1 : 0);
    }
    return P7_OK;
}

enum p7_status settings_load_text(const char *name, const char *text, struct settings *settings,
                                  char *error, size_t error_octets)
{
    assert(error_octets > 0);
    error[0] = '\0';
    settings_init(settings);
    struct parser *parser = calloc(1, sizeof(*parser));
    if (parser == NULL || parser_install() != P7_OK) {
        free(parser);
        (void)snprintf(error, error_octets, "%s: memory could not be had", name);
        return P7_NO_MEMORY;
    }
    parser->settings = settings;
    parser->object[GRAMMAR_TOP] = settings;
    parser->name = name;
    parser->rest = text;
    parser->error = error;
    parser->error_octets = error_octets;
    if (parser_check_text(parser) == P7_OK) {
        struct vty *vty = vty_new();
        if (vty == NULL) {
            parser_problem(parser, P7_NO_MEMORY, name, "memory could not be had");
        } else {
            vty->type = VTY_FILE;
            vty->node = CONFIG_NODE;
            vty->priv = parser;
            parser->vty = vty;
            parser_feed(parser);
            vty_close(vty);
        }
    }
    const enum p7_status status = parser->status;
    free(parser);
    return status;
}

/* The whole file as text, or NULL with `error` filled in. */
static char *parser_read_file(const char *path, char *error, size_t error_octets,
                              enum p7_status *status)
{
    *status = P7_SYSTEM;
    FILE *file = fopen(path, "re");
    char *text = file != NULL ? malloc(FILE_OCTETS_MAX + 1) : NULL;
    size_t length = 0;
    bool read_failed = file == NULL;
    if (text != NULL) {
        length = fread(text, 1, FILE_OCTETS_MAX + 1, file);
        read_failed = ferror(file) != 0;
    }
    const int reason = errno;
    if (file != NULL)
        (void)fclose(file);
    if (read_failed) {
        (void)snprintf(error, error_octets, "%s: %s; give the path of a configuration file", path,
                       strerror(reason));
    } else if (text == NULL) {
        *status = P7_NO_MEMORY;
        (void)snprintf(error, error_octets, "%s: memory could not be had", path);
    } else if (length > FILE_OCTETS_MAX) {
        *status = P7_RANGE;
        (void)snprintf(error, error_octets, "%s: too long for a configuration file; at most 1 MiB",
                       path);
    } else if (memchr(text, '\0', length) != NULL) {
        *status = P7_MALFORMED;
        (void)snprintf(error, error_octets, "%s: not a text file; it has NUL characters", path);
    } else {
        text[length] = '\0';
        *status = P7_OK;
        return text;
    }
    free(text);
    return NULL;
}

enum p7_status settings_load(const char *path, struct settings *settings, char *error,
                             size_t error_octets)
{
    enum p7_status status;
    char *text = parser_read_file(path, error, error_octets, &status);
    if (text == NULL)
        return status;
    status = settings_load_text(path, text, settings, error, error_octets);
    free(text);
    return status;
}
