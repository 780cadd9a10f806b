//! The Chinook store as it lies in the file: a list of `{model, pk, fields}`.
//!
//! Prices are JSON numbers there. They are taken from their text, digit by digit, and never
//! become floats.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use countinghouse_contract::Decimal;
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// What the real store holds; anything else is another file, or one that was misread.
const CUSTOMERS: usize = 59;
const TRACKS: usize = 3_503;
const INVOICES: usize = 412;
const LINES: usize = 2_240;
const TOTAL: Cents = Cents(232_860);

/// An exact amount with two decimal places.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cents(pub i64);

impl Cents {
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0.into(), 2)
    }
}

pub struct Store {
    /// By number, like the tracks and the invoices.
    pub customers: BTreeMap<i64, Customer>,
    pub tracks: BTreeMap<i64, Track>,
    pub invoices: BTreeMap<i64, Invoice>,
}

#[derive(Deserialize)]
pub struct Customer {
    #[serde(rename = "firstname")]
    pub first_name: String,
    #[serde(rename = "lastname")]
    pub last_name: String,
    pub company: Option<String>,
    pub email: String,
    pub phone: Option<String>,
    pub address: String,
    pub city: String,
    pub state: Option<String>,
    #[serde(rename = "postalcode")]
    pub postal_code: Option<String>,
    pub country: String,
}

pub struct Track {
    pub name: String,
    pub price: Cents,
    /// Album, artist and the like, those that the file has.
    pub attributes: BTreeMap<String, String>,
}

pub struct Invoice {
    pub customer: i64,
    pub date: DateTime<Utc>,
    pub total: Cents,
    pub lines: Vec<Line>,
}

#[derive(Deserialize)]
pub struct Line {
    pub invoice: i64,
    pub track: i64,
    pub unit_price: Cents,
    pub quantity: i64,
}

impl Store {
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.invoices.values().flat_map(|invoice| &invoice.lines)
    }

    pub fn total(&self) -> Cents {
        Cents(self.invoices.values().map(|invoice| invoice.total.0).sum())
    }
}

#[derive(Deserialize)]
struct Entry<'a> {
    model: &'a str,
    pk: i64,
    #[serde(borrow)]
    fields: &'a RawValue,
}

#[derive(Deserialize)]
struct Album {
    title: String,
    artist: i64,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct TrackFields {
    name: String,
    unit_price: Cents,
    composer: Option<String>,
    album: Option<i64>,
    genre: Option<i64>,
    mediatype: Option<i64>,
}

#[derive(Deserialize)]
struct InvoiceFields {
    customer: i64,
    #[serde(rename = "invoicedate")]
    date: DateTime<Utc>,
    total: Cents,
}

/// Reads the store, and makes sure that it is whole.
pub fn read(text: &str) -> Result<Store> {
    let entries: Vec<Entry> = serde_json::from_str(text)?;
    let names = |model| -> Result<BTreeMap<i64, String>> {
        Ok(rows(&entries, model)?.map(|(number, row): (_, Named)| (number, row.name)).collect())
    };
    let (artists, genres, media) = (names("artist")?, names("genre")?, names("mediatype")?);
    let albums: BTreeMap<i64, Album> = rows(&entries, "album")?.collect();

    let track = |fields: TrackFields| {
        let album = fields.album.and_then(|number| albums.get(&number));
        let attributes = [
            ("album", album.map(|album| album.title.clone())),
            ("artist", album.and_then(|album| artists.get(&album.artist)).cloned()),
            ("composer", fields.composer),
            ("genre", fields.genre.and_then(|number| genres.get(&number)).cloned()),
            ("media_type", fields.mediatype.and_then(|number| media.get(&number)).cloned()),
        ];
        let known = attributes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Track { name: fields.name, price: fields.unit_price, attributes: known.collect() }
    };
    let mut store = Store {
        customers: rows(&entries, "customer")?.collect(),
        tracks: rows(&entries, "track")?.map(|(number, fields)| (number, track(fields))).collect(),
        invoices: rows(&entries, "invoice")?
            .map(|(number, InvoiceFields { customer, date, total })| {
                (number, Invoice { customer, date, total, lines: Vec::new() })
            })
            .collect(),
    };
    for (number, line) in rows::<Line>(&entries, "invoiceline")? {
        let invoice = store.invoices.get_mut(&line.invoice);
        invoice.with_context(|| format!("line {number} is of no invoice"))?.lines.push(line);
    }
    check(&store)?;
    Ok(store)
}

/// The rows of one model, in the order of their numbers.
fn rows<T: de::DeserializeOwned>(entries: &[Entry], model: &str) -> Result<impl Iterator<Item = (i64, T)>> {
    let of_model = entries.iter().filter(|entry| entry.model.strip_prefix("chinook.") == Some(model));
    let read = |entry: &Entry| {
        let fields = serde_json::from_str(entry.fields.get());
        Ok((entry.pk, fields.with_context(|| format!("{model} {}", entry.pk))?))
    };
    let mut rows = of_model.map(read).collect::<Result<Vec<_>>>()?;
    rows.sort_by_key(|(number, _)| *number);
    Ok(rows.into_iter())
}

fn check(store: &Store) -> Result<()> {
    let counts = [store.customers.len(), store.tracks.len(), store.invoices.len(), store.lines().count()];
    let expected = [CUSTOMERS, TRACKS, INVOICES, LINES];
    ensure!(counts == expected, "customers, tracks, invoices, lines: {counts:?} instead of {expected:?}");
    let (total, expected) = (store.total().to_decimal(), TOTAL.to_decimal());
    ensure!(total == expected, "its invoices come to {total} instead of {expected}");
    for line in store.lines() {
        ensure!(store.tracks.contains_key(&line.track), "invoice {} names an unknown track", line.invoice);
    }
    for (number, invoice) in &store.invoices {
        ensure!(store.customers.contains_key(&invoice.customer), "invoice {number} names an unknown customer");
        let sum: i64 = invoice.lines.iter().map(|line| line.quantity * line.unit_price.0).sum();
        ensure!(sum == invoice.total.0, "the lines of invoice {number} do not sum to its total");
    }
    Ok(())
}

impl<'de> Deserialize<'de> for Cents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get().trim_matches('"');
        let cents = text.parse::<Decimal>().ok().and_then(|decimal| decimal.scaled_to(2));
        let wrong = || de::Error::invalid_value(de::Unexpected::Str(text), &"an amount with two decimal places");
        cents.and_then(|cents| i64::try_from(cents).ok()).map(Self).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_from_their_digits() {
        let read = |text: &str| serde_json::from_str::<Cents>(text).ok().map(|cents| cents.0);
        assert_eq!(
            [read("0.99"), read("1.9"), read("2"), read("\"3.10\"")],
            [Some(99), Some(190), Some(200), Some(310)]
        );
        assert_eq!([read("0.999"), read("1e2"), read("null"), read("true")], [None; 4]);
    }
}
