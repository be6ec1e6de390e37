/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "tests/interop/oracle/stream.h"

#include <arpa/inet.h>
#include <netinet/sctp.h>
#include <osmocom/core/msgb.h>
#include <osmocom/core/select.h>
#include <osmocom/core/talloc.h>
#include <osmocom/netif/stream.h>
#include <sys/socket.h>
#include <unistd.h>

#define M3UA_PPID          3 /* RFC4666-7.1 */
#define M3UA_CLASS_OF_DATA 1 /* RFC4666-3.1.2 */

struct osmo_stream_cli {
    struct osmo_fd ofd;
    int peer; /* the test's end */
    void *data;
    int (*connect_cb)(struct osmo_stream_cli *cli);
    int (*read_cb)(struct osmo_stream_cli *cli);
};

/* --- what the library calls ------------------------------------------------------------------ */

struct osmo_stream_cli *osmo_stream_cli_create(void *ctx)
{
    struct osmo_stream_cli *cli = talloc_zero(ctx, struct osmo_stream_cli);
    int pair[2];
    if (cli == NULL || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) != 0)
        return NULL;
    cli->ofd.fd = pair[0];
    cli->peer = pair[1];
    return cli;
}

void osmo_stream_cli_destroy(struct osmo_stream_cli *cli)
{
    (void)close(cli->ofd.fd);
    (void)close(cli->peer);
    talloc_free(cli);
}

void osmo_stream_cli_close(struct osmo_stream_cli *cli)
{
    (void)cli;
}

int osmo_stream_cli_open(struct osmo_stream_cli *cli)
{
    (void)cli;
    return 0;
}

void osmo_stream_cli_reconnect(struct osmo_stream_cli *cli)
{
    (void)cli;
}

bool osmo_stream_cli_is_connected(struct osmo_stream_cli *cli)
{
    return cli != NULL;
}

/* Where it would connect to and how is of no matter. */
#define IGNORED(name, type, value)                                                                 \
    void osmo_stream_cli_set_##name(struct osmo_stream_cli *cli, type value)                       \
    {                                                                                              \
        (void)cli;                                                                                 \
        (void)(value);                                                                             \
    }
#define IGNORED_LIST(name)                                                                         \
    int osmo_stream_cli_set_##name(struct osmo_stream_cli *cli, const char **addr, size_t addrcnt) \
    {                                                                                              \
        (void)cli;                                                                                 \
        (void)addr;                                                                                \
        (void)addrcnt;                                                                             \
        return 0;                                                                                  \
    }
IGNORED(nodelay, bool, nodelay)
IGNORED(port, uint16_t, port)
IGNORED(local_port, uint16_t, port)
IGNORED(proto, uint16_t, proto)
IGNORED(reconnect_timeout, int, timeout)
IGNORED_LIST(addrs)
IGNORED_LIST(local_addrs)

void osmo_stream_cli_set_data(struct osmo_stream_cli *cli, void *data)
{
    cli->data = data;
}

void *osmo_stream_cli_get_data(struct osmo_stream_cli *cli)
{
    return cli->data;
}

struct osmo_fd *osmo_stream_cli_get_ofd(struct osmo_stream_cli *cli)
{
    return &cli->ofd;
}

void osmo_stream_cli_set_connect_cb(struct osmo_stream_cli *cli,
                                    int (*connect_cb)(struct osmo_stream_cli *cli))
{
    cli->connect_cb = connect_cb;
}

void osmo_stream_cli_set_read_cb(struct osmo_stream_cli *cli,
                                 int (*read_cb)(struct osmo_stream_cli *cli))
{
    cli->read_cb = read_cb;
}

void osmo_stream_cli_send(struct osmo_stream_cli *cli, struct msgb *msg)
{
    (void)send(cli->ofd.fd, msgb_data(msg), msgb_length(msg), 0);
    msgb_free(msg);
}

int sctp_recvmsg(int s, void *msg, size_t len, struct sockaddr *from, socklen_t *fromlen,
                 struct sctp_sndrcvinfo *sinfo, int *msg_flags)
{
    (void)from;
    (void)fromlen;
    const ssize_t n = recv(s, msg, len, 0);
    memset(sinfo, 0, sizeof(*sinfo));
    sinfo->sinfo_ppid = htonl(M3UA_PPID);
    /* RFC4666-1.4.7: it refuses DATA on stream 0, and the others elsewhere. */
    sinfo->sinfo_stream = n > 2 && ((const uint8_t *)msg)[2] == M3UA_CLASS_OF_DATA ? 1 : 0;
    *msg_flags = MSG_EOR;
    return (int)n;
}

/* --- what the test calls --------------------------------------------------------------------- */

void stream_connected(struct osmo_stream_cli *stream)
{
    (void)stream->connect_cb(stream);
}

void stream_input(struct osmo_stream_cli *stream, struct bytes message)
{
    if (send(stream->peer, message.data, message.length, 0) == (ssize_t)message.length)
        (void)stream->read_cb(stream);
}

size_t stream_output(const struct osmo_stream_cli *stream, uint8_t *room, size_t size)
{
    const ssize_t n = recv(stream->peer, room, size, 0);
    return n > 0 ? (size_t)n : 0;
}
