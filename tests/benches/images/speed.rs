//! How long a picture takes to become a vector, beside bare tract on a tensor of the same size.

use super::{photos::Photo, queries::as_jpeg};
use countinghouse_pictures::{Model, Picture, Settings};
use countinghouse_tests::{Figures, Verdict};
use image::imageops;
use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tract_onnx::prelude::*;

const RUNS: usize = 120;
const GOAL: f64 = 1.3;

type Bare = Arc<TypedRunnableModel>;

pub fn measure(figures: &mut Figures, model: &Model, settings: &Settings, photo: &Photo) {
    // Two megapixels.
    let file = as_jpeg(&imageops::resize(&photo.image, 1732, 1155, imageops::Nearest), 90);
    let picture = Picture::read(&file).expect("a picture");
    let (bare, input) = bare(settings);
    let (mut embedding, mut tract, mut reading) = (Vec::new(), Vec::new(), Vec::new());
    // In turn, so that whatever else the machine does meets both.
    for _ in 0..RUNS {
        embedding.push(timed(|| drop(model.embed(&picture).expect("a vector"))));
        tract.push(timed(|| drop(bare.run(tvec!(input.clone().into())).expect("features"))));
        reading.push(timed(|| drop(Picture::read(&file).expect("a picture"))));
    }
    let [embedding, tract, reading] = [embedding, tract, reading].map(median);
    let ratio = embedding.as_secs_f64() / tract.as_secs_f64();
    figures.row("reading a JPEG of 2 megapixels, p50", format!("{reading:.1?}"), "", Verdict::Told);
    figures.row("bare tract on a tensor of 224 × 224, p50", format!("{tract:.1?}"), "", Verdict::Told);
    let now = format!("{ratio:.2} ({embedding:.1?})");
    figures.row("picture to vector, one thread ÷ bare tract", now, "1.3 or less", Verdict::of(ratio <= GOAL));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let ours = throughput(cores, || drop(model.embed(&picture).expect("a vector")));
    let theirs = throughput(cores, || drop(bare.run(tvec!(input.clone().into())).expect("features")));
    let now = format!("{:.1} (bare tract {:.1})", ours, theirs);
    figures.row(&format!("vectors a second for each of {cores} cores, all busy"), now, "", Verdict::Told);
}

fn bare(settings: &Settings) -> (Bare, Tensor) {
    let side = settings.size as usize;
    let model = tract_onnx::onnx().model_for_path(&settings.file).expect("a model");
    let model = model.with_input_fact(0, f32::fact([1, 3, side, side]).into()).expect("an input");
    let numbers: Vec<f32> = (0..3 * side * side).map(|at| (at % 255) as f32 / 128.0 - 1.0).collect();
    let input = Tensor::from_shape(&[1, 3, side, side], &numbers).expect("a tensor");
    (model.into_optimized().and_then(|model| model.into_runnable()).expect("a plan"), input)
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// For each core, how often a second, when every core has a thread.
fn throughput(cores: usize, work: impl Fn() + Sync) -> f64 {
    let time = timed(|| {
        thread::scope(|scope| {
            for _ in 0..cores {
                scope.spawn(|| (0..RUNS).for_each(|_| work()));
            }
        });
    });
    RUNS as f64 / time.as_secs_f64()
}
