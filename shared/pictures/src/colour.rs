//! Colours of a profile as those of sRGB, which is what every screen and the model take numbers for.

use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Red, green and blue as sRGB. A profile that cannot be used leaves them as they are, as a browser would.
pub(crate) fn to_srgb(rgb: Vec<u8>, profile: &[u8]) -> Vec<u8> {
    catch_unwind(AssertUnwindSafe(|| converted(&rgb, profile))).ok().flatten().unwrap_or(rgb)
}

fn converted(rgb: &[u8], profile: &[u8]) -> Option<Vec<u8>> {
    let profile = ColorProfile::new_from_slice(profile).ok()?;
    if profile.color_space != DataColorSpace::Rgb {
        return None;
    }
    let srgb = ColorProfile::new_srgb();
    let transform = profile.create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, TransformOptions::default()).ok()?;
    let mut out = vec![0; rgb.len()];
    transform.transform(rgb, &mut out).ok()?;
    Some(out)
}
