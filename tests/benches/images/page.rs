//! A page to look at: what was searched with, and the five best.

use super::photos::Photo;
use std::{fmt::Write, fs, path::PathBuf};

pub struct Page<'a> {
    folder: PathBuf,
    photos: &'a [Photo],
    rows: String,
    queries: usize,
}

impl<'a> Page<'a> {
    pub fn new(folder: PathBuf, photos: &'a [Photo]) -> Self {
        fs::create_dir_all(&folder).expect("a folder under .dev");
        for (number, photo) in photos.iter().enumerate() {
            let small = image::imageops::thumbnail(&photo.image, 240, 240 * photo.image.height() / photo.image.width());
            small.save(folder.join(format!("product-{number}.jpg"))).expect("a file");
        }
        Self { folder, photos, rows: String::new(), queries: 0 }
    }

    pub fn add(&mut self, what: &str, query: &[u8], right: usize, best: &[(usize, f64)]) {
        let name = format!("query-{}.jpg", self.queries);
        self.queries += 1;
        fs::write(self.folder.join(&name), query).expect("a file");
        let found = best[0].0 == right;
        let said = if found { "" } else { " class=\"wrong\"" };
        write!(self.rows, "<tr{said}><th>{what}<td><img src=\"{name}\">").expect("a string");
        for (number, score) in best {
            let class = if *number == right { " class=\"right\"" } else { "" };
            let maker = self.photos[*number].name.trim_end_matches("-unsplash");
            let image = format!("<img src=\"product-{number}.jpg\" title=\"{maker}\">");
            write!(self.rows, "<td{class}><figure>{image}<figcaption>{score:.3}</figcaption></figure>")
                .expect("a string");
        }
        self.rows.push('\n');
    }

    /// Where it is.
    pub fn written(&self) -> PathBuf {
        let path = self.folder.join("index.html");
        let page = format!(
            "<!doctype html><meta charset=\"utf-8\"><title>Found by their pictures</title><style>\
             body{{font:14px/1.4 system-ui;margin:2em}}td,th{{padding:4px 8px;text-align:left}}img{{height:110px;\
             max-width:170px;object-fit:contain}}figure{{margin:0}}.right img{{outline:4px solid #2a8f3c}}\
             .wrong th{{color:#b3261e}}</style><h1>Found by their pictures</h1><p>Left what was searched with, then \
             the five best with their cosine; the right one has a frame. Rows in red were not found first. \
             Photographs: Unsplash.</p><table><tr><th>made by<th>query<th>1<th>2<th>3<th>4<th>5\n{}</table>\n",
            self.rows
        );
        fs::write(&path, page).expect("a file");
        path
    }
}
