//! What is kept holds nothing that a viewer does not need, and not one pixel is another.

use super::making::{
    ALPHA, BASELINE, CMYK, LOSSY, PNG, PROGRESSIVE, SAMPLES, chunk, exif, riff_chunk, with_chunk, with_chunks,
    with_segment,
};
use crate::Picture;

const CANARY: &[u8] = b"52.5163N 13.3777E, Jane Doe's camera";

fn holds(file: &[u8], what: &[u8]) -> bool {
    file.windows(what.len()).any(|window| window == what)
}

fn pixels(file: &[u8]) -> Vec<u8> {
    image::load_from_memory(file).unwrap().to_rgba8().into_raw()
}

/// Read, and looked at for the canary: what is kept and shown, decoded to the pixels of the plain file.
fn cleaned(dirty: &[u8], plain: &[u8]) -> Vec<u8> {
    assert!(holds(dirty, CANARY));
    let picture = Picture::read(dirty).unwrap();
    let (original, display) = (picture.original().unwrap(), picture.display().unwrap());
    assert!(!holds(&original.bytes, CANARY) && !holds(&display.bytes, CANARY));
    assert_eq!(pixels(&original.bytes), pixels(plain));
    original.bytes
}

/// A ZIP behind a picture is a picture to one program and an archive to another.
fn with_archive(file: &[u8]) -> Vec<u8> {
    [file, b"PK\x03\x04", CANARY, b"PK\x05\x06"].concat()
}

#[test]
fn a_jpeg_keeps_its_pixels_and_nothing_else() {
    for plain in [BASELINE, PROGRESSIVE, CMYK] {
        let only = Picture::read(plain).unwrap().original().unwrap().bytes;
        let prefixed = |prefix: &[u8]| [prefix, CANARY].concat();
        for (marker, payload) in [
            (0xE1, [b"Exif\0\0".as_slice(), &exif(1, CANARY)].concat()),
            (0xE1, prefixed(b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>")),
            (0xE0, prefixed(b"JFIF\0\x01\x01\0\0\x01\0\x01\x08\x08")),
            (0xE0, prefixed(b"JFXX\0\x10")),
            (0xE2, prefixed(b"MPF\0")),
            (0xED, prefixed(b"Photoshop 3.0\x008BIM")),
            (0xFE, prefixed(b"made by ")),
            (0xEF, prefixed(b"")),
        ] {
            let kept = cleaned(&with_segment(plain, marker, &payload), plain);
            assert!(kept.len() <= only.len() + 18, "marker {marker:x}");
        }
        assert_eq!(cleaned(&with_archive(plain), plain), only);
        // Between segments, where decoders look for the next one.
        let first = 4 + usize::from(u16::from_be_bytes([plain[4], plain[5]]));
        let between = [&plain[..first], CANARY, &plain[first..]].concat();
        assert_eq!(cleaned(&between, plain), only);
    }
}

#[test]
fn a_png_keeps_its_pixels_and_nothing_else() {
    let only = Picture::read(PNG).unwrap().original().unwrap().bytes;
    for name in [b"tEXt", b"zTXt", b"iTXt", b"tIME", b"prVt", b"dSIG", b"sPLT", b"bKGD", b"pHYs", b"hIST"] {
        assert_eq!(cleaned(&with_chunk(PNG, name, CANARY), PNG), only, "{}", String::from_utf8_lossy(name));
    }
    assert_eq!(cleaned(&with_chunk(PNG, b"eXIf", &exif(1, CANARY)), PNG), only);
    assert_eq!(cleaned(&with_archive(PNG), PNG), only);
    assert_eq!(cleaned(&[PNG, &chunk(b"tEXt", CANARY)].concat(), PNG), only);
}

#[test]
fn a_webp_keeps_its_pixels_and_nothing_else() {
    let none = cleaned_webp(&with_chunks(LOSSY, 0x0C, &[], &riff_chunk(b"EXIF", &exif(1, CANARY))), LOSSY);
    assert_eq!(none[20], 0, "no flag for what is gone");
    assert_eq!(cleaned_webp(&with_chunks(LOSSY, 0x04, &[], &riff_chunk(b"XMP ", CANARY)), LOSSY), none);
    assert_eq!(cleaned_webp(&with_chunks(LOSSY, 0, &riff_chunk(b"priv", CANARY), &[]), LOSSY), none);
    assert_eq!(cleaned(&with_archive(LOSSY), LOSSY), LOSSY);
    let behind = with_archive(ALPHA);
    assert_eq!(cleaned(&behind, ALPHA), ALPHA);
}

fn cleaned_webp(dirty: &[u8], plain: &[u8]) -> Vec<u8> {
    let kept = cleaned(dirty, plain);
    let length = u32::from_le_bytes(kept[4..8].try_into().unwrap()) as usize;
    assert_eq!(length + 8, kept.len());
    kept
}

/// Whatever was cleaned is clean.
#[test]
fn cleaning_twice_is_cleaning_once() {
    for (name, _, file) in SAMPLES {
        let once = Picture::read(file).unwrap().original().unwrap();
        let twice = Picture::read(&once.bytes).unwrap().original().unwrap();
        assert_eq!(once, twice, "{name}");
        assert_eq!(pixels(&once.bytes), pixels(file), "{name}");
    }
}

/// Cameras put previews and more there; it costs nothing to pass over.
#[test]
fn megabytes_of_exif_are_passed_over() {
    let mut jpeg = BASELINE.to_vec();
    for _ in 0..100 {
        jpeg = with_segment(&jpeg, 0xE1, &[b"Exif\0\0", CANARY, &vec![7; 65_000]].concat());
    }
    cleaned(&jpeg, BASELINE);
    cleaned(&with_chunk(PNG, b"eXIf", &[CANARY, &vec![7; 8 << 20]].concat()), PNG);
    cleaned(&with_chunks(LOSSY, 0x08, &[], &riff_chunk(b"EXIF", &[CANARY, &vec![7; 8 << 20]].concat())), LOSSY);
}
