//! Points in time as text, in UTC.

use tegata_protocol::UnixTime;

/// `2026-01-31 09:05:00 UTC`.
pub fn utc(time: UnixTime) -> String {
    let [year, month, day, hour, minute, second] = fields(time);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// `20260131-090500`, for names of files.
pub(crate) fn stamp(time: UnixTime) -> String {
    let [year, month, day, hour, minute, second] = fields(time);
    format!("{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}")
}

fn fields(time: UnixTime) -> [i64; 6] {
    let (days, seconds) = (time.0.div_euclid(86_400), time.0.rem_euclid(86_400));
    // Days to a date of the proleptic Gregorian calendar, counted in eras of 400 years from 1 March of year 0.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    [
        year,
        month,
        day,
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text, short) in [
            (0, "1970-01-01 00:00:00 UTC", "19700101-000000"),
            (951_827_696, "2000-02-29 12:34:56 UTC", "20000229-123456"),
            (1_767_225_599, "2025-12-31 23:59:59 UTC", "20251231-235959"),
        ] {
            assert_eq!(utc(UnixTime(seconds)), text);
            assert_eq!(stamp(UnixTime(seconds)), short);
        }
    }
}
