/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * registrar_internal - what the kinds of registrar.h share: each has a `struct registrar` as its
 * first member, with its functions, and tells trouble by way of one rule.
 */
#ifndef RESPONDER_LINK_REGISTRAR_INTERNAL_H
#define RESPONDER_LINK_REGISTRAR_INTERNAL_H

#include "responder/link/registrar.h"

#define REGISTRAR_TROUBLE_PAUSE_NS INT64_C(1000000000)
/* The same sentence again: a keeper that is away for a night does not fill the log. */
#define REGISTRAR_TROUBLE_AGAIN_NS INT64_C(10000000000)

struct registrar_ops {
    void (*close)(struct registrar *registrar);
    void (*request)(struct registrar *registrar, const struct register_request *request,
                    int64_t now_ns);
    int (*fd)(const struct registrar *registrar);
    void (*ready)(struct registrar *registrar, int64_t now_ns);
    int64_t (*deadline_ns)(const struct registrar *registrar);
};

struct registrar {
    const struct registrar_ops *ops;
    struct registrar_handler handler;
    bool has_told; /* trouble, at told_ns */
    int64_t told_ns;
    char told[REGISTRAR_TEXT_OCTETS];
};

/* Tells the handler, unless it was told something less than a second ago, or this less than ten
 * seconds ago. */
void registrar_tell_trouble(struct registrar *registrar, int64_t now_ns, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
