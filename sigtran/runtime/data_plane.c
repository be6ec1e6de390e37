/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/data_plane.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sigtran/runtime/clock.h"
#include "sigtran/runtime/mailbox.h"
#include "sigtran/runtime/node_show.h"
#include "sigtran/runtime/thread.h"

#define COMMANDS_MAX       64
#define COMMAND_OCTETS_MAX 256
#define QUERY_TIMEOUT_S    1
#define QUERY_STATUS       (-1)
#define QUERY_COMMAND      (-2)
#define STOP_GRACE_NS      500000000LL

/* A query outlives an impatient asker: it is freed by whoever of the two lets go last. */
struct query {
    int what; /* enum data_plane_query, QUERY_STATUS or QUERY_COMMAND */
    uint32_t asp;
    enum p7_status result;
    struct transport_status status;
    struct node_command command;
    sem_t done;
    atomic_int holders;
    size_t text_octets;
    char text[DATA_PLANE_TEXT_OCTETS];
};

struct data_plane {
    struct data_plane_hooks hooks;
    struct loop *loop;
    struct node *node;
    struct mailbox *commands;
    struct mailbox *queries;
    pthread_t thread;
    bool is_running;
    atomic_bool stop;
    int64_t stop_at_ns; /* when a good ending has taken too long; 0: not stopping */
    clockid_t cpu_clock;
    int64_t cpu_ns; /* after the thread has ended */
};

static void query_let_go(struct query *query)
{
    if (query == NULL)
        return;
    if (atomic_fetch_sub(&query->holders, 1) != 1)
        return;
    sem_destroy(&query->done);
    free(query);
}

/* --- on the traffic thread -------------------------------------------------------------------- */

/* The associations get a moment to end well; a peer that does not answer gets no more. */
static int64_t turn_stopping(struct data_plane *plane, int64_t now_ns)
{
    if (plane->stop_at_ns == 0) {
        plane->stop_at_ns = now_ns + STOP_GRACE_NS;
        node_shutdown(plane->node, now_ns);
    }
    node_turn(plane->node, now_ns);
    if (node_is_shut(plane->node) || now_ns >= plane->stop_at_ns)
        loop_stop(plane->loop);
    const int64_t node_ns = node_deadline_ns(plane->node);
    return node_ns < plane->stop_at_ns ? node_ns : plane->stop_at_ns;
}

static int64_t on_turn(void *context, int64_t now_ns)
{
    struct data_plane *plane = context;
    if (atomic_load_explicit(&plane->stop, memory_order_relaxed))
        return turn_stopping(plane, now_ns);
    const int64_t due_ns = plane->hooks.turn(plane->hooks.context, now_ns);
    node_turn(plane->node, now_ns);
    const int64_t node_ns = node_deadline_ns(plane->node);
    return due_ns < node_ns ? due_ns : node_ns;
}

static void on_ready(void *context, int64_t now_ns)
{
    struct data_plane *plane = context;
    node_ready(plane->node, now_ns);
}

static void carry_out(struct data_plane *plane, struct query *query)
{
    if (query->what == QUERY_STATUS) {
        const uint32_t association = m3ua_endpoint_association(node_m3ua(plane->node), query->asp);
        query->result =
            association == M3UA_ENDPOINT_NONE
                ? P7_STATE
                : transport_get_status(node_transport(plane->node), association, &query->status);
    } else if (query->what == QUERY_COMMAND) {
        query->result =
            node_command_run(plane->node, &query->command, clock_monotonic_ns(), query->text);
    } else {
        node_show(plane->node, (enum data_plane_query)query->what, query->text,
                  sizeof(query->text));
        query->result = P7_OK;
    }
}

static void on_woken(void *context, int64_t now_ns)
{
    struct data_plane *plane = context;
    uint8_t message[COMMAND_OCTETS_MAX];
    struct query *query;
    while (plane->commands != NULL && mailbox_take(plane->commands, message))
        plane->hooks.command(plane->hooks.context, message, now_ns);
    while (mailbox_take(plane->queries, &query)) {
        carry_out(plane, query);
        sem_post(&query->done);
        query_let_go(query);
    }
}

