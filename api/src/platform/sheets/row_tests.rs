//! Sheets that are read, good ones and bad ones.

use super::*;
use crate::platform::sheets::{Cell, SheetWriter, XLSX};
use proptest::prelude::*;
use std::io::{Cursor, Read, Seek, Write};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

/// On this thread, so that a panic is one.
fn read(format: SheetFormat, bytes: impl Into<Vec<u8>>) -> Result<Vec<Row>, Unreadable> {
    let (sender, receiver) = mpsc::channel(4096);
    let (mut collector, bytes) = (Collector::new(sender), bytes.into());
    let read = match format {
        SheetFormat::Csv => csv_in::read(&bytes, &mut collector),
        SheetFormat::Xlsx => xlsx_in::read(bytes, &mut collector),
    };
    collector.finish(read);
    let (mut rows, mut all) = (Rows(receiver), Vec::new());
    while let Some(batch) = rows.next_blocking()? {
        all.extend(batch);
    }
    Ok(all)
}

#[test]
fn rows_that_end_without_their_end_are_of_a_damaged_file() {
    let (sender, receiver) = mpsc::channel(2);
    sender.blocking_send(Ok(vec![Row::default()])).unwrap();
    drop(sender);
    let mut rows = Rows(receiver);
    assert_eq!(rows.next_blocking().unwrap().map(|batch| batch.len()), Some(1));
    assert_eq!(rows.next_blocking(), Err(Unreadable::Damaged));
}

fn csv(bytes: impl Into<Vec<u8>>) -> Vec<(u64, Vec<String>)> {
    read(SheetFormat::Csv, bytes).unwrap().into_iter().map(|row| (row.line, row.cells)).collect()
}

fn rows(of: &[(u64, &[&str])]) -> Vec<(u64, Vec<String>)> {
    of.iter().map(|(line, cells)| (*line, cells.iter().map(|cell| (*cell).to_owned()).collect())).collect()
}

#[test]
fn columns_are_divided_by_what_the_first_line_says() {
    let expected = rows(&[(1, &["sku", "name"]), (2, &["A", "x,y"])]);
    for text in ["sku,name\nA,\"x,y\"\n", "sku;name\r\nA;x,y\r\n", "sku\tname\nA\tx,y", "sku|name\nA|x,y"] {
        assert_eq!(csv(text), expected, "{text:?}");
    }
    assert_eq!(csv("sep=;\nsku;name\nA;x,y\n"), rows(&[(2, &["sku", "name"]), (3, &["A", "x,y"])]));
    assert_eq!(csv("\"a;b;c\",d\n"), rows(&[(1, &["a;b;c", "d"])]));
}

#[test]
fn encodings_are_known_by_their_mark_or_tried() {
    let expected = rows(&[(1, &["Größe", "€"])]);
    let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    for bytes in [
        "Größe,€".as_bytes().to_vec(),
        "\u{feff}Größe,€".as_bytes().to_vec(),
        b"Gr\xf6\xdfe,\x80".to_vec(),
        [b"\xff\xfe".to_vec(), utf_16("Größe,€")].concat(),
    ] {
        assert_eq!(csv(bytes), expected);
    }
    assert_eq!(read(SheetFormat::Csv, b"\xef\xbb\xbfa\xff".to_vec()), Err(Unreadable::Encoding));
    assert_eq!(read(SheetFormat::Csv, b"\xff\xfe\x00\xd8".to_vec()), Err(Unreadable::Encoding));
}

#[test]
fn lines_are_counted_as_a_person_does_and_empty_ones_are_none() {
    assert_eq!(csv("a\n\n \n,,\nb\n\"c\nd\"\ne"), rows(&[(1, &["a"]), (5, &["b"]), (6, &["c\nd"]), (8, &["e"])]));
    assert_eq!(
        csv("a\r\n\r\nb\r\n\"c\r\nd\"\r\ne\r\n"),
        rows(&[(1, &["a"]), (3, &["b"]), (4, &["c\r\nd"]), (6, &["e"])])
    );
    for nothing in ["", "\n\n", "\u{feff}", " , ,"] {
        assert_eq!(read(SheetFormat::Csv, nothing), Err(Unreadable::Empty), "{nothing:?}");
    }
}

#[test]
fn what_was_marked_against_formulas_is_read_as_it_was() {
    assert_eq!(csv("'=1+1,'s,'+49 30,-3"), rows(&[(1, &["=1+1", "'s", "+49 30", "-3"])]));
}

#[test]
fn a_line_of_ten_megabytes_is_a_row_that_is_too_long() {
    let long = read(SheetFormat::Csv, format!("a,b\n{},c\nd,e\n", "x".repeat(10_000_000))).unwrap();
    assert_eq!(long.iter().map(|row| row.too_long).collect::<Vec<_>>(), [false, true, false]);
    let wide = read(SheetFormat::Csv, format!("{}x\n", ",".repeat(1_000_000))).unwrap();
    assert!(wide[0].too_long && wide[0].cells.is_empty());
}

