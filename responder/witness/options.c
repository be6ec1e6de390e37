/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/witness/options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum option_value {
    OPTION_LISTEN = 256,
    OPTION_DATA,
    OPTION_CLUSTER,
    OPTION_LOG_FILE,
    OPTION_QUIET
};

static const struct option option_list[] = {
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"data", required_argument, NULL, OPTION_DATA},
    {"cluster", required_argument, NULL, OPTION_CLUSTER},
    {"log-file", required_argument, NULL, OPTION_LOG_FILE},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "Usage: pulse7-witness --data DIR --cluster ID:KEYFILE [OPTION]...\n"
    "Keeps the register that decides which of two responders serves.\n"
    "\n"
    "      --listen IP[:PORT]    UDP address; 127.0.0.1:7100 when not given, port 7100\n"
    "      --data DIR            directory of the registers, made when it is not there\n"
    "      --cluster ID:KEYFILE  a cluster to serve: its number and its key; once for each\n"
    "      --log-file FILE       log to it instead of standard error; SIGHUP opens it anew\n"
    "      --quiet               says errors only\n"
    "  -V, --version             prints the version and ends\n"
    "  -h, --help                prints this and ends\n"
    "\n"
    "Exit codes: 0 ended as asked, 2 usage, 3 could not run or could not write its register.\n";

void witness_usage(FILE *stream)
{
    (void)fputs(usage, stream);
}

void witness_version(FILE *stream)
{
    (void)fprintf(stream,
                  "pulse7-witness %s\nLicence AGPL-3.0-or-later: "
                  "https://gnu.org/licenses/agpl-3.0\n",
                  PULSE7_VERSION);
}

void witness_address_text(const struct datagram_address *address, char *text)
{
    char ip[INET6_ADDRSTRLEN] = "?";
    const bool six = address->any.sa_family == AF_INET6;
    if (six)
        (void)inet_ntop(AF_INET6, &address->in6.sin6_addr, ip, sizeof(ip));
    else
        (void)inet_ntop(AF_INET, &address->in.sin_addr, ip, sizeof(ip));
    (void)snprintf(text, WITNESS_ADDRESS_OCTETS, six ? "[%s]:%u" : "%s:%u", ip,
                   (unsigned)ntohs(six ? address->in6.sin6_port : address->in.sin_port));
}

