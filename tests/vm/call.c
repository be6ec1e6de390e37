/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * vm-call - runs a command in a guest as if it ran here: its output, its exit code; signals that
 * end this process end the command instead, and when this one is killed the command is, too.
 *
 * usage: vm-call FOLDER [--timeout SECONDS] [--stdin] COMMAND [WORD...]
 *   FOLDER     has the sockets of the guest's ports, p0, p1, ...; the first that nobody uses is
 * taken
 *   --timeout  60 by default; the exit code is 124 when it is over
 *   --stdin    the command reads our standard input; it has none otherwise
 * Exit codes: the command's; 128 + signal; 124: its time was over; 125: there is no such guest, or
 * it does not answer; 127: the guest has no such command.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/vm/frame.h"

#define SYNC_EVERY_MS    500
#define PORT_PATIENCE_MS 5000
#define PORT_SILENT      (-1)
#define GRACE_MS         10000 /* the guest tells the end of a command's time; if not, it hangs */

struct call {
    int port;
    int signals;
    int lock;
    bool reads_stdin;
    uint32_t limit_ms;
    int64_t begun_ms;
    uint8_t sync[SYNC_OCTETS];
    struct frame_reader reader;
};

static int64_t now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int complain(const char *folder, const char *what)
{
    (void)fprintf(stderr, "vm-call: %s: %s\n", folder, what);
    return EXIT_NO_GUEST;
}

/* Takes a port that nobody uses, number `first` if it can be: its lock stays ours until port_leave.
 */
static bool port_take(struct call *call, const char *folder, unsigned first)
{
    for (unsigned i = 0; i < FRAME_PORTS; i++) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        char path[sizeof(address.sun_path) + 8];
        const unsigned n = (first + i) % FRAME_PORTS;
        const int length =
            snprintf(address.sun_path, sizeof(address.sun_path), "%s/p%u", folder, n);
        if (length < 0 || (size_t)length >= sizeof(address.sun_path))
            return false;
        (void)snprintf(path, sizeof(path), "%s.lock", address.sun_path);
        call->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (call->lock != -1 && flock(call->lock, LOCK_EX | LOCK_NB) == 0) {
            call->port = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
            if (connect(call->port, (const struct sockaddr *)&address, sizeof(address)) == 0)
                return true;
            (void)close(call->port);
        }
        (void)close(call->lock);
    }
    return false;
}

static void port_leave(const struct call *call)
{
    (void)close(call->port);
    (void)close(call->lock);
}

static bool frame_send(const struct call *call, enum frame_kind kind, const void *payload,
                       uint32_t length)
{
    uint8_t octets[FRAME_OCTETS];
    frame_write_head(octets, kind, length);
    if (length > 0)
        memcpy(octets + FRAME_HEAD_OCTETS, payload, length);
    length += FRAME_HEAD_OCTETS;
    for (uint32_t at = 0; at < length;) {
        const ssize_t sent = send(call->port, octets + at, length - at, MSG_NOSIGNAL);
        if (sent == -1 && errno != EINTR)
            return false;
        at += sent > 0 ? (uint32_t)sent : 0;
    }
    return true;
}

static bool port_fill(struct call *call)
{
    struct frame_reader *r = &call->reader;
    const ssize_t got = read(call->port, r->data + r->length, sizeof(r->data) - r->length);
    if (got <= 0)
        return false;
    r->length += (uint32_t)got;
    return true;
}

/* Says SYNC until the guest answers it, for as long as a port is given. 0, PORT_SILENT, or an exit
 * code. */
static int port_await(struct call *call, const char *folder)
{
    const int64_t begun_ms = now_ms();
    (void)memcpy(call->sync, SYNC_MAGIC, SYNC_MAGIC_OCTETS);
    const int64_t pid = getpid();
    const int64_t mark = (pid << 40) ^ now_ms();
    memcpy(call->sync + SYNC_MAGIC_OCTETS, &mark, sizeof(mark));
    while (now_ms() - begun_ms < PORT_PATIENCE_MS &&
           now_ms() - call->begun_ms < (int64_t)call->limit_ms) {
        if (!frame_send(call, FRAME_SYNC, call->sync, SYNC_OCTETS))
            return complain(folder, "the guest has gone");
        struct pollfd p[] = {{.fd = call->port, .events = POLLIN},
                             {.fd = call->signals, .events = POLLIN}};
        const int ready = poll(p, 2, SYNC_EVERY_MS);
        if (ready > 0 && p[1].revents != 0)
            return 128 + SIGTERM;
        if (ready > 0 && !port_fill(call))
            return complain(folder, "the guest has gone");
        while (frame_find_sync(&call->reader, FRAME_HELLO)) {
            const bool ours =
                memcmp(call->reader.data + FRAME_HEAD_OCTETS, call->sync, SYNC_OCTETS) == 0;
            frame_drop(&call->reader, FRAME_HEAD_OCTETS + SYNC_OCTETS);
            if (ours)
                return 0;
        }
    }
    return PORT_SILENT;
}

