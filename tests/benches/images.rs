//! Pictures to vectors: how fast, against bare tract on the same tensor, and how well products are found again by other
//! pictures of them: `./dev bench images`.
//!
//! 54 photographs of products are the catalogue. Each is looked for by twelve pictures that were made of it: cut,
//! turned, pressed, blurred, darker, on another background. A perceptual hash is asked the same. It fails
//! where a picture takes more than 1.3 times what tract takes, the right product is not the first of 95 %, or the
//! hash is less than 25 points behind. What was found is written as a page to look at, `.dev/images/index.html`.

#[path = "images/hash.rs"]
mod hash;
#[path = "images/page.rs"]
mod page;
#[path = "images/photos.rs"]
mod photos;
#[path = "images/queries.rs"]
mod queries;
#[path = "images/speed.rs"]
mod speed;

use countinghouse_pictures::{Embedding, Model, Picture, Settings};
use countinghouse_tests::{Figures, Verdict};
use photos::Photo;
use queries::QUERIES;
use std::{path::Path, process::ExitCode};

/// Where `./dev` keeps what it makes.
fn kept() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.dev")
}

fn main() -> ExitCode {
    let settings = Settings::efficientnet_lite0(kept().join("models/efficientnet-lite0.onnx"));
    let model = Model::load(&settings).expect("`./dev model` writes it");
    let photos = photos::fetched();
    let mut figures = Figures::default();
    speed::measure(&mut figures, &model, &settings, &photos[0]);
    found_again(&mut figures, &model, &photos);
    figures.ended()
}

fn vector(model: &Model, file: &[u8]) -> Embedding {
    model.embed(&Picture::read(file).expect("a picture")).expect("a vector")
}

/// How many of the queries had the right product first, and among the first five.
#[derive(Default)]
struct Score {
    asked: usize,
    first: usize,
    among_five: usize,
}

impl Score {
    fn count(&mut self, rank: usize) {
        self.asked += 1;
        self.first += usize::from(rank == 0);
        self.among_five += usize::from(rank < 5);
    }

    fn percent(&self, of: usize) -> f64 {
        100.0 * of as f64 / self.asked as f64
    }
}

/// The catalogue with the closest first.
fn ranked<T>(catalogue: &[T], close: impl Fn(&T) -> f64) -> Vec<(usize, f64)> {
    let mut all: Vec<_> = catalogue.iter().map(close).enumerate().collect();
    all.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    all
}

fn cosine(a: &Embedding, b: &Embedding) -> f64 {
    a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| f64::from(a * b)).sum()
}

fn found_again(figures: &mut Figures, model: &Model, photos: &[Photo]) {
    let vectors: Vec<_> = photos.iter().map(|photo| vector(model, &photo.file)).collect();
    let hashes: Vec<_> = photos.iter().map(|photo| hash::of(&photo.image)).collect();
    let (mut by_vector, mut by_hash) = (Score::default(), [Score::default(), Score::default()]);
    let mut page = page::Page::new(kept().join("images"), photos);
    for (number, (what, made)) in QUERIES.iter().enumerate() {
        let mut of_this = Score::default();
        for (right, photo) in photos.iter().enumerate() {
            let other = &photos[(right + 17) % photos.len()].image;
            let query = queries::as_jpeg(&made(&photo.image, other), if *what == "JPEG 40" { 40 } else { 90 });
            let asked = vector(model, &query);
            let answer = ranked(&vectors, |vector| cosine(&asked, vector));
            let rank = answer.iter().position(|(found, _)| *found == right).expect("all are ranked");
            of_this.count(rank);
            by_vector.count(rank);
            let asked = hash::of(&image::load_from_memory(&query).expect("a JPEG").to_rgb8());
            for (kind, score) in by_hash.iter_mut().enumerate() {
                let answer = ranked(&hashes, |hash| -f64::from((hash[kind] ^ asked[kind]).count_ones()));
                score.count(answer.iter().position(|(found, _)| *found == right).expect("all are ranked"));
            }
            // Two of each kind to look at, and whatever was not found.
            if rank > 0 || right % photos.len() == number * 4 || right == number * 4 + 2 {
                page.add(what, &query, right, &answer[..5]);
            }
        }
        let now =
            format!("{:.0} %, among five {:.0} %", of_this.percent(of_this.first), of_this.percent(of_this.among_five));
        figures.row(&format!("found first: {what}"), now, "", Verdict::Told);
    }
    let path = page.written();
    println!("What was found, to look at: {}", path.display());
    let first = by_vector.percent(by_vector.first);
    let among = format!("{:.1} %", by_vector.percent(by_vector.among_five));
    figures.row(
        "the right one of 54 products is first (recall@1)",
        format!("{first:.1} %"),
        "95 % or more",
        Verdict::of(first >= 95.0),
    );
    figures.row("and among the first five (recall@5)", among, "", Verdict::Told);
    let mut best: f64 = 0.0;
    for (name, score) in ["dHash", "pHash"].iter().zip(&by_hash) {
        best = best.max(score.percent(score.first));
        let now = format!("{:.1} %, among five {:.1} %", score.percent(score.first), score.percent(score.among_five));
        figures.row(&format!("the same by a perceptual hash, {name}"), now, "", Verdict::Told);
    }
    let ahead = first - best;
    figures.row("points ahead of the better hash", format!("{ahead:.1}"), "25 or more", Verdict::of(ahead >= 25.0));
}
