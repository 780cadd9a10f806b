//! The ONNX model as tract runs it: checked once, then one plan for all threads.

use crate::{Layout, Settings};
use image::RgbImage;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};
use tract_onnx::prelude::*;

/// More features than this no model of pictures has.
const MAX_FEATURES: usize = 65_536;

pub(crate) struct Network {
    plan: Arc<TypedRunnableModel>,
    shape: [usize; 4],
    layout: Layout,
    /// For each channel, what each of 256 values is to the model.
    values: [[f32; 256]; 3],
}

impl Network {
    /// Prepares a model for one input size. A panic in tract is an error.
    pub fn prepare(file: &[u8], settings: &Settings) -> Result<Self, String> {
        caught(|| Self::prepare_or_panic(file, settings).map_err(|error| format!("{error:#}")))
    }

    fn prepare_or_panic(mut file: &[u8], settings: &Settings) -> TractResult<Self> {
        let side = usize::try_from(settings.size)?;
        let shape = match settings.layout {
            Layout::Nchw => [1, 3, side, side],
            Layout::Nhwc => [1, side, side, 3],
        };
        let mut model = tract_onnx::onnx().model_for_read(&mut file)?;
        let inputs = model.input_outlets()?.len();
        if inputs != 1 {
            return Err(TractError::msg(format!("it has {inputs} inputs, and must have one")));
        }
        if let Some(name) = &settings.output {
            model.select_outputs_by_name([name])?;
        }
        let plan = model.with_input_fact(0, f32::fact(shape).into())?.into_optimized()?.into_runnable()?;
        Ok(Self { plan, shape, layout: settings.layout, values: values(settings) })
    }

    /// The features of a picture that is as large as the input.
    pub fn features(&self, image: &RgbImage) -> Result<Vec<f32>, String> {
        caught(|| self.run(image).map_err(|error| format!("{error:#}")))
    }

    fn run(&self, image: &RgbImage) -> TractResult<Vec<f32>> {
        let input = Tensor::from_shape(&self.shape, &self.numbers(image))?;
        let outputs = self.plan.run(tvec!(input.into()))?;
        let Some(output) = outputs.first() else { return Err(TractError::msg("it has no output")) };
        let output = output.cast_to::<f32>()?;
        let features = output.to_plain_array_view::<f32>()?;
        if features.is_empty() || features.len() > MAX_FEATURES {
            return Err(TractError::msg(format!("its output has {} numbers", features.len())));
        }
        Ok(features.iter().copied().collect())
    }

    /// The input: pixel after pixel, or channel after channel.
    fn numbers(&self, image: &RgbImage) -> Vec<f32> {
        let (pixels, _) = image.as_raw().as_chunks::<3>();
        let [reds, greens, blues] = &self.values;
        let number = |values: &[f32; 256], value: u8| values.get(usize::from(value)).copied().unwrap_or_default();
        match self.layout {
            Layout::Nhwc => pixels
                .iter()
                .flat_map(|[red, green, blue]| [number(reds, *red), number(greens, *green), number(blues, *blue)])
                .collect(),
            Layout::Nchw => (pixels.iter().map(|[red, ..]| number(reds, *red)))
                .chain(pixels.iter().map(|[_, green, _]| number(greens, *green)))
                .chain(pixels.iter().map(|[.., blue]| number(blues, *blue)))
                .collect(),
        }
    }
}

#[expect(clippy::float_arithmetic, reason = "a model takes floats, and no amount is among them")]
fn values(settings: &Settings) -> [[f32; 256]; 3] {
    let of = |mean: f32, scale: f32| {
        let mut values = [0.0; 256];
        for (number, value) in values.iter_mut().zip(0_u8..=255) {
            *number = (f32::from(value) - mean) / scale;
        }
        values
    };
    let ([red, green, blue], [red_scale, green_scale, blue_scale]) = (settings.mean, settings.scale);
    [of(red, red_scale), of(green, green_scale), of(blue, blue_scale)]
}

fn caught<T>(run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err("it panicked".to_owned()))
}
