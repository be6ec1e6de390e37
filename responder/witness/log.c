/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/witness/log.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "sigtran/runtime/clock.h"

#define LOG_LINE_OCTETS 512

static FILE *open_file(const char *path)
{
    FILE *file = fopen(path, "ae");
    if (file != NULL)
        (void)setvbuf(file, NULL, _IOLBF, 0);
    return file;
}

enum p7_status witness_log_open(struct witness_log *log, const char *path, bool quiet)
{
    *log = (struct witness_log){.file = stderr, .path = path, .quiet = quiet};
    if (path == NULL)
        return P7_OK;
    log->file = open_file(path);
    return log->file == NULL ? P7_SYSTEM : P7_OK;
}

void witness_log_reopen(struct witness_log *log)
{
    if (log->path == NULL)
        return;
    FILE *file = open_file(log->path);
    if (file == NULL) {
        witness_log_error(log, "%s can't be opened anew: %s; going on with the old file", log->path,
                          strerror(errno));
        return;
    }
    (void)fclose(log->file);
    log->file = file;
}

void witness_log_close(struct witness_log *log)
{
    if (log->path != NULL && log->file != NULL)
        (void)fclose(log->file);
    log->file = NULL;
}

__attribute__((format(printf, 2, 0))) static void write_line(struct witness_log *log,
                                                             const char *format, va_list arguments)
{
    char text[LOG_LINE_OCTETS];
    char time[CLOCK_TEXT_OCTETS];
    (void)vsnprintf(text, sizeof(text), format, arguments);
    (void)fprintf(log->file, "%s %s\n", clock_wall_text(clock_wall_ns(), time, sizeof(time)), text);
}

void witness_log_notice(struct witness_log *log, const char *format, ...)
{
    va_list arguments;
    if (log->quiet)
        return;
    va_start(arguments, format);
    write_line(log, format, arguments);
    va_end(arguments);
}

void witness_log_error(struct witness_log *log, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line(log, format, arguments);
    va_end(arguments);
}
