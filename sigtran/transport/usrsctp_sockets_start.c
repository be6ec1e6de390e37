/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sigtran/transport/usrsctp_engine.h"
#include "sigtran/transport/usrsctp_sockets.h"

#define MAILBOXES 4 /* transports of one process at a time */

/* usrsctp is one per process, and its threads may make an upcall late: so neither can live in a
 * transport. */
static struct {
    bool running;
    bool failed; /* it has no socket, and can't be started again */
    uint16_t port;
    struct sockets_mailbox mailboxes[MAILBOXES];
} sockets;

static void diagnostic_ignore(const char *format, ...)
{
    (void)format;
}

/* --- the network ------------------------------------------------------------------------------ */

/* usrsctp tells nobody that it got no socket: what it will do is tried before, and again after,
 * when the port must be taken. */
static int udp_try(uint16_t port, uint16_t *chosen)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t length = sizeof(any);
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd == -1)
        return errno;
    int why = 0;
    if (bind(fd, (const struct sockaddr *)&any, sizeof(any)) == -1 ||
        getsockname(fd, (struct sockaddr *)&any, &length) == -1)
        why = errno;
    *chosen = ntohs(any.sin_port);
    (void)close(fd);
    return why;
}

static int raw_try(void)
{
    const int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_SCTP);
    if (fd == -1)
        return errno;
    (void)close(fd);
    return 0;
}

uint16_t sockets_port_choose(void)
{
    uint16_t port = 0;
    if (sockets.running)
        return sockets.port;
    return udp_try(0, &port) == 0 ? port : 0;
}

/*
 * usrsctp opens raw sockets wherever it may, also when it shall speak over UDP only. Through them
 * any SCTP packet to this host would come to us and be answered. So it may not, while it starts:
 * the capability leaves this thread's effective set for that time.
 */
static bool raw_allow(bool allowed, struct __user_cap_data_struct saved[2])
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    if (allowed)
        return syscall(SYS_capset, &header, saved) == 0;
    if (syscall(SYS_capget, &header, saved) != 0)
        return false;
    struct __user_cap_data_struct without[2] = {saved[0], saved[1]};
    without[CAP_TO_INDEX(CAP_NET_RAW)].effective &= ~CAP_TO_MASK(CAP_NET_RAW);
    return syscall(SYS_capset, &header, without) == 0;
}

/* --- usrsctp ---------------------------------------------------------------------------------- */

static enum p7_status stack_start(uint16_t port)
{
    struct __user_cap_data_struct capabilities[2] = {{0}};
    sigset_t all;
    sigset_t before;
    uint16_t chosen = 0;
    errno = port == 0 ? raw_try() : udp_try(port, &chosen);
    if (errno != 0)
        return P7_SYSTEM;
    const bool restricted = port != 0 && raw_allow(false, capabilities);
    (void)sigfillset(&all); /* its threads must not take our signals */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    usrsctp_init(port, NULL, diagnostic_ignore);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (restricted)
        (void)raw_allow(true, capabilities);
    userland_sysctls_set();
    /* Potentially failed after the first time-out (RFC7829-3): data takes the other path at once,
     * instead of waiting until path-max-retrans of them have proven that the primary is dead. */
    (void)usrsctp_sysctl_set_sctp_path_pf_threshold(0);
    /* A raw socket sees the packets of every SCTP on this host: "out of the blue" says nothing
     * there, and an ABORT as answer would end other programs' associations. */
    (void)usrsctp_sysctl_set_sctp_blackhole(restricted ? 0 : 2);
    sockets.running = true;
    sockets.port = port;
    if (port != 0 && udp_try(port, &chosen) == 0) {
        sockets.failed = true;
        errno = EADDRINUSE; /* usrsctp didn't get it: somebody did between the two */
        return P7_SYSTEM;
    }
    return P7_OK;
}

bool sockets_running(void)
{
    return sockets.running;
}

/* --- mailboxes -------------------------------------------------------------------------------- */

/* On a thread of usrsctp, or on the owner's from inside of a call. */
static void on_upcall(struct socket *socket, void *context, int flags)
{
    struct sockets_mark *mark = context;
    (void)socket;
    (void)flags;
    atomic_store(&mark->marked, true);
    if (!atomic_exchange(&mark->mailbox->signalled, true)) {
        const uint64_t one = 1;
        (void)!write(mark->mailbox->fd, &one, sizeof(one));
    }
}

void sockets_watch(struct socket *socket, struct sockets_mark *mark)
{
    (void)usrsctp_set_upcall(socket, on_upcall, mark);
    /* What came before is not told again. */
    on_upcall(socket, mark, 0);
}

bool sockets_unmark(struct sockets_mark *mark)
{
    return atomic_load_explicit(&mark->marked, memory_order_relaxed) &&
           atomic_exchange(&mark->marked, false);
}

void sockets_mailbox_rearm(struct sockets_mailbox *mailbox)
{
    uint64_t count;
    (void)!read(mailbox->fd, &count, sizeof(count));
    atomic_store(&mailbox->signalled, false);
}

static struct sockets_mailbox *mailbox_take(void)
{
    for (unsigned i = 0; i < MAILBOXES; i++) {
        struct sockets_mailbox *box = &sockets.mailboxes[i];
        if (box->taken)
            continue;
        /* A late upcall may still write to it, so its descriptor is not closed either. */
        if (box->marks[0].mailbox == NULL) {
            box->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
            if (box->fd == -1)
                return NULL;
        }
        for (unsigned m = 0; m < SOCKETS_MARKS; m++) {
            box->marks[m].mailbox = box;
            atomic_store(&box->marks[m].marked, false);
        }
        box->taken = true;
        return box;
    }
    errno = EMFILE;
    return NULL;
}

enum p7_status sockets_attach(struct sockets_transport *t, uint16_t port)
{
    if (engine_running() || sockets.failed || (sockets.running && sockets.port != port))
        return P7_STATE;
    if (!sockets.running) {
        const enum p7_status status = stack_start(port);
        if (status != P7_OK)
            return status;
    }
    t->mailbox = mailbox_take();
    return t->mailbox == NULL ? P7_SYSTEM : P7_OK;
}

void sockets_detach(struct sockets_transport *t)
{
    t->mailbox->taken = false;
}
