/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * pulse7-hostile SCENARIO UDP-PORT SCTP-PORT ROUTING-CONTEXT OWN-PC PEER-PC SEED MILLISECONDS
 * pulse7-hostile list
 *
 * Plays one scenario and prints what came of it as key=value. Exit code 0: the victim answered as
 * its standards want; 1: an answer that is due never came, or it sent what does not decode.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/hostile/hostile.h"

#define RECONNECTS_LEAST 100

static const struct {
    const struct scenario *scenario;
    const unsigned *count;
} groups[] = {
    {hostile_client_scenarios, &hostile_client_scenario_count},
    {hostile_wire_scenarios, &hostile_wire_scenario_count},
    {hostile_server_scenarios, &hostile_server_scenario_count},
};
#define GROUPS (sizeof(groups) / sizeof(groups[0]))

static int list(void)
{
    for (unsigned g = 0; g < GROUPS; g++)
        for (unsigned i = 0; i < *groups[g].count; i++)
            (void)printf("%-18s %s\n", groups[g].scenario[i].name, groups[g].scenario[i].text);
    return 0;
}

static const struct scenario *find(const char *name)
{
    for (unsigned g = 0; g < GROUPS; g++)
        for (unsigned i = 0; i < *groups[g].count; i++)
            if (strcmp(groups[g].scenario[i].name, name) == 0)
                return &groups[g].scenario[i];
    return NULL;
}

static int miss(unsigned wants, unsigned bit, bool came, const char *what)
{
    if ((wants & bit) == 0 || came)
        return 0;
    (void)fprintf(stderr, "hostile: no %s came, though it is due\n", what);
    return 1;
}

static int judge(const struct scenario *s, const struct hostile_counters *c)
{
    int code = 0;
    code |= miss(s->wants, WANTS_ERRORS, c->errors > 0, "M3UA ERR");
    code |= miss(s->wants, WANTS_RETURNED, c->returned > 0, "UDTS");
    code |= miss(s->wants, WANTS_ABORTS, c->tcap_aborts > 0, "TCAP ABORT");
    code |= miss(s->wants, WANTS_CONTINUES, c->tcap_continues > 0, "TCAP CONTINUE");
    code |= miss(s->wants, WANTS_ASP_ACTIVE, c->asp_active > 0, "ASPAC (ACK)");
    code |= miss(s->wants, WANTS_BEAT_ACKS, c->beat_acks > 0, "BEAT ACK");
    code |= miss(s->wants, WANTS_ASSOCIATION, c->associations > 0, "association");
    code |= miss(s->wants, WANTS_RECONNECTS, c->associations >= RECONNECTS_LEAST,
                 "hundredth association");
    if (c->undecodable > 0) {
        (void)fprintf(stderr, "hostile: the victim sent %" PRIu64 " messages that don't decode\n",
                      c->undecodable);
        code = 1;
    }
    return code;
}

static void print(const struct scenario *s, const struct hostile_counters *c)
{
    (void)printf(
        "scenario=%s sent=%" PRIu64 " unsent=%" PRIu64 " received=%" PRIu64 " associations=%" PRIu64
        " downs=%" PRIu64 " asp_active=%" PRIu64 " errors=%" PRIu64 " beat_acks=%" PRIu64
        " udts=%" PRIu64 " continues=%" PRIu64 " ends=%" PRIu64 " aborts=%" PRIu64 "\n",
        s->name, c->sent, c->unsent, c->received, c->associations, c->downs, c->asp_active,
        c->errors, c->beat_acks, c->returned, c->tcap_continues, c->tcap_ends, c->tcap_aborts);
}

int main(int argc, char **argv)
{
    struct hostile_counters counters = {0};
    if (argc == 2 && strcmp(argv[1], "list") == 0)
        return list();
    const struct scenario *scenario = argc == 9 ? find(argv[1]) : NULL;
    if (scenario == NULL) {
        (void)fprintf(stderr,
                      "usage: %s list | SCENARIO UDP-PORT SCTP-PORT ROUTING-CONTEXT OWN-PC "
                      "PEER-PC SEED MILLISECONDS\n",
                      argv[0]);
        return 2;
    }
    const struct hostile_options options = {
        .udp_port = (uint16_t)strtoul(argv[2], NULL, 10),
        .sctp_port = (uint16_t)strtoul(argv[3], NULL, 10),
        .routing_context = (uint32_t)strtoul(argv[4], NULL, 10),
        .point_code = (uint32_t)strtoul(argv[5], NULL, 10),
        .peer_point_code = (uint32_t)strtoul(argv[6], NULL, 10),
        .seed = strtoull(argv[7], NULL, 10),
        .milliseconds = (uint32_t)strtoul(argv[8], NULL, 10),
    };
    const int code = scenario->wire != NULL ? scenario->wire(&options, &counters)
                                            : peer_run(scenario, &options, &counters);
    print(scenario, &counters);
    return code != 0 ? code : judge(scenario, &counters);
}
