/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * vm-agent - process 1 of a guest, after /init: runs the commands that come over its virtio-serial
 * ports, one process for each port. A command has a process group of its own; it ends with its
 * time, and with the host's side of the port (vm-call was killed: so is what it ran).
 *
 * usage: vm-agent PORT...      character devices, say /dev/vport1p1
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/vm/frame.h"

#define WORDS_MAX 256

struct job {
    pid_t pid; /* 0: none */
    int process;
    int in;
    int out[2]; /* standard output and error; -1: ended */
    int64_t deadline_ms;
    bool time_over;
};

struct port {
    int fd;
    int waiter; /* epoll, edge-triggered: without a host the port is readable all the time */
    struct frame_reader reader;
    uint8_t sync[SYNC_OCTETS];
    uint32_t written; /* of the STDIN frame at the front of the reader */
};

static int64_t now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void wait_edge(const struct port *port)
{
    struct epoll_event event;
    (void)epoll_wait(port->waiter, &event, 1, 1000);
}

/* What the port has: false when there is nothing now, or no host. */
static bool port_fill(struct port *port)
{
    struct frame_reader *r = &port->reader;
    if (r->length == sizeof(r->data))
        return false;
    const ssize_t got = read(port->fd, r->data + r->length, sizeof(r->data) - r->length);
    if (got <= 0)
        return false;
    r->length += (uint32_t)got;
    return true;
}

/* False: the host has gone. */
static bool port_write(const struct port *port, const uint8_t *data, uint32_t length)
{
    while (length > 0) {
        struct pollfd p = {.fd = port->fd, .events = POLLOUT};
        if (poll(&p, 1, -1) == -1 && errno != EINTR)
            return false;
        if ((p.revents & (POLLHUP | POLLERR)) != 0)
            return false;
        const ssize_t sent = write(port->fd, data, length);
        if (sent == -1 && errno != EAGAIN && errno != EINTR)
            return false;
        if (sent > 0) {
            data += sent;
            length -= (uint32_t)sent;
        }
    }
    return true;
}

static bool frame_send(const struct port *port, enum frame_kind kind, const void *payload,
                       uint32_t length)
{
    uint8_t octets[FRAME_OCTETS];
    frame_write_head(octets, kind, length);
    memcpy(octets + FRAME_HEAD_OCTETS, payload, length);
    return port_write(port, octets, FRAME_HEAD_OCTETS + length);
}

/* Waits until a host has said SYNC, and answers. */
static void session_await(struct port *port)
{
    while (!frame_find_sync(&port->reader, FRAME_SYNC))
        if (!port_fill(port))
            wait_edge(port);
    memcpy(port->sync, port->reader.data + FRAME_HEAD_OCTETS, SYNC_OCTETS);
    frame_drop(&port->reader, FRAME_HEAD_OCTETS + SYNC_OCTETS);
    (void)frame_send(port, FRAME_HELLO, port->sync, SYNC_OCTETS);
}

static void child_run(int in, int out, int err, char **words)
{
    sigset_t none;
    (void)setsid();
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    if (dup2(in, 0) == -1 || dup2(out, 1) == -1 || dup2(err, 2) == -1)
        _exit(EXIT_NO_COMMAND);
    (void)execvp(words[0], words);
    dprintf(2, "vm-agent: %s: %s\n", words[0], strerror(errno));
    _exit(EXIT_NO_COMMAND);
}

static bool job_start(struct job *job, const struct frame *frame)
{
    char text[FRAME_PAYLOAD_OCTETS + 1] = {0};
    char *words[WORDS_MAX + 1];
    uint32_t limit_ms;
    uint32_t count = 0;
    int in[2];
    int out[2];
    int err[2];
    if (frame->length < sizeof(limit_ms) + 2)
        return false;
    memcpy(&limit_ms, frame->payload, sizeof(limit_ms));
    const uint32_t length = frame->length - (uint32_t)sizeof(limit_ms);
    memcpy(text, frame->payload + sizeof(limit_ms), length);
    for (char *at = text; at < text + length && count < WORDS_MAX; at += strlen(at) + 1)
        words[count++] = at;
    words[count] = NULL;
    if (pipe2(in, O_CLOEXEC) == -1 || pipe2(out, O_CLOEXEC) == -1 || pipe2(err, O_CLOEXEC) == -1)
        return false;
    job->pid = fork();
    if (job->pid == 0)
        child_run(in[0], out[1], err[1], words);
    (void)close(in[0]);
    (void)close(out[1]);
    (void)close(err[1]);
    if (job->pid == -1)
        return false;
    (void)fcntl(in[1], F_SETFL, O_NONBLOCK);
    job->in = in[1];
    job->out[0] = out[0];
    job->out[1] = err[0];
    job->process = pidfd_open(job->pid, 0);
    job->deadline_ms = now_ms() + limit_ms;
    job->time_over = false;
    return true;
}

static void job_close(int *fd)
{
    if (*fd != -1)
        (void)close(*fd);
    *fd = -1;
}

/* Ends it with all of its group, when it has not ended, and gives its exit code. */
static uint32_t job_end(struct job *job, bool kill_it)
{
    int status = 0;
    if (kill_it)
        (void)kill(-job->pid, SIGKILL);
    while (waitpid(job->pid, &status, 0) == -1 && errno == EINTR)
        continue;
    job_close(&job->in);
    job_close(&job->out[0]);
    job_close(&job->out[1]);
    job_close(&job->process);
    if (job->time_over)
        return EXIT_TIME_OVER;
    return WIFSIGNALED(status) ? 128u + (uint32_t)WTERMSIG(status) : (uint32_t)WEXITSTATUS(status);
}

