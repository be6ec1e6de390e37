/* SPDX-License-Identifier: AGPL-3.0-or-later */
#define _XOPEN_SOURCE_EXTENDED 1
#include "simulator/screen.h"

#include <curses.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_S     1000000000LL
#define BAR_ROWS     8
#define COLUMN_WIDTH 14
#define LEFT         2

/* Colour pairs. */
#define PAIR_GOOD 1
#define PAIR_BAD  2
#define PAIR_DIM  3
#define PAIR_BAR  4

struct screen {
    SCREEN *terminal;
    bool has_colour;
};

enum p7_status screen_open(struct screen **out)
{
    if (isatty(STDOUT_FILENO) == 0 || isatty(STDIN_FILENO) == 0)
        return P7_STATE;
    struct screen *screen = calloc(1, sizeof(*screen));
    if (screen == NULL)
        return P7_NO_MEMORY;
    (void)setlocale(LC_CTYPE, "");
    screen->terminal = newterm(NULL, stdout, stdin);
    if (screen->terminal == NULL) {
        free(screen);
        return P7_STATE;
    }
    (void)set_term(screen->terminal);
    (void)cbreak();
    (void)noecho();
    (void)curs_set(0);
    (void)nodelay(stdscr, TRUE);
    (void)keypad(stdscr, TRUE);
    screen->has_colour = has_colors();
    if (screen->has_colour) {
        (void)start_color();
        (void)use_default_colors();
        (void)init_pair(PAIR_GOOD, COLOR_GREEN, -1);
        (void)init_pair(PAIR_BAD, COLOR_RED, -1);
        (void)init_pair(PAIR_DIM, COLOR_CYAN, -1);
        (void)init_pair(PAIR_BAR, COLOR_YELLOW, -1);
    }
    *out = screen;
    return P7_OK;
}

void screen_close(struct screen *screen)
{
    if (screen == NULL)
        return;
    (void)endwin();
    delscreen(screen->terminal);
    free(screen);
}

static void colour(const struct screen *screen, int pair, bool on)
{
    if (!screen->has_colour)
        return;
    if (on)
        (void)attron(COLOR_PAIR(pair));
    else
        (void)attroff(COLOR_PAIR(pair));
}

/* "1 234 567": digits in groups, as figures of a run have seven of them. */
static const char *grouped(uint64_t value, char *text, size_t octets)
{
    char digits[32];
    const int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
    size_t used = 0;
    for (int i = 0; i < length && used + 2 < octets; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text[used++] = ' ';
        text[used++] = digits[i];
    }
    text[used] = '\0';
    return text;
}

static const char *clock_text(int64_t ns, char *text, size_t octets)
{
    const int64_t s = (ns > 0 ? ns : 0) / NS_PER_S;
    (void)snprintf(text, octets, "%lld:%02lld:%02lld", (long long)(s / 3600),
                   (long long)(s / 60 % 60), (long long)(s % 60));
    return text;
}

static const char *ms_text(int64_t ns, char *text, size_t octets)
{
    const double ms = (double)ns / 1e6;
    (void)snprintf(text, octets, ms < 10 ? "%.3f ms" : ms < 1000 ? "%.1f ms" : "%.0f ms", ms);
    return text;
}

static void label(const struct screen *screen, int row, int column, const char *text)
{
    colour(screen, PAIR_DIM, true);
    (void)mvaddstr(row, LEFT + column * COLUMN_WIDTH, text);
    colour(screen, PAIR_DIM, false);
}

static void value(int row, int column, const char *text)
{
    (void)attron(A_BOLD);
    (void)mvaddstr(row, LEFT + column * COLUMN_WIDTH, text);
    (void)attroff(A_BOLD);
}

static void draw_head(const struct screen *screen, const struct run_view *view)
{
    char elapsed[32];
    char remaining[32];
    const char *state = !view->started        ? "reaching the target"
                        : view->ending        ? "waiting for replies"
                        : view->glance.paused ? "paused"
                                              : "running";
    (void)attron(A_BOLD);
    (void)mvprintw(0, LEFT, "pulse7-simulator  %s", view->settings->simulator.name);
    (void)attroff(A_BOLD);
    (void)printw("  %s", state);
    (void)mvprintw(1, LEFT, "%s elapsed", clock_text(view->elapsed_ns, elapsed, sizeof(elapsed)));
    if (view->duration_ns > 0)
        (void)printw("   %s remaining", clock_text(view->duration_ns - view->elapsed_ns, remaining,
                                                   sizeof(remaining)));
    else
        (void)printw("   until stopped");
    colour(screen, PAIR_DIM, true);
    (void)mvprintw(2, LEFT, "%.*s", COLS - 2 * LEFT, view->transport);
    colour(screen, PAIR_DIM, false);
}

