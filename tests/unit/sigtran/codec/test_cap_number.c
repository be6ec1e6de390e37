/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "sigtran/codec/cap_number.h"

#include "tests/unit/unit.h"

struct room {
    uint8_t octets[64];
};

static struct bytes from_hex(const char *hex, struct room *room)
{
    return bytes_of(room->octets, unit_hex(hex, room->octets, sizeof(room->octets)));
}

static struct bytes_writer writer_of(struct room *room)
{
    return bytes_writer_of(room->octets, room->octets + sizeof(room->octets));
}

static bool wrote(const struct bytes_writer *w, const char *hex)
{
    struct room room;
    return !w->failed &&
           bytes_equal(bytes_of(w->start, bytes_writer_length(w)), from_hex(hex, &room));
}

/* Q.763-3.9, -3.10, -3.26, -3.30, -3.39: numbers as other stacks sent them. */
static void an_isup_number_is_read_and_written_alike(void)
{
    static const struct {
        const char *hex;
        enum cap_isup_form form;
        struct cap_isup_number number;
    } cases[] = {
        {"031013609986000002",
         CAP_ISUP_CALLED,
         {.nature = 3, .plan = 1, .digits = "31069968000020"}},
        {"849088107801450002",
         CAP_ISUP_CALLED,
         {.nature = 4, .plan = 1, .internal = true, .digits = "8801871054002"}},
        {"8411148709504007",
         CAP_ISUP_CALLING,
         {.nature = 4, .plan = 1, .screening = 1, .digits = "41789005047"}},
        {"841388107801450004",
         CAP_ISUP_CALLING,
         {.nature = 4, .plan = 1, .screening = 3, .digits = "8801871054004"}},
        {"0417 2143",
         CAP_ISUP_CALLING,
         {.nature = 4, .plan = 1, .presentation = 1, .screening = 3, .digits = "1234"}},
        {"0291 21",
         CAP_ISUP_CALLING,
         {.nature = 2, .plan = 1, .incomplete = true, .screening = 1, .digits = "12"}},
        {"0497198986910182",
         CAP_ISUP_LOCATION,
         {.nature = 4,
          .plan = 1,
          .internal = true,
          .presentation = 1,
          .screening = 3,
          .digits = "919868191028"}},
        {"831407010900",
         CAP_ISUP_REDIRECTING,
         {.nature = 3, .plan = 1, .presentation = 1, .digits = "7010900"}},
        {"0684172103",
         CAP_ISUP_GENERIC,
         {.qualifier = 6,
          .nature = 4,
          .plan = 1,
          .presentation = 1,
          .screening = 3,
          .digits = "123"}},
        {"8110 ba0f", CAP_ISUP_CALLED, {.nature = 1, .plan = 1, .digits = "abf"}},
        {"0010", CAP_ISUP_CALLED, {.plan = 1, .digits = ""}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct room in;
        struct room out;
        struct cap_isup_number number;
        const struct cap_isup_number *want = &cases[i].number;
        CU_ASSERT_EQUAL_FATAL(
            cap_isup_number_decode(from_hex(cases[i].hex, &in), cases[i].form, &number), P7_OK);
        CU_ASSERT_EQUAL(number.nature, want->nature);
        CU_ASSERT_EQUAL(number.plan, want->plan);
        CU_ASSERT_EQUAL(number.internal, want->internal);
        CU_ASSERT_EQUAL(number.incomplete, want->incomplete);
        CU_ASSERT_EQUAL(number.presentation, want->presentation);
        CU_ASSERT_EQUAL(number.screening, want->screening);
        CU_ASSERT_EQUAL(number.qualifier, want->qualifier);
        CU_ASSERT_STRING_EQUAL(number.digits, want->digits);
        struct bytes_writer w = writer_of(&out);
        CU_ASSERT_EQUAL(cap_isup_number_encode(&w, cases[i].form, want), P7_OK);
        CU_ASSERT_TRUE(wrote(&w, cases[i].hex));
    }
}

/* Q.763-3.9 e wants 0; some stacks fill as TBCD does. */
static void the_filler_of_an_odd_isup_number_is_not_looked_at(void)
{
    struct room in;
    struct cap_isup_number number;
    CU_ASSERT_EQUAL(
        cap_isup_number_decode(from_hex("84111487095040f7", &in), CAP_ISUP_CALLING, &number),
        P7_OK);
    CU_ASSERT_STRING_EQUAL(number.digits, "41789005047");
}

static void an_isup_number_that_is_none_is_refused(void)
{
    struct room room;
    struct cap_isup_number number;
    char long_hex[2 * 19 + 1];
    memset(long_hex, '1', sizeof(long_hex) - 1);
    long_hex[sizeof(long_hex) - 1] = '\0';
    CU_ASSERT_EQUAL(cap_isup_number_decode(bytes_of(NULL, 0), CAP_ISUP_CALLED, &number),
                    P7_TRUNCATED);
    CU_ASSERT_EQUAL(cap_isup_number_decode(from_hex("84", &room), CAP_ISUP_CALLED, &number),
                    P7_TRUNCATED);
    CU_ASSERT_EQUAL(cap_isup_number_decode(from_hex("0684", &room), CAP_ISUP_GENERIC, &number),
                    P7_TRUNCATED);
    CU_ASSERT_EQUAL(cap_isup_number_decode(from_hex("8410", &room), CAP_ISUP_CALLED, &number),
                    P7_MALFORMED); /* odd, and no digit */
    CU_ASSERT_EQUAL(cap_isup_number_decode(from_hex(long_hex, &room), CAP_ISUP_CALLED, &number),
                    P7_RANGE);
    static const struct cap_isup_number bad[] = {
        {.nature = 128, .digits = "1"},     {.plan = 8, .digits = "1"},
        {.presentation = 4, .digits = "1"}, {.screening = 4, .digits = "1"},
        {.nature = 4, .digits = "12*"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct bytes_writer w = writer_of(&room);
        CU_ASSERT_EQUAL(cap_isup_number_encode(&w, CAP_ISUP_CALLING, &bad[i]), P7_RANGE);
        CU_ASSERT_TRUE(w.failed);
    }
    memset(number.digits, '1', sizeof(number.digits)); /* not ended */
    number.nature = number.plan = number.presentation = number.screening = 1;
    struct bytes_writer w = writer_of(&room);
    CU_ASSERT_EQUAL(cap_isup_number_encode(&w, CAP_ISUP_CALLED, &number), P7_RANGE);
}

/* TS24.008-10.5.4.7 and TS29.002-17.7.8 AddressString */
static void a_bcd_number_is_read_and_written_alike(void)
{
    static const struct {
        const char *hex;
        struct cap_bcd_number number;
    } cases[] = {
        {"913366020000f0", {.type = 1, .plan = 1, .digits = "33662000000"}},
        {"91198986910182", {.type = 1, .plan = 1, .digits = "919868191028"}},
        {"91881008010050f8", {.type = 1, .plan = 1, .digits = "8801801000058"}},
        {"819830535304f9", {.type = 0, .plan = 1, .digits = "89033535409"}},
        {"a1badcfe", {.type = 2, .plan = 1, .digits = "*#abc"}},
        {"80", {.type = 0, .plan = 0, .digits = ""}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct room in;
        struct room out;
        struct cap_bcd_number number;
        CU_ASSERT_EQUAL_FATAL(cap_bcd_number_decode(from_hex(cases[i].hex, &in), &number), P7_OK);
        CU_ASSERT_EQUAL(number.type, cases[i].number.type);
        CU_ASSERT_EQUAL(number.plan, cases[i].number.plan);
        CU_ASSERT_STRING_EQUAL(number.digits, cases[i].number.digits);
        struct bytes_writer w = writer_of(&out);
        CU_ASSERT_EQUAL(cap_bcd_number_encode(&w, &number), P7_OK);
        CU_ASSERT_TRUE(wrote(&w, cases[i].hex));
    }
}

static void a_bcd_number_without_the_extension_bit_is_read_alike(void)
{
    struct room in;
    struct cap_bcd_number number;
    CU_ASSERT_EQUAL(cap_bcd_number_decode(from_hex("111487085040f7", &in), &number), P7_OK);
    CU_ASSERT_EQUAL(number.type, CAP_TYPE_INTERNATIONAL);
    CU_ASSERT_STRING_EQUAL(number.digits, "41788005047");
}

static void a_bcd_number_that_is_none_is_refused(void)
{
    struct room room;
    struct cap_bcd_number number;
    CU_ASSERT_EQUAL(cap_bcd_number_decode(bytes_of(NULL, 0), &number), P7_TRUNCATED);
    CU_ASSERT_EQUAL(cap_bcd_number_decode(from_hex("d1c834", &room), &number), P7_UNSUPPORTED);
    CU_ASSERT_EQUAL(cap_bcd_number_decode(from_hex("91f121", &room), &number), P7_MALFORMED);
    static const struct {
        struct cap_bcd_number number;
        enum p7_status status;
    } bad[] = {
        {{.type = 8, .digits = "1"}, P7_RANGE},
        {{.plan = 16, .digits = "1"}, P7_RANGE},
        {{.type = 5, .digits = "1"}, P7_UNSUPPORTED},
        {{.type = 1, .digits = "+46"}, P7_RANGE},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct bytes_writer w = writer_of(&room);
        CU_ASSERT_EQUAL(cap_bcd_number_encode(&w, &bad[i].number), bad[i].status);
        CU_ASSERT_TRUE(w.failed);
    }
    struct bytes_writer w = bytes_writer_of(room.octets, room.octets + 3);
    number = (struct cap_bcd_number){.type = 1, .plan = 1, .digits = "46701"};
    CU_ASSERT_EQUAL(cap_bcd_number_encode(&w, &number), P7_FULL);
}

static void an_imsi_has_five_to_fifteen_digits(void)
{
    static const struct {
        const char *hex;
        const char *digits;
    } cases[] = {
        {"00010100000000f1", "001010000000001"},
        {"1487572586f9", "41787552689"},
        {"1032f5", "01235"},
        {"103254", "012345"},
    };
    struct room room;
    char digits[CAP_IMSI_DIGITS_MAX + 1];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CU_ASSERT_EQUAL_FATAL(cap_imsi_decode(from_hex(cases[i].hex, &room), digits), P7_OK);
        CU_ASSERT_STRING_EQUAL(digits, cases[i].digits);
        struct bytes_writer w = writer_of(&room);
        CU_ASSERT_EQUAL(cap_imsi_encode(&w, cases[i].digits), P7_OK);
        CU_ASSERT_TRUE(wrote(&w, cases[i].hex));
    }
    CU_ASSERT_EQUAL(cap_imsi_decode(from_hex("1032", &room), digits), P7_RANGE);
    CU_ASSERT_EQUAL(cap_imsi_decode(from_hex("1032ff", &room), digits), P7_RANGE);
    CU_ASSERT_EQUAL(cap_imsi_decode(from_hex("1032547698103254", &room), digits), P7_RANGE);
    CU_ASSERT_EQUAL(cap_imsi_decode(from_hex("103254769810325476", &room), digits), P7_RANGE);
    CU_ASSERT_EQUAL(cap_imsi_decode(from_hex("1a3254", &room), digits), P7_MALFORMED);
    struct bytes_writer w = writer_of(&room);
    CU_ASSERT_EQUAL(cap_imsi_encode(&w, "1234"), P7_RANGE);
    w = writer_of(&room);
    CU_ASSERT_EQUAL(cap_imsi_encode(&w, "1234567890123456"), P7_RANGE);
    w = writer_of(&room);
    CU_ASSERT_EQUAL(cap_imsi_encode(&w, "12345*"), P7_MALFORMED);
}

/* TS29.078-5.1 TimeAndTimezone, TS23.040-9.2.3.11 zone */
static void a_time_is_read_and_written_alike(void)
{
    static const struct {
        const char *hex;
        struct cap_time time;
    } cases[] = {
        {"0230900211223370", {2003, 9, 20, 11, 22, 33, 7}},
        {"0211201091455123", {2011, 2, 1, 19, 54, 15, 32}},
        {"0261116151254542", {2016, 11, 16, 15, 52, 54, 24}},
        {"0242012280608002", {2024, 10, 22, 8, 6, 8, 20}},
        {"022021131295950a", {2002, 12, 31, 21, 59, 59, -20}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct room room;
        struct cap_time time;
        CU_ASSERT_EQUAL_FATAL(cap_time_and_timezone_decode(from_hex(cases[i].hex, &room), &time),
                              P7_OK);
        CU_ASSERT_EQUAL(time.year, cases[i].time.year);
        CU_ASSERT_EQUAL(time.month, cases[i].time.month);
        CU_ASSERT_EQUAL(time.day, cases[i].time.day);
        CU_ASSERT_EQUAL(time.hour, cases[i].time.hour);
        CU_ASSERT_EQUAL(time.minute, cases[i].time.minute);
        CU_ASSERT_EQUAL(time.second, cases[i].time.second);
        CU_ASSERT_EQUAL(time.zone_quarter_hours, cases[i].time.zone_quarter_hours);
        struct bytes_writer w = writer_of(&room);
        CU_ASSERT_EQUAL(cap_time_and_timezone_encode(&w, &cases[i].time), P7_OK);
        CU_ASSERT_TRUE(wrote(&w, cases[i].hex));
        char date[15] = {0};
        memcpy(date, cases[i].hex, 14);
        CU_ASSERT_EQUAL(cap_date_and_time_decode(from_hex(date, &room), &time), P7_OK);
        CU_ASSERT_EQUAL(time.second, cases[i].time.second);
        w = writer_of(&room);
        CU_ASSERT_EQUAL(cap_date_and_time_encode(&w, &time), P7_OK);
        CU_ASSERT_TRUE(wrote(&w, date));
    }
}

static void a_time_with_its_zone_is_an_instant(void)
{
    static const struct {
        struct cap_time time;
        int64_t unix_s;
    } cases[] = {
        {{1970, 1, 1, 0, 0, 0, 0}, 0},
        {{1970, 1, 1, 1, 0, 0, 4}, 0},
        {{1969, 12, 31, 23, 59, 59, 0}, -1},
        {{2000, 2, 29, 12, 0, 0, 0}, 951825600},
        {{2000, 3, 1, 0, 0, 0, 0}, 951868800},
        {{2026, 11, 21, 3, 6, 41, 0}, 1795230401},
        {{2026, 11, 20, 22, 6, 41, -20}, 1795230401},
        {{2100, 3, 1, 0, 0, 0, 0}, 4107542400},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CU_ASSERT_EQUAL(cap_time_to_unix_s(&cases[i].time), cases[i].unix_s);
}

static void a_second_is_a_time_of_day_and_back(void)
{
    for (int64_t s = 0; s < INT64_C(8000000000); s += INT64_C(604793)) {
        const struct cap_time time = cap_time_from_unix_s(s);
        CU_ASSERT_EQUAL(cap_time_to_unix_s(&time), s);
    }
    const struct cap_time leap = cap_time_from_unix_s(1709208000); /* 2024-02-29 12:00:00 */
    CU_ASSERT(leap.year == 2024 && leap.month == 2 && leap.day == 29 && leap.hour == 12);
}

static void a_time_that_is_none_is_refused(void)
{
    struct room room;
    struct cap_time time;
    CU_ASSERT_EQUAL(cap_time_and_timezone_decode(from_hex("02309002112233", &room), &time),
                    P7_RANGE);
    CU_ASSERT_EQUAL(cap_date_and_time_decode(from_hex("0230900211223370", &room), &time), P7_RANGE);
    CU_ASSERT_EQUAL(cap_time_and_timezone_decode(from_hex("02a0900211223370", &room), &time),
                    P7_MALFORMED);
    CU_ASSERT_EQUAL(cap_time_and_timezone_decode(from_hex("02309002112233a0", &room), &time),
                    P7_MALFORMED);
    /* An hour of 31: what a sender gets that forgets to swap the halves of 13. */
    CU_ASSERT_EQUAL(cap_time_and_timezone_decode(from_hex("0290112113450000", &room), &time),
                    P7_RANGE);
    static const struct cap_time bad[] = {{10000, 1, 1, 0, 0, 0, 0}, {2024, 0, 1, 0, 0, 0, 0},
                                          {2024, 13, 1, 0, 0, 0, 0}, {2024, 1, 0, 0, 0, 0, 0},
                                          {2024, 1, 32, 0, 0, 0, 0}, {2024, 1, 1, 24, 0, 0, 0},
                                          {2024, 1, 1, 0, 60, 0, 0}, {2024, 1, 1, 0, 0, 60, 0},
                                          {2024, 1, 1, 0, 0, 0, 80}, {2024, 1, 1, 0, 0, 0, -80}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct bytes_writer w = writer_of(&room);
        CU_ASSERT_EQUAL(cap_time_and_timezone_encode(&w, &bad[i]), P7_RANGE);
        CU_ASSERT_TRUE(w.failed);
    }
}

/* Q.850-2.1 */
static void a_cause_is_read_and_written_alike(void)
{
    static const struct {
        const char *hex;
        struct cap_cause cause;
        size_t diagnostics;
    } cases[] = {
        {"8490", {.location = 4, .value = 16}, 0},
        {"8aff", {.location = 10, .value = 127}, 0},
        {"e095", {.coding_standard = 3, .value = 21}, 0},
        {"0281909a",
         {.location = 2, .has_recommendation = true, .recommendation = 1, .value = 16},
         1},
        {"8190010203", {.location = 1, .value = 16}, 3},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct room in;
        struct room out;
        struct cap_cause cause;
        CU_ASSERT_EQUAL_FATAL(cap_cause_decode(from_hex(cases[i].hex, &in), &cause), P7_OK);
        CU_ASSERT_EQUAL(cause.coding_standard, cases[i].cause.coding_standard);
        CU_ASSERT_EQUAL(cause.location, cases[i].cause.location);
        CU_ASSERT_EQUAL(cause.value, cases[i].cause.value);
        CU_ASSERT_EQUAL(cause.has_recommendation, cases[i].cause.has_recommendation);
        CU_ASSERT_EQUAL(cause.recommendation, cases[i].cause.recommendation);
        CU_ASSERT_EQUAL(cause.diagnostics.length, cases[i].diagnostics);
        struct bytes_writer w = writer_of(&out);
        CU_ASSERT_EQUAL(cap_cause_encode(&w, &cause), P7_OK);
        CU_ASSERT_TRUE(wrote(&w, cases[i].hex));
    }
    struct room room;
    struct cap_cause cause;
    CU_ASSERT_EQUAL(cap_cause_decode(bytes_of(NULL, 0), &cause), P7_TRUNCATED);
    CU_ASSERT_EQUAL(cap_cause_decode(from_hex("84", &room), &cause), P7_TRUNCATED);
    CU_ASSERT_EQUAL(cap_cause_decode(from_hex("0490", &room), &cause), P7_TRUNCATED);
    struct bytes_writer w = writer_of(&room);
    CU_ASSERT_EQUAL(cap_cause_encode(&w, &(struct cap_cause){.value = 128}), P7_RANGE);
    w = writer_of(&room);
    CU_ASSERT_EQUAL(cap_cause_encode(&w, &(struct cap_cause){.location = 16}), P7_RANGE);
}

/* TS24.008-10.5.1.3 */
static void a_cell_is_read_and_written_alike(void)
{
    static const struct {
        const char *hex;
        struct cap_cell cell;
    } cases[] = {
        {"00f11000010001", {"001", "01", 1, true, 1}},
        {"52f099d05b37d0", {"250", "99", 0xd05b, true, 0x37d0}},
        {"130062 1234", {"310", "260", 0x1234, false, 0}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct room room;
        struct cap_cell cell;
        CU_ASSERT_EQUAL_FATAL(cap_cell_decode(from_hex(cases[i].hex, &room), &cell), P7_OK);
        CU_ASSERT_STRING_EQUAL(cell.mcc, cases[i].cell.mcc);
        CU_ASSERT_STRING_EQUAL(cell.mnc, cases[i].cell.mnc);
        CU_ASSERT_EQUAL(cell.lac, cases[i].cell.lac);
        CU_ASSERT_EQUAL(cell.has_ci, cases[i].cell.has_ci);
        CU_ASSERT_EQUAL(cell.ci, cases[i].cell.ci);
        struct bytes_writer w = writer_of(&room);
        CU_ASSERT_EQUAL(cap_cell_encode(&w, &cases[i].cell), P7_OK);
        CU_ASSERT_TRUE(wrote(&w, cases[i].hex));
    }
}

static void a_cell_that_is_none_is_refused(void)
{
    struct room room;
    struct cap_cell cell;
    CU_ASSERT_EQUAL(cap_cell_decode(from_hex("00f110000100", &room), &cell), P7_RANGE);
    CU_ASSERT_EQUAL(cap_cell_decode(from_hex("a0f11000010001", &room), &cell), P7_MALFORMED);
    CU_ASSERT_EQUAL(cap_cell_decode(from_hex("00f1f000010001", &room), &cell), P7_MALFORMED);
    static const struct {
        struct cap_cell cell;
        enum p7_status status;
    } bad[] = {
        {{"01", "01", 1, true, 1}, P7_RANGE},
        {{"001", "1", 1, true, 1}, P7_RANGE},
        {{"00a", "01", 1, true, 1}, P7_MALFORMED},
        {{"001", "0-", 1, true, 1}, P7_MALFORMED},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct bytes_writer w = writer_of(&room);
        CU_ASSERT_EQUAL(cap_cell_encode(&w, &bad[i].cell), bad[i].status);
        CU_ASSERT_TRUE(w.failed);
    }
}

UNIT_TESTS = {
    UNIT(an_isup_number_is_read_and_written_alike),
    UNIT(the_filler_of_an_odd_isup_number_is_not_looked_at),
    UNIT(an_isup_number_that_is_none_is_refused),
    UNIT(a_bcd_number_is_read_and_written_alike),
    UNIT(a_bcd_number_without_the_extension_bit_is_read_alike),
    UNIT(a_bcd_number_that_is_none_is_refused),
    UNIT(an_imsi_has_five_to_fifteen_digits),
    UNIT(a_time_is_read_and_written_alike),
    UNIT(a_time_with_its_zone_is_an_instant),
    UNIT(a_second_is_a_time_of_day_and_back),
    UNIT(a_time_that_is_none_is_refused),
    UNIT(a_cause_is_read_and_written_alike),
    UNIT(a_cell_is_read_and_written_alike),
    UNIT(a_cell_that_is_none_is_refused),
};
UNIT_MAIN("cap_number")