/* Takes one port after the other until the guest answers: one that is silent says nothing of
 * the others. 0, or an exit code. */
static int guest_await(struct call *call, const char *folder)
{
    for (unsigned first = (unsigned)getpid();; first++) {
        if (!port_take(call, folder, first))
            return complain(folder, "no guest, or it runs as many commands as it can");
        const int code = port_await(call, folder);
        if (code != PORT_SILENT)
            return code;
        port_leave(call);
        call->reader.length = 0;
        if (now_ms() - call->begun_ms >= (int64_t)call->limit_ms)
            return complain(folder, "the guest does not answer");
    }
}

static bool command_send(const struct call *call, char **words)
{
    uint8_t text[FRAME_PAYLOAD_OCTETS];
    memcpy(text, &call->limit_ms, sizeof(call->limit_ms));
    size_t length = sizeof(call->limit_ms);
    for (; *words != NULL; words++) {
        const size_t octets = strlen(*words) + 1;
        if (length + octets > sizeof(text))
            return false;
        memcpy(text + length, *words, octets);
        length += octets;
    }
    if (!frame_send(call, FRAME_START, text, (uint32_t)length))
        return false;
    return call->reads_stdin || frame_send(call, FRAME_STDIN, NULL, 0);
}

static void output_write(int fd, const uint8_t *data, uint32_t length)
{
    while (length > 0) {
        const ssize_t put = write(fd, data, length);
        if (put == -1 && errno != EINTR)
            return; /* as the command's own output would be lost */
        data += put > 0 ? put : 0;
        length -= put > 0 ? (uint32_t)put : 0;
    }
}

/* -1, or the exit code when that was told. */
static int frames_do(struct call *call)
{
    struct frame frame;
    int got;
    int code = -1;
    while (code == -1 && (got = frame_read(&call->reader, &frame)) != 0) {
        if (got == -1)
            return EXIT_NO_GUEST;
        if (frame.kind == FRAME_STDOUT || frame.kind == FRAME_STDERR)
            output_write(frame.kind == FRAME_STDOUT ? 1 : 2, frame.payload, frame.length);
        uint32_t value;
        if (frame.kind == FRAME_EXIT && frame.length == sizeof(value)) {
            memcpy(&value, frame.payload, sizeof(value));
            code = (int)(value & 255);
        }
        frame_drop(&call->reader, FRAME_HEAD_OCTETS + frame.length);
    }
    return code;
}

static void input_pass(struct call *call)
{
    uint8_t octets[FRAME_PAYLOAD_OCTETS];
    const ssize_t got = read(0, octets, sizeof(octets));
    if (got <= 0)
        call->reads_stdin = false;
    (void)frame_send(call, FRAME_STDIN, octets, got > 0 ? (uint32_t)got : 0);
}

static int command_follow(struct call *call, const char *folder)
{
    const int64_t end_ms = now_ms() + call->limit_ms + GRACE_MS;
    for (;;) {
        struct pollfd p[] = {{.fd = call->port, .events = POLLIN},
                             {.fd = call->signals, .events = POLLIN},
                             {.fd = call->reads_stdin ? 0 : -1, .events = POLLIN}};
        const int64_t left_ms = end_ms - now_ms();
        if (left_ms <= 0)
            return complain(folder, "the guest hangs");
        (void)poll(p, 3, (int)left_ms);
        struct signalfd_siginfo signal_info;
        if ((p[1].revents & POLLIN) != 0 &&
            read(call->signals, &signal_info, sizeof(signal_info)) == sizeof(signal_info)) {
            const uint8_t number = (uint8_t)signal_info.ssi_signo;
            (void)frame_send(call, FRAME_SIGNAL, &number, 1);
        }
        if (p[0].revents != 0) {
            if (!port_fill(call))
                return complain(folder, "the guest has gone");
            const int code = frames_do(call);
            if (code != -1)
                return code;
        }
        if (p[2].revents != 0)
            input_pass(call);
    }
}

static int signals_take(void)
{
    sigset_t set;
    static const int taken[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
    (void)sigemptyset(&set);
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        (void)sigaddset(&set, taken[i]);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

int main(int argc, char **argv)
{
    struct call call = {.limit_ms = 60000};
    int at = 2;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strcmp(argv[at], "--stdin") == 0)
            call.reads_stdin = true;
        else if (strcmp(argv[at], "--timeout") == 0 && at + 1 < argc)
            call.limit_ms = (uint32_t)(strtod(argv[++at], NULL) * 1000);
        else
            argc = 0;
    }
    if (at >= argc) {
        (void)fprintf(stderr,
                      "usage: vm-call FOLDER [--timeout SECONDS] [--stdin] COMMAND [WORD...]\n");
        return EXIT_NO_GUEST;
    }
    call.begun_ms = now_ms();
    call.signals = signals_take();
    const int code = guest_await(&call, argv[1]);
    if (code != 0)
        return code;
    if (!command_send(&call, argv + at))
        return complain(argv[1], "the command is too long, or the guest has gone");
    return command_follow(&call, argv[1]);
}
