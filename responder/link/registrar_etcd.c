/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "responder/link/registrar_etcd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "responder/link/registrar_internal.h"

#define ETCD_ENDPOINTS_MAX  8u
#define ETCD_PREFIX_DEFAULT "/pulse7/register/"

enum etcd_step { ETCD_IDLE, ETCD_RANGE, ETCD_SWAP };

/*
 * A request is one range, and a transaction where the rule allows the change (register_apply): it
 * puts the value only if the key has not changed since the range. So two nodes whose swaps cross
 * are told apart by etcd, and a transaction that was delayed on its way finds another revision.
 */
struct registrar_etcd {
    struct registrar base;
    struct etcd_http http;
    char key[ETCD_KEY_OCTETS];
    struct etcd_endpoint endpoint[ETCD_ENDPOINTS_MAX];
    uint32_t endpoint_count;
    uint32_t current; /* endpoint in use; the next one after a failure */
    uint32_t tries;   /* of the request in progress */
    enum etcd_step step;
    struct register_request request;
    bool has_next; /* the newest request that came meanwhile */
    struct register_request next;
    int64_t now_ns;
};

static void begin(struct registrar_etcd *etcd);

static void finish(struct registrar_etcd *etcd)
{
    etcd->step = ETCD_IDLE;
    if (!etcd->has_next)
        return;
    etcd->has_next = false;
    etcd->request = etcd->next;
    etcd->tries = 0;
    begin(etcd);
}

static void answer(struct registrar_etcd *etcd, bool accepted, const struct register_value *value)
{
    const struct register_answer answer = {
        .id = etcd->request.id, .accepted = accepted, .current = *value};
    /* The handler may ask its next question at once: it waits in `next` until we are through. */
    etcd->base.handler.answer(etcd->base.handler.context, &answer, etcd->now_ns);
    finish(etcd);
}

/* The whole request begins again at the next endpoint: whether a transaction whose answer is
 * missing has landed is seen by the range. */
static void failed(struct registrar_etcd *etcd, const char *why)
{
    const char *url = etcd->endpoint[etcd->current].url;
    registrar_tell_trouble(&etcd->base, etcd->now_ns,
                           "etcd at %.120s: %.160s%s; is it running, with a leader, and reachable?",
                           url, why, etcd->endpoint_count > 1 ? "; trying the next one" : "");
    etcd->current = (etcd->current + 1) % etcd->endpoint_count;
    if (++etcd->tries < etcd->endpoint_count)
        begin(etcd);
    else
        finish(etcd);
}

static void not_understood(struct registrar_etcd *etcd, enum p7_status status)
{
    if (status != P7_MALFORMED) {
        failed(etcd, "its answer is not one of etcd's v3 JSON gateway");
        return;
    }
    registrar_tell_trouble(
        &etcd->base, etcd->now_ns,
        "etcd: the value of key %.120s is no register of pulse7; look at it with "
        "'etcdctl get', see docs/etcd.md",
        etcd->key);
    finish(etcd);
}

static void post(struct registrar_etcd *etcd, enum etcd_step step, enum p7_status written,
                 const char *path)
{
    etcd->step = step;
    if (written == P7_OK)
        written = etcd_http_post(&etcd->http, &etcd->endpoint[etcd->current], path);
    if (written == P7_OK)
        return;
    /* Out of memory, or a number out of range: the machine asks again. No `next` is begun here, it
     * would fare alike and come back to this line. */
    registrar_tell_trouble(&etcd->base, etcd->now_ns, "etcd: a request can't be made: %s",
                           p7_status_text(written));
    etcd->step = ETCD_IDLE;
    etcd->has_next = false;
}

static void begin(struct registrar_etcd *etcd)
{
    const enum p7_status written =
        etcd_range_write(etcd->key, etcd->http.request, sizeof(etcd->http.request));
    post(etcd, ETCD_RANGE, written, "/v3/kv/range");
}

