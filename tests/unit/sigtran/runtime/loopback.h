/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * loopback - a client on 127.0.0.1 of a server that lives on the test's own control plane.
 */
#ifndef TESTS_UNIT_SIGTRAN_RUNTIME_LOOPBACK_H
#define TESTS_UNIT_SIGTRAN_RUNTIME_LOOPBACK_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sigtran/runtime/control_plane.h"

#define LOOPBACK_TURNS_MAX 200

static inline int loopback_connect(uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd != -1 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == -1) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* Whether `needle` stands anywhere in the octets. */
static inline bool loopback_contains(const char *octets, size_t count, const char *needle)
{
    return memmem(octets, count, needle, strlen(needle)) != NULL;
}

/* Sends, then turns the plane until what came back holds `until`, or patience ends. NULs (telnet
 * options, IPA headers) are kept: the number of octets is returned. */
static inline size_t loopback_talk(struct control_plane *plane, int fd, const void *request,
                                   size_t request_octets, const char *until, char *reply,
                                   size_t reply_room)
{
    size_t at = 0;
    memset(reply, 0, reply_room);
    if (request_octets != 0 && write(fd, request, request_octets) != (ssize_t)request_octets)
        return 0;
    for (int turn = 0; turn < LOOPBACK_TURNS_MAX && !loopback_contains(reply, at, until); turn++) {
        control_plane_run_once(plane, 5);
        const ssize_t got = recv(fd, reply + at, reply_room - 1 - at, MSG_DONTWAIT);
        at += got > 0 ? (size_t)got : 0;
    }
    return at;
}

#endif
