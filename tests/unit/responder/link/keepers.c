/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "tests/unit/responder/link/keepers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sigtran/runtime/clock.h"

#define ASK_AGAIN_NS  INT64_C(200000000)
#define TURN_MS       20
#define START_TRIES   6 /* of KEEPERS_WAIT_NS each: a machine under load starts etcd slowly */
#define ARGUMENTS_MAX 64

#define TEXT(x)      #x
#define PORT(x)      TEXT(x)
#define ETCD_URL     "http://127.0.0.1:" PORT(KEEPERS_PORT_ETCD)
#define TLS_URL      "https://127.0.0.1:" PORT(KEEPERS_PORT_TLS)
#define TLS_PEER_URL "http://127.0.0.1:" PORT(KEEPERS_PORT_TLS_PEERS)
#define PEER_URL     "http://127.0.0.1:" PORT(KEEPERS_PORT_PEERS)

static bool write_key(const struct keepers *keepers, const char *path)
{
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return false;
    for (size_t i = 0; i < sizeof(keepers->key); i++)
        (void)fprintf(file, "%02x", (unsigned)keepers->key[i]);
    return fclose(file) == 0 && chmod(path, 0600) == 0;
}

bool keepers_begin(struct keepers *keepers)
{
    char path[96];
    memset(keepers, 0, sizeof(*keepers));
    /* The ports are fixed: two builds that are tested at once take turns. Closed by the exit. */
    const int lock_fd = open("/tmp/pulse7-keepers.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock_fd == -1 || flock(lock_fd, LOCK_EX) == -1)
        return false;
    (void)snprintf(keepers->directory, sizeof(keepers->directory), "/tmp/pulse7-keepers.XXXXXX");
    for (size_t i = 0; i < sizeof(keepers->key); i++)
        keepers->key[i] = (uint8_t)(i * 7 + 1);
    if (mkdtemp(keepers->directory) == NULL)
        return false;
    (void)snprintf(path, sizeof(path), "%s/key", keepers->directory);
    return write_key(keepers, path) && keepers_start(keepers, KEEPER_WITNESS) &&
           keepers_start(keepers, KEEPER_ETCD);
}

void keepers_kill(struct keepers *keepers, enum keeper_kind kind)
{
    if (keepers->pid[kind] <= 0)
        return;
    (void)kill(keepers->pid[kind], SIGKILL);
    (void)waitpid(keepers->pid[kind], NULL, 0);
    keepers->pid[kind] = 0;
}

/* Runs it to its end; whether it ended well. */
static bool run(char *const *arguments)
{
    int status = -1;
    const pid_t pid = fork();
    if (pid == 0) {
        (void)execvp(arguments[0], arguments);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

void keepers_end(struct keepers *keepers)
{
    keepers_kill(keepers, KEEPER_WITNESS);
    keepers_kill(keepers, KEEPER_ETCD);
    keepers_kill(keepers, KEEPER_ETCD_TLS);
    char *const arguments[] = {(char[]){"rm"}, (char[]){"-rf"}, keepers->directory, NULL};
    (void)run(arguments);
}

/* What it says goes to a log, which the test prints when it can't be started. */
static pid_t spawn(char *const *arguments, const char *log)
{
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid != 0)
        return pid;
    const int null_fd = open("/dev/null", O_RDONLY);
    const int log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || null_fd == -1 || log_fd == -1)
        _exit(127);
    (void)dup2(null_fd, 0);
    (void)dup2(log_fd, 1);
    (void)dup2(log_fd, 2);
    (void)execvp(arguments[0], arguments);
    (void)fprintf(stderr, "%s: %s\n", arguments[0], strerror(errno));
    _exit(127);
}

static pid_t spawn_witness(const struct keepers *keepers, const char *log)
{
    char words[ARGUMENTS_MAX][128];
    char *arguments[ARGUMENTS_MAX + 1] = {NULL};
    size_t count = 0;
    (void)snprintf(words[count++], 128, "%s", WITNESS_PROGRAM);
    (void)snprintf(words[count++], 128, "--listen=127.0.0.1:%d", KEEPERS_PORT_WITNESS);
    (void)snprintf(words[count++], 128, "--data=%s/witness", keepers->directory);
    for (unsigned id = 1; id <= KEEPERS_CLUSTERS; id++)
        (void)snprintf(words[count++], 128, "--cluster=%u:%s/key", id, keepers->directory);
    for (size_t i = 0; i < count; i++)
        arguments[i] = words[i];
    return spawn(arguments, log);
}

/* With its fsyncs: durability is what is tested. */
static pid_t spawn_etcd(const struct keepers *keepers, const char *log)
{
    char data[96];
    (void)snprintf(data, sizeof(data), "--data-dir=%s/etcd", keepers->directory);
    char *const arguments[] = {(char[]){"/usr/bin/etcd"},
                               data,
                               (char[]){"--listen-client-urls=" ETCD_URL},
                               (char[]){"--advertise-client-urls=" ETCD_URL},
                               (char[]){"--listen-peer-urls=" PEER_URL},
                               (char[]){"--initial-advertise-peer-urls=" PEER_URL},
                               (char[]){"--initial-cluster=default=" PEER_URL},
                               NULL};
    return spawn(arguments, log);
}

/* An authority, and one certificate of it that serves etcd and a node: etcd's gateway is a client
 * of etcd itself, so that its certificate has to do for both. */
static bool make_certificates(const struct keepers *keepers)
{
    char script[] = "cd \"$0\" && "
                    "new='openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes' && "
                    "$new -x509 -keyout ca.key -out ca.pem -subj /CN=authority -days 2 && "
                    "$new -keyout etcd.key -out etcd.csr -subj /CN=etcd && "
                    "printf 'subjectAltName=IP:127.0.0.1\\n"
                    "extendedKeyUsage=serverAuth,clientAuth\\n' >etcd.ext && "
                    "openssl x509 -req -in etcd.csr -CA ca.pem -CAkey ca.key -CAcreateserial "
                    "-out etcd.pem -days 2 -extfile etcd.ext";
    char directory[sizeof(keepers->directory)];
    char full[sizeof(script) + 32];
    memcpy(directory, keepers->directory, sizeof(directory));
    (void)snprintf(full, sizeof(full), "{ %s; } 2>\"$0/tls.log\"", script);
    char *const arguments[] = {(char[]){"sh"}, (char[]){"-c"}, full, directory, NULL};
    return run(arguments);
}

static pid_t spawn_etcd_tls(const struct keepers *keepers, const char *log)
{
    char words[4][128];
    (void)snprintf(words[0], 128, "--data-dir=%s/etcd-tls", keepers->directory);
    (void)snprintf(words[1], 128, "--cert-file=%s/etcd.pem", keepers->directory);
    (void)snprintf(words[2], 128, "--key-file=%s/etcd.key", keepers->directory);
    (void)snprintf(words[3], 128, "--trusted-ca-file=%s/ca.pem", keepers->directory);
    char *const arguments[] = {(char[]){"/usr/bin/etcd"},
                               words[0],
                               words[1],
                               words[2],
                               words[3],
                               (char[]){"--client-cert-auth"},
                               (char[]){"--listen-client-urls=" TLS_URL},
                               (char[]){"--advertise-client-urls=" TLS_URL},
                               (char[]){"--listen-peer-urls=" TLS_PEER_URL},
                               (char[]){"--initial-advertise-peer-urls=" TLS_PEER_URL},
                               (char[]){"--initial-cluster=default=" TLS_PEER_URL},
                               NULL};
    return make_certificates(keepers) ? spawn(arguments, log) : -1;
}

void keepers_tls_url(const struct keepers *keepers, bool authority, bool certificate, char *url)
{
    const char *d = keepers->directory;
    size_t used = (size_t)snprintf(url, KEEPERS_URL_OCTETS, "%s", TLS_URL);
    if (authority)
        used += (size_t)snprintf(url + used, KEEPERS_URL_OCTETS - used, "?cacert=%s/ca.pem", d);
    if (certificate)
        (void)snprintf(url + used, KEEPERS_URL_OCTETS - used, "%ccert=%s/etcd.pem&key=%s/etcd.key",
                       authority ? '&' : '?', d, d);
}

static void print_log(const char *path)
{
    char line[512];
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        (void)fputs(line, stderr);
    if (file != NULL)
        (void)fclose(file);
}

/* It is ready when it answers a question; of the last cluster, which no test takes. */
static bool answers(struct keepers *keepers, enum keeper_kind kind)
{
    struct seat seat;
    bool good = false;
    for (int i = 0; i < START_TRIES && !good; i++) {
        if (!seat_open(&seat, keepers, kind, KEEPERS_CLUSTERS, 0))
            return false;
        seat_ask(&seat, REGISTER_READ, NULL);
        good = seat_await(&seat, NULL);
        seat_close(&seat);
        if (waitpid(keepers->pid[kind], NULL, WNOHANG) != 0) {
            keepers->pid[kind] = 0;
            return false;
        }
    }
    return good;
}

bool keepers_start(struct keepers *keepers, enum keeper_kind kind)
{
    char log[96];
    static const char *const names[] = {"witness", "etcd", "etcd-tls"};
    static pid_t (*const spawns[])(const struct keepers *,
                                   const char *) = {spawn_witness, spawn_etcd, spawn_etcd_tls};
    (void)snprintf(log, sizeof(log), "%s/%s.log", keepers->directory, names[kind]);
    keepers->pid[kind] = spawns[kind](keepers, log);
    if (keepers->pid[kind] > 0 && answers(keepers, kind))
        return true;
    print_log(log);
    (void)fprintf(stderr, "%s does not answer (etcd: package etcd-server)\n", names[kind]);
    keepers_kill(keepers, kind);
    return false;
}

uint64_t keepers_next_cluster(struct keepers *keepers, enum keeper_kind kind)
{
    return ++keepers->cluster_id[kind];
}

/* --- seats ------------------------------------------------------------------------------------ */

static void on_answer(void *context, const struct register_answer *answer, int64_t now_ns)
{
    struct seat *seat = context;
    (void)now_ns;
    if (answer->id != seat->request.id)
        return;
    seat->answered = true;
    seat->answer = *answer;
}

static void on_trouble(void *context, const char *text)
{
    struct seat *seat = context;
    if (seat->troubles++ > 0)
        return;
    (void)snprintf(seat->trouble, sizeof(seat->trouble), "%s", text);
}

bool seat_open_witness(struct seat *seat, const struct registrar_witness_params *params)
{
    char text[REGISTRAR_TEXT_OCTETS];
    const struct registrar_handler handler = {
        .context = seat, .answer = on_answer, .trouble = on_trouble};
    memset(seat, 0, sizeof(*seat));
    seat->cluster_id = params->cluster_id;
    if (registrar_witness_open(params, &handler, &seat->registrar, text) == P7_OK)
        return true;
    (void)fprintf(stderr, "%s\n", text);
    return false;
}

bool seat_open_etcd(struct seat *seat, const struct registrar_etcd_params *params)
{
    char text[REGISTRAR_TEXT_OCTETS];
    const struct registrar_handler handler = {
        .context = seat, .answer = on_answer, .trouble = on_trouble};
    memset(seat, 0, sizeof(*seat));
    seat->cluster_id = params->cluster_id;
    if (registrar_etcd_open(params, &handler, &seat->registrar, text) == P7_OK)
        return true;
    (void)fprintf(stderr, "%s\n", text);
    return false;
}

bool seat_open(struct seat *seat, struct keepers *keepers, enum keeper_kind kind,
               uint64_t cluster_id, uint8_t node)
{
    struct registrar_witness_params witness = {.address = "127.0.0.1",
                                               .port = KEEPERS_PORT_WITNESS,
                                               .cluster_id = cluster_id,
                                               .node = node,
                                               .session = (++keepers->sessions << 32) | 1};
    char tls_url[KEEPERS_URL_OCTETS];
    keepers_tls_url(keepers, true, true, tls_url);
    const struct registrar_etcd_params etcd = {.url = kind == KEEPER_ETCD_TLS ? tls_url : ETCD_URL,
                                               .prefix = "/test/register/",
                                               .cluster_id = cluster_id};
    memcpy(witness.key, keepers->key, sizeof(witness.key));
    return kind == KEEPER_WITNESS ? seat_open_witness(seat, &witness) : seat_open_etcd(seat, &etcd);
}

void seat_close(struct seat *seat)
{
    registrar_close(seat->registrar);
    seat->registrar = NULL;
}

void seat_ask(struct seat *seat, enum register_request_kind kind,
              const struct register_value *proposal)
{
    seat->request = (struct register_request){.id = ++seat->next_id,
                                              .cluster_id = seat->cluster_id,
                                              .kind = (uint8_t)kind,
                                              .proposal = {.owner = REGISTER_NODE_NONE}};
    if (proposal != NULL)
        seat->request.proposal = *proposal;
    seat->answered = false;
    seat->asked_ns = clock_monotonic_ns();
    registrar_request(seat->registrar, &seat->request, seat->asked_ns);
}

/* A turn of a node's loop: waits for the descriptors or for the deadline. */
static void turn(struct seat *const *seats, nfds_t count)
{
    struct pollfd fds[2];
    int timeout_ms = TURN_MS;
    int64_t now_ns = clock_monotonic_ns();
    for (nfds_t i = 0; i < count; i++) {
        fds[i] = (struct pollfd){.fd = registrar_fd(seats[i]->registrar), .events = POLLIN};
        if (registrar_deadline_ns(seats[i]->registrar) <= now_ns)
            timeout_ms = 0;
    }
    (void)poll(fds, count, timeout_ms);
    now_ns = clock_monotonic_ns();
    for (nfds_t i = 0; i < count; i++)
        if ((fds[i].revents & POLLIN) != 0 || registrar_deadline_ns(seats[i]->registrar) <= now_ns)
            registrar_ready(seats[i]->registrar, now_ns);
}

bool seat_await(struct seat *a, struct seat *b)
{
    struct seat *const seats[] = {a, b};
    const nfds_t count = b != NULL ? 2 : 1;
    const int64_t until_ns = clock_monotonic_ns() + KEEPERS_WAIT_NS;
    for (;;) {
        const int64_t now_ns = clock_monotonic_ns();
        bool all = true;
        for (nfds_t i = 0; i < count; i++) {
            if (seats[i]->answered)
                continue;
            all = false;
            if (now_ns - seats[i]->asked_ns < ASK_AGAIN_NS)
                continue;
            seats[i]->asked_ns = now_ns;
            registrar_request(seats[i]->registrar, &seats[i]->request, now_ns);
        }
        if (all || now_ns >= until_ns)
            return all;
        turn(seats, count);
    }
}

bool seat_await_trouble(struct seat *seat)
{
    struct seat *const seats[] = {seat};
    const int64_t until_ns = clock_monotonic_ns() + KEEPERS_WAIT_NS;
    while (seat->troubles == 0 && clock_monotonic_ns() < until_ns)
        turn(seats, 1);
    return seat->troubles != 0;
}
