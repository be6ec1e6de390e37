/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The two BCD times of cap_number.h: TS29.078-5.1 TimeAndTimezone and DateAndTime. */
#include "sigtran/codec/cap_number.h"

#define SECONDS_PER_DAY    86400
#define DATE_OCTETS        7
#define TIME_OCTETS        8
#define ZONE_SIGN          0x08u /* TS23.040-9.2.3.11: bit 3, in the half of the tens */
#define ZONE_QUARTER_HOURS 79    /* the most that seven bits of BCD can say */

/* Octet with the tens in its lower and the units in its upper half; -1 for no decimal digits. */
static int read_pair(uint8_t octet)
{
    const unsigned tens = octet & 0x0fu;
    const unsigned units = octet >> 4;
    return tens > 9 || units > 9 ? -1 : (int)(tens * 10 + units);
}

static uint8_t pair(unsigned value)
{
    return (uint8_t)(((value % 10) << 4) | (value / 10));
}

static bool is_time(const struct cap_time *t)
{
    return t->year <= 9999 && t->month >= 1 && t->month <= 12 && t->day >= 1 && t->day <= 31 &&
           t->hour <= 23 && t->minute <= 59 && t->second <= 59;
}

static enum p7_status read_date(const uint8_t *p, struct cap_time *time)
{
    int value[DATE_OCTETS];
    for (unsigned i = 0; i < DATE_OCTETS; i++) {
        value[i] = read_pair(p[i]);
        if (value[i] < 0)
            return P7_MALFORMED;
    }
    time->year = (uint16_t)(value[0] * 100 + value[1]);
    time->month = (uint8_t)value[2];
    time->day = (uint8_t)value[3];
    time->hour = (uint8_t)value[4];
    time->minute = (uint8_t)value[5];
    time->second = (uint8_t)value[6];
    return is_time(time) ? P7_OK : P7_RANGE;
}

static void write_date(uint8_t *p, const struct cap_time *time)
{
    p[0] = pair(time->year / 100u);
    p[1] = pair(time->year % 100u);
    p[2] = pair(time->month);
    p[3] = pair(time->day);
    p[4] = pair(time->hour);
    p[5] = pair(time->minute);
    p[6] = pair(time->second);
}

enum p7_status cap_date_and_time_decode(struct bytes octets, struct cap_time *time)
{
    time->zone_quarter_hours = 0;
    if (octets.length != DATE_OCTETS)
        return P7_RANGE;
    return read_date(octets.data, time);
}

enum p7_status cap_date_and_time_encode(struct bytes_writer *writer, const struct cap_time *time)
{
    uint8_t octets[DATE_OCTETS];
    if (!is_time(time)) {
        writer->failed = true;
        return P7_RANGE;
    }
    write_date(octets, time);
    bytes_write(writer, bytes_of(octets, sizeof(octets)));
    return writer->failed ? P7_FULL : P7_OK;
}

enum p7_status cap_time_and_timezone_decode(struct bytes octets, struct cap_time *time)
{
    if (octets.length != TIME_OCTETS)
        return P7_RANGE;
    const uint8_t zone = octets.data[DATE_OCTETS];
    const int quarters = read_pair((uint8_t)(zone & ~ZONE_SIGN));
    if (quarters < 0)
        return P7_MALFORMED;
    time->zone_quarter_hours = (int16_t)((zone & ZONE_SIGN) != 0 ? -quarters : quarters);
    return read_date(octets.data, time);
}

enum p7_status cap_time_and_timezone_encode(struct bytes_writer *writer,
                                            const struct cap_time *time)
{
    uint8_t octets[TIME_OCTETS];
    const int zone = time->zone_quarter_hours;
    if (!is_time(time) || zone > ZONE_QUARTER_HOURS || zone < -ZONE_QUARTER_HOURS) {
        writer->failed = true;
        return P7_RANGE;
    }
    write_date(octets, time);
    octets[DATE_OCTETS] =
        zone < 0 ? (uint8_t)(pair((unsigned)-zone) | ZONE_SIGN) : pair((unsigned)zone);
    bytes_write(writer, bytes_of(octets, sizeof(octets)));
    return writer->failed ? P7_FULL : P7_OK;
}

int64_t cap_time_to_unix_s(const struct cap_time *time)
{
    /* Years that begin in March end with the leap day; 400 of them are an era of 146 097 days. */
    const int64_t year = (int64_t)time->year - (time->month <= 2 ? 1 : 0) + 400;
    const int64_t month = (time->month + 9) % 12;
    const int64_t days =
        year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + time->day - 1;
    const int64_t days_1970 = days - 146097 - 719468;
    return ((days_1970 * 24 + time->hour) * 60 + time->minute) * 60 + time->second -
           (int64_t)time->zone_quarter_hours * 900;
}

/* Civil date of a day number since 1970-01-01 (proleptic Gregorian; H. Hinnant's algorithm). */
static void civil_from_days(int64_t days, struct cap_time *time)
{
    const int64_t z = days + 719468;
    const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    const int64_t day_of_era = z - era * 146097;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month_from_march = (5 * day_of_year + 2) / 153;
    time->day = (uint8_t)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    time->month = (uint8_t)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    time->year = (uint16_t)(year_of_era + era * 400 + (time->month <= 2 ? 1 : 0));
}

struct cap_time cap_time_from_unix_s(int64_t unix_s)
{
    struct cap_time time = {0};
    const int64_t second_of_day = unix_s % SECONDS_PER_DAY;
    civil_from_days(unix_s / SECONDS_PER_DAY, &time);
    time.hour = (uint8_t)(second_of_day / 3600);
    time.minute = (uint8_t)(second_of_day / 60 % 60);
    time.second = (uint8_t)(second_of_day % 60);
    return time;
}