static void on_stalled(void *context, int64_t from_ns, int64_t until_ns)
{
    struct data_plane *plane = context;
    if (plane->hooks.stalled != NULL)
        plane->hooks.stalled(plane->hooks.context, from_ns, until_ns);
}

/* Lowest but one of the real-time priorities: above everything that shares time, below whatever an
 * operator has put there on purpose. */
static void become_realtime(struct data_plane *plane)
{
    const struct sched_param priority = {.sched_priority = 2};
    const int failed = pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority);
    struct node_event event = {
        .severity = failed == 0 ? NODE_INFO : NODE_WARNING,
        .source = "run",
        .event = failed == 0 ? "realtime" : "realtime-refused",
    };
    (void)snprintf(event.detail, sizeof(event.detail), "%s%s",
                   failed == 0 ? "the traffic thread runs with real-time priority"
                               : "the traffic thread has no real-time priority (run as root or "
                                 "with CAP_SYS_NICE, or configure `no realtime`): ",
                   failed == 0 ? "" : strerror(failed));
    plane->hooks.event(plane->hooks.context, &event, clock_monotonic_ns());
}

static void *traffic_thread(void *argument)
{
    struct data_plane *plane = argument;
    struct timespec cpu;
    if (plane->hooks.realtime)
        become_realtime(plane);
    loop_run(plane->loop);
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu) == 0)
        plane->cpu_ns = (int64_t)cpu.tv_sec * 1000000000 + cpu.tv_nsec;
    return NULL;
}

/* --- on the main thread ----------------------------------------------------------------------- */

static void wake(void *context)
{
    data_plane_wake(context);
}

static enum p7_status create_parts(struct data_plane *plane, const struct node_config *config,
                                   char *verdict, size_t verdict_octets)
{
    const struct loop_handler loop = {
        .context = plane, .turn = on_turn, .woken = on_woken, .stalled = on_stalled};
    const struct node_handler node = {.context = plane->hooks.context,
                                      .dialogue = plane->hooks.dialogue,
                                      .event = plane->hooks.event,
                                      .stray = plane->hooks.stray,
                                      .discarded = plane->hooks.discarded};
    const struct mailbox_wake waking = {.wake = wake, .context = plane};
    enum p7_status status = loop_create(&loop, &plane->loop);
    if (status == P7_OK && plane->hooks.command != NULL)
        status =
            mailbox_create(&plane->commands, COMMANDS_MAX, plane->hooks.command_octets, waking);
    if (status == P7_OK)
        status = mailbox_create(&plane->queries, COMMANDS_MAX, sizeof(struct query *), waking);
    if (status != P7_OK) {
        (void)snprintf(verdict, verdict_octets, "traffic thread: %s", p7_status_text(status));
        return status;
    }
    status = node_open(config, &node, &plane->node, verdict, verdict_octets);
    if (status == P7_OK && node_fd(plane->node) != -1)
        status = loop_watch(plane->loop, node_fd(plane->node), on_ready, plane);
    return status;
}

enum p7_status data_plane_create(const struct node_config *config,
                                 const struct data_plane_hooks *hooks, struct data_plane **out,
                                 char *verdict, size_t verdict_octets)
{
    assert((hooks->command != NULL) == (hooks->command_octets > 0));
    assert(hooks->command_octets <= COMMAND_OCTETS_MAX);
    struct data_plane *plane = calloc(1, sizeof(*plane));
    if (plane == NULL)
        return P7_NO_MEMORY;
    plane->hooks = *hooks;
    const enum p7_status status = create_parts(plane, config, verdict, verdict_octets);
    if (status != P7_OK) {
        data_plane_destroy(plane);
        return status;
    }
    *out = plane;
    return P7_OK;
}

void data_plane_destroy(struct data_plane *plane)
{
    if (plane == NULL)
        return;
    data_plane_stop(plane);
    node_close(plane->node);
    if (plane->queries != NULL) {
        struct query *query;
        while (mailbox_take(plane->queries, &query))
            query_let_go(query);
        mailbox_destroy(plane->queries);
    }
    if (plane->commands != NULL)
        mailbox_destroy(plane->commands);
    loop_destroy(plane->loop);
    free(plane);
}

