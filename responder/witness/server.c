/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/witness/server.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "responder/link/interconnect.h"
#include "responder/witness/cell.h"
#include "responder/witness/keeper.h"
#include "sigtran/runtime/clock.h"

/* Cluster's id, then the value as register.h encodes it. */
#define RECORD_OCTETS     (8u + REGISTER_VALUE_OCTETS)
#define SOCKET_OCTETS     262144
#define REFUSALS_PAUSE_NS (10 * CLOCK_NS_PER_S)
#define REFUSED_PAUSE_NS  CLOCK_NS_PER_S
#define POLL_MS           1000

struct server {
    const struct witness_options *options;
    struct witness_log *log;
    int directory_fd; /* locked while open: one witness a directory */
    int signal_fd;
    struct datagram_socket socket;
    uint32_t count;
    struct keeper keeper[WITNESS_CLUSTERS_MAX];
    struct cell cell[WITNESS_CLUSTERS_MAX];
    int64_t now_ns;
    uint64_t strangers; /* datagrams of no cluster that is served */
    struct datagram_address stranger;
    uint64_t told_strangers;
    struct keeper_refusals told;
    bool has_told;
    int64_t told_ns;
    bool has_told_refused;
    int64_t told_refused_ns;
    enum p7_status failed; /* of the disk: nothing is answered any more */
    char text[WITNESS_TEXT_OCTETS];
};

/* --- opening ---------------------------------------------------------------------------------- */

static enum p7_status open_directory(struct server *server, char *text)
{
    const char *path = server->options->data;
    if (mkdir(path, 0700) == -1 && errno != EEXIST) {
        (void)snprintf(text, WITNESS_TEXT_OCTETS, "--data %s can't be made: %s", path,
                       strerror(errno));
        return P7_SYSTEM;
    }
    server->directory_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (server->directory_fd == -1) {
        (void)snprintf(text, WITNESS_TEXT_OCTETS, "--data %s can't be opened: %s", path,
                       strerror(errno));
        return P7_SYSTEM;
    }
    if (flock(server->directory_fd, LOCK_EX | LOCK_NB) == -1) {
        (void)snprintf(text, WITNESS_TEXT_OCTETS,
                       errno == EWOULDBLOCK
                           ? "--data %s: another pulse7-witness uses it; end that one, or give "
                             "this one a directory of its own"
                           : "--data %s can't be locked",
                       path);
        return P7_STATE;
    }
    return P7_OK;
}

/* A count of this witness's lives and a random half: see channel.h. */
static enum p7_status next_session(struct server *server, uint64_t *session, char *text)
{
    uint8_t octets[8] = {0};
    uint32_t random = 0;
    bool fresh;
    struct cell cell;
    char why[CELL_TEXT_OCTETS];
    enum p7_status status =
        cell_open(&cell, server->directory_fd, "lives", octets, sizeof(octets), &fresh, why);
    if (status == P7_OK) {
        /* A new directory counts from the time: nodes that talked to a witness whose directory is
         * lost listen to higher counts only. */
        const uint64_t start = fresh ? (uint64_t)(clock_wall_ns() / CLOCK_NS_PER_S) : 0;
        const uint64_t lives = (bytes_load_u64be(octets) + start + 1) & UINT32_MAX;
        bytes_store_u64be(octets, lives);
        status = cell_write(&cell, octets, why);
        cell_close(&cell);
        if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
            (void)snprintf(why, sizeof(why), "the system gives no random numbers");
            status = P7_SYSTEM;
        }
        *session = (lives << 32) | random;
    }
    if (status != P7_OK)
        (void)snprintf(text, WITNESS_TEXT_OCTETS, "%.100s/%.390s", server->options->data, why);
    return status;
}

static enum p7_status open_register(struct server *server, uint32_t index, uint64_t session,
                                    char *text)
{
    const uint64_t id = server->options->cluster[index].id;
    const char *key_path = server->options->cluster[index].key_path;
    uint8_t key[CHANNEL_KEY_OCTETS];
    uint8_t record[RECORD_OCTETS];
    struct register_value value = {.owner = REGISTER_NODE_NONE};
    char name[CELL_NAME_OCTETS];
    char why[CELL_TEXT_OCTETS];
    bool fresh;
    enum p7_status status = interconnect_key_read(key_path, key, why);
    if (status != P7_OK) {
        (void)snprintf(text, WITNESS_TEXT_OCTETS, "--cluster %" PRIu64 ": %s", id, why);
        return status;
    }
    (void)snprintf(name, sizeof(name), "register-%" PRIu64, id);
    bytes_store_u64be(record, id);
    register_value_encode(&value, record + 8);
    status = cell_open(&server->cell[index], server->directory_fd, name, record, sizeof(record),
                       &fresh, why);
    if (status != P7_OK) {
        (void)snprintf(text, WITNESS_TEXT_OCTETS, "%.100s/%.400s", server->options->data, why);
        return status;
    }
    server->count = index + 1;
    if (bytes_load_u64be(record) != id ||
        register_value_decode(bytes_of(record + 8, REGISTER_VALUE_OCTETS), &value) != P7_OK) {
        (void)snprintf(text, WITNESS_TEXT_OCTETS,
                       "%s/%s holds the register of another cluster, or of another version of "
                       "pulse7; give this cluster its own directory",
                       server->options->data, name);
        return P7_MALFORMED;
    }
    keeper_init(&server->keeper[index], id, key, session, &value);
    if (register_value_is_empty(&value))
        witness_log_notice(server->log,
                           "cluster %" PRIu64 ": %s register is empty, no node owns it", id,
                           fresh ? "the new" : "the");
    else
        witness_log_notice(
            server->log,
            "cluster %" PRIu64 ": node %u owns it, term %" PRIu64 ", %s, version %" PRIu64, id,
            (unsigned)value.owner, value.term, register_mode_name(value.mode), value.version);
    return P7_OK;
}

