//! Which model it is, and what it wants to see.

use std::{path::PathBuf, str::FromStr};

/// A model with one picture as input, and what it wants to see. The defaults are EfficientNet-Lite0's, as
/// `./dev model` writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The ONNX file.
    pub file: PathBuf,
    /// What it is called: the beginning of [`crate::Model::id`]. Letters, digits, `.`, `_` and `-`, at most 64.
    pub name: String,
    /// Width and height of its input, in pixels, 16 to 1,024.
    pub size: u32,
    pub layout: Layout,
    /// For red, green and blue: its input is `(value of 0 to 255 − mean) ÷ scale`.
    pub mean: [f32; 3],
    pub scale: [f32; 3],
    /// The name of the output that holds the features; without one, the first.
    pub output: Option<String>,
}

impl Settings {
    /// Those of EfficientNet-Lite0.
    pub fn efficientnet_lite0(file: PathBuf) -> Self {
        Self {
            file,
            name: "efficientnet-lite0".to_owned(),
            size: 224,
            layout: Layout::Nchw,
            mean: [127.0; 3],
            scale: [128.0; 3],
            output: None,
        }
    }

    /// What is wrong with them, for who wrote them.
    pub(crate) fn check(&self) -> Result<(), String> {
        let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if self.name.is_empty() || self.name.len() > 64 || !self.name.bytes().all(named) {
            return Err("the name must be 1 to 64 letters, digits, dots, underlines or hyphens".to_owned());
        }
        if !(16..=1024).contains(&self.size) {
            return Err("the size must be 16 to 1024 pixels".to_owned());
        }
        if !self.mean.iter().chain(&self.scale).all(|number| number.is_finite()) {
            return Err("mean and scale must be finite numbers".to_owned());
        }
        if !self.scale.iter().all(|scale| scale.is_normal()) {
            return Err("the scale divides, and must not be zero".to_owned());
        }
        Ok(())
    }
}

/// The order of a model's input: batch, channels, height, width, or with the channels last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Nchw,
    Nhwc,
}

impl FromStr for Layout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "nchw" => Ok(Self::Nchw),
            "nhwc" => Ok(Self::Nhwc),
            _ => Err("must be nchw or nhwc".to_owned()),
        }
    }
}
