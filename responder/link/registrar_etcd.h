/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * registrar_etcd - the two halves that registrar_etcd.c is made of: what is said to etcd's JSON
 * gateway (text in, text out, no socket), and one HTTP request at a time that never blocks.
 *
 * The register is one key. Its value is JSON, so that an operator can read it with etcdctl; see
 * docs/etcd.md.
 */
#ifndef RESPONDER_LINK_REGISTRAR_ETCD_H
#define RESPONDER_LINK_REGISTRAR_ETCD_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "responder/cluster/register.h"
#include "sigtran/base/status.h"

#define ETCD_KEY_OCTETS     256u  /* with its NUL */
#define ETCD_VALUE_OCTETS   512u  /* a value's JSON is 250 at most */
#define ETCD_REQUEST_OCTETS 4096u /* key and value in base64, twice and once */
#define ETCD_REPLY_OCTETS   16384u
#define ETCD_ERROR_OCTETS   160u
#define ETCD_URL_OCTETS     320u
#define ETCD_PATH_OCTETS    256u

/* --- text ------------------------------------------------------------------------------------- */

/* What etcd says about the key. */
struct etcd_state {
    bool swapped;          /* of a transaction: the value was put, the rest is not set */
    uint64_t mod_revision; /* 0: there is no such key */
    struct register_value value;
};

/* The value's JSON. P7_FULL; P7_RANGE: version or term are too large for a JSON number. */
enum p7_status etcd_value_write(const struct register_value *value, char *dst,
                                size_t octets) P7_MUST_CHECK;
/* P7_MALFORMED for anything that etcd_value_write does not write; order and white space are free.
 */
enum p7_status etcd_value_read(const char *text, size_t length,
                               struct register_value *value) P7_MUST_CHECK;

/* Bodies of POST /v3/kv/range and /v3/kv/txn: "if the key's mod_revision is this, put the value,
 * else tell me what it is". P7_FULL, P7_RANGE. */
enum p7_status etcd_range_write(const char *key, char *dst, size_t octets) P7_MUST_CHECK;
enum p7_status etcd_swap_write(const char *key, uint64_t mod_revision,
                               const struct register_value *value, char *dst,
                               size_t octets) P7_MUST_CHECK;

/* P7_UNSUPPORTED: not what etcd answers; P7_MALFORMED: the key's value is not a register. */
enum p7_status etcd_range_read(const char *body, size_t length,
                               struct etcd_state *state) P7_MUST_CHECK;
enum p7_status etcd_swap_read(const char *body, size_t length,
                              struct etcd_state *state) P7_MUST_CHECK;

/* The message of an error's body, printable; "" where there is none. */
void etcd_error_read(const char *body, size_t length, char text[ETCD_ERROR_OCTETS]);

/* --- HTTP ------------------------------------------------------------------------------------- */

struct etcd_endpoint {
    char url[ETCD_URL_OCTETS];      /* scheme, host, port; no slash at the end */
    char ca_path[ETCD_PATH_OCTETS]; /* "": the system's */
    char certificate_path[ETCD_PATH_OCTETS];
    char key_path[ETCD_PATH_OCTETS];
};

/* Pinned: curl's callbacks hold its address. */
struct etcd_http {
    int epoll_fd; /* curl's sockets and the timer */
    int timer_fd;
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers;
    char *system_ca_path; /* curl's, as it was built; NULL: none */
    bool library_up;
    bool busy;
    bool overflowed;
    size_t reply_length;
    char reply[ETCD_REPLY_OCTETS];
    char url[ETCD_URL_OCTETS + 32];
    char request[ETCD_REQUEST_OCTETS]; /* to be filled in before etcd_http_post */
};

/* P7_SYSTEM, P7_NO_MEMORY. */
enum p7_status etcd_http_open(struct etcd_http *http) P7_MUST_CHECK;
/* Also for one whose opening failed, when it was zeroed before. */
void etcd_http_close(struct etcd_http *http);

/* Begins to post http->request to `path`. P7_STATE: one is on its way; P7_NO_MEMORY. */
enum p7_status etcd_http_post(struct etcd_http *http, const struct etcd_endpoint *endpoint,
                              const char *path) P7_MUST_CHECK;

/* Whether the post has ended; then `error` is "" and the reply is there, or it says what went
 * wrong. */
bool etcd_http_ready(struct etcd_http *http, char error[ETCD_ERROR_OCTETS + 64]);

#endif