static void draw_rate(const struct screen *screen, const struct run_view *view)
{
    char text[64];
    const double wanted = view->glance.rate_wanted_per_s;
    const double share = wanted > 0 ? view->achieved_per_s / wanted : 0;
    const int width = COLS - 2 * LEFT - 2;
    label(screen, 4, 0, "target /s");
    label(screen, 4, 1, "answered /s");
    (void)snprintf(text, sizeof(text), "%.1f", wanted);
    value(5, 0, text);
    (void)snprintf(text, sizeof(text), "%.0f", view->achieved_per_s);
    value(5, 1, text);
    if (width < 10)
        return;
    const int filled = (int)lround(fmin(share, 1) * width);
    colour(screen, share >= 0.99 ? PAIR_GOOD : PAIR_BAR, true);
    (void)mvaddch(6, LEFT, '[');
    for (int i = 0; i < width; i++)
        (void)addch(i < filled ? '=' : ' ');
    (void)addch(']');
    colour(screen, share >= 0.99 ? PAIR_GOOD : PAIR_BAR, false);
}

static void draw_outcomes(const struct screen *screen, const struct run_view *view)
{
    char text[64];
    const struct worker_glance *g = &view->glance;
    label(screen, 8, 0, "succ");
    label(screen, 8, 1, "fail");
    label(screen, 8, 2, "open");
    label(screen, 8, 3, "retransm.");
    label(screen, 8, 4, "late");
    value(9, 0, grouped(g->ok, text, sizeof(text)));
    colour(screen, PAIR_BAD, g->failed > 0);
    value(9, 1, grouped(g->failed, text, sizeof(text)));
    colour(screen, PAIR_BAD, false);
    value(9, 2, grouped(g->open, text, sizeof(text)));
    value(9, 3, grouped(g->retransmissions, text, sizeof(text)));
    value(9, 4, grouped(g->late, text, sizeof(text)));
    label(screen, 11, 0, "p50");
    label(screen, 11, 1, "p99");
    label(screen, 11, 2, "max");
    label(screen, 11, 3, "send lag max");
    value(12, 0, ms_text(g->p50_ns, text, sizeof(text)));
    value(12, 1, ms_text(g->p99_ns, text, sizeof(text)));
    value(12, 2, ms_text(g->max_ns, text, sizeof(text)));
    value(12, 3, ms_text(g->lag_max_ns, text, sizeof(text)));
    (void)mvaddstr(12, LEFT + 4 * COLUMN_WIDTH, "(last second)");
}

/* Columns of the last minute, a second each; the height is logarithmic, from 0.1 ms to the largest,
 * so that a quiet second and an outage both show. */
static void draw_minute(const struct screen *screen, const struct run_view *view, int top)
{
    char text[64];
    int64_t largest_ns = 1000000;
    for (uint32_t i = 0; i < view->max_count; i++)
        if (view->max_ns[i] > largest_ns)
            largest_ns = view->max_ns[i];
    const double low = log10(1e5);
    const double span = log10((double)largest_ns) - low;
    label(screen, top, 0, "maximum response time of each second, last minute");
    (void)mvprintw(top + 1, LEFT, "%9s", ms_text(largest_ns, text, sizeof(text)));
    (void)mvprintw(top + BAR_ROWS, LEFT, "%9s", "0.1 ms");
    for (uint32_t i = 0; i < view->max_count; i++) {
        const int column = LEFT + 10 + (int)i;
        const double level =
            view->max_ns[i] <= 0 ? 0 : (log10((double)view->max_ns[i]) - low) / span;
        const int height = (int)ceil(fmin(fmax(level, 0), 1) * BAR_ROWS);
        if (column >= COLS - 1)
            break;
        colour(screen, PAIR_BAR, true);
        for (int h = 0; h < height; h++)
            (void)mvaddch(top + BAR_ROWS - h, column, '#');
        colour(screen, PAIR_BAR, false);
        if (view->max_ns[i] < 0)
            (void)mvaddch(top + BAR_ROWS, column, 'x'); /* nothing was answered in this second */
    }
}

void screen_draw(struct screen *screen, const struct run_view *view)
{
    (void)erase();
    draw_head(screen, view);
    draw_rate(screen, view);
    draw_outcomes(screen, view);
    draw_minute(screen, view, 14);
    (void)mvprintw(14 + BAR_ROWS + 2, LEFT, "%.*s", COLS - 2 * LEFT, view->last_event);
    colour(screen, PAIR_DIM, true);
    (void)mvprintw(LINES - 1, LEFT, "+ - rate 10 %%   * / rate x2   p pause   q end    %.*s",
                   COLS > 60 ? COLS - 56 : 0, view->directory);
    colour(screen, PAIR_DIM, false);
    (void)refresh();
}

enum screen_wish screen_key(struct screen *screen)
{
    (void)screen;
    for (;;) {
        switch (getch()) {
        case ERR:
            return SCREEN_WISH_NOTHING;
        case '+':
            return SCREEN_WISH_FASTER;
        case '-':
            return SCREEN_WISH_SLOWER;
        case '*':
            return SCREEN_WISH_MUCH_FASTER;
        case '/':
            return SCREEN_WISH_MUCH_SLOWER;
        case 'p':
        case 'P':
            return SCREEN_WISH_PAUSE;
        case 'q':
        case 'Q':
            return SCREEN_WISH_QUIT;
        default:
            break; /* another key, or a resize that the next drawing follows */
        }
    }
}
