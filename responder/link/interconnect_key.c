/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "responder/link/interconnect.h"

/* More is no key, but some other file. */
#define KEY_FILE_OCTETS_MAX 65536u

static enum p7_status refuse(char *text, const char *path, const char *what)
{
    (void)snprintf(text, INTERCONNECT_TEXT_OCTETS, "%.160s: %s", path, what);
    return P7_RANGE;
}

static enum p7_status system_failed(char *text, const char *path, int why)
{
    (void)snprintf(text, INTERCONNECT_TEXT_OCTETS,
                   "%.160s: %s: the nodes and the witness of a cluster need the same key file "
                   "(\"openssl rand -hex 32\" makes a key)",
                   path, strerrordesc_np(why));
    return P7_SYSTEM;
}

static enum p7_status file_check(int fd, const char *path, char *text)
{
    struct stat about;
    if (fstat(fd, &about) == -1)
        return system_failed(text, path, errno);
    if (!S_ISREG(about.st_mode))
        return refuse(text, path, "is not a file");
    if ((about.st_mode & (S_IRWXO | S_IWGRP)) != 0)
        return refuse(text, path, "others can read the key, or write it: chmod 600 it");
    if (about.st_size > (off_t)KEY_FILE_OCTETS_MAX)
        return refuse(text, path, "is too long for a key: 64 hexadecimal digits are one");
    return P7_OK;
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool key_from_hex(const uint8_t *digits, size_t length, uint8_t key[CHANNEL_KEY_OCTETS])
{
    if (length != 2 * (size_t)CHANNEL_KEY_OCTETS)
        return false;
    for (size_t i = 0; i < CHANNEL_KEY_OCTETS; i++) {
        const int high = hex_value(digits[2 * i]);
        const int low = hex_value(digits[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        key[i] = (uint8_t)(((unsigned)high << 4) | (unsigned)low);
    }
    return true;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static enum p7_status key_from_octets(const uint8_t *octets, size_t length, const char *path,
                                      uint8_t key[CHANNEL_KEY_OCTETS], char *text)
{
    struct sha256_ctx sha;
    size_t digits = length;
    while (digits > 0 && is_space(octets[digits - 1]))
        digits--;
    if (key_from_hex(octets, digits, key))
        return P7_OK;
    if (length < CHANNEL_KEY_OCTETS)
        return refuse(text, path,
                      "is too short for a key: put 64 hexadecimal digits into it "
                      "(\"openssl rand -hex 32\")");
    sha256_init(&sha);
    sha256_update(&sha, length, octets);
    sha256_digest(&sha, CHANNEL_KEY_OCTETS, key);
    explicit_bzero(&sha, sizeof(sha));
    return P7_OK;
}

/* All of the file; -1 with errno. */
static ssize_t read_all(int fd, uint8_t *octets, size_t room)
{
    size_t length = 0;
    while (length < room) {
        const ssize_t got = read(fd, octets + length, room - length);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            return -1;
        if (got == 0)
            break;
        length += (size_t)got;
    }
    return (ssize_t)length;
}

enum p7_status interconnect_key_read(const char *path, uint8_t key[CHANNEL_KEY_OCTETS], char *text)
{
    uint8_t octets[KEY_FILE_OCTETS_MAX];
    /* Not to wait for the other end of what turns out to be a pipe. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd == -1)
        return system_failed(text, path, errno);
    enum p7_status status = file_check(fd, path, text);
    if (status == P7_OK) {
        const ssize_t length = read_all(fd, octets, sizeof(octets));
        status = length == -1 ? system_failed(text, path, errno)
                              : key_from_octets(octets, (size_t)length, path, key, text);
        explicit_bzero(octets, sizeof(octets));
    }
    (void)close(fd);
    return status;
}
