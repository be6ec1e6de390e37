/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * status - the one error type of every function that can fail for a reason the caller must handle.
 *
 * A function that returns `enum p7_status` returns P7_OK (zero) or the reason; it leaves its
 * outputs unspecified unless it says otherwise. Errors of the operating system are P7_SYSTEM with
 * errno set.
 */
#ifndef SIGTRAN_BASE_STATUS_H
#define SIGTRAN_BASE_STATUS_H

/* name, sentence that an operator can read behind "NAME VALUE: " */
#define P7_STATUS_LIST(X)                                                                          \
    X(P7_OK, "success")                                                                            \
    X(P7_TRUNCATED, "the bytes end before the element does")                                       \
    X(P7_MALFORMED, "the bytes break the encoding rules")                                          \
    X(P7_UNSUPPORTED, "valid, but not a thing this program handles")                               \
    X(P7_MISSING, "a mandatory element is absent")                                                 \
    X(P7_RANGE, "a value lies outside of what the standard or a limit allows")                     \
    X(P7_FULL, "the buffer, table or queue has no room left")                                      \
    X(P7_NOT_FOUND, "no such entry")                                                               \
    X(P7_EXISTS, "there is such an entry already")                                                 \
    X(P7_STATE, "not possible in the present state")                                               \
    X(P7_NO_MEMORY, "memory could not be had")                                                     \
    X(P7_SYSTEM, "the operating system refused (see errno)")

enum p7_status {
#define P7_STATUS_ENUM(name, text) name,
    P7_STATUS_LIST(P7_STATUS_ENUM)
#undef P7_STATUS_ENUM
        P7_STATUS_COUNT
};

/* A static sentence for any value, also for one out of range. */
const char *p7_status_text(enum p7_status status);

/* The enumerator's own name, for logs and JSON. */
const char *p7_status_name(enum p7_status status);

#define P7_MUST_CHECK __attribute__((warn_unused_result))

#endif