enum p7_status data_plane_start(struct data_plane *plane, char *error, size_t error_octets)
{
    enum p7_status status = node_start(plane->node, clock_monotonic_ns(), error, error_octets);
    if (status != P7_OK)
        return status;
    const int failed = thread_start(&plane->thread, traffic_thread, plane, NULL);
    if (failed != 0) {
        errno = failed;
        (void)snprintf(error, error_octets, "can't start the traffic thread: %s", strerror(failed));
        return P7_SYSTEM;
    }
    (void)pthread_getcpuclockid(plane->thread, &plane->cpu_clock);
    plane->is_running = true;
    return P7_OK;
}

void data_plane_stop(struct data_plane *plane)
{
    if (!plane->is_running)
        return;
    atomic_store(&plane->stop, true);
    loop_wake(plane->loop);
    pthread_join(plane->thread, NULL);
    plane->is_running = false;
}

enum p7_status data_plane_watch(struct data_plane *plane, int descriptor,
                                void (*ready)(void *context, int64_t now_ns), void *context)
{
    return loop_watch(plane->loop, descriptor, ready, context);
}

enum p7_status data_plane_post(struct data_plane *plane, const void *message)
{
    return mailbox_post(plane->commands, message);
}

static bool wait_for(struct query *query)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += QUERY_TIMEOUT_S;
    int result;
    do {
        result = sem_timedwait(&query->done, &until);
    } while (result == -1 && errno == EINTR);
    return result == 0;
}

static struct query *new_query(int what)
{
    struct query *query = calloc(1, sizeof(*query));
    if (query == NULL)
        return NULL;
    query->what = what;
    sem_init(&query->done, 0, 0);
    atomic_init(&query->holders, 2);
    return query;
}

/* Hands the query over and waits; the caller lets go of it afterwards. True: it was answered, and
 * what it holds may be read. */
static bool ask(struct data_plane *plane, struct query *query)
{
    if (query == NULL)
        return false;
    if (plane->is_running && mailbox_post(plane->queries, &query) == P7_OK)
        return wait_for(query);
    atomic_store(&query->holders, 1);
    if (!plane->is_running)
        carry_out(plane, query);
    return !plane->is_running;
}

enum p7_status data_plane_query(struct data_plane *plane, enum data_plane_query what, char *text,
                                size_t text_octets)
{
    struct query *query = new_query((int)what);
    const bool answered = ask(plane, query);
    const enum p7_status status = answered ? query->result : P7_STATE;
    if (status == P7_OK)
        (void)snprintf(text, text_octets, "%s", query->text);
    query_let_go(query);
    return status;
}

enum p7_status data_plane_status(struct data_plane *plane, uint32_t asp,
                                 struct transport_status *status)
{
    struct query *query = new_query(QUERY_STATUS);
    if (query != NULL)
        query->asp = asp;
    const bool answered = ask(plane, query);
    const enum p7_status result = answered ? query->result : P7_STATE;
    if (result == P7_OK)
        *status = query->status;
    query_let_go(query);
    return result;
}

enum p7_status data_plane_command(struct data_plane *plane, const struct node_command *command,
                                  char answer[NODE_COMMAND_ANSWER_OCTETS])
{
    struct query *query = new_query(QUERY_COMMAND);
    if (query != NULL)
        query->command = *command;
    const bool answered = ask(plane, query);
    const enum p7_status result = answered ? query->result : P7_STATE;
    (void)snprintf(answer, NODE_COMMAND_ANSWER_OCTETS, "%.*s", NODE_COMMAND_ANSWER_OCTETS - 1,
                   answered ? query->text
                            : "the traffic thread did not answer; it may carry it out yet");
    query_let_go(query);
    return result;
}

struct node *data_plane_node(const struct data_plane *plane)
{
    return plane->node;
}

struct loop_counters data_plane_loop_counters(const struct data_plane *plane)
{
    return loop_get_counters(plane->loop);
}

int64_t data_plane_cpu_ns(const struct data_plane *plane)
{
    struct timespec cpu;
    if (!plane->is_running)
        return plane->cpu_ns;
    if (clock_gettime(plane->cpu_clock, &cpu) == -1)
        return 0;
    return (int64_t)cpu.tv_sec * 1000000000 + cpu.tv_nsec;
}

void data_plane_wake(struct data_plane *plane)
{
    loop_wake(plane->loop);
}