fn workbook(lines: &[&[Cell<'_>]]) -> Vec<u8> {
    let mut sheet = SheetWriter::new(SheetFormat::Xlsx, &["sku", "amount"]).unwrap();
    lines.iter().for_each(|line| sheet.row(line).unwrap());
    let mut bytes = Vec::new();
    let mut file = sheet.finish().unwrap();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_workbook_is_read_as_it_was_written() {
    let moment = chrono_tz::Europe::Berlin;
    let moment = chrono::TimeZone::with_ymd_and_hms(&moment, 2026, 3, 31, 11, 30, 0).unwrap();
    let bytes = workbook(&[
        &[Cell::Text("=1+1"), Cell::Number("12.50".parse().unwrap())],
        &[Cell::Day(chrono::NaiveDate::from_ymd_opt(2026, 3, 31).unwrap()), Cell::Moment(moment)],
        &[Cell::Flag(true), Cell::Empty],
    ]);
    let read: Vec<_> = read(SheetFormat::Xlsx, bytes).unwrap().into_iter().map(|row| (row.line, row.cells)).collect();
    let expected: [(u64, &[&str]); 4] =
        [(1, &["sku", "amount"]), (2, &["=1+1", "12.5"]), (3, &["2026-03-31", "2026-03-31T11:30:00"]), (4, &["true"])];
    assert_eq!(read, rows(&expected));
}

/// The workbook with another text in place of its sheet.
fn with_sheet(sheet: &str) -> Vec<u8> {
    with_file("xl/worksheets/sheet1.xml", sheet.as_bytes())
}

fn with_file(name: &str, content: &[u8]) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(workbook(&[]))).unwrap();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let place = file.name().unwrap().into_owned();
        if place != name {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            writer.start_file(place, SimpleFileOptions::default()).unwrap();
            writer.write_all(&bytes).unwrap();
        }
    }
    writer.start_file(name, SimpleFileOptions::default()).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap().into_inner()
}

fn sheet_of(cells: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
         <sheetData>{cells}</sheetData></worksheet>"
    )
}

#[test]
fn of_a_formula_its_value_is_read_and_an_error_stays_one() {
    let cells = "<row r=\"1\"><c r=\"A1\"><f>1+1</f><v>2</v></c><c r=\"B1\" t=\"e\"><f>1/0</f><v>#DIV/0!</v></c>\
                 <c r=\"C1\" t=\"str\"><f>\"a\"&amp;\"b\"</f><v>ab</v></c></row>";
    assert_eq!(read(SheetFormat::Xlsx, with_sheet(&sheet_of(cells))).unwrap()[0].cells, ["2", "#DIV/0!", "ab"]);
}

#[test]
fn a_sheet_with_two_cells_at_its_corners_costs_no_memory() {
    let cells = "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row><row r=\"1048576\"><c r=\"XFD1048576\"><v>2</v></c></row>";
    let read = read(SheetFormat::Xlsx, with_sheet(&sheet_of(cells))).unwrap();
    assert_eq!(read.iter().map(|row| (row.line, row.too_long)).collect::<Vec<_>>(), [(1, false), (1_048_576, true)]);
}

#[test]
fn bombs_and_broken_workbooks_are_refused() {
    let zeros = vec![b' '; 200 * 1024 * 1024];
    let bomb = with_file("xl/worksheets/sheet1.xml", &zeros);
    assert!(bomb.len() < 1024 * 1024);
    assert_eq!(read(SheetFormat::Xlsx, bomb), Err(Unreadable::TooLarge));
    assert_eq!(read(SheetFormat::Xlsx, with_file("xl/sharedStrings.xml", &zeros)), Err(Unreadable::TooLarge));
    let whole = workbook(&[&[Cell::Text("A")]]);
    for length in [0, 1, 100, whole.len() / 2, whole.len() - 1] {
        assert_eq!(read(SheetFormat::Xlsx, &whole[..length]), Err(Unreadable::Damaged), "{length}");
    }
    assert_eq!(read(SheetFormat::Xlsx, XLSX), Err(Unreadable::Damaged));
    assert!(read(SheetFormat::Xlsx, with_sheet("<worksheet><sheetData><row><c><v>")).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_make_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _either = read(SheetFormat::Csv, bytes.clone());
        prop_assert!(read(SheetFormat::Xlsx, bytes).is_err());
    }

    #[test]
    fn no_text_that_looks_like_a_file_makes_reading_panic(text in "[a,;\"\n\r\t'=|\u{0}é-]{0,200}") {
        let _either = read(SheetFormat::Csv, text);
    }

    /// Bytes of a good workbook, some of them changed: in the zip, and in the sheet.
    #[test]
    fn no_damage_makes_reading_panic(at in 0_usize..6000, byte in any::<u8>(), cells in "[<>/cvrfst\"=A1 0-9]{0,120}") {
        let mut bytes = workbook(&[&[Cell::Text("A"), Cell::Whole(1)]]);
        let place = at % bytes.len();
        bytes[place] = byte;
        let _either = read(SheetFormat::Xlsx, bytes);
        let _either = read(SheetFormat::Xlsx, with_sheet(&sheet_of(&cells)));
    }
}
