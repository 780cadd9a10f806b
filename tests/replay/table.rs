//! What the replay prints.

use crate::{
    fixture::{Cents, Store},
    play::Played,
    verify::{Count, Outcome},
};

/// How many differences are listed.
const LISTED: usize = 20;

pub fn show_store(store: &Store) {
    let [customers, tracks, invoices, lines] =
        [store.customers.len(), store.tracks.len(), store.invoices.len(), store.lines().count()].map(grouped);
    let total = money(store.total().0);
    println!("Chinook: {customers} customers, {tracks} tracks, {invoices} invoices, {lines} lines, together {total}");
    let odd = |line: &&crate::fixture::Line| store.tracks.get(&line.track).map(|t| t.price) != Some(line.unit_price);
    match store.lines().filter(odd).count() {
        0 => println!("Every line was sold at its track's price."),
        odd => println!("{} lines were not sold at their track's price, and will differ.", grouped(odd)),
    }
}

pub fn show_played(all: &[(&str, &Played)]) {
    println!("\n{:26}{:>12}{:>16}{:>10}", "", "made", "there already", "seconds");
    for (what, played) in all {
        let (made, there) = (grouped(played.made), grouped(played.there_already));
        println!("{what:26}{made:>12}{there:>16}{:>10.1}", played.took.as_secs_f64());
    }
    for (what, played) in all.iter().filter(|(what, played)| *what == "orders" && played.made > 0) {
        // Those that were there already took their time too; a first run has none of them.
        let what = format!("{what} a second");
        println!("{what:26}{:>12.0}", played.made as f64 / played.took.as_secs_f64());
    }
}

pub fn show_outcome(outcome: &Outcome) {
    println!("\n{:26}{:>12}{:>16}", "read back", "found", "expected");
    for count in &outcome.counts {
        println!("{:26}{:>12}{:>16}", count.what, count.shown(count.found), count.shown(count.expected));
    }
    let differences = &outcome.differences;
    match differences.len() {
        0 => {
            println!("\nNothing differs: every customer, order, line, price, payment and stock is as the store has it.")
        }
        1 => println!("\n1 difference:"),
        many => println!("\n{} differences:", grouped(many)),
    }
    for difference in differences.iter().take(LISTED) {
        println!("  {difference}");
    }
    if differences.len() > LISTED {
        println!("  and {} more", grouped(differences.len() - LISTED));
    }
}

impl Count {
    /// A number of this count, as people read it.
    pub fn shown(&self, number: i64) -> String {
        if self.money { money(number) } else { thousands(&number.to_string()) }
    }
}

pub fn grouped(number: usize) -> String {
    thousands(&number.to_string())
}

fn money(cents: i64) -> String {
    thousands(&Cents(cents).to_decimal().to_string())
}

/// Sets a comma after each three digits in front of the point.
fn thousands(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut shown = String::new();
    for (at, digit) in whole.chars().enumerate() {
        let left = whole.len() - at;
        if left % 3 == 0 && shown.ends_with(|c: char| c.is_ascii_digit()) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(
            ["0", "999", "1000", "-123", "-1234567", "2328.60"].map(thousands),
            ["0", "999", "1,000", "-123", "-1,234,567", "2,328.60"]
        );
    }
}
