/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "config/language/options.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/language/grammar.h"

#define OPTION_DURATION_MAX_MS UINT64_C(31622400000) /* 366 days */
#define OPTION_RATE_MAX        10e6

/* Values of getopt_long for options without a letter. */
enum option_value {
    OPTION_RATE = 256,
    OPTION_DURATION,
    OPTION_OUT,
    OPTION_TRANSPORT,
    OPTION_TARGET,
    OPTION_SEED,
    OPTION_NAME,
    OPTION_SCREEN,
    OPTION_CHECK,
    OPTION_PROBE,
    OPTION_QUIET,
    OPTION_LISTEN,
    OPTION_DATA,
};

static const struct option simulator_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"duration", required_argument, NULL, OPTION_DURATION},
    {"out", required_argument, NULL, OPTION_OUT},
    {"transport", required_argument, NULL, OPTION_TRANSPORT},
    {"target", required_argument, NULL, OPTION_TARGET},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"name", required_argument, NULL, OPTION_NAME},
    {"screen", required_argument, NULL, OPTION_SCREEN},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"probe", no_argument, NULL, OPTION_PROBE},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct option responder_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"transport", required_argument, NULL, OPTION_TRANSPORT},
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"data", required_argument, NULL, OPTION_DATA},
    {"duration", required_argument, NULL, OPTION_DURATION},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct value_choice transport_words[] = {{"auto", TRANSPORT_AUTO},
                                                      {"kernel", TRANSPORT_KERNEL},
                                                      {"kernel-udp", TRANSPORT_KERNEL_UDP},
                                                      {"usrsctp", TRANSPORT_USRSCTP},
                                                      {"usrsctp-ip", TRANSPORT_USRSCTP_IP},
                                                      {NULL, 0}};
static const struct value_choice screen_words[] = {{"auto", OPTIONS_SCREEN_AUTO},
                                                   {"on", OPTIONS_SCREEN_ON},
                                                   {"off", OPTIONS_SCREEN_OFF},
                                                   {NULL, 0}};

/* IP, IP:PORT or [IPv6]:PORT. */
static enum p7_status parse_endpoint(struct options *options, const char *word, char *why)
{
    char copy[TRANSPORT_IP_TEXT_OCTETS + 16];
    char *ip = copy;
    char *port = NULL;
    if (strlen(word) >= sizeof(copy)) {
        (void)snprintf(why, GRAMMAR_WHY_OCTETS, "too long; write IP or IP:PORT");
        return P7_RANGE;
    }
    memcpy(copy, word, strlen(word) + 1);
    char *bracket = copy[0] == '[' ? strchr(copy, ']') : NULL;
    if (bracket != NULL) {
        ip = copy + 1;
        *bracket = '\0';
        port = bracket[1] == ':' ? bracket + 2 : NULL;
        if (bracket[1] != '\0' && port == NULL)
            ip = bracket; /* empty: no address, told below */
    } else if (strchr(copy, ':') == strrchr(copy, ':') && strchr(copy, ':') != NULL) {
        port = strchr(copy, ':') + 1;
        port[-1] = '\0';
    }
    enum p7_status status =
        value_parse_address(ip, options->address_ip, sizeof(options->address_ip), why);
    if (status != P7_OK || port == NULL)
        return status;
    uint64_t number = 0;
    status = value_parse_number(port, 1, UINT16_MAX, &number, why);
    options->address_port = (uint16_t)number;
    return status;
}

static enum p7_status parse_rate_option(struct options *options, const char *word, char *why)
{
    char *end = NULL;
    const bool digit = strspn(word, "0123456789.") == strlen(word) && word[0] != '\0';
    options->rate_per_s = digit ? strtod(word, &end) : 0;
    if (!digit || *end != '\0' || !(options->rate_per_s > 0) ||
        options->rate_per_s > OPTION_RATE_MAX) {
        (void)snprintf(why, GRAMMAR_WHY_OCTETS,
                       "not a rate; write starts per second above 0, up to 10000000");
        return P7_RANGE;
    }
    options->has_rate = true;
    return P7_OK;
}

static enum p7_status take_word(struct options *options, int option, const char *word, char *why)
{
    char name[SETTINGS_NAME_OCTETS];
    uint32_t choice = 0;
    enum p7_status status = P7_OK;
    switch (option) {
    case OPTION_RATE:
        return parse_rate_option(options, word, why);
    case OPTION_DURATION:
        options->has_duration = true;
        return value_parse_time(word, false, 0, OPTION_DURATION_MAX_MS, &options->duration_ms, why);
    case OPTION_TRANSPORT:
        status = value_parse_choice(word, transport_words, &choice, why);
        options->has_transport = true;
        options->transport = (enum transport_kind)choice;
        return status;
    case OPTION_TARGET:
    case OPTION_LISTEN:
        options->has_address = true;
        return parse_endpoint(options, word, why);
    case OPTION_SEED:
        options->has_seed = true;
        return value_parse_number(word, 0, UINT64_MAX, &options->seed, why);
    case OPTION_NAME:
        options->name = word;
        return value_parse_name(word, name, sizeof(name), why);
    default: /* OPTION_SCREEN */
        status = value_parse_choice(word, screen_words, &choice, why);
        options->screen = (enum options_screen)choice;
        return status;
    }
}

