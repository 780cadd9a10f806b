//! Which code does which kind of job.

use super::{Finished, Job, JobError, Run};
use crate::app::AppState;
use std::{collections::BTreeMap, future::Future, pin::Pin, sync::Arc};

type Doing = Pin<Box<dyn Future<Output = Result<Finished, JobError>> + Send>>;
type Handler = Arc<dyn Fn(AppState, Run) -> Doing + Send + Sync>;

/// The kinds of jobs that this binary can do.
#[derive(Clone, Default)]
pub struct Handlers(BTreeMap<&'static str, Handler>);

impl Handlers {
    pub fn with<J: Job>(mut self) -> Self {
        let handler = |state: AppState, run: Run| -> Doing {
            let claim = run.claim();
            if claim.payload_version > J::VERSION {
                let detail = format!("version {} of the payload is not known here", claim.payload_version);
                return Box::pin(std::future::ready(Err(JobError::Failed(anyhow::anyhow!(detail)))));
            }
            match serde_json::from_value::<J>(claim.payload.clone()) {
                Ok(job) => Box::pin(job.run(state, run)),
                Err(error) => {
                    let error = anyhow::anyhow!("the payload is not readable: {error}");
                    Box::pin(std::future::ready(Err(JobError::Failed(error))))
                }
            }
        };
        self.0.insert(J::KIND, Arc::new(handler));
        self
    }

    /// Does a job. One of a kind that is not known fails and waits: a newer binary may know it.
    pub(super) fn run(&self, state: AppState, run: Run) -> Doing {
        match self.0.get(run.claim().kind()) {
            Some(handler) => handler(state, run),
            None => {
                let error = anyhow::anyhow!("the kind {} is not known here", run.claim().kind());
                Box::pin(std::future::ready(Err(JobError::Failed(error))))
            }
        }
    }
}
