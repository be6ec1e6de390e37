/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "responder/link/registrar_etcd.h"

#define HTTP_TIMEOUT_MS 1000L
/* Turns of a call to ready, and events of a turn: curl has one connection, sometimes two. */
#define HTTP_TURNS_MAX  16
#define HTTP_EVENTS_MAX 8
#define MS_PER_S        1000L
#define NS_PER_MS       1000000L

/* curl says which sockets to watch, for what. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
    const struct etcd_http *http = context;
    struct epoll_event event = {.data.fd = fd};
    (void)easy;
    (void)socket_context;
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(http->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        event.events |= EPOLLIN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        event.events |= EPOLLOUT;
    if (epoll_ctl(http->epoll_fd, EPOLL_CTL_MOD, fd, &event) == 0)
        return 0;
    return epoll_ctl(http->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -1;
}

static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
    const struct etcd_http *http = context;
    struct itimerspec timer = {{0, 0}, {0, 0}};
    (void)multi;
    if (timeout_ms >= 0) {
        timer.it_value.tv_sec = timeout_ms / MS_PER_S;
        /* All zeros would disarm it. */
        timer.it_value.tv_nsec = timeout_ms == 0 ? 1 : timeout_ms % MS_PER_S * NS_PER_MS;
    }
    return timerfd_settime(http->timer_fd, 0, &timer, NULL);
}

static size_t on_reply(char *data, size_t size, size_t count, void *context)
{
    struct etcd_http *http = context;
    const size_t length = size * count;
    if (length > sizeof(http->reply) - http->reply_length) {
        http->overflowed = true;
        return 0; /* ends the request */
    }
    memcpy(http->reply + http->reply_length, data, length);
    http->reply_length += length;
    return length;
}

static bool set_options(struct etcd_http *http)
{
    CURL *easy = http->easy;
    return curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           /* The register is asked for directly, whatever the environment says of proxies. */
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, HTTP_TIMEOUT_MS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, HTTP_TIMEOUT_MS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_reply) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, http) == CURLE_OK &&
           curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
           curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http) == CURLM_OK &&
           curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK &&
           curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http) == CURLM_OK;
}

enum p7_status etcd_http_open(struct etcd_http *http)
{
    memset(http, 0, sizeof(*http));
    http->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    http->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = http->timer_fd};
    if (http->timer_fd == -1 || http->epoll_fd == -1 ||
        epoll_ctl(http->epoll_fd, EPOLL_CTL_ADD, http->timer_fd, &event) == -1)
        return P7_SYSTEM;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return P7_NO_MEMORY;
    http->library_up = true;
    http->multi = curl_multi_init();
    http->easy = curl_easy_init();
    http->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (http->multi == NULL || http->easy == NULL || http->headers == NULL || !set_options(http) ||
        curl_easy_getinfo(http->easy, CURLINFO_CAINFO, &http->system_ca_path) != CURLE_OK)
        return P7_NO_MEMORY;
    return P7_OK;
}

void etcd_http_close(struct etcd_http *http)
{
    if (http->busy)
        (void)curl_multi_remove_handle(http->multi, http->easy);
    curl_easy_cleanup(http->easy);
    (void)curl_multi_cleanup(http->multi);
    curl_slist_free_all(http->headers);
    if (http->epoll_fd > 0)
        (void)close(http->epoll_fd);
    if (http->timer_fd > 0)
        (void)close(http->timer_fd);
    if (http->library_up)
        curl_global_cleanup();
    memset(http, 0, sizeof(*http));
}

static const char *or_null(const char *path)
{
    return path[0] != '\0' ? path : NULL;
}

enum p7_status etcd_http_post(struct etcd_http *http, const struct etcd_endpoint *endpoint,
                              const char *path)
{
    CURL *easy = http->easy;
    int running = 0;
    if (http->busy)
        return P7_STATE;
    http->overflowed = false;
    http->reply_length = 0;
    (void)snprintf(http->url, sizeof(http->url), "%s%s", endpoint->url, path);
    if (curl_easy_setopt(easy, CURLOPT_URL, http->url) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, http->request) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_SSLCERT, or_null(endpoint->certificate_path)) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_SSLKEY, or_null(endpoint->key_path)) != CURLE_OK)
        return P7_NO_MEMORY;
    /* NULL would mean no authority at all. */
    const char *authorities =
        endpoint->ca_path[0] != '\0' ? endpoint->ca_path : http->system_ca_path;
    if (authorities != NULL && curl_easy_setopt(easy, CURLOPT_CAINFO, authorities) != CURLE_OK)
        return P7_NO_MEMORY;
    if (curl_multi_add_handle(http->multi, easy) != CURLM_OK)
        return P7_NO_MEMORY;
    http->busy = true;
    (void)curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    /* What ended at once (no route, refused) has no socket to tell so. */
    if (running == 0)
        (void)on_timer(http->multi, 0, http);
    return P7_OK;
}

static void act(struct etcd_http *http, const struct epoll_event *event)
{
    int running = 0;
    uint64_t expirations;
    if (event->data.fd == http->timer_fd) {
        if (read(http->timer_fd, &expirations, sizeof(expirations)) == -1)
            return; /* it was set anew in between */
        (void)curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        return;
    }
    const int mask = ((event->events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                     ((event->events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                     ((event->events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
    (void)curl_multi_socket_action(http->multi, event->data.fd, mask, &running);
}

/* "" for a reply of 200. */
static void judge(struct etcd_http *http, CURLcode code, char error[ETCD_ERROR_OCTETS + 64])
{
    char message[ETCD_ERROR_OCTETS];
    long status = 0;
    error[0] = '\0';
    if (http->overflowed) {
        (void)snprintf(error, ETCD_ERROR_OCTETS + 64, "a reply of more than %u octets",
                       ETCD_REPLY_OCTETS);
    } else if (code != CURLE_OK) {
        (void)snprintf(error, ETCD_ERROR_OCTETS + 64, "%s", curl_easy_strerror(code));
    } else if (curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK ||
               status != 200) {
        etcd_error_read(http->reply, http->reply_length, message);
        (void)snprintf(error, ETCD_ERROR_OCTETS + 64, "HTTP %ld%s%s", status,
                       message[0] != '\0' ? ", " : "", message);
    }
}

bool etcd_http_ready(struct etcd_http *http, char error[ETCD_ERROR_OCTETS + 64])
{
    struct epoll_event events[HTTP_EVENTS_MAX];
    int left = 0;
    for (int turn = 0; turn < HTTP_TURNS_MAX; turn++) {
        const int count = epoll_wait(http->epoll_fd, events, HTTP_EVENTS_MAX, 0);
        if (count <= 0)
            break;
        for (int i = 0; i < count; i++)
            act(http, &events[i]);
    }
    const CURLMsg *message = curl_multi_info_read(http->multi, &left);
    if (!http->busy || message == NULL || message->msg != CURLMSG_DONE)
        return false;
    const CURLcode code = message->data.result; /* gone with the handle's removal */
    judge(http, code, error);
    (void)curl_multi_remove_handle(http->multi, http->easy);
    http->busy = false;
    return true;
}