static enum p7_status take_path(const char **field, const char *word, char *why)
{
    *field = word;
    if (word[0] != '\0' && strlen(word) < SETTINGS_PATH_OCTETS)
        return P7_OK;
    (void)snprintf(why, GRAMMAR_WHY_OCTETS, "not a path; write 1 to %d characters",
                   SETTINGS_PATH_OCTETS - 1);
    return P7_RANGE;
}

static enum p7_status take_option(struct options *options, int option, const char *word, char *why)
{
    switch (option) {
    case 'c':
        return take_path(&options->config_path, word, why);
    case OPTION_OUT:
        return take_path(&options->out, word, why);
    case OPTION_DATA:
        return take_path(&options->data, word, why);
    case OPTION_CHECK:
        if (options->action == OPTIONS_RUN)
            options->action = OPTIONS_CHECK;
        return P7_OK;
    case OPTION_PROBE:
        if (options->action == OPTIONS_RUN)
            options->action = OPTIONS_PROBE;
        return P7_OK;
    case OPTION_QUIET:
        options->quiet = true;
        return P7_OK;
    case 'V':
        options->action = OPTIONS_VERSION;
        return P7_OK;
    case 'h':
        options->action = OPTIONS_HELP;
        return P7_OK;
    default:
        return take_word(options, option, word, why);
    }
}

static const char *program_name(enum settings_program program)
{
    return program == SETTINGS_FOR_SIMULATOR ? "pulse7-simulator" : "pulse7-responder";
}

static const char *option_name(const struct option *list, int option)
{
    for (; list->name != NULL; list++)
        if (list->val == option)
            return list->name;
    return "?";
}

static bool help_or_version(const struct options *options)
{
    return options->action == OPTIONS_HELP || options->action == OPTIONS_VERSION;
}

enum p7_status options_parse(struct options *options, enum settings_program program, int argc,
                             char *const *argv, char *error, size_t error_octets)
{
    const struct option *list =
        program == SETTINGS_FOR_SIMULATOR ? simulator_options : responder_options;
    char why[GRAMMAR_WHY_OCTETS] = "";
    enum p7_status first = P7_OK;
    memset(options, 0, sizeof(*options));
    error[0] = '\0';
    optind = 0; /* glibc: starts anew, so that tests may parse many command lines */
    opterr = 0;
    for (;;) {
        enum p7_status status;
        const int option = getopt_long(argc, argv, ":c:Vh", list, NULL);
        if (option == -1)
            break;
        if (option == '?' || option == ':') {
            status = P7_MALFORMED;
            (void)snprintf(why, sizeof(why), "%s; see --help",
                           option == ':' ? "a value is missing behind it" : "no such option");
            if (first == P7_OK)
                (void)snprintf(error, error_octets, "%s: %s", argv[optind - 1], why);
        } else {
            status = take_option(options, option, optarg, why);
            if (status != P7_OK && first == P7_OK)
                (void)snprintf(error, error_octets, "--%s %s: %s", option_name(list, option),
                               optarg, why);
        }
        if (first == P7_OK)
            first = status;
    }
    if (first == P7_OK && optind < argc) {
        first = P7_MALFORMED;
        (void)snprintf(error, error_octets, "%s: not an option; a file goes behind -c",
                       argv[optind]);
    }
    if (!help_or_version(options))
        return first;
    error[0] = '\0';
    return P7_OK;
}

/* --- over the settings ----------------------------------------------------------------------- */

static enum p7_status apply_rate(double rate_per_s, struct simulator_settings *simulator,
                                 char *error, size_t error_octets)
{
    if (simulator->load_count > 0) {
        (void)snprintf(error, error_octets,
                       "--rate: the configuration has loads, which give every run its rate; leave "
                       "--rate out, or take its loads line away");
        return P7_STATE;
    }
    if (simulator->flow_count == 0) {
        (void)snprintf(error, error_octets, "--rate: the configuration has no flow to set it for");
        return P7_NOT_FOUND;
    }
    settings_share_rate(simulator, rate_per_s);
    return P7_OK;
}

