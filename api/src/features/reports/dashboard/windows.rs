//! The windows of a dashboard: days of a client's own time zone, all of which end with today.

use super::super::repo::Spans;
use crate::platform::http::{Dates, Invalid};
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::Tz;

/// So many days are shown one by one, today among them.
const RECENT: u64 = 30;
/// Movements are summed over so many.
const MOVEMENTS: u64 = 7;

/// A day, when it begins, and when it ends.
pub type Day = (NaiveDate, DateTime<Utc>, DateTime<Utc>);

#[derive(Debug, Clone)]
pub struct Windows {
    pub now: DateTime<Utc>,
    pub spans: Spans,
    /// When the windows of these days begin.
    pub today: DateTime<Utc>,
    pub week: DateTime<Utc>,
    pub month: DateTime<Utc>,
    pub recent: DateTime<Utc>,
    pub movements: DateTime<Utc>,
    /// The last 30 days, in order.
    pub days: Vec<Day>,
}

impl Windows {
    pub fn new(now: DateTime<Utc>, zone: &str) -> Result<Self, Invalid> {
        let spans = spans(now, zone);
        let begin = |day: NaiveDate| {
            let dates = Dates::new(Some(day), None, zone)?;
            Ok::<_, Invalid>(dates.from.unwrap_or(DateTime::UNIX_EPOCH))
        };
        let days = spans.recent.iter_days().take_while(|day| *day <= spans.today);
        let days = days.map(|day| {
            let dates = Dates::new(Some(day), Some(day), zone)?;
            Ok::<_, Invalid>((day, dates.from.unwrap_or(now), dates.before.unwrap_or(now)))
        });
        Ok(Self {
            now,
            spans,
            today: begin(spans.today)?,
            week: begin(spans.week)?,
            month: begin(spans.month)?,
            recent: begin(spans.recent)?,
            movements: begin(before(spans.today, MOVEMENTS - 1))?,
            days: days.collect::<Result<_, _>>()?,
        })
    }
}

/// The first days of the windows of a client in this time zone.
pub fn spans(now: DateTime<Utc>, zone: &str) -> Spans {
    let today = now.with_timezone(&zone.parse().unwrap_or(Tz::UTC)).date_naive();
    Spans {
        today,
        week: before(today, u64::from(today.weekday().num_days_from_monday())),
        month: before(today, u64::from(today.day0())),
        recent: before(today, RECENT - 1),
    }
}

fn before(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(NaiveDate::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn windows_end_with_the_clients_own_today() {
        // Sunday evening in Berlin, Monday morning in Auckland.
        let now: DateTime<Utc> = "2026-11-01T22:30:00Z".parse().unwrap();
        let berlin = spans(now, "Europe/Berlin");
        assert_eq!(
            (berlin.today, berlin.week, berlin.month),
            (day("2026-11-01"), day("2026-10-26"), day("2026-11-01"))
        );
        let auckland = spans(now, "Pacific/Auckland");
        assert_eq!(
            (auckland.today, auckland.week, auckland.month),
            (day("2026-11-02"), day("2026-11-02"), day("2026-11-01"))
        );
        assert_eq!(auckland.recent, day("2026-10-04"));
        // What cannot be a time zone is none.
        assert_eq!(spans(now, "Nowhere/Else"), spans(now, "UTC"));
    }

    #[test]
    fn thirty_days_follow_each_other_whatever_the_clocks_do() {
        let now: DateTime<Utc> = "2026-11-01T22:30:00Z".parse().unwrap();
        let windows = Windows::new(now, "Europe/Berlin").unwrap();
        assert_eq!(windows.days.len(), 30);
        assert_eq!(windows.days[0].1, windows.recent);
        assert_eq!(windows.days[29].1, windows.today);
        for pair in windows.days.windows(2) {
            assert_eq!(pair[0].2, pair[1].1);
        }
        // The day on which the clocks go back has 25 hours.
        let long: Vec<NaiveDate> =
            windows.days.iter().filter(|day| (day.2 - day.1).num_hours() == 25).map(|day| day.0).collect();
        assert_eq!(long, [day("2026-10-25")]);
        assert_eq!(windows.movements.to_rfc3339(), "2026-10-25T23:00:00+00:00");
    }
}
