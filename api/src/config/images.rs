//! A model of pictures, written as one text: the file, and behind a `?` what is different from EfficientNet-Lite0.

use countinghouse_pictures::Settings;
use std::{path::PathBuf, str::FromStr};

/// `/path/to/model.onnx?name=mobile&size=192&layout=nhwc&mean=127.5&scale=127.5&output=features`.
#[derive(Debug, Clone)]
pub struct ImageModel(pub Settings);

impl FromStr for ImageModel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (file, options) = text.split_once('?').unwrap_or((text, ""));
        if file.is_empty() {
            return Err("it names no file".to_owned());
        }
        let mut settings = Settings::efficientnet_lite0(PathBuf::from(file));
        for (name, value) in form_urlencoded::parse(options.as_bytes()) {
            match name.as_ref() {
                "name" => settings.name = value.into_owned(),
                "size" => settings.size = value.parse().map_err(|_| "size is no number")?,
                "layout" => settings.layout = value.parse()?,
                "mean" => settings.mean = of_colours(&value)?,
                "scale" => settings.scale = of_colours(&value)?,
                "output" => settings.output = Some(value.into_owned()),
                other => return Err(format!("nobody knows {other}")),
            }
        }
        Ok(Self(settings))
    }
}

/// One number for each of red, green and blue, or one for all.
fn of_colours(text: &str) -> Result<[f32; 3], String> {
    let numbers: Result<Vec<f32>, _> = text.split(',').map(|number| number.trim().parse::<f32>()).collect();
    match numbers.unwrap_or_default().as_slice() {
        [one] if one.is_finite() => Ok([*one; 3]),
        [red, green, blue] if [red, green, blue].iter().all(|number| number.is_finite()) => Ok([*red, *green, *blue]),
        _ => Err("it takes one number, or three".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countinghouse_pictures::Layout;

    #[test]
    fn a_file_alone_is_efficientnet() {
        let ImageModel(settings) = "/models/a.onnx".parse().unwrap();
        assert_eq!(settings, Settings::efficientnet_lite0("/models/a.onnx".into()));
    }

    #[test]
    fn what_differs_stands_behind_it() {
        let text = "m.onnx?name=mobile&size=192&layout=nhwc&mean=1,2,3&scale=127.5&output=pooled";
        let ImageModel(settings) = text.parse().unwrap();
        let expected = Settings {
            file: "m.onnx".into(),
            name: "mobile".to_owned(),
            size: 192,
            layout: Layout::Nhwc,
            mean: [1.0, 2.0, 3.0],
            scale: [127.5; 3],
            output: Some("pooled".to_owned()),
        };
        assert_eq!(settings, expected);
    }

    #[test]
    fn what_nobody_knows_is_refused() {
        for text in ["", "?size=1", "m?size=x", "m?layout=hwcn", "m?mean=1,2", "m?mean=NaN", "m?scale=", "m?colour=1"] {
            assert!(text.parse::<ImageModel>().is_err(), "{text}");
        }
    }
}
