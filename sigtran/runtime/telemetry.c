/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/runtime/telemetry.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sigtran/runtime/log.h"

#define TELEMETRY_PUBLISH_MS 1000

/* As aligned as any struct of uint64_t. */
struct telemetry_sample {
    uint64_t field[TELEMETRY_FIGURES_MAX];
};

static void telemetry_take(const struct telemetry *telemetry, struct telemetry_sample *sample)
{
    memset(sample, 0, sizeof(*sample));
    telemetry->config.sample(telemetry->config.context, sample);
}

static void telemetry_publish(void *context)
{
    const struct telemetry *telemetry = context;
    struct telemetry_sample sample;
    if (telemetry->metrics == NULL)
        return;
    telemetry_take(telemetry, &sample);
    metrics_publish(telemetry->metrics, &sample);
}

static enum p7_status telemetry_get(void *context, char *value, size_t value_octets)
{
    const struct telemetry_figure *figure = context;
    const struct metric *metric = &figure->telemetry->config.list[figure->index];
    struct telemetry_sample sample;
    uint64_t number = 0;
    telemetry_take(figure->telemetry, &sample);
    memcpy(&number, (const uint8_t *)&sample + metric->offset, sizeof(number));
    (void)snprintf(value, value_octets, "%" PRIu64, number);
    return P7_OK;
}

static enum p7_status telemetry_add_figures(struct telemetry *telemetry)
{
    char name[CONTROL_VARIABLE_OCTETS];
    enum p7_status status = P7_OK;
    for (uint32_t i = 0; i < telemetry->config.count && status == P7_OK; i++) {
        (void)snprintf(name, sizeof(name), "%s", telemetry->config.list[i].name);
        for (char *at = name; (at = strchr(at, ':')) != NULL;)
            *at = '-';
        telemetry->figure[i] = (struct telemetry_figure){.telemetry = telemetry, .index = i};
        status = telemetry_variable_add(
            telemetry, name,
            (struct control_variable){.context = &telemetry->figure[i], .get = telemetry_get});
    }
    return status;
}

static enum p7_status telemetry_open_control(struct telemetry *telemetry)
{
    const uint16_t port = telemetry->config.control_port;
    if (port == 0)
        return P7_OK;
    if (control_open(&telemetry->control, port) != P7_OK) {
        P7_LOG(P7_LOG_MAIN, P7_LOG_NOTICE,
               "control port %u is taken: no CTRL interface (choose one by `control port N`)",
               port);
        return P7_OK;
    }
    return telemetry_add_figures(telemetry);
}

static bool telemetry_fits(const struct telemetry_config *config)
{
    if (config->count > TELEMETRY_FIGURES_MAX)
        return false;
    for (uint32_t i = 0; i < config->count; i++)
        if (config->list[i].offset > sizeof(struct telemetry_sample) - sizeof(uint64_t))
            return false;
    return true;
}

enum p7_status telemetry_open(struct telemetry *telemetry, struct control_plane *plane,
                              const struct telemetry_config *config)
{
    memset(telemetry, 0, sizeof(*telemetry));
    if (!telemetry_fits(config))
        return P7_RANGE;
    telemetry->config = *config;
    enum p7_status status = metrics_create(&telemetry->metrics, config->group, config->text,
                                           config->list, config->count);
    if (status == P7_OK)
        status = telemetry_open_control(telemetry);
    if (status == P7_OK)
        status = control_plane_add_timer(plane, TELEMETRY_PUBLISH_MS, telemetry_publish, telemetry);
    if (status != P7_OK)
        telemetry_close(telemetry);
    return status;
}

void telemetry_close(struct telemetry *telemetry)
{
    control_close(telemetry->control);
    metrics_destroy(telemetry->metrics);
    telemetry->control = NULL;
    telemetry->metrics = NULL;
}

enum p7_status telemetry_variable_add(struct telemetry *telemetry, const char *name,
                                      struct control_variable variable)
{
    if (telemetry->control == NULL)
        return P7_OK;
    return control_variable_add(telemetry->control, name, variable);
}
