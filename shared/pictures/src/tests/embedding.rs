//! Vectors: the same for the same picture, close for the same in another format, and apart for others.
//!
//! They need the model, which `./dev model` writes.

use super::making::{drawing, encoded, exif, with_exif};
use crate::{DIMENSIONS, Embedding, Format, Layout, LoadError, Model, Picture, Settings};
use std::{path::PathBuf, sync::LazyLock, thread};

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::load(&settings()).expect("`./dev model` writes it"));

fn settings() -> Settings {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.dev/models/efficientnet-lite0.onnx");
    Settings::efficientnet_lite0(PathBuf::from(file))
}

fn vector(file: &[u8]) -> Embedding {
    MODEL.embed(&Picture::read(file).unwrap()).unwrap()
}

fn cosine(a: &Embedding, b: &Embedding) -> f32 {
    a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| a * b).sum()
}

#[test]
fn a_vector_has_256_numbers_and_length_one() {
    let vector = vector(&encoded(Format::Png, &drawing(1, 300, 200)));
    assert_eq!(vector.as_slice().len(), DIMENSIONS);
    assert!((cosine(&vector, &vector) - 1.0).abs() < 1e-5);
}

#[test]
fn the_same_picture_has_the_same_vector_on_all_threads_and_in_another_model_in_memory() {
    let file = encoded(Format::Jpeg, &drawing(2, 400, 300));
    let first = vector(&file);
    thread::scope(|scope| {
        for thread in (0..4).map(|_| scope.spawn(|| vector(&file))).collect::<Vec<_>>() {
            assert_eq!(thread.join().unwrap(), first);
        }
    });
    let again = Model::load(&settings()).unwrap();
    assert_eq!(again.id(), MODEL.id());
    assert_eq!(again.embed(&Picture::read(&file).unwrap()).unwrap(), first);
}

/// Kept vectors compare with tomorrow's only as long as these stay. Another processor may round elsewise, by the
/// last digits.
#[test]
fn vectors_stay_what_they_are() {
    assert_eq!(MODEL.id(), "efficientnet-lite0-b77cf81f-v1");
    let vector = vector(&encoded(Format::Png, &drawing(3, 320, 240)));
    let first: Vec<f32> = vector.as_slice()[..6].to_vec();
    let expected = [-0.05743, 0.02635, 0.12742, 0.00403, 0.01362, 0.03858];
    assert!(first.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 2e-3), "{first:?}");
}

#[test]
fn the_format_hardly_matters_and_what_is_shown_does() {
    let vectors: Vec<_> = (0..8)
        .map(|number| {
            let image = drawing(number, 500, 400);
            let [png, webp, jpeg] =
                [Format::Png, Format::WebP, Format::Jpeg].map(|format| vector(&encoded(format, &image)));
            assert_eq!(png, webp, "both are lossless");
            assert!(cosine(&png, &jpeg) > 0.97, "{number}: {}", cosine(&png, &jpeg));
            png
        })
        .collect();
    for (at, a) in vectors.iter().enumerate() {
        for b in &vectors[at + 1..] {
            assert!(cosine(a, b) < 0.97, "{}", cosine(a, b));
        }
    }
}

#[test]
fn a_turned_picture_that_says_so_is_the_same() {
    let upright = drawing(5, 300, 200);
    let lying = image::imageops::rotate270(&upright);
    let turned = with_exif(Format::Png, &encoded(Format::Png, &lying), &exif(6, b""));
    // Rows and columns change places, and rounding with them.
    let cosine = cosine(&vector(&turned), &vector(&encoded(Format::Png, &upright)));
    assert!(cosine > 0.999, "{cosine}");
}

#[test]
fn pictures_of_any_size_and_shape_have_one() {
    for (width, height) in [(1, 1), (1, 3000), (3000, 1), (223, 225), (2, 2)] {
        vector(&encoded(Format::Png, &drawing(4, width, height)));
    }
}

#[test]
fn what_cannot_be_a_model_says_why() {
    let load = |change: &dyn Fn(&mut Settings)| {
        let mut settings = settings();
        change(&mut settings);
        Model::load(&settings).unwrap_err()
    };
    assert!(matches!(load(&|settings| settings.file = "/nowhere.onnx".into()), LoadError::Missing(_)));
    assert!(matches!(load(&|settings| settings.file = "/".into()), LoadError::Unreadable(..)));
    assert!(matches!(load(&|settings| settings.file = file!().into()), LoadError::Missing(_)));
    let text = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    assert!(matches!(load(&|settings| settings.file = text.into()), LoadError::Unusable(..)));
    assert!(matches!(load(&|settings| settings.output = Some("nothing".to_owned())), LoadError::Unusable(..)));
    assert!(matches!(load(&|settings| settings.layout = Layout::Nhwc), LoadError::Unusable(..)));
    for change in [
        |settings: &mut Settings| settings.name = String::new(),
        |settings: &mut Settings| settings.name = "with blanks".to_owned(),
        |settings: &mut Settings| settings.size = 15,
        |settings: &mut Settings| settings.size = 1025,
        |settings: &mut Settings| settings.scale = [1.0, 0.0, 1.0],
        |settings: &mut Settings| settings.mean = [f32::NAN; 3],
    ] {
        assert!(matches!(load(&change), LoadError::Settings(_)));
    }
}

/// An output in the middle of the network is as good: another model, with another id and vectors of the same length.
#[test]
fn another_output_is_another_model() {
    let mut settings = settings();
    settings.output = Some("pooled".to_owned());
    let model = Model::load(&settings).unwrap();
    assert_ne!(model.id(), MODEL.id());
    let picture = Picture::read(&encoded(Format::Png, &drawing(6, 50, 50))).unwrap();
    assert_eq!(model.embed(&picture).unwrap(), MODEL.embed(&picture).unwrap());
}
