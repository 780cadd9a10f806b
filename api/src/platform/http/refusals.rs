//! With which problems a route may be refused, put together from its declaration.

use super::{Access, Kind, Repeats, Route, idempotency::REUSED, problems};

/// Whatever a route does; each has a transaction, whose end may be lost.
const OF_ALL: [Kind; 5] = [
    problems::INVALID_REQUEST,
    problems::RATE_LIMITED,
    problems::INTERNAL,
    problems::UNAVAILABLE,
    problems::OUTCOME_UNKNOWN,
];

/// All kinds of problems that the route may answer, by status and code.
pub fn of(route: &Route) -> Vec<Kind> {
    let mut kinds = OF_ALL.to_vec();
    kinds.extend(of_access(route.access));
    kinds.extend(route.signature.refusals.iter().copied());
    kinds.extend(route.refusals.iter().copied());
    if route.repeats == Repeats::Replayed {
        // The body is read before the handler asks for it, whatever its type.
        kinds.extend([problems::MALFORMED, problems::BODY_TOO_SLOW, problems::TOO_LARGE]);
        kinds.extend([problems::IDEMPOTENCY_IN_PROGRESS, REUSED]);
    }
    kinds.sort_by_key(|kind| (kind.status, kind.code));
    kinds.dedup();
    kinds
}

fn of_access(access: Access) -> Vec<Kind> {
    let known = [problems::UNAUTHENTICATED, problems::SESSION_ENDED, problems::TWO_CREDENTIALS];
    let of_client = [problems::API_KEY_ENDED, problems::CLIENT_SUSPENDED];
    let of_permission = [problems::PERMISSION_DENIED, problems::PASSWORD_CHANGE_REQUIRED];
    let people_only = [problems::PEOPLE_ONLY];
    let of: &[&[Kind]] = match access {
        Access::Public => &[],
        Access::Superadmin => &[&known],
        Access::Known => &[&known, &of_client],
        Access::LoggedIn => &[&known, &of_client, &people_only],
        Access::Needs(_) => &[&known, &of_client, &of_permission],
        Access::PersonNeeds(_) => &[&known, &of_client, &of_permission, &people_only],
    };
    of.concat()
}