static enum p7_status apply_address(const struct options *options, bool client,
                                    struct settings *settings, char *error, size_t error_octets)
{
    for (uint32_t i = 0; i < settings->asp_count; i++) {
        struct asp_settings *asp = &settings->asp[i];
        if (asp->sctp_client != client)
            continue;
        struct transport_endpoint *endpoint = &asp->endpoint;
        char(*list)[TRANSPORT_IP_TEXT_OCTETS] = client ? endpoint->remote_ip : endpoint->local_ip;
        memset(list, 0, sizeof(endpoint->remote_ip));
        value_copy_text(list[0], TRANSPORT_IP_TEXT_OCTETS, options->address_ip);
        *(client ? &endpoint->remote_ip_count : &endpoint->local_ip_count) = 1;
        if (options->address_port != 0)
            *(client ? &endpoint->remote_port : &endpoint->local_port) = options->address_port;
        return P7_OK;
    }
    (void)snprintf(error, error_octets, "--%s: the configuration has no asp with sctp-role %s",
                   client ? "target" : "listen", client ? "client" : "server");
    return P7_NOT_FOUND;
}

enum p7_status options_apply(const struct options *options, enum settings_program program,
                             struct settings *settings, char *error, size_t error_octets)
{
    struct simulator_settings *simulator = &settings->simulator;
    const bool is_simulator = program == SETTINGS_FOR_SIMULATOR;
    enum p7_status status = P7_OK;
    error[0] = '\0';
    if (options->has_transport)
        settings->transport.kind = options->transport;
    if (options->has_seed)
        simulator->seed = options->seed;
    if (options->has_duration && is_simulator)
        simulator->duration_ms = options->duration_ms;
    if (options->out != NULL)
        value_copy_text(simulator->out, sizeof(simulator->out), options->out);
    if (options->name != NULL)
        value_copy_text(simulator->name, sizeof(simulator->name), options->name);
    if (options->data != NULL)
        value_copy_text(settings->responder.data, sizeof(settings->responder.data), options->data);
    if (options->has_rate)
        status = apply_rate(options->rate_per_s, simulator, error, error_octets);
    if (status == P7_OK && options->has_address)
        status = apply_address(options, is_simulator, settings, error, error_octets);
    return status;
}

/* --- what the programs print ----------------------------------------------------------------- */

static const char usage_simulator[] =
    "Usage: pulse7-simulator [-c FILE] [OPTION]...\n"
    "Sends SS7 requests over SIGTRAN at a fixed rate, times every one, and measures downtime.\n"
    "\n"
    "  -c, --config FILE      configuration (see pulse7.cfg(5))\n"
    "      --rate R           starts per second of all flows together\n"
    "      --duration TIME    length of each run: 500ms, 90s, 20m, 1h; 0: until stopped\n"
    "      --out DIR          run directory, or that of a campaign's runs (loads); runs/TIME-NAME\n"
    "                         when not given\n"
    "      --transport KIND   auto, kernel, kernel-udp, usrsctp or usrsctp-ip\n"
    "      --target IP[:PORT] remote address of the first client asp, and its SCTP port\n"
    "      --seed N           seed of the schedule and of all that is drawn\n"
    "      --name NAME        name of the run\n"
    "      --screen WHEN      auto (on a terminal), on or off\n"
    "      --check            checks the configuration and ends\n"
    "      --probe            sends one request, tells each step on the way to its reply, and "
    "ends:\n"
    "                         exit code 0 answered, 1 a step failed, 2 usage or configuration\n"
    "      --quiet            says errors only\n"
    "  -V, --version          prints the version and ends\n"
    "  -h, --help             prints this and ends\n"
    "\n"
    "Exit codes: 0 passed, 1 a threshold failed, 2 usage or configuration, 3 invalid run; of a\n"
    "campaign the worst of its runs' (3, then 1, then 0).\n";

static const char usage_responder[] =
    "Usage: pulse7-responder [-c FILE] [OPTION]...\n"
    "Answers the charging requests of SS7 over SIGTRAN.\n"
    "\n"
    "  -c, --config FILE      configuration (see pulse7.cfg(5))\n"
    "      --transport KIND   auto, kernel, kernel-udp, usrsctp or usrsctp-ip\n"
    "      --listen IP[:PORT] local address of the first server asp, and its SCTP port\n"
    "      --data DIR         directory for what it writes\n"
    "      --duration TIME    ends after it: 500ms, 90s, 20m, 1h; 0: when stopped\n"
    "      --check            checks the configuration and ends\n"
    "      --quiet            says errors only\n"
    "  -V, --version          prints the version and ends\n"
    "  -h, --help             prints this and ends\n"
    "\n"
    "Exit codes: 0 ended as asked, 2 usage or configuration, 3 could not run.\n";

void options_usage(enum settings_program program, FILE *stream)
{
    (void)fputs(program == SETTINGS_FOR_SIMULATOR ? usage_simulator : usage_responder, stream);
}

void options_version(enum settings_program program, FILE *stream)
{
    (void)fprintf(stream, "%s %s\nLicence AGPL-3.0-or-later: https://gnu.org/licenses/agpl-3.0\n",
                  program_name(program), PULSE7_VERSION);
}
