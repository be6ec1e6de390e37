/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The first octet picks what the others are: below the count of operations with an argument, that
 * argument; above, one of the values of cap_number.h. Whatever decodes must encode, and decode
 * again to the same.
 */
#include <stdlib.h>
#include <string.h>

#include "sigtran/codec/cap.h"
#include "sigtran/codec/cap_fields.h"

#define ROOM_OCTETS 65536

static const enum cap_operation operations[] = {
#define OPERATION(name, code, class, text) name,
    CAP_OPERATION_LIST(OPERATION)
#undef OPERATION
};
#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

union any_argument {
    struct cap_initial_dp initial_dp;
    struct cap_connect connect;
    struct cap_request_report_bcsm_event request_report_bcsm_event;
    struct cap_event_report_bcsm event_report_bcsm;
    struct cap_call_information_report call_information_report;
    struct cap_initial_dp_sms initial_dp_sms;
    uint8_t room[4096]; /* more than any of the others; check_argument holds it */
};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_argument(enum cap_operation operation, struct bytes b)
{
    static union any_argument once;
    static union any_argument twice;
    static uint8_t room[ROOM_OCTETS];
    const struct cap_argument *argument = cap_argument_of(operation);
    if (argument == NULL)
        return;
    must(argument->octets <= sizeof(once));
    if (cap_argument_decode(argument, b, &once) != P7_OK)
        return;
    struct bytes_writer w = bytes_writer_of(room, room + sizeof(room));
    must(cap_argument_encode(argument, &w, &once) == P7_OK);
    must(cap_argument_decode(argument, bytes_of(room, bytes_writer_length(&w)), &twice) == P7_OK);
    must(cap_argument_equal(argument, &once, &twice));
    if (operation != CAP_INITIAL_DP || !once.initial_dp.has.initial_dp_arg_extension)
        return;
    const struct bytes content = once.initial_dp.initial_dp_arg_extension;
    for (int phase = CAP_PHASE_2; phase <= CAP_PHASE_3; phase++) {
        struct cap_initial_dp_extension extension;
        if (cap_initial_dp_extension_decode(content, (enum cap_phase)phase, &extension) != P7_OK)
            continue;
        w = bytes_writer_of(room, room + sizeof(room));
        must(cap_initial_dp_extension_encode(&w, (enum cap_phase)phase, &extension) == P7_OK);
    }
}

static void check_isup_number(struct bytes b, enum cap_isup_form form, struct bytes_writer *w)
{
    struct cap_isup_number x;
    struct cap_isup_number y;
    if (cap_isup_number_decode(b, form, &x) != P7_OK)
        return;
    must(cap_isup_number_encode(w, form, &x) == P7_OK);
    must(cap_isup_number_decode(bytes_of(w->start, bytes_writer_length(w)), form, &y) == P7_OK);
    must(strcmp(x.digits, y.digits) == 0 && x.nature == y.nature && x.plan == y.plan &&
         x.internal == y.internal && x.incomplete == y.incomplete &&
         x.presentation == y.presentation && x.screening == y.screening &&
         x.qualifier == y.qualifier);
}

static void check_bcd_number(struct bytes b, struct bytes_writer *w)
{
    struct cap_bcd_number x;
    struct cap_bcd_number y;
    if (cap_bcd_number_decode(b, &x) != P7_OK)
        return;
    must(cap_bcd_number_encode(w, &x) == P7_OK);
    must(cap_bcd_number_decode(bytes_of(w->start, bytes_writer_length(w)), &y) == P7_OK);
    must(strcmp(x.digits, y.digits) == 0 && x.type == y.type && x.plan == y.plan);
}

static void check_time(struct bytes b, struct bytes_writer *w)
{
    struct cap_time x;
    struct cap_time y;
    if (cap_time_and_timezone_decode(b, &x) != P7_OK)
        return;
    must(cap_time_and_timezone_encode(w, &x) == P7_OK);
    must(cap_time_and_timezone_decode(bytes_of(w->start, bytes_writer_length(w)), &y) == P7_OK);
    must(x.year == y.year && x.month == y.month && x.day == y.day && x.hour == y.hour &&
         x.minute == y.minute && x.second == y.second &&
         x.zone_quarter_hours == y.zone_quarter_hours);
}

static void check_value(unsigned which, struct bytes b)
{
    uint8_t room[CAP_NUMBER_OCTETS_MAX];
    struct bytes_writer w = bytes_writer_of(room, room + sizeof(room));
    char imsi[CAP_IMSI_DIGITS_MAX + 1];
    struct cap_cause cause;
    struct cap_cell cell;
    if (which <= CAP_ISUP_GENERIC)
        check_isup_number(b, (enum cap_isup_form)which, &w);
    else if (which == 5)
        check_bcd_number(b, &w);
    else if (which == 6)
        check_time(b, &w);
    else if (which == 7 && cap_imsi_decode(b, imsi) == P7_OK)
        must(cap_imsi_encode(&w, imsi) == P7_OK && bytes_writer_length(&w) <= b.length);
    else if (which == 8 && b.length <= 32 && cap_cause_decode(b, &cause) == P7_OK)
        must(cap_cause_encode(&w, &cause) == (cause.diagnostics.length > 29 ? P7_RANGE : P7_OK));
    else if (which == 9 && cap_cell_decode(b, &cell) == P7_OK)
        must(cap_cell_encode(&w, &cell) == P7_OK &&
             bytes_equal(b, bytes_of(room, bytes_writer_length(&w))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct bytes b = bytes_of(data + 1, size - 1);
    if (data[0] < OPERATIONS)
        check_argument(operations[data[0]], b);
    else
        check_value(data[0] - (unsigned)OPERATIONS, b);
    return 0;
}
