/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * probe - what a script needs to be a client of the CTRL interface and a statsd; it uses nothing of
 * ours, as others' scripts don't.
 *
 *   probe ask PORT COMMAND        sends COMMAND in an IPA frame, prints the answer
 *   probe statsd PORT SECONDS START...   waits for a line that begins with each START,
 *                                        and goes on with a number other than 0
 *
 * Exit code 0: answered, all came; 1: not; 2: wrong use, or no socket.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define IPA_HEADER_OCTETS 4 /* length (2) of what follows the third, stream 0xee, extension 0 */
#define MESSAGE_OCTETS    2048
#define ANSWER_S          5
#define STARTS_MAX        16

static int open_socket(int type, const char *port, bool listens)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct sockaddr *any = (const struct sockaddr *)&address;
    const int fd = socket(AF_INET, type, 0);
    const struct timeval patience = {.tv_sec = listens ? 1 : ANSWER_S};
    if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == -1 ||
        (listens ? bind(fd, any, sizeof(address)) : connect(fd, any, sizeof(address))) == -1) {
        perror("probe");
        exit(2);
    }
    return fd;
}

static int ask(const char *port, const char *command)
{
    uint8_t message[MESSAGE_OCTETS];
    const size_t length = strlen(command);
    if (length > sizeof(message) - IPA_HEADER_OCTETS)
        return 2;
    const int fd = open_socket(SOCK_STREAM, port, false);
    message[0] = (uint8_t)((length + 1) >> 8);
    message[1] = (uint8_t)(length + 1);
    message[2] = 0xee;
    message[3] = 0;
    memcpy(message + IPA_HEADER_OCTETS, command, length);
    const size_t whole = IPA_HEADER_OCTETS + length;
    if (send(fd, message, whole, MSG_NOSIGNAL) != (ssize_t)whole ||
        recv(fd, message, IPA_HEADER_OCTETS, MSG_WAITALL) != IPA_HEADER_OCTETS)
        return 1;
    const size_t answer = (((size_t)message[0] << 8) | message[1]) - 1;
    if (answer > sizeof(message) || message[2] != 0xee || message[3] != 0 ||
        recv(fd, message, answer, MSG_WAITALL) != (ssize_t)answer)
        return 1;
    (void)printf("%.*s\n", (int)answer, (const char *)message);
    (void)close(fd);
    return 0;
}

static bool has_number(const char *text, const char *start)
{
    const size_t length = strlen(start);
    for (const char *at = text; at != NULL; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, start, length) == 0 && at[length] >= '1' && at[length] <= '9')
            return true;
    }
    return false;
}

static int statsd(const char *port, const char *seconds, int count, char **start)
{
    char text[MESSAGE_OCTETS];
    bool came[STARTS_MAX] = {false};
    int missing = count;
    const time_t end = time(NULL) + (time_t)strtoul(seconds, NULL, 10);
    const int fd = open_socket(SOCK_DGRAM, port, true);
    while (missing > 0 && time(NULL) < end) {
        const ssize_t got = recv(fd, text, sizeof(text) - 1, 0);
        text[got > 0 ? got : 0] = '\0';
        for (int i = 0; i < count; i++)
            if (!came[i] && has_number(text, start[i])) {
                came[i] = true;
                missing--;
            }
    }
    for (int i = 0; i < count; i++)
        if (!came[i])
            (void)printf("never came: %s\n", start[i]);
    (void)close(fd);
    return missing == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "ask") == 0)
        return ask(argv[2], argv[3]);
    if (argc > 4 && argc - 4 <= STARTS_MAX && strcmp(argv[1], "statsd") == 0)
        return statsd(argv[2], argv[3], argc - 4, argv + 4);
    (void)fprintf(stderr, "usage: probe ask PORT COMMAND | probe statsd PORT SECONDS START...\n");
    return 2;
}
