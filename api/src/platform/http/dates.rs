//! `from` and `to`: days of the client's own time zone, both inclusive.

use super::invalid::Invalid;
use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;

/// From the first moment of one day to before the first of the day after another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dates {
    pub from: Option<DateTime<Utc>>,
    pub before: Option<DateTime<Utc>>,
}

impl Dates {
    pub fn new(from: Option<NaiveDate>, to: Option<NaiveDate>, zone: &str) -> Result<Self, Invalid> {
        let mut invalid = Invalid::default();
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            invalid.add("/to", "out_of_range", "`to` lies before `from`.");
        }
        let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
        let mut bound = |pointer: &str, day: Option<NaiveDate>| {
            let moment = day.map(|day| begin_of(day, zone));
            if moment == Some(None) {
                invalid.add(pointer, "out_of_range", "No such day.");
            }
            moment.flatten()
        };
        let dates = Self {
            from: bound("/from", from),
            before: bound("/to", to.map(|to| to.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX))),
        };
        invalid.finish()?;
        Ok(dates)
    }
}

/// The first moment of a day; where the clocks skip midnight, the first that exists.
fn begin_of(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    // Years that PostgreSQL and every other reader of a date understand.
    if !(1..=9999).contains(&chrono::Datelike::year(&day)) {
        return None;
    }
    let first = (0..4).find_map(|hour| zone.from_local_datetime(&day.and_hms_opt(hour, 0, 0)?).earliest());
    first.map(|moment| moment.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<NaiveDate> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn days_are_the_clients_own() {
        let dates = Dates::new(day("2026-03-29"), day("2026-03-29"), "Europe/Berlin").unwrap();
        // The day on which the clocks go forward has 23 hours.
        assert_eq!(dates.from.unwrap().to_rfc3339(), "2026-03-28T23:00:00+00:00");
        assert_eq!(dates.before.unwrap().to_rfc3339(), "2026-03-29T22:00:00+00:00");
        // In Beirut midnight itself was skipped.
        let dates = Dates::new(day("2026-03-29"), None, "Asia/Beirut").unwrap();
        assert_eq!(dates.from.unwrap().to_rfc3339(), "2026-03-28T22:00:00+00:00");
        assert!(Dates::new(day("2026-02-02"), day("2026-02-01"), "UTC").is_err());
        assert!(Dates::new(Some(NaiveDate::MAX), Some(NaiveDate::MAX), "UTC").is_err());
    }
}
