/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Parameters of requests from columns and templates. */
#include "tests/unit/simulator/ssf_rig.h"

struct wished {
    struct rig rig;
    struct subscribers list;
    struct ssf_parameters parameters;
    char problem[SSF_PARAMETERS_PROBLEM];
};

static void wished_open(struct wished *w, const char *const *lines, unsigned line_count)
{
    struct subscribers_problem problem;
    rig_open(&w->rig);
    subscribers_empty(&w->list);
    for (unsigned i = 0; i < line_count; i++)
        CU_ASSERT_EQUAL_FATAL(subscribers_append(&w->list, lines[i], &problem), P7_OK);
    w->rig.ssf.subscribers = &w->list;
    w->rig.ssf.parameters = &w->parameters;
    w->problem[0] = '\0';
}

static void wished_close(struct wished *w)
{
    subscribers_free(&w->list);
}

static enum p7_status compile(struct wished *w, enum cap_phase phase,
                              const struct ssf_parameter_row *rows, uint32_t count)
{
    return ssf_parameters_compile(&w->parameters, CAP_PARAMETER_OF_INITIAL_DP, phase, rows, count,
                                  &w->list, w->problem);
}

/* The initialDP of this subscriber, as its octets say. */
static void ask(struct wished *w, uint32_t subscriber, struct cap_initial_dp *dp)
{
    struct rig *rig = &w->rig;
    struct bytes_writer writer =
        bytes_writer_of(rig->components, rig->components + sizeof(rig->components));
    rig->call.subscriber = subscriber;
    rig->call.kind = REQUEST_INITIAL;
    CU_ASSERT_EQUAL_FATAL(ssf_write_request(&rig->ssf, &writer, &rig->call, &rig->model), P7_OK);
    rig->component_octets = bytes_writer_length(&writer);
    decode(rig);
    CU_ASSERT_EQUAL_FATAL(cap_initial_dp_decode(rig->message.components[0].parameter, dp), P7_OK);
}

static const char *called_digits(const struct cap_initial_dp *dp, struct cap_bcd_number *number)
{
    CU_ASSERT_EQUAL_FATAL(cap_bcd_number_decode(dp->called_party_bcd_number, number), P7_OK);
    return number->digits;
}

static const char *const places[] = {
    "imsi,calledPartyBCDNumber,msisdn,cellGlobalId,region,serviceKey\n",
    "240010000000001,4670999,46701000001,240-01-7-8,12,100\n",
    "240010000000002,,46701000002,240-01-7-9,13,\n",
};

static void a_column_with_a_parameters_name_is_its_value(void)
{
    struct wished w;
    struct cap_initial_dp dp;
    struct cap_bcd_number number;
    struct cap_cell cell;
    wished_open(&w, places, 3);
    CU_ASSERT_EQUAL_FATAL(compile(&w, CAP_PHASE_2, NULL, 0), P7_OK);
    CU_ASSERT_EQUAL(ssf_parameters_verify(&w.parameters, &w.list, w.problem), P7_OK);
    ask(&w, 0, &dp);
    CU_ASSERT_STRING_EQUAL(called_digits(&dp, &number), "4670999");
    CU_ASSERT_EQUAL(dp.service_key, 100);
    CU_ASSERT_EQUAL(cap_cell_decode(dp.location_information.cell.cell_global_id, &cell), P7_OK);
    CU_ASSERT_EQUAL(cell.ci, 8);
    /* An empty cell says nothing: the network's own value stands. */
    w.rig.model.service_key = 77;
    ask(&w, 1, &dp);
    CU_ASSERT_STRING_EQUAL(called_digits(&dp, &number), CALLED);
    CU_ASSERT_EQUAL(dp.service_key, 77);
    wished_close(&w);
}

static void a_template_puts_the_subscribers_cells_together(void)
{
    struct wished w;
    struct cap_initial_dp dp;
    struct cap_bcd_number number;
    struct cap_cell cell;
    const struct ssf_parameter_row rows[] = {
        {"calledPartyBCDNumber", "unknown:00${region}${msisdn}"},
        {"cellGlobalId", "240-01-${region}-1"},
        {"callingPartysCategory", "15"},
        {"highLayerCompatibility", "9181"},
        {"timeAndTimezone", NULL},
    };
    wished_open(&w, places, 3);
    CU_ASSERT_EQUAL_FATAL(compile(&w, CAP_PHASE_3, rows, 5), P7_OK);
    CU_ASSERT_EQUAL(ssf_parameters_verify(&w.parameters, &w.list, w.problem), P7_OK);
    ask(&w, 1, &dp);
    CU_ASSERT_STRING_EQUAL(called_digits(&dp, &number), "001346701000002");
    CU_ASSERT_EQUAL(number.type, CAP_TYPE_UNKNOWN);
    CU_ASSERT_EQUAL(cap_cell_decode(dp.location_information.cell.cell_global_id, &cell), P7_OK);
    CU_ASSERT_EQUAL(cell.lac, 13);
    CU_ASSERT_EQUAL(dp.calling_partys_category, 15);
    CU_ASSERT_TRUE(dp.has.high_layer_compatibility);
    CU_ASSERT_FALSE(dp.has.time_and_timezone);
    wished_close(&w);
}

