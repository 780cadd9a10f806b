//! Files that were made to hurt whoever reads them: each is refused by its name and cheaply, and leaves nothing
//! behind; or it is a picture after all, and nothing but the picture is kept of it.

use super::*;
use crate::footprint::footprint;
use countinghouse_tests::{
    Process,
    pictures::{chunk, drawing, encoded, new_picture, picture},
};
use image::{DynamicImage, ImageFormat, ImageReader};
use std::io::Cursor;

const ANIMATED_WEBP: &[u8] = include_bytes!("../../../shared/pictures/src/tests/samples/animated.webp");
const ANIMATED_PNG: &[u8] = include_bytes!("../../../shared/pictures/src/tests/samples/animated.png");
const CMYK: &[u8] = include_bytes!("../../../shared/pictures/src/tests/samples/cmyk.jpg");
const LOSSY: &[u8] = include_bytes!("../../../shared/pictures/src/tests/samples/lossy.webp");

const START: usize = 8;
const HEADER: usize = 25;

/// A PNG that says it has this size, with pixels for none of it.
fn png_of(width: u32, height: u32, depth: u8) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, 6, 0, 0, 0]].concat();
    let nothing = [0x78, 0x9C, 3, 0, 0, 0, 0, 1];
    [&picture(0)[..START], &chunk(b"IHDR", &header), &chunk(b"IDAT", &nothing), &chunk(b"IEND", &[])].concat()
}

/// What unpacks to 64 MB of zeros, as a PNG has it.
fn packed_zeros() -> Vec<u8> {
    let zeros = DynamicImage::new_luma8(8_000, 8_000);
    let mut file = Cursor::new(Vec::new());
    zeros.write_to(&mut file, ImageFormat::Png).unwrap();
    let (file, mut packed) = (file.into_inner(), Vec::new());
    let mut at = START;
    while at < file.len() {
        let length = usize::try_from(u32::from_be_bytes(file[at..at + 4].try_into().unwrap())).unwrap();
        if &file[at + 4..at + 8] == b"IDAT" {
            packed.extend(&file[at + 8..at + 8 + length]);
        }
        at += length + 12;
    }
    packed
}

/// A JPEG with segments of metadata before its pixels.
fn with_segments(jpeg: &[u8], marker: u8, payload: &[u8], times: usize) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
    let segment = [&[0xFF, marker][..], &length, payload].concat();
    [&jpeg[..2], &segment.repeat(times), &jpeg[2..]].concat()
}

/// A PNG with a chunk behind its header.
fn with_chunk(png: &[u8], name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let behind = START + HEADER;
    [&png[..behind], &chunk(name, data), &png[behind..]].concat()
}

