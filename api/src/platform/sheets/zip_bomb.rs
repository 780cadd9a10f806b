//! A workbook is a zip, and a small one can be enormous inside. What its directory says of sizes may be a lie, so
//! each file is unpacked once, to nowhere, with a limit.

use super::Unreadable;
use std::io::{self, Cursor, Read};
use zip::ZipArchive;

/// What all files in it come to, and the one that is kept in memory.
const MAX_ALL: u64 = 192 * 1024 * 1024;
const MAX_STRINGS: u64 = 48 * 1024 * 1024;
const MAX_FILES: usize = 1000;

pub(super) fn refuse(bytes: &[u8]) -> Result<(), Unreadable> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Unreadable::Damaged)?;
    if archive.len() > MAX_FILES {
        return Err(Unreadable::TooLarge);
    }
    let mut left = MAX_ALL;
    for at in 0..archive.len() {
        let file = archive.by_index(at).map_err(|_| Unreadable::Damaged)?;
        let is_sheet = file.name().is_ok_and(|name| name.to_ascii_lowercase().contains("worksheets/"));
        let most = if is_sheet { left } else { left.min(MAX_STRINGS) };
        let size = io::copy(&mut file.take(most + 1), &mut io::sink()).map_err(|_| Unreadable::Damaged)?;
        left = match left.checked_sub(size) {
            Some(rest) if size <= most => rest,
            _ => return Err(Unreadable::TooLarge),
        };
    }
    Ok(())
}
