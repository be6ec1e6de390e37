/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* thread - a thread beside the main one: signals are the main thread's, so it takes none. */
#ifndef SIGTRAN_RUNTIME_THREAD_H
#define SIGTRAN_RUNTIME_THREAD_H

#include <pthread.h>

/* Starts it. `name` has at most 15 characters; NULL: that of the program. 0, or the errno of
 * pthread_create. */
int thread_start(pthread_t *thread, void *(*run)(void *context), void *context, const char *name);

#endif