static enum p7_status open_signals(struct server *server, char *text)
{
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGHUP);
    /* A limit of file sizes is an error of the write, not an end without a word. */
    (void)signal(SIGXFSZ, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) == -1)
        return P7_SYSTEM;
    server->signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (server->signal_fd != -1)
        return P7_OK;
    (void)snprintf(text, WITNESS_TEXT_OCTETS, "signals can't be read: %s", strerror(errno));
    return P7_SYSTEM;
}

static enum p7_status open_socket(struct server *server, char *text)
{
    char address[WITNESS_ADDRESS_OCTETS];
    const enum p7_status status = datagram_socket_open(&server->socket, &server->options->listen,
                                                       CHANNEL_DATAGRAM_OCTETS_MAX, SOCKET_OCTETS);
    if (status == P7_OK)
        return P7_OK;
    const int error = errno;
    witness_address_text(&server->options->listen, address);
    (void)snprintf(text, WITNESS_TEXT_OCTETS, "--listen %s: %s%s", address, strerror(error),
                   error == EADDRINUSE ? "; another program has this port: choose another one"
                                       : "");
    return status;
}

enum p7_status server_open(struct server **out, const struct witness_options *options,
                           struct witness_log *log, char *text)
{
    uint64_t session = 0;
    struct server *server = calloc(1, sizeof(*server));
    *out = NULL;
    if (server == NULL) {
        (void)snprintf(text, WITNESS_TEXT_OCTETS, "out of memory");
        return P7_NO_MEMORY;
    }
    server->options = options;
    server->log = log;
    server->directory_fd = server->signal_fd = server->socket.fd = -1;
    enum p7_status status = open_directory(server, text);
    if (status == P7_OK)
        status = open_signals(server, text);
    if (status == P7_OK)
        status = open_socket(server, text);
    if (status == P7_OK)
        status = next_session(server, &session, text);
    for (uint32_t i = 0; status == P7_OK && i < options->cluster_count; i++)
        status = open_register(server, i, session, text);
    if (status != P7_OK)
        server_close(server);
    else
        *out = server;
    return status;
}

void server_close(struct server *server)
{
    for (uint32_t i = 0; i < server->count; i++)
        cell_close(&server->cell[i]);
    datagram_socket_close(&server->socket);
    if (server->signal_fd != -1)
        (void)close(server->signal_fd);
    if (server->directory_fd != -1)
        (void)close(server->directory_fd);
    free(server);
}

/* --- requests --------------------------------------------------------------------------------- */

static void tell_request(struct server *server, const struct keeper *keeper,
                         const struct keeper_outcome *outcome)
{
    const struct register_value *now = &keeper->value;
    const struct register_value *proposal = &outcome->request.proposal;
    if (outcome->changed) {
        witness_log_notice(server->log,
                           "cluster %" PRIu64 ": node %u owns it, term %" PRIu64
                           ", %s, version %" PRIu64 " (asked by node %u%s)",
                           keeper->cluster_id, (unsigned)now->owner, now->term,
                           register_mode_name(now->mode), now->version, (unsigned)outcome->node,
                           outcome->request.kind == REGISTER_FORCE ? ", FORCED by an operator"
                                                                   : "");
        return;
    }
    if (!outcome->asked || outcome->accepted || outcome->request.kind == REGISTER_READ)
        return;
    if (server->has_told_refused && server->now_ns - server->told_refused_ns < REFUSED_PAUSE_NS)
        return;
    server->has_told_refused = true;
    server->told_refused_ns = server->now_ns;
    witness_log_notice(
        server->log,
        "cluster %" PRIu64 ": refused to node %u: owner %u, term %" PRIu64 ", %s, version %" PRIu64
        "; it is owner %u, term %" PRIu64 ", %s, version %" PRIu64,
        keeper->cluster_id, (unsigned)outcome->node, (unsigned)proposal->owner, proposal->term,
        register_mode_name(proposal->mode), proposal->version, (unsigned)now->owner, now->term,
        register_mode_name(now->mode), now->version);
}

