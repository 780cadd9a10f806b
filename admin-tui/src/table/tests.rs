//! What a table keeps while it changes, and how it looks.

use super::*;
use crate::theme::Theme;
use ratatui::{buffer::Buffer, layout::Rect};

const COLUMNS: &[Column] = &[
    Column { title: "Slug", width: Width::Fixed(8), rank: 0, right: false },
    Column { title: "Name", width: Width::Rest(6), rank: 0, right: false },
    Column { title: "Orders", width: Width::Fixed(6), rank: 1, right: true },
    Column { title: "State", width: Width::Fixed(11), rank: 2, right: false },
];

fn row(slug: &str, name: &str, orders: i64, state: Tone) -> Row {
    let said = if state == Tone::Good { "active" } else { "suspended" };
    let cells =
        vec![Cell::text(slug), Cell::text(name), Cell::by(orders.to_string(), orders), Cell::text(said).toned(state)];
    Row { key: slug.to_owned(), cells }
}

fn table() -> Table {
    let mut table = Table::new(COLUMNS);
    table.set(vec![
        row("north", "North Lamps", 120, Tone::Good),
        row("south", "日本の店", 9, Tone::Bad),
        row("east", "East & Sons, a very long name", 33, Tone::Good),
    ]);
    table
}

fn slugs(table: &Table) -> Vec<&str> {
    table.lines().map(|row| row.key.as_str()).collect()
}

fn drawn(table: &mut Table, width: u16, height: u16) -> String {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    table.draw(area, &mut buffer, Theme::Plain);
    let lines = (0..height).map(|y| {
        let mut line = String::new();
        let mut skipped = 0;
        for x in 0..width {
            let symbol = buffer[(x, y)].symbol();
            if skipped > 0 {
                skipped -= 1;
                continue;
            }
            skipped = crate::text::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_cursor_stays_on_its_record() {
    let mut table = table();
    table.step(1);
    let mut rows = vec![row("new", "New", 1, Tone::Good)];
    rows.extend(table.rows.clone());
    table.set(rows);
    assert_eq!(table.current().unwrap().key, "south");
    // It is gone: the cursor stays on its line.
    table.set(vec![
        row("new", "New", 1, Tone::Good),
        row("north", "North", 1, Tone::Good),
        row("east", "E", 1, Tone::Good),
    ]);
    assert_eq!(table.current().unwrap().key, "east");
    table.set(Vec::new());
    assert_eq!(table.current(), None);
    table.step(-5);
    table.step(5);
    assert_eq!(table.current(), None);
}

#[test]
fn columns_sort_by_what_they_mean_and_back() {
    let mut table = table();
    table.sort_by(2);
    assert_eq!(slugs(&table), ["south", "east", "north"]);
    assert_eq!(table.current().unwrap().key, "north", "the cursor went along");
    table.sort_by(2);
    assert_eq!(slugs(&table), ["north", "east", "south"]);
    table.sort_by(2);
    assert_eq!(slugs(&table), ["north", "south", "east"]);
    table.sort_by(9);
    assert_eq!(slugs(&table), ["north", "south", "east"]);
}

#[test]
fn marks_are_of_records_and_only_of_those_that_are_seen() {
    let mut table = table();
    table.mark();
    table.mark();
    let keys = |table: &Table| table.chosen().iter().map(|row| row.key.clone()).collect::<Vec<_>>();
    assert_eq!(keys(&table), ["north", "south"]);
    table.filter(Filter::of("lamps"));
    assert_eq!(keys(&table), ["north"]);
    table.filter(Filter::of("sons"));
    assert_eq!(keys(&table), ["east"], "no marked one is seen, so it is about the one under the cursor");
    table.filter(Filter::default());
    table.set(vec![row("south", "S", 1, Tone::Good), row("east", "E", 1, Tone::Good)]);
    assert_eq!(keys(&table), ["south"]);
    table.forget_marks();
    table.go_to(1);
    assert_eq!(keys(&table), ["east"]);
}

#[test]
fn what_does_not_fit_is_cut_and_then_left_out() {
    let mut table = table();
    table.mark();
    table.sort_by(0);
    insta::assert_snapshot!(drawn(&mut table, 60, 5));
    insta::assert_snapshot!(drawn(&mut table, 34, 4));
    insta::assert_snapshot!(drawn(&mut table, 20, 3));
}

#[test]
fn the_cursor_is_always_seen() {
    let mut table = Table::new(COLUMNS);
    table.set((0..100).map(|at| row(&format!("s{at:02}"), "x", at, Tone::Good)).collect());
    for line in [0, 50, 99, 98, 3, 0] {
        table.go_to(line);
        let seen = drawn(&mut table, 40, 6);
        assert!(seen.contains(&format!("s{line:02}")), "{line}: {seen}");
        assert_eq!(seen.lines().count(), 6);
    }
    assert_eq!((table.line_at(0), table.line_at(1), table.line_at(5)), (None, Some(0), Some(4)));
}

#[test]
fn a_file_has_what_is_shown_and_no_formula() {
    let mut table = table();
    table.set(vec![row("=cmd", "say \"hi\", all", -3, Tone::Bad), row("b", "x", 2, Tone::Good)]);
    assert_eq!(
        table.export(Format::Csv),
        "Slug,Name,Orders,State\r\n'=cmd,\"say \"\"hi\"\", all\",-3,suspended\r\nb,x,2,active\r\n"
    );
    table.filter(Filter::of("active"));
    let json: serde_json::Value = serde_json::from_str(&table.export(Format::Json)).unwrap();
    assert_eq!(json, serde_json::json!([{"slug": "b", "name": "x", "orders": "2", "state": "active"}]));
}