static void take_range(struct registrar_etcd *etcd)
{
    struct etcd_state state;
    struct register_answer applied;
    const enum p7_status read = etcd_range_read(etcd->http.reply, etcd->http.reply_length, &state);
    if (read != P7_OK) {
        not_understood(etcd, read);
        return;
    }
    if (!register_apply(&state.value, &etcd->request, &applied)) {
        answer(etcd, applied.accepted, &applied.current);
        return;
    }
    const enum p7_status written =
        etcd_swap_write(etcd->key, state.mod_revision, &etcd->request.proposal, etcd->http.request,
                        sizeof(etcd->http.request));
    post(etcd, ETCD_SWAP, written, "/v3/kv/txn");
}

static void take_swap(struct registrar_etcd *etcd)
{
    struct etcd_state state;
    const enum p7_status read = etcd_swap_read(etcd->http.reply, etcd->http.reply_length, &state);
    if (read != P7_OK) {
        not_understood(etcd, read);
        return;
    }
    if (state.swapped)
        state.value = etcd->request.proposal;
    /* Refused, and yet what was proposed: an earlier try of this proposal has landed in between. */
    answer(etcd, register_value_equal(&state.value, &etcd->request.proposal), &state.value);
}

/* --- the interface ---------------------------------------------------------------------------- */

static void etcd_request(struct registrar *registrar, const struct register_request *request,
                         int64_t now_ns)
{
    struct registrar_etcd *etcd = (struct registrar_etcd *)registrar;
    etcd->now_ns = now_ns;
    if (etcd->step != ETCD_IDLE) {
        etcd->has_next = true;
        etcd->next = *request;
        return;
    }
    etcd->request = *request;
    etcd->tries = 0;
    begin(etcd);
}

static void etcd_ready(struct registrar *registrar, int64_t now_ns)
{
    struct registrar_etcd *etcd = (struct registrar_etcd *)registrar;
    char error[ETCD_ERROR_OCTETS + 64];
    etcd->now_ns = now_ns;
    if (!etcd_http_ready(&etcd->http, error))
        return;
    if (error[0] != '\0')
        failed(etcd, error);
    else if (etcd->step == ETCD_RANGE)
        take_range(etcd);
    else
        take_swap(etcd);
}

static int etcd_fd(const struct registrar *registrar)
{
    return ((const struct registrar_etcd *)registrar)->http.epoll_fd;
}

/* All its timers are behind its descriptor. */
static int64_t etcd_deadline_ns(const struct registrar *registrar)
{
    (void)registrar;
    return INT64_MAX;
}

static void etcd_close(struct registrar *registrar)
{
    struct registrar_etcd *etcd = (struct registrar_etcd *)registrar;
    etcd_http_close(&etcd->http);
    free(etcd);
}

static const struct registrar_ops etcd_ops = {
    .close = etcd_close,
    .request = etcd_request,
    .fd = etcd_fd,
    .ready = etcd_ready,
    .deadline_ns = etcd_deadline_ns,
};

/* --- opening ---------------------------------------------------------------------------------- */

static bool take_piece(char *dst, size_t octets, const char *from, size_t length)
{
    if (length == 0 || length >= octets)
        return false;
    memcpy(dst, from, length);
    dst[length] = '\0';
    return true;
}

/* cacert=FILE&cert=FILE&key=FILE */
static bool parse_files(struct etcd_endpoint *endpoint, const char *text, size_t length)
{
    while (length > 0) {
        const char *and = memchr(text, '&', length);
        const size_t piece = and != NULL ? (size_t)(and-text) : length;
        const char *equals = memchr(text, '=', piece);
        const size_t name = equals != NULL ? (size_t)(equals - text) : 0;
        const size_t value = equals != NULL ? piece - name - 1 : 0;
        char *dst = NULL;
        if (name == 6 && memcmp(text, "cacert", 6) == 0)
            dst = endpoint->ca_path;
        else if (name == 4 && memcmp(text, "cert", 4) == 0)
            dst = endpoint->certificate_path;
        else if (name == 3 && memcmp(text, "key", 3) == 0)
            dst = endpoint->key_path;
        if (dst == NULL || !take_piece(dst, ETCD_PATH_OCTETS, equals + 1, value))
            return false;
        text += and != NULL ? piece + 1 : piece;
        length -= and != NULL ? piece + 1 : piece;
    }
    return true;
}