/* Decimal, or hexadecimal behind 0x; false for anything else, blanks and signs included. */
static bool read_number(const char *word, uint64_t *value)
{
    const bool hex = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
    const char *digits = hex ? word + 2 : word;
    char *end = NULL;
    if (digits[0] == '\0' ||
        strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789") != strlen(digits))
        return false;
    errno = 0;
    *value = strtoull(digits, &end, hex ? 16 : 10);
    return errno == 0 && *end == '\0';
}

/* IP, IP:PORT, IPv6 or [IPv6]:PORT. */
static bool read_address(const char *word, struct datagram_address *address)
{
    char copy[INET6_ADDRSTRLEN + 16];
    char *ip = copy;
    char *port_word = NULL;
    uint64_t port = WITNESS_PORT_DEFAULT;
    if (strlen(word) >= sizeof(copy))
        return false;
    memcpy(copy, word, strlen(word) + 1);
    if (copy[0] == '[') {
        char *bracket = strchr(copy, ']');
        if (bracket == NULL || (bracket[1] != '\0' && bracket[1] != ':'))
            return false;
        port_word = bracket[1] == ':' ? bracket + 2 : NULL;
        *bracket = '\0';
        ip = copy + 1;
    } else if (strchr(copy, ':') != NULL && strchr(copy, ':') == strrchr(copy, ':')) {
        port_word = strchr(copy, ':') + 1;
        port_word[-1] = '\0';
    }
    if (port_word != NULL && (!read_number(port_word, &port) || port == 0 || port > UINT16_MAX))
        return false;
    struct in_addr four;
    /* Nothing would be any address (who wants that says 0.0.0.0 or ::), and "1.2.3" is 1.2.0.3 to
     * getaddrinfo. */
    if (ip[0] == '\0' || (strchr(ip, ':') == NULL && inet_pton(AF_INET, ip, &four) != 1))
        return false;
    return datagram_address_parse(ip, (uint16_t)port, AF_INET, address) == P7_OK;
}

static enum p7_status take_cluster(struct witness_options *options, const char *word, char *text)
{
    char number[24];
    uint64_t id = 0;
    const char *colon = strchr(word, ':');
    const size_t length = colon != NULL ? (size_t)(colon - word) : 0;
    if (colon == NULL || colon[1] == '\0' || length >= sizeof(number)) {
        (void)snprintf(text, WITNESS_TEXT_OCTETS,
                       "--cluster %s: write ID:KEYFILE, the cluster's number and its key file",
                       word);
        return P7_MALFORMED;
    }
    memcpy(number, word, length);
    number[length] = '\0';
    if (!read_number(number, &id)) {
        (void)snprintf(text, WITNESS_TEXT_OCTETS,
                       "--cluster %s: '%s' is not a cluster's number; write it as the nodes' "
                       "configuration does, decimal or 0x...",
                       word, number);
        return P7_RANGE;
    }
    for (uint32_t i = 0; i < options->cluster_count; i++) {
        if (options->cluster[i].id != id)
            continue;
        (void)snprintf(text, WITNESS_TEXT_OCTETS, "--cluster %s: cluster %s is given twice", word,
                       number);
        return P7_EXISTS;
    }
    if (options->cluster_count == WITNESS_CLUSTERS_MAX) {
        (void)snprintf(text, WITNESS_TEXT_OCTETS,
                       "--cluster %s: a witness serves %u clusters at most; start another one",
                       word, WITNESS_CLUSTERS_MAX);
        return P7_FULL;
    }
    options->cluster[options->cluster_count].id = id;
    options->cluster[options->cluster_count++].key_path = colon + 1;
    return P7_OK;
}

static enum p7_status take_option(struct witness_options *options, int option, const char *word,
                                  char *text)
{
    switch (option) {
    case OPTION_LISTEN:
        if (read_address(word, &options->listen))
            return P7_OK;
        (void)snprintf(text, WITNESS_TEXT_OCTETS,
                       "--listen %s: not an IP address with or without a port; write 192.0.2.1, "
                       "192.0.2.1:7100 or [2001:db8::1]:7100",
                       word);
        return P7_MALFORMED;
    case OPTION_DATA:
        options->data = word;
        return P7_OK;
    case OPTION_CLUSTER:
        return take_cluster(options, word, text);
    case OPTION_LOG_FILE:
        options->log_file = word;
        return P7_OK;
    case OPTION_QUIET:
        options->quiet = true;
        return P7_OK;
    case 'V':
        options->action = WITNESS_VERSION;
        return P7_OK;
    default: /* 'h' */
        options->action = WITNESS_HELP;
        return P7_OK;
    }
}

static enum p7_status check_complete(const struct witness_options *options, char *text)
{
    if (options->data == NULL || options->data[0] == '\0') {
        (void)snprintf(text, WITNESS_TEXT_OCTETS,
                       "where are the registers? Give their directory by --data DIR (see --help)");
        return P7_MISSING;
    }
    if (options->cluster_count == 0) {
        (void)snprintf(text, WITNESS_TEXT_OCTETS,
                       "which cluster? Give at least one by --cluster ID:KEYFILE (see --help)");
        return P7_MISSING;
    }
    return P7_OK;
}

enum p7_status witness_options_parse(struct witness_options *options, int argc, char *const *argv,
                                     char *text)
{
    memset(options, 0, sizeof(*options));
    if (!read_address("127.0.0.1", &options->listen)) {
        (void)snprintf(text, WITNESS_TEXT_OCTETS, "127.0.0.1 is no address here");
        return P7_SYSTEM;
    }
    text[0] = '\0';
    optind = 0; /* glibc: starts anew, so that tests may parse many command lines */
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":Vh", option_list, NULL)) != -1;) {
        if (option == '?' || option == ':') {
            (void)snprintf(text, WITNESS_TEXT_OCTETS, "%s: %s; see --help", argv[optind - 1],
                           option == ':' ? "a value is missing behind it" : "no such option");
            return P7_MALFORMED;
        }
        const enum p7_status status = take_option(options, option, optarg, text);
        if (status != P7_OK)
            return status;
        if (options->action != WITNESS_RUN)
            return P7_OK;
    }
    if (optind < argc) {
        (void)snprintf(text, WITNESS_TEXT_OCTETS, "%s: not an option; see --help", argv[optind]);
        return P7_MALFORMED;
    }
    return check_complete(options, text);
}
