/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/thread.h"

#include <signal.h>
#include <stddef.h>

int thread_start(pthread_t *thread, void *(*run)(void *context), void *context, const char *name)
{
    /* A new thread takes over the mask of its creator. */
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error_number = pthread_create(thread, NULL, run, context);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error_number == 0 && name != NULL)
        (void)pthread_setname_np(*thread, name);
    return error_number;
}
