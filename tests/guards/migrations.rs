//! Migrations: up, down and up again as the owner, who is no superuser; what they take away; and
//! `schema.rs` against the database that they make.

use countinghouse_api::platform::db::{MIGRATIONS, migrate};
use countinghouse_tests::{Cluster, Login, World};
use diesel_migrations::MigrationHarness;
use std::{collections::BTreeMap, process::Command};

/// The schema as `pg_dump` writes it, without what differs from run to run.
fn dump(database: &str) -> String {
    let cluster = Cluster::get();
    let output = Command::new(cluster.bin_dir.join("pg_dump"))
        .args(["--schema-only", "--enable-row-security", "--dbname", &cluster.url(Login::Owner, database)])
        .output()
        .expect("pg_dump runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn up_down_up_leaves_the_same_schema() {
    let cluster = Cluster::get();
    let database = cluster.clone_database(&cluster.database);
    let url = cluster.url(Login::Owner, &database);
    let applied = migrate(&url).unwrap();
    assert!(applied.len() >= 3);
    assert_eq!(migrate(&url).unwrap(), Vec::<String>::new());
    let first = dump(&database);
    let mut owner = cluster.connect(Login::Owner, &database);
    owner.revert_all_migrations(MIGRATIONS).unwrap();
    let empty = dump(&database);
    let left: Vec<&str> =
        empty.lines().filter(|line| line.starts_with("CREATE") && !line.contains("EXTENSION")).collect();
    assert_eq!(left, ["CREATE TABLE public.__diesel_schema_migrations ("], "down.sql leaves something behind");
    owner.run_pending_migrations(MIGRATIONS).unwrap();
    assert_eq!(dump(&database), first);
    drop(owner);
    cluster.drop_database(&database);
}

/// What an older copy of the service may miss: whatever a migration takes away stands in
/// `taken_away.txt` with the reason why nobody misses it.
#[test]
fn what_migrations_take_away_is_missed_by_nobody() {
    const TAKING: [&str; 10] = [
        "DROP TABLE",
        "DROP COLUMN",
        "DROP FUNCTION",
        "DROP TYPE",
        "DROP CONSTRAINT",
        "DROP TRIGGER",
        "RENAME ",
        "SET NOT NULL",
        "SET DATA TYPE",
        "REVOKE ",
    ];
    let mut found = Vec::new();
    for migration in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations")).unwrap() {
        let folder = migration.unwrap().path();
        let Ok(up) = std::fs::read_to_string(folder.join("up.sql")) else { continue };
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let code = up.lines().map(str::trim).filter(|line| !line.starts_with("--"));
        // What is granted to nobody but by name is not taken from anybody.
        let takes = code.filter(|line| !line.starts_with("REVOKE ALL ON "));
        found.extend(
            takes.filter(|line| TAKING.iter().any(|word| line.contains(word))).map(|line| format!("{name} | {line}")),
        );
    }
    found.sort();
    let reviewed = include_str!("taken_away.txt").lines().filter(|line| !line.starts_with('#'));
    let mut reviewed: Vec<&str> = reviewed.map(|line| line.rsplit_once(" | ").expect("a reason").0).collect();
    reviewed.sort_unstable();
    assert_eq!(found, reviewed);
}

/// `schema.rs` is what diesel would print: the same tables, columns, types and nullability.
#[tokio::test]
async fn schema_rs_is_the_database() {
    use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};

    #[derive(QueryableByName)]
    struct Column {
        #[diesel(sql_type = Text)]
        table_name: String,
        #[diesel(sql_type = Text)]
        line: String,
    }
    let world = World::start().await;
    let columns: Vec<Column> = sql_query(
        "SELECT table_name::text, column_name || ' -> ' || CASE WHEN is_nullable = 'YES' THEN 'Nullable<' ELSE '' END \
         || CASE WHEN data_type = 'ARRAY' THEN 'Array<' || initcap(substr(udt_name, 2)) || '>' ELSE initcap(udt_name) END \
         || CASE WHEN is_nullable = 'YES' THEN '>' ELSE '' END AS line \
         FROM information_schema.columns WHERE table_schema = 'public' \
         AND table_name <> '__diesel_schema_migrations' ORDER BY table_name, ordinal_position",
    )
    .load(&mut world.database(Login::Owner))
    .unwrap();
    let mut database: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for column in columns {
        database.entry(column.table_name).or_default().push(column.line);
    }
    let file = tables_of_schema_rs();
    for (table, columns) in &database {
        assert_eq!(file.get(table), Some(columns), "{table}: schema.rs against the database");
    }
    assert_eq!(file.len(), database.len());
}

fn tables_of_schema_rs() -> BTreeMap<String, Vec<String>> {
    let text = concat!(
        include_str!("../../api/src/schema.rs"),
        include_str!("../../api/src/schema/audit.rs"),
        include_str!("../../api/src/schema/webhooks.rs"),
        include_str!("../../api/src/schema/bulk.rs"),
        include_str!("../../api/src/schema/after_sale.rs"),
        include_str!("../../api/src/schema/erp.rs"),
        include_str!("../../api/src/schema/operator.rs"),
        include_str!("../../api/src/schema/images.rs"),
    );
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut table = String::new();
    for line in text.lines().map(str::trim) {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            table = name.to_owned();
        } else if line.contains(" -> ") {
            tables.entry(table.clone()).or_default().push(line.trim_end_matches(',').to_owned());
        }
    }
    tables
}