/* A range has its two numbers as columns. */
static void a_range_can_be_put_into_templates_too(void)
{
    struct wished w;
    struct cap_initial_dp dp;
    struct cap_bcd_number number;
    const struct ssf_parameter_row rows[] = {{"calledPartyBCDNumber", "${msisdn}"}};
    wished_open(&w, NULL, 0);
    CU_ASSERT_EQUAL_FATAL(subscribers_range(&w.list, "46701000000", "240070000000000", 100), P7_OK);
    CU_ASSERT_EQUAL_FATAL(compile(&w, CAP_PHASE_2, rows, 1), P7_OK);
    ask(&w, 42, &dp);
    CU_ASSERT_STRING_EQUAL(called_digits(&dp, &number), "46701000042");
    wished_close(&w);
}

static void the_same_call_says_the_same_to_the_octet(void)
{
    struct wished w;
    struct cap_initial_dp dp;
    uint8_t first[SSF_COMPONENTS_OCTETS];
    const struct ssf_parameter_row rows[] = {{"locationNumber", "4670${region}"}};
    wished_open(&w, places, 3);
    CU_ASSERT_EQUAL_FATAL(compile(&w, CAP_PHASE_2, rows, 1), P7_OK);
    ask(&w, 0, &dp);
    const size_t octets = w.rig.component_octets;
    memcpy(first, w.rig.components, octets);
    ask(&w, 1, &dp);
    ask(&w, 0, &dp);
    CU_ASSERT_EQUAL_FATAL(w.rig.component_octets, octets);
    CU_ASSERT_EQUAL(memcmp(first, w.rig.components, octets), 0);
    wished_close(&w);
}

static void a_cell_that_is_no_value_is_told_with_line_and_column(void)
{
    static const char *const lines[] = {"msisdn,callingPartysCategory\n", "46701,10\n",
                                        "46702,ten\n"};
    struct wished w;
    wished_open(&w, lines, 3);
    CU_ASSERT_EQUAL_FATAL(compile(&w, CAP_PHASE_2, NULL, 0), P7_OK);
    CU_ASSERT_EQUAL(ssf_parameters_verify(&w.parameters, &w.list, w.problem), P7_MALFORMED);
    CU_ASSERT_STRING_EQUAL(w.problem, "line 3, column 2: callingPartysCategory \"ten\": no such "
                                      "value; write a number from 0 to 255");
    wished_close(&w);
}

static void rows_that_can_not_be_meant_are_refused_with_the_way_out(void)
{
    static const struct {
        struct ssf_parameter_row row;
        enum p7_status status;
        const char *says;
    } cases[] = {
        {{"calledParty", "1"}, P7_NOT_FOUND, "none of this name"},
        {{"cug-Index", "1"}, P7_UNSUPPORTED, "phase 2"},
        {{"lai", "${place}"}, P7_NOT_FOUND, "no such column"},
        {{"lai", "${place"}, P7_MALFORMED, "write ${column}"},
        {{"lai", "1-2-3"}, P7_RANGE, "MCC-MNC-LAC"},
        {{"serviceKey", NULL}, P7_MISSING, "mandatory"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wished w;
        wished_open(&w, places, 3);
        CU_ASSERT_EQUAL(compile(&w, CAP_PHASE_2, &cases[i].row, 1), cases[i].status);
        CU_ASSERT_PTR_NOT_NULL(strstr(w.problem, cases[i].says));
        wished_close(&w);
    }
}

static void a_template_that_grows_too_long_is_told_with_its_subscriber(void)
{
    struct wished w;
    const struct ssf_parameter_row rows[] = {{"vlr-number", "${msisdn}${imsi}"}};
    wished_open(&w, places, 3);
    CU_ASSERT_EQUAL_FATAL(compile(&w, CAP_PHASE_2, rows, 1), P7_OK);
    CU_ASSERT_EQUAL(ssf_parameters_verify(&w.parameters, &w.list, w.problem), P7_RANGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(w.problem, "subscriber 46701000001: parameter vlr-number"));
    wished_close(&w);
}

UNIT_TESTS = {
    UNIT(a_column_with_a_parameters_name_is_its_value),
    UNIT(a_template_puts_the_subscribers_cells_together),
    UNIT(a_range_can_be_put_into_templates_too),
    UNIT(the_same_call_says_the_same_to_the_octet),
    UNIT(a_cell_that_is_no_value_is_told_with_line_and_column),
    UNIT(rows_that_can_not_be_meant_are_refused_with_the_way_out),
    UNIT(a_template_that_grows_too_long_is_told_with_its_subscriber),
};
UNIT_MAIN("ssf_parameters")