static void make_durable(struct server *server, const struct keeper *keeper)
{
    uint8_t record[RECORD_OCTETS];
    char why[CELL_TEXT_OCTETS];
    bytes_store_u64be(record, keeper->cluster_id);
    register_value_encode(&keeper->value, record + 8);
    server->failed = cell_write(&server->cell[keeper - server->keeper], record, why);
    if (server->failed != P7_OK)
        (void)snprintf(server->text, sizeof(server->text),
                       "%.100s/%.200s; nothing is answered any more. See to the disk, then start "
                       "the witness again",
                       server->options->data, why);
}

static void on_datagram(void *context, const struct datagram_address *from, struct bytes datagram)
{
    struct server *server = context;
    uint8_t octets[KEEPER_REPLY_OCTETS_MAX];
    struct bytes_writer writer = bytes_writer_of(octets, octets + sizeof(octets));
    if (server->failed != P7_OK)
        return;
    struct keeper *keeper = keeper_find(server->keeper, server->count, datagram);
    if (keeper == NULL) {
        server->strangers++;
        server->stranger = *from;
        return;
    }
    const struct keeper_refusals before = keeper_get_refusals(keeper);
    const struct keeper_outcome outcome = keeper_receive(keeper, datagram, &writer);
    const struct keeper_refusals after = keeper_get_refusals(keeper);
    if (memcmp(&before, &after, sizeof(before)) != 0)
        server->stranger = *from;
    if (outcome.changed)
        make_durable(server, keeper);
    if (server->failed != P7_OK)
        return;
    tell_request(server, keeper, &outcome);
    if (!outcome.reply)
        return;
    /* A reply that the network does not take is a lost one: the node asks again. */
    const struct bytes reply = bytes_of(octets, bytes_writer_length(&writer));
    (void)datagram_socket_send(&server->socket, from, &reply, 1, NULL);
}

/* --- the loop --------------------------------------------------------------------------------- */

/* One line for all that nobody honest sent, at most one in ten seconds. */
static void tell_refusals(struct server *server)
{
    struct keeper_refusals sum = {0};
    char address[WITNESS_ADDRESS_OCTETS];
    for (uint32_t i = 0; i < server->count; i++) {
        const struct keeper_refusals one = keeper_get_refusals(&server->keeper[i]);
        sum.forged += one.forged;
        sum.other_cluster += one.other_cluster;
        sum.malformed += one.malformed;
    }
    if (memcmp(&sum, &server->told, sizeof(sum)) == 0 &&
        server->strangers == server->told_strangers)
        return;
    if (server->has_told && server->now_ns - server->told_ns < REFUSALS_PAUSE_NS)
        return;
    witness_address_text(&server->stranger, address);
    witness_log_error(server->log,
                      "datagrams refused: %" PRIu64 " with a wrong key, %" PRIu64
                      " of a cluster that is not served here, %" PRIu64
                      " not understood (another version?); the last one from %s",
                      sum.forged - server->told.forged,
                      sum.other_cluster - server->told.other_cluster + server->strangers -
                          server->told_strangers,
                      sum.malformed - server->told.malformed, address);
    server->told = sum;
    server->told_strangers = server->strangers;
    server->told_ns = server->now_ns;
    server->has_told = true;
}

/* False: it is to end. */
static bool take_signals(struct server *server)
{
    struct signalfd_siginfo signal;
    while (read(server->signal_fd, &signal, sizeof(signal)) == (ssize_t)sizeof(signal)) {
        if (signal.ssi_signo == SIGHUP) {
            witness_log_reopen(server->log);
            witness_log_notice(server->log, "log opened anew");
            continue;
        }
        witness_log_notice(server->log, "asked to end");
        return false;
    }
    return true;
}

enum p7_status server_run(struct server *server, char *text)
{
    struct pollfd fds[] = {{.fd = server->socket.fd, .events = POLLIN},
                           {.fd = server->signal_fd, .events = POLLIN}};
    for (;;) {
        if (poll(fds, 2, POLL_MS) == -1 && errno != EINTR) {
            (void)snprintf(text, WITNESS_TEXT_OCTETS, "poll: %s", strerror(errno));
            return P7_SYSTEM;
        }
        server->now_ns = clock_monotonic_ns();
        (void)datagram_socket_receive(&server->socket, on_datagram, server);
        if (server->failed != P7_OK) {
            memcpy(text, server->text, WITNESS_TEXT_OCTETS);
            return server->failed;
        }
        tell_refusals(server);
        if (!take_signals(server))
            return P7_OK;
    }
}
