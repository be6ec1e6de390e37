/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * screen - the run on a terminal: rate against target, outcomes, percentiles, a bar of the last
 * minute's maximum response time, elapsed and remaining time; keys steer it. Drawn by ncurses.
 *
 * Life cycle, main thread: screen_open -> screen_draw a few times a second, screen_key when
 * standard input is readable -> screen_close, which gives the terminal back as it was.
 */
#ifndef SIMULATOR_SCREEN_H
#define SIMULATOR_SCREEN_H

#include "sigtran/base/status.h"
#include "simulator/run.h"

struct screen;

/* P7_STATE when standard output is no terminal, or one that can't move its cursor. */
enum p7_status screen_open(struct screen **out) P7_MUST_CHECK;
void screen_close(struct screen *screen);

void screen_draw(struct screen *screen, const struct run_view *view);

/* What the operator wants. */
enum screen_wish {
    SCREEN_WISH_NOTHING,
    SCREEN_WISH_FASTER,      /* +: 10 % of the configured rate more */
    SCREEN_WISH_SLOWER,      /* - */
    SCREEN_WISH_MUCH_FASTER, /* *: twice the rate */
    SCREEN_WISH_MUCH_SLOWER, /* /: half of it */
    SCREEN_WISH_PAUSE,       /* p: pause, or go on */
    SCREEN_WISH_QUIT,        /* q: end the run in good order */
};

/* The next key, SCREEN_WISH_NOTHING when there is none (left). */
enum screen_wish screen_key(struct screen *screen);

#endif
