/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/link/registrar.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "responder/link/registrar_internal.h"

void registrar_close(struct registrar *registrar)
{
    if (registrar != NULL)
        registrar->ops->close(registrar);
}

void registrar_request(struct registrar *registrar, const struct register_request *request,
                       int64_t now_ns)
{
    registrar->ops->request(registrar, request, now_ns);
}

int registrar_fd(const struct registrar *registrar)
{
    return registrar->ops->fd(registrar);
}

void registrar_ready(struct registrar *registrar, int64_t now_ns)
{
    registrar->ops->ready(registrar, now_ns);
}

int64_t registrar_deadline_ns(const struct registrar *registrar)
{
    return registrar->ops->deadline_ns(registrar);
}

void registrar_tell_trouble(struct registrar *registrar, int64_t now_ns, const char *format, ...)
{
    char text[REGISTRAR_TEXT_OCTETS];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    const int64_t since_ns = now_ns - registrar->told_ns;
    const bool same = strcmp(text, registrar->told) == 0;
    if (registrar->has_told &&
        since_ns < (same ? REGISTRAR_TROUBLE_AGAIN_NS : REGISTRAR_TROUBLE_PAUSE_NS))
        return;
    registrar->has_told = true;
    registrar->told_ns = now_ns;
    memcpy(registrar->told, text, sizeof(text));
    if (registrar->handler.trouble != NULL)
        registrar->handler.trouble(registrar->handler.context, text);
}
