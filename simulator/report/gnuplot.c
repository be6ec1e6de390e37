/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* chart_draw: one gnuplot for all charts of a list, and its SVG made fit for a page. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "simulator/report/chart.h"
#include "simulator/report/figures.h"

#define EXIT_NO_PROGRAM 127

/* Octets of SVG of one list: eight charts of 500 points in two widths take 0.5 MiB. */
#define OUTPUT_OCTETS_MAX (64u << 20)

static const struct {
    int width;
    int height;
    int font;
    const char *class_name;
} sizes[CHART_WIDTHS] = {
    [CHART_WIDE] = {560, 270, 13, "wide"}, [CHART_NARROW] = {342, 230, 12, "narrow"}};

static void put_script(FILE *script, const struct chart_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        for (unsigned w = 0; w < CHART_WIDTHS; w++)
            (void)fprintf(script,
                          "reset\nset encoding utf8\n"
                          "set terminal svg size %d,%d dynamic font 'sans-serif,%d'\n"
                          "unset key\nset border 1 lc rgb '#%06d'\n"
                          "set tics nomirror textcolor rgb '#%06d'\n"
                          "set xtics scale 0.4\nset ytics scale 0\n"
                          "set grid ytics lt 1 lc rgb '#%06d' lw 1\n"
                          "set lmargin 6.5\nset rmargin 3.2\nset tmargin 0.8\nset bmargin 2\n"
                          "%s",
                          sizes[w].width, sizes[w].height, sizes[w].font, CHART_MUTED, CHART_INK,
                          CHART_GRID, list->chart[i].script);
}

/* --- running it ----------------------------------------------------------------------------- */

static void child(int script_fd, int output_fd, int error_fd)
{
    if (dup2(script_fd, STDIN_FILENO) == -1 || dup2(output_fd, STDOUT_FILENO) == -1 ||
        dup2(error_fd, STDERR_FILENO) == -1)
        _exit(1);
    /* A user's start-up file must not change what is drawn. */
    (void)execlp("gnuplot", "gnuplot", "-d", "-", (char *)NULL);
    _exit(errno == ENOENT ? EXIT_NO_PROGRAM : 1);
}

static char *read_all(int fd)
{
    size_t used = 0, room = 1u << 16;
    char *text = report_allocate(NULL, room);
    for (;;) {
        const ssize_t n = read(fd, text + used, room - used - 1);
        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0 || used + (size_t)n >= OUTPUT_OCTETS_MAX)
            break;
        used += (size_t)n;
        if (room - used < 4096) {
            room *= 2;
            text = report_allocate(text, room);
        }
    }
    text[used] = '\0';
    return text;
}

/* What gnuplot wrote, or NULL; *code is its exit code, 128 + signal, or -1. */
static char *run_gnuplot(FILE *script, FILE *errors, int *code)
{
    int ends[2];
    *code = -1;
    if (pipe2(ends, O_CLOEXEC) == -1)
        return NULL;
    const pid_t pid = fork();
    if (pid == 0)
        child(fileno(script), ends[1], fileno(errors));
    (void)close(ends[1]);
    char *text = pid == -1 ? NULL : read_all(ends[0]);
    (void)close(ends[0]);
    int status = 0;
    while (pid > 0 && waitpid(pid, &status, 0) == -1 && errno == EINTR)
        ;
    if (pid > 0)
        *code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return text;
}

/* --- SVG for a page ------------------------------------------------------------------------- */

/* Skips what begins with `start` up to and including `end`, if the text begins so. */
static bool skip(const char **at, const char *start, const char *end)
{
    if (strncmp(*at, start, strlen(start)) != 0)
        return false;
    const char *found = strstr(*at + strlen(start), end);
    if (found == NULL)
        return false;
    *at = found + strlen(end);
    return true;
}

/* gnuplot opens a group for every pen that it never uses. */
static bool skip_empty_group(const char **at)
{
    if (strncmp(*at, "<g fill=", 8) != 0)
        return false;
    const char *close = strchr(*at, '>');
    if (close == NULL || strncmp(close + 1, "\n</g>", 5) != 0)
        return false;
    *at = close + 6;
    return true;
}

/* "rgb(  0,   0,   3)" becomes "k3", which the style sheet's selectors know. */
static bool copy_colour(const char **at, FILE *out)
{
    int red, green, blue, length = 0;
    if (strncmp(*at, "rgb(", 4) != 0 ||
        sscanf(*at, "rgb(%d ,%d ,%d )%n", &red, &green, &blue, &length) != 3 || length == 0)
        return false;
    (void)fprintf(out, "k%d", blue);
    *at += length;
    return true;
}

/* One document of gnuplot's, from its <svg to its </svg>. */
static char *clean(const char *at, const char *end, const struct chart *chart, unsigned width)
{
    char *text = NULL;
    size_t octets = 0;
    FILE *out = open_memstream(&text, &octets);
    if (out == NULL)
        (void)report_allocate(NULL, SIZE_MAX);
    (void)fprintf(out, "<svg class=\"%s\" role=\"img\" aria-label=\"%s\"", sizes[width].class_name,
                  chart->title);
    at += strlen("<svg");
    while (at < end) {
        if (skip(&at, "<title>", "</title>") || skip(&at, "<desc>", "</desc>") ||
            skip(&at, "<defs>", "</defs>") || skip(&at, "<rect x=\"0\" y=\"0\"", "/>") ||
            skip(&at, " id=\"gnuplot", "\"") || skip(&at, " font-family=\"", "\"") ||
            skip_empty_group(&at) || copy_colour(&at, out))
            continue;
        if (*at != '\n' || at[1] != '\n')
            (void)fputc(*at, out);
        at++;
    }
    (void)fputs("</svg>", out);
    (void)fclose(out);
    return text;
}

static bool take_documents(struct chart_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        for (unsigned w = 0; w < CHART_WIDTHS; w++) {
            const char *start = strstr(text, "<svg");
            const char *end = start == NULL ? NULL : strstr(start, "</svg>");
            if (end == NULL)
                return false;
            list->chart[i].svg[w] = clean(start, end, &list->chart[i], w);
            text = end + strlen("</svg>");
        }
    return true;
}

static void first_error(FILE *errors, char *line, size_t octets)
{
    line[0] = '\0';
    rewind(errors);
    while (fgets(line, (int)octets, errors) != NULL && strspn(line, " \t\n^") == strlen(line))
        ;
    line[strcspn(line, "\n")] = '\0';
}

enum p7_status chart_draw(struct chart_list *list, char *reason, size_t reason_octets)
{
    if (list->count == 0)
        return P7_OK;
    FILE *script = tmpfile();
    FILE *errors = tmpfile();
    enum p7_status status = P7_SYSTEM;
    (void)snprintf(reason, reason_octets, "no temporary file for gnuplot: %s", strerror(errno));
    if (script != NULL && errors != NULL) {
        put_script(script, list);
        rewind(script);
        int code = 0;
        char *text = run_gnuplot(script, errors, &code);
        char line[256];
        first_error(errors, line, sizeof(line));
        if (code == EXIT_NO_PROGRAM) {
            status = P7_NOT_FOUND;
            (void)snprintf(reason, reason_octets,
                           "gnuplot is missing, so there are no charts: apt-get install "
                           "gnuplot-nox");
        } else if (code == 0 && text != NULL && take_documents(list, text)) {
            status = P7_OK;
        } else {
            (void)snprintf(reason, reason_octets, "gnuplot failed (exit code %d): %s", code, line);
        }
        free(text);
    }
    if (script != NULL)
        (void)fclose(script);
    if (errors != NULL)
        (void)fclose(errors);
    return status;
}
