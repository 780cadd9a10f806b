//! When it is time, on the clock of a wall somewhere.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::parser::{CronParser, Seconds, Year};
use std::{fmt, str::FromStr};

/// The longest that is taken: what people write is far shorter.
const LONGEST: usize = 100;

/// A time of the five fields of cron: minute, hour, day, month, day of the week.
///
/// On the day when clocks go forward, a time that does not exist is the first one after the gap; when
/// they go back, a time that comes twice is the first of the two. What comes every hour or minute
/// goes by what the clock shows, so it comes twice where that does.
#[derive(Debug, Clone)]
pub struct Cron(croner::Cron);

#[derive(Debug, thiserror::Error)]
pub enum CronError {
    #[error("it is not five fields of a cron schedule: {0}")]
    Form(croner::errors::CronError),
    #[error("it is longer than {LONGEST} characters")]
    TooLong,
    #[error("such a time never comes")]
    Never,
}

impl Cron {
    /// The next time after this one; `None` when there is none for years.
    pub fn next_after(&self, at: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        self.0.find_next_occurrence(&at.with_timezone(&zone), false).ok().map(|next| next.to_utc())
    }
}

impl FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        if text.len() > LONGEST {
            return Err(CronError::TooLong);
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = Self(parser.parse(text).map_err(CronError::Form)?);
        // The same days are looked through from any beginning.
        cron.next_after(DateTime::UNIX_EPOCH, Tz::UTC).map(|_| cron).ok_or(CronError::Never)
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Europe::Berlin;

    /// The first times after `from`, in UTC.
    fn times(cron: &str, from: &str, count: usize) -> Vec<String> {
        let cron: Cron = cron.parse().unwrap();
        let mut at = from.parse::<DateTime<Utc>>().unwrap();
        let step = |_| {
            at = cron.next_after(at, Berlin).unwrap();
            at.format("%m-%d %H:%M").to_string()
        };
        (0..count).map(step).collect()
    }

    #[test]
    fn a_time_that_does_not_exist_is_the_first_after_the_gap() {
        assert_eq!(times("30 2 * * *", "2027-03-27T00:00:00Z", 3), ["03-27 01:30", "03-28 01:00", "03-29 00:30"]);
        assert_eq!(times("30 * * * *", "2027-03-28T00:00:00Z", 2), ["03-28 00:30", "03-28 01:30"]);
    }

    #[test]
    fn a_time_that_comes_twice_is_the_first() {
        assert_eq!(times("30 2 * * *", "2027-10-30T00:00:00Z", 3), ["10-30 00:30", "10-31 00:30", "11-01 01:30"]);
        assert_eq!(times("30 * * * *", "2027-10-31T00:00:00Z", 3), ["10-31 00:30", "10-31 01:30", "10-31 02:30"]);
    }

    #[test]
    fn leap_days_and_ends_of_months_come() {
        assert_eq!(times("0 12 29 2 *", "2026-01-01T00:00:00Z", 1), ["02-29 11:00"]);
        assert_eq!(times("0 12 L * *", "2027-02-01T00:00:00Z", 2), ["02-28 11:00", "03-31 10:00"]);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let long = format!("{} * * * *", "1,".repeat(60));
        for text in ["", "* * * *", "0 * * * * *", "0 0 * * * * 2027", "60 * * * *", "*/0 * * * *", "x * * * *", &long]
        {
            assert!(text.parse::<Cron>().is_err(), "{text}");
        }
        assert!(matches!("0 0 31 2 *".parse::<Cron>(), Err(CronError::Never)));
    }
}