/// What is refused, and as what.
fn refused() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let (png, jpeg) = (picture(1), encoded(&drawing(1), ImageFormat::Jpeg));
    let half = |file: &[u8]| file[..file.len() / 2].to_vec();
    vec![
        ("a letter called .jpg", b"Dear Sir or Madam,".to_vec(), "not_a_picture"),
        ("zero bytes", Vec::new(), "empty_file"),
        ("a thousand zeros", vec![0; 1_000], "not_a_picture"),
        ("half a PNG", half(&png), "damaged_picture"),
        ("half a JPEG", half(&jpeg), "damaged_picture"),
        ("half a WebP", half(LOSSY), "damaged_picture"),
        ("all of a PNG but its last byte", png[..png.len() - 1].to_vec(), "damaged_picture"),
        ("a GIF", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;".to_vec(), "not_a_picture"),
        ("an SVG", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>".to_vec(), "not_a_picture"),
        ("a PDF", b"%PDF-1.7\n".to_vec(), "not_a_picture"),
        ("a page with a picture behind it", [b"<!doctype html>".as_slice(), &jpeg].concat(), "not_a_picture"),
        ("a PNG of 64k × 64k", png_of(65_536, 65_536, 8), "too_many_pixels"),
        ("a PNG of 4G × 4G", png_of(u32::MAX, u32::MAX, 16), "too_many_pixels"),
        ("a PNG of one line", png_of(40_000_001, 1, 8), "too_many_pixels"),
        ("a PNG without a line", png_of(0, 5, 8), "damaged_picture"),
        ("a PNG of 6k × 6k without pixels", png_of(6_000, 6_000, 8), "damaged_picture"),
        ("a moving WebP", ANIMATED_WEBP.to_vec(), "animated_picture"),
        ("a moving PNG", ANIMATED_PNG.to_vec(), "animated_picture"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_is_refused_by_name_and_leaves_nothing() {
    let (world, owner, product) = shop().await;
    let before = footprint(&world);
    for (what, sent, code) in refused() {
        let problem = owner.upload(&product, &sent).await.problem(422, "invalid_request");
        let error = &problem["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!("/file"), &json!(code)), "{what}");
    }
    let large = vec![0; 10 * 1024 * 1024 + 1];
    owner.upload(&product, &large).await.problem(413, "body_too_large");
    owner.upload("0199aaaa-1111-7222-8333-444455556666", &picture(1)).await.problem(404, "not_found");
    assert_eq!(footprint(&world), before);
    assert_eq!(files_in_store(&world), 0);
}

/// The same by who searches.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_by_what_is_no_picture_is_refused_by_name() {
    let Some(world) = world_with_model().await else { return };
    for (what, sent, code) in refused() {
        let problem = search(&world.owner(), &sent, &[]).await.problem(422, "invalid_request");
        assert_eq!(problem["errors"][0]["code"], code, "{what}");
    }
    // Of one colour all over there is little to see; it is a picture all the same.
    let blank = encoded(&image::RgbImage::new(10, 10), ImageFormat::Png);
    assert_eq!(search(&world.owner(), &blank, &[]).await.expect(200), nothing_found());
}

/// Ten times what a header says is four gigabytes and more: in less than a tenth of a second of work each, and
/// without the memory. The time is the process's own, whatever else the machine does.
#[tokio::test(flavor = "multi_thread")]
async fn enormous_sizes_cost_neither_time_nor_memory() {
    let (world, owner, product) = shop().await;
    let service = Process::serve(&world.environment());
    let caller = service.caller(owner.token());
    caller.upload(&product, &picture(1)).await.expect(201);
    let (memory, time) = (service.peak_memory(), service.processor_time());
    for _ in 0..10 {
        for sent in [png_of(65_536, 65_536, 8), png_of(65_536, 65_536, 16)] {
            caller.upload(&product, &sent).await.problem(422, "invalid_request");
        }
    }
    let (grown, took) = (service.peak_memory() - memory, service.processor_time() - time);
    assert!(grown <= 64, "{grown} MiB");
    assert!(took.as_millis() <= 20 * 100, "{took:?} for 20");
}

/// A file that unpacks to more than it says costs no more than what it says.
#[tokio::test(flavor = "multi_thread")]
async fn bombs_go_off_nowhere() {
    let (world, owner, product) = shop().await;
    let service = Process::serve(&world.environment());
    let caller = service.caller(owner.token());
    caller.upload(&product, &picture(1)).await.expect(201);
    let (bomb, plain) = (packed_zeros(), picture(2));
    assert!(bomb.len() < 1024 * 1024, "{}", bomb.len());
    let memory = service.peak_memory();
    let header = &plain[START..START + HEADER];
    let pixels = [&plain[..START], header, &chunk(b"IDAT", &bomb), &chunk(b"IEND", &[])].concat();
    let answer = caller.upload(&product, &pixels).await;
    assert!([201, 422].contains(&answer.status), "{answer:?}");
    for (name, start) in [(b"zTXt", b"Comment\0\0".as_slice()), (b"iCCP", b"p\0\0".as_slice())] {
        let sent = with_chunk(&plain, name, &[start, bomb.as_slice()].concat());
        let image = caller.upload(&product, &sent).await.expect(201);
        assert!(file(&caller, &image, "original").await.len() < 16 * 1024);
    }
    let grown = service.peak_memory() - memory;
    assert!(grown <= 64, "{grown} MiB");
}

/// What is a picture and something else besides is kept as the picture alone.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_polyglot_the_picture_is_kept_and_nothing_else() {
    const SCRIPT: &[u8] = b"<script>alert('canary')</script><?php canary() ?>";
    let (_world, owner, product) = shop().await;
    let (png, jpeg) = (picture(1), encoded(&drawing(1), ImageFormat::Jpeg));
    let archive = [b"PK\x03\x04".as_slice(), SCRIPT, b"PK\x05\x06"].concat();
    for (what, sent) in [
        ("a JPEG with a page in its comment", with_segments(&jpeg, 0xFE, SCRIPT, 1)),
        ("a JPEG with a page in its EXIF", with_segments(&jpeg, 0xE1, &[b"Exif\0\0", SCRIPT].concat(), 1)),
        ("a JPEG with an archive behind it", [jpeg.as_slice(), &archive].concat()),
        ("a PNG with a page in its text", with_chunk(&png, b"tEXt", &[b"Comment\0", SCRIPT].concat())),
        ("a PNG with an archive behind it", [png.as_slice(), &archive].concat()),
    ] {
        let image = owner.upload(&product, &sent).await.expect(201);
        for size in ["original", "display"] {
            let kept = file(&owner, &image, size).await;
            assert!(!kept.windows(6).any(|bytes| bytes == b"canary"), "{what}, {size}");
            image::load_from_memory(&kept).unwrap_or_else(|error| panic!("{what}, {size}: {error}"));
        }
    }
}

/// Pictures of rare kinds are pictures.
#[tokio::test(flavor = "multi_thread")]
async fn rare_kinds_are_taken_as_what_they_show() {
    let (_world, owner, product) = shop().await;
    let jpeg = encoded(&drawing(1), ImageFormat::Jpeg);
    let mut deep = Cursor::new(Vec::new());
    let sixteen = DynamicImage::from(drawing(2)).into_rgb16();
    DynamicImage::from(sixteen).write_to(&mut deep, ImageFormat::Png).unwrap();
    let exif = [b"Exif\0\0MM\0\x2a\0\0\0\x08\0\0".as_slice(), &[b'x'; 60_000]].concat();
    let much = with_segments(&jpeg, 0xE1, &exif, 150);
    assert!(much.len() > 8 * 1024 * 1024);
    for (what, sent) in [("of four inks", CMYK.to_vec()), ("of 16 bits", deep.into_inner()), ("of much EXIF", much)] {
        let image = owner.upload(&product, &sent).await.expect(201);
        assert_eq!((&image["width"], &image["height"]), (&json!(96), &json!(64)), "{what}");
        let original = file(&owner, &image, "original").await;
        assert!(original.len() < 64 * 1024, "{what}: {} bytes are kept", original.len());
        let display = file(&owner, &image, "display").await;
        let shown = ImageReader::with_format(Cursor::new(display), ImageFormat::Jpeg).decode().unwrap();
        assert_eq!((shown.width(), shown.height(), shown.color()), (96, 64, image::ColorType::Rgb8), "{what}");
    }
    owner.upload(&product, &new_picture()).await.expect(201);
}