/* Passes on what one of its outputs has. False: the host has gone. */
static bool output_pass(const struct port *port, struct job *job, int which)
{
    uint8_t octets[FRAME_PAYLOAD_OCTETS];
    const ssize_t got = read(job->out[which], octets, sizeof(octets));
    if (got <= 0) {
        job_close(&job->out[which]);
        return true;
    }
    return frame_send(port, which == 0 ? FRAME_STDOUT : FRAME_STDERR, octets, (uint32_t)got);
}

/* Writes the STDIN frame at the front as far as the command takes it; true when it is done. */
static bool input_write(struct port *port, struct job *job, const struct frame *frame)
{
    if (frame->length == 0 || job->in == -1) {
        job_close(&job->in);
        return true;
    }
    const ssize_t put =
        write(job->in, frame->payload + port->written, frame->length - port->written);
    if (put == -1 && errno == EAGAIN)
        return false;
    if (put == -1) {
        job_close(&job->in);
        return true;
    }
    port->written += (uint32_t)put;
    return port->written == frame->length;
}

/* Does what the frames say. False: this session is over. `stuck`: the command's input is full. */
static bool frames_do(struct port *port, struct job *job, bool *stuck)
{
    struct frame frame;
    int got;
    *stuck = false;
    while ((got = frame_read(&port->reader, &frame)) == 1) {
        if (frame.kind == FRAME_START && (job->pid != 0 || !job_start(job, &frame)))
            return false;
        if (frame.kind == FRAME_STDIN && !input_write(port, job, &frame)) {
            *stuck = true;
            return true;
        }
        if (frame.kind == FRAME_SIGNAL && frame.length == 1 && job->pid > 0)
            (void)kill(-job->pid, frame.payload[0]);
        /* Another one than ours: a new host, while we have not seen the old one go. */
        if (frame.kind == FRAME_SYNC &&
            (frame.length != SYNC_OCTETS || memcmp(frame.payload, port->sync, SYNC_OCTETS) != 0))
            return false;
        port->written = 0;
        frame_drop(&port->reader, FRAME_HEAD_OCTETS + frame.length);
    }
    return got == 0;
}

/* What is still in the pipes of a command that has ended; what it left running does not hold us. */
static bool outputs_drain(const struct port *port, struct job *job)
{
    for (int i = 0; i < 2; i++) {
        struct pollfd p = {.fd = job->out[i], .events = POLLIN};
        while (job->out[i] != -1 && poll(&p, 1, 0) > 0)
            if (!output_pass(port, job, i))
                return false;
    }
    return true;
}

/* One turn of a session. False: it is over. */
static bool session_turn(struct port *port, struct job *job)
{
    bool stuck = false;
    if (!frames_do(port, job, &stuck))
        return false;
    struct pollfd p[] = {
        {.fd = port->fd, .events = stuck ? 0 : POLLIN},
        {.fd = job->pid > 0 ? job->process : -1, .events = POLLIN},
        {.fd = job->pid > 0 ? job->out[0] : -1, .events = POLLIN},
        {.fd = job->pid > 0 ? job->out[1] : -1, .events = POLLIN},
        {.fd = stuck ? job->in : -1, .events = POLLOUT},
    };
    const int64_t left_ms = job->pid > 0 ? job->deadline_ms - now_ms() : 1000;
    if (poll(p, 5, left_ms > 0 ? (int)left_ms : 0) == -1 && errno != EINTR)
        return false;
    if (p[0].revents & (POLLHUP | POLLERR))
        return false;
    if (p[0].revents & POLLIN)
        (void)port_fill(port);
    for (int i = 0; i < 2; i++)
        if (p[2 + i].revents != 0 && !output_pass(port, job, i))
            return false;
    if (job->pid > 0 && !job->time_over && now_ms() >= job->deadline_ms) {
        job->time_over = true;
        (void)kill(-job->pid, SIGKILL);
    }
    if (job->pid == 0 || p[1].revents == 0)
        return true;
    const bool told = outputs_drain(port, job);
    const uint32_t code = job_end(job, false);
    job->pid = 0;
    if (told)
        (void)frame_send(port, FRAME_EXIT, &code, sizeof(code));
    return false;
}

static void port_serve(const char *path)
{
    struct port port = {.fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC),
                        .waiter = epoll_create1(EPOLL_CLOEXEC)};
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    if (port.fd == -1 || port.waiter == -1 ||
        epoll_ctl(port.waiter, EPOLL_CTL_ADD, port.fd, &event) == -1) {
        perror(path);
        _exit(1);
    }
    for (;;) {
        struct job job = {.in = -1, .process = -1, .out = {-1, -1}};
        session_await(&port);
        while (session_turn(&port, &job))
            continue;
        if (job.pid > 0)
            (void)job_end(&job, true);
    }
}

int main(int argc, char **argv)
{
    (void)signal(SIGPIPE, SIG_IGN);
    for (int i = 1; i < argc; i++)
        if (fork() == 0)
            port_serve(argv[i]);
    /* Process 1 outlives all, and buries whom the others left. */
    for (;;)
        if (wait(NULL) == -1)
            (void)sleep(1);
}
