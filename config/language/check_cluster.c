/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "config/language/check_problems.h"

/* A heartbeat or two get lost, or come late, on any network. */
#define HEARTBEATS_PER_SUSPICION 3u

static bool same_local(const struct cluster_link_settings *a, const struct cluster_link_settings *b)
{
    return a->local_port == b->local_port && strcmp(a->local_ip, b->local_ip) == 0;
}

static bool same_remote(const struct cluster_link_settings *a,
                        const struct cluster_link_settings *b)
{
    return a->remote_port == b->remote_port && strcmp(a->remote_ip, b->remote_ip) == 0;
}

static void check_links(const struct settings *settings, struct settings_problems *problems)
{
    const struct cluster_settings *cluster = &settings->responder.cluster;
    if (cluster->link_count == 0)
        check_say(problems, true,
                  "cluster %" PRIu64 ": no way to the other node: write link LOCAL-IP LOCAL-PORT "
                  "REMOTE-IP REMOTE-PORT",
                  cluster->id);
    for (uint32_t i = 0; i < cluster->link_count; i++) {
        const struct cluster_link_settings *link = &cluster->link[i];
        if (link->local_port == link->remote_port && strcmp(link->local_ip, link->remote_ip) == 0)
            check_say(problems, true,
                      "cluster %" PRIu64 ": link %s %u leads to itself: write the other node's "
                      "address or port",
                      cluster->id, link->local_ip, link->local_port);
        if (link->local_port == settings->transport.udp_local_port &&
            (settings->transport.kind == TRANSPORT_AUTO ||
             settings->transport.kind == TRANSPORT_KERNEL_UDP ||
             settings->transport.kind == TRANSPORT_USRSCTP))
            check_say(problems, true,
                      "cluster %" PRIu64 ": link %s %u has the port of udp-encapsulation "
                      "local-port: give one of them another",
                      cluster->id, link->local_ip, link->local_port);
    }
    if (cluster->link_count == 2 && (same_local(&cluster->link[0], &cluster->link[1]) ||
                                     same_remote(&cluster->link[0], &cluster->link[1])))
        check_say(problems, true,
                  "cluster %" PRIu64 ": both links have the same address and port: change one",
                  cluster->id);
}

static void check_decider(const struct cluster_settings *cluster,
                          struct settings_problems *problems)
{
    const unsigned deciders = (cluster->witness_port != 0 ? 1u : 0u) +
                              (cluster->etcd[0] != '\0' ? 1u : 0u) + (cluster->two_node ? 1u : 0u);
    if (deciders == 0)
        check_say(problems, true,
                  "cluster %" PRIu64 ": nobody decides who serves: write witness IP PORT, or etcd "
                  "URLS (two-node does without, and can split)",
                  cluster->id);
    if (deciders > 1)
        check_say(problems, true,
                  "cluster %" PRIu64 ": several of witness, etcd and two-node: keep one of them",
                  cluster->id);
    if (cluster->etcd[0] != '\0' && strncmp(cluster->etcd, "http://", strlen("http://")) != 0 &&
        strncmp(cluster->etcd, "https://", strlen("https://")) != 0)
        check_say(problems, true,
                  "cluster %" PRIu64 ": etcd %.60s: not a URL of its gateway: write "
                  "http://127.0.0.1:2379, or https://...",
                  cluster->id, cluster->etcd);
    if (cluster->two_node)
        check_say(problems, false,
                  "cluster %" PRIu64 ": two-node: when the links fail both nodes serve, and "
                  "charge twice; a witness prevents that",
                  cluster->id);
    if (cluster->witness_local_ip[0] != '\0' && cluster->witness_port == 0)
        check_say(problems, false,
                  "cluster %" PRIu64 ": witness-local does nothing without witness", cluster->id);
}

void check_cluster(const struct settings *settings, struct settings_problems *problems)
{
    const struct responder_settings *responder = &settings->responder;
    const struct cluster_settings *cluster = &responder->cluster;
    if ((responder->ledger.on || cluster->id != 0) && responder->data[0] == '\0')
        check_say(problems, true,
                  "responder: the ledger needs a place: write data DIR, or use --data");
    if (cluster->id == 0)
        return;
    if (cluster->key_file[0] == '\0')
        check_say(problems, true,
                  "cluster %" PRIu64 ": no key: write key-file PATH; `head -c 32 /dev/urandom "
                  ">PATH` makes one for both nodes and the witness",
                  cluster->id);
    else if (access(cluster->key_file, R_OK) == -1)
        check_say(problems, true,
                  "cluster %" PRIu64 ": can't read key-file %.100s: `head -c 32 /dev/urandom "
                  ">PATH` makes one",
                  cluster->id, cluster->key_file);
    check_links(settings, problems);
    check_decider(cluster, problems);
    if ((uint64_t)cluster->heartbeat_ms * HEARTBEATS_PER_SUSPICION > cluster->suspect_ms)
        check_say(problems, true,
                  "cluster %" PRIu64 ": suspect %" PRIu32 "ms is less than %u heartbeats of "
                  "%" PRIu32 "ms: raise it, or lower heartbeat",
                  cluster->id, cluster->suspect_ms, HEARTBEATS_PER_SUSPICION,
                  cluster->heartbeat_ms);
    if (cluster->give_up_ms <= cluster->suspect_ms)
        check_say(problems, false,
                  "cluster %" PRIu64 ": give-up comes before suspect: requests are lost whenever a "
                  "node is; raise give-up",
                  cluster->id);
}