static bool parse_endpoint(struct etcd_endpoint *endpoint, const char *text, size_t length)
{
    const char *mark = memchr(text, '?', length);
    size_t url = mark != NULL ? (size_t)(mark - text) : length;
    if (mark != NULL && !parse_files(endpoint, mark + 1, length - url - 1))
        return false;
    while (url > 0 && text[url - 1] == '/')
        url--;
    if (!take_piece(endpoint->url, sizeof(endpoint->url), text, url) ||
        strchr(endpoint->url, '@') != NULL || strpbrk(endpoint->url, " \t\"#") != NULL)
        return false;
    const char *host = strstr(endpoint->url, "://");
    return host != NULL && strchr(host + 3, '/') == NULL && host[3] != '\0' &&
           (strncmp(endpoint->url, "http://", 7) == 0 ||
            strncmp(endpoint->url, "https://", 8) == 0);
}

static enum p7_status parse_endpoints(struct registrar_etcd *etcd, const char *urls, char *text)
{
    for (const char *at = urls; at != NULL;) {
        const char *comma = strchr(at, ',');
        const size_t length = comma != NULL ? (size_t)(comma - at) : strlen(at);
        if (etcd->endpoint_count == ETCD_ENDPOINTS_MAX) {
            (void)snprintf(text, REGISTRAR_TEXT_OCTETS, "etcd: more than %u endpoints",
                           ETCD_ENDPOINTS_MAX);
            return P7_RANGE;
        }
        if (!parse_endpoint(&etcd->endpoint[etcd->endpoint_count], at, length)) {
            (void)snprintf(text, REGISTRAR_TEXT_OCTETS,
                           "etcd %.*s: write http://HOST:PORT or "
                           "https://HOST:PORT?cacert=FILE&cert=FILE&key=FILE, several with commas; "
                           "users and passwords are not supported",
                           length < 100 ? (int)length : 100, at);
            return P7_RANGE;
        }
        etcd->endpoint_count++;
        at = comma != NULL ? comma + 1 : NULL;
    }
    return P7_OK;
}

enum p7_status registrar_etcd_open(const struct registrar_etcd_params *params,
                                   const struct registrar_handler *handler, struct registrar **out,
                                   char *text)
{
    const char *prefix =
        params->prefix != NULL && params->prefix[0] != '\0' ? params->prefix : ETCD_PREFIX_DEFAULT;
    struct registrar_etcd *etcd = calloc(1, sizeof(*etcd));
    *out = NULL;
    text[0] = '\0';
    if (etcd == NULL) {
        (void)snprintf(text, REGISTRAR_TEXT_OCTETS, "out of memory");
        return P7_NO_MEMORY;
    }
    etcd->base.ops = &etcd_ops;
    etcd->base.handler = *handler;
    enum p7_status status = parse_endpoints(etcd, params->url, text);
    if (status == P7_OK && snprintf(etcd->key, sizeof(etcd->key), "%s%" PRIu64, prefix,
                                    params->cluster_id) >= (int)sizeof(etcd->key)) {
        (void)snprintf(text, REGISTRAR_TEXT_OCTETS, "etcd: the key's prefix is longer than %u",
                       ETCD_KEY_OCTETS - 24);
        status = P7_RANGE;
    }
    if (status == P7_OK) {
        status = etcd_http_open(&etcd->http);
        if (status != P7_OK)
            (void)snprintf(text, REGISTRAR_TEXT_OCTETS, "etcd: HTTP can't be set up: %s",
                           status == P7_SYSTEM ? strerror(errno) : p7_status_text(status));
    }
    if (status != P7_OK)
        etcd_close(&etcd->base);
    else
        *out = &etcd->base;
    return status;
}
