/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * frame - what vm-call (on the host) and vm-agent (in the guest) say to each other over one
 * virtio-serial port: frames of an 8 octet head and a payload.
 *
 * A port serves one command at a time. The host sends SYNC until a HELLO with the same payload
 * comes back: whatever an earlier user of the port left in it is passed over by that. Then START,
 * STDIN (an empty one is the end of it) and SIGNAL go down, STDOUT, STDERR and one EXIT come up.
 */
#ifndef TESTS_VM_FRAME_H
#define TESTS_VM_FRAME_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define FRAME_HEAD_OCTETS    8
#define FRAME_PAYLOAD_OCTETS 32768
#define FRAME_OCTETS         (FRAME_HEAD_OCTETS + FRAME_PAYLOAD_OCTETS)
#define FRAME_PORTS          16 /* commands that a guest runs at the same time */

#define SYNC_MAGIC        "pulse7 vm sync: "
#define SYNC_MAGIC_OCTETS 16
#define SYNC_OCTETS       24 /* the magic and 8 octets that the host chose */

/* START: how long it may take in ms (4 octets), then its words, each with a NUL behind it.
 * EXIT: the exit code, 128 + signal as a shell has it, or 124 when its time was over (4 octets). */
enum frame_kind {
    FRAME_SYNC = 1,
    FRAME_HELLO,
    FRAME_START,
    FRAME_STDIN,
    FRAME_SIGNAL, /* its number, one octet */
    FRAME_STDOUT,
    FRAME_STDERR,
    FRAME_EXIT,
};

enum { EXIT_TIME_OVER = 124, EXIT_NO_GUEST = 125, EXIT_NO_COMMAND = 127 };

/* Octets of one direction, whole frames at the front. */
struct frame_reader {
    uint8_t data[FRAME_OCTETS];
    uint32_t length;
};

struct frame {
    enum frame_kind kind;
    uint32_t length;
    const uint8_t *payload; /* valid until frame_drop */
};

static inline void frame_write_head(uint8_t head[FRAME_HEAD_OCTETS], enum frame_kind kind,
                                    uint32_t length)
{
    memset(head, 0, FRAME_HEAD_OCTETS);
    head[0] = (uint8_t)kind;
    memcpy(head + 4, &length, sizeof(length));
}

/* 1: a whole frame; 0: more has to come; -1: this is no frame. */
static inline int frame_read(const struct frame_reader *reader, struct frame *frame)
{
    if (reader->length < FRAME_HEAD_OCTETS)
        return 0;
    frame->kind = (enum frame_kind)reader->data[0];
    memcpy(&frame->length, reader->data + 4, sizeof(frame->length));
    frame->payload = reader->data + FRAME_HEAD_OCTETS;
    if (frame->kind < FRAME_SYNC || frame->kind > FRAME_EXIT ||
        frame->length > FRAME_PAYLOAD_OCTETS)
        return -1;
    return reader->length >= FRAME_HEAD_OCTETS + frame->length ? 1 : 0;
}

static inline void frame_drop(struct frame_reader *reader, uint32_t octets)
{
    reader->length -= octets;
    memmove(reader->data, reader->data + octets, reader->length);
}

/* Drops all before a SYNC or a HELLO; true when one stands whole at the front. */
static inline bool frame_find_sync(struct frame_reader *reader, enum frame_kind kind)
{
    uint8_t head[FRAME_HEAD_OCTETS];
    frame_write_head(head, kind, SYNC_OCTETS);
    while (reader->length >= FRAME_HEAD_OCTETS + SYNC_OCTETS) {
        if (memcmp(reader->data, head, sizeof(head)) == 0 &&
            memcmp(reader->data + FRAME_HEAD_OCTETS, SYNC_MAGIC, SYNC_MAGIC_OCTETS) == 0)
            return true;
        frame_drop(reader, 1);
    }
    return false;
}

#endif
