//! The models that are loaded: the one in use, and the one before it while clients are still searched by that.
//!
//! They are loaded beside everything else, on a thread of their own. Who needs one waits for that moment rather
//! than being told that there is none.

use crate::config::ImageModel;
use countinghouse_pictures::Model;
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::watch;

/// How the model is, as `/ready` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelState {
    Ok,
    Loading,
    /// None is configured.
    None,
    /// It can not be loaded; the log says why.
    Failed,
}

#[derive(Clone, Default)]
struct Loaded {
    current: Option<Arc<Model>>,
    previous: Option<Arc<Model>>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Models {
    wanted: Arc<[Option<ImageModel>; 2]>,
    /// `None` until they were tried.
    loaded: Arc<watch::Sender<Option<Loaded>>>,
}

impl Models {
    pub fn new(current: Option<ImageModel>, previous: Option<ImageModel>) -> Self {
        let nothing_to_load = current.is_none() && previous.is_none();
        let (loaded, _) = watch::channel(nothing_to_load.then(Loaded::default));
        Self { wanted: Arc::new([current, previous]), loaded: Arc::new(loaded) }
    }

    pub fn begin_loading(&self) {
        if self.loaded.borrow().is_some() {
            return;
        }
        let models = self.clone();
        let load = move || {
            let [current, previous] = models.wanted.as_ref();
            let loaded = Loaded { current: load(current.as_ref()), previous: load(previous.as_ref()) };
            models.loaded.send_replace(Some(loaded));
        };
        if let Err(error) = std::thread::Builder::new().name("models".to_owned()).spawn(load) {
            tracing::error!(%error, "no thread to load the image model on");
            self.loaded.send_replace(Some(Loaded::default()));
        }
    }

    pub fn state(&self) -> ModelState {
        let [wanted, _] = self.wanted.as_ref();
        match (wanted, self.loaded.borrow().as_ref()) {
            (None, _) => ModelState::None,
            (Some(_), None) => ModelState::Loading,
            (Some(_), Some(Loaded { current: Some(_), .. })) => ModelState::Ok,
            (Some(_), Some(Loaded { current: None, .. })) => ModelState::Failed,
        }
    }

    pub async fn current(&self) -> Option<Arc<Model>> {
        self.when_loaded().await.current
    }

    pub async fn called(&self, id: &str) -> Option<Arc<Model>> {
        let Loaded { current, previous } = self.when_loaded().await;
        [current, previous].into_iter().flatten().find(|model| model.id() == id)
    }

    async fn when_loaded(&self) -> Loaded {
        let mut watching = self.loaded.subscribe();
        let loaded = watching.wait_for(Option::is_some).await;
        loaded.ok().and_then(|loaded| loaded.clone()).unwrap_or_default()
    }
}

/// A model that can not be loaded is as good as none, but for what is said of it.
fn load(wanted: Option<&ImageModel>) -> Option<Arc<Model>> {
    let ImageModel(settings) = wanted?;
    match Model::load(settings) {
        Ok(model) => {
            tracing::info!(model = model.id(), "image model loaded");
            Some(Arc::new(model))
        }
        Err(error) => {
            tracing::error!(%error, "the image model can not be used: image search answers 503");
            None
        }
    }
}
