//! Jobs at set times, on the clock of the client.
//!
//! A schedule is a row: the kind of job, its cron, and when it is due next. A worker that finds one due
//! stores its job and moves it on, in one statement that does nothing where another worker was first.
//! The next time is counted from now, so that what was missed while nothing ran is done once.

use super::{Cron, Handlers, Job, Queue, repo};
use crate::platform::{
    db::{DbError, TenantTx},
    points::{self, Point},
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use diesel::{QueryableByName, sql_types};
use uuid::Uuid;

/// Does this kind of job at these times from now on, with an empty payload. A client has one schedule
/// of a kind.
pub fn schedule_in<J: Job>(tx: &mut TenantTx<'_>, cron: &Cron) -> Result<(), DbError> {
    repo::set_schedule(tx, J::KIND, &cron.to_string())
}

/// No longer does it.
pub fn unschedule_in<J: Job>(tx: &mut TenantTx<'_>) -> Result<(), DbError> {
    repo::delete_schedule(tx, J::KIND)
}

/// A schedule whose time has come, or is not known yet.
#[derive(Debug, QueryableByName)]
pub(super) struct Due {
    #[diesel(sql_type = sql_types::Uuid)]
    pub tenant_id: Uuid,
    #[diesel(sql_type = sql_types::Text)]
    pub kind: String,
    #[diesel(sql_type = sql_types::Text)]
    cron: String,
    #[diesel(sql_type = sql_types::Text)]
    time_zone: String,
    /// `None` when it was set, or its client's time zone changed, since it was last looked at.
    #[diesel(sql_type = sql_types::Nullable<sql_types::Timestamptz>)]
    pub next_at: Option<DateTime<Utc>>,
}

impl Due {
    /// The next time, later than the one that is due, which may be a moment ahead of `now`: it was found
    /// after that. `None` when there is none, and somebody has to look.
    pub(super) fn next_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let now = self.next_at.map_or(now, |due| due.max(now));
        let next = match self.cron.parse::<Cron>() {
            Ok(cron) => cron.next_after(now, self.time_zone.parse().unwrap_or(Tz::UTC)),
            Err(_) => None,
        };
        if next.is_none() {
            tracing::error!(tenant = %self.tenant_id, kind = self.kind, "a schedule has no next time");
        }
        next
    }
}

/// Stores the jobs whose time has come, of the kinds that this binary knows.
pub(super) async fn store_due(queue: &Queue, handlers: &Handlers, now: DateTime<Utc>) -> Result<(), DbError> {
    let due = queue.due_schedules(handlers.kinds()).await?;
    let due: Vec<_> = due.into_iter().filter_map(|due| handlers.form(&due.kind).map(|form| (due, form))).collect();
    if due.is_empty() {
        return Ok(());
    }
    points::reached(Point::ScheduleDue);
    queue.move_on(due, now).await?;
    points::reached(Point::ScheduleMoved);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_comes_twice() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let due = at("2027-03-01T10:00:00Z");
        let schedule = |next_at| Due {
            tenant_id: Uuid::nil(),
            kind: "k".to_owned(),
            cron: "0 * * * *".to_owned(),
            time_zone: "UTC".to_owned(),
            next_at,
        };
        for now in ["2027-03-01T09:59:59.999Z", "2027-03-01T10:00:00Z", "2027-03-01T10:59:59Z"] {
            assert_eq!(schedule(Some(due)).next_after(at(now)), Some(at("2027-03-01T11:00:00Z")), "{now}");
        }
        assert_eq!(schedule(None).next_after(at("2027-03-01T09:59:59Z")), Some(due));
    }
}
