//! The role matrix: what each built-in role may do, as a text that is reviewed like code.
//!
//! `role_matrix.txt` is not written by any test: a changed matrix is put there by hand.

use countinghouse_api::platform::authz::{Permission, Roles};
use countinghouse_tests::ROLES;
use std::fmt::Write;

#[tokio::test]
async fn the_role_matrix_is_as_reviewed() {
    let roles = Roles::built_in().await.unwrap();
    let mut names: Vec<&str> = roles.names().collect();
    let mut known = ROLES.to_vec();
    names.sort_unstable();
    known.sort_unstable();
    assert_eq!(names, known);
    let mut matrix = format!("{:20}", "");
    for role in ROLES {
        write!(matrix, "{role:12}").unwrap();
    }
    for &permission in Permission::ALL {
        write!(matrix, "\n{:20}", permission.as_str()).unwrap();
        for role in ROLES {
            let mark = if roles.permissions(role).holds(permission) { "yes" } else { "-" };
            write!(matrix, "{mark:12}").unwrap();
        }
    }
    let matrix: String = matrix.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    assert_eq!(matrix, include_str!("role_matrix.txt"), "the matrix has changed:\n{matrix}");
}

#[tokio::test]
async fn a_role_that_does_not_exist_may_nothing() {
    let roles = Roles::built_in().await.unwrap();
    for role in ["", "*", "Owner", "owner ", "nobody"] {
        assert_eq!(roles.permissions(role).iter().count(), 0, "{role:?}");
    }
}
