//! Builds the binary anew when a migration changes: they are embedded in it. Takes the programs of
//! the pages `/docs` and `/redoc` out of the crates that carry them, so that building fetches nothing
//! else, and the pages need nothing but this server.

use std::{error::Error, fs, io::Cursor, path::Path};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

/// A picture that ReDoc would load from elsewhere; its name stays.
const LOGO: &str = "https://cdn.redoc.ly/redoc/logo-mini.svg";
const NOTHING: &str = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=../migrations");
    println!("cargo:rerun-if-changed=build.rs");
    let out = std::env::var("OUT_DIR")?;
    let out = Path::new(&out);
    let mut swagger_ui = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    for name in ["swagger-ui-bundle.js", "swagger-ui.css"] {
        let mut places = swagger_ui.file_names().filter_map(Result::ok).map(|place| place.into_owned());
        let place = places.find(|place| place.ends_with(&format!("/dist/{name}"))).ok_or(name)?;
        drop(places);
        let mut file = swagger_ui.by_name(&place)?;
        std::io::copy(&mut file, &mut fs::File::create(out.join(name))?)?;
    }
    // aide shows ReDoc within a page of its own, of which the program alone is wanted.
    let page = aide::redoc::Redoc::new("").html();
    let (_, program) = page.split_once("<script>").ok_or("ReDoc's page has no script")?;
    let (program, _) = program.rsplit_once("Redoc.init(").ok_or("ReDoc's script starts nothing")?;
    if !program.contains(LOGO) {
        return Err("ReDoc no longer shows its logo: see what it loads now".into());
    }
    fs::write(out.join("redoc.standalone.js"), program.trim().replace(LOGO, NOTHING))?;
    Ok(())
}
