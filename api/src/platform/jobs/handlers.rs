//! Which code does which kind of job, and what comes at set times.

use super::{ChoreWork, CronError, Finished, Job, JobError, Run, chores::Chore};
use crate::app::AppState;
use std::{collections::BTreeMap, future::Future, pin::Pin, sync::Arc};

type Doing = Pin<Box<dyn Future<Output = Result<Finished, JobError>> + Send>>;
type Handler = Arc<dyn Fn(AppState, Run) -> Doing + Send + Sync>;

/// The kinds of jobs that this binary can do.
#[derive(Clone, Default)]
pub struct Handlers {
    kinds: BTreeMap<&'static str, Kind>,
    for_every_client: Vec<(&'static str, &'static str)>,
    chores: Vec<Chore>,
}

#[derive(Clone)]
struct Kind {
    handler: Handler,
    form: Form,
}

/// How a job of a kind is stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub version: i32,
    pub max_attempts: i32,
}

impl Handlers {
    pub fn with<J: Job>(mut self) -> Self {
        let handler = |state: AppState, run: Run| -> Doing {
            let claim = run.claim();
            if claim.payload_version > J::VERSION {
                let detail = format!("version {} of the payload is not known here", claim.payload_version);
                return Box::pin(std::future::ready(Err(JobError::NotKnown(detail))));
            }
            match serde_json::from_value::<J>(claim.payload.clone()) {
                Ok(job) => Box::pin(job.run(state, run)),
                Err(error) => {
                    let error = anyhow::anyhow!("the payload is not readable: {error}");
                    Box::pin(std::future::ready(Err(JobError::Failed(error))))
                }
            }
        };
        let form = Form { version: J::VERSION, max_attempts: J::MAX_ATTEMPTS };
        self.kinds.insert(J::KIND, Kind { handler: Arc::new(handler), form });
        self
    }

    /// The same, and every client has a schedule of it, on its own clock.
    pub fn for_every_client<J: Job>(mut self, cron: &'static str) -> Self {
        self.for_every_client.push((J::KIND, cron));
        self.with::<J>()
    }

    /// Work of no client, in UTC.
    pub fn for_the_operator(mut self, name: &'static str, cron: &str, work: ChoreWork) -> Result<Self, CronError> {
        self.chores.push(Chore::new(name, cron, work)?);
        Ok(self)
    }

    pub(super) fn kinds(&self) -> Vec<&'static str> {
        self.kinds.keys().copied().collect()
    }

    pub(super) fn form(&self, kind: &str) -> Option<Form> {
        self.kinds.get(kind).map(|kind| kind.form)
    }

    pub(super) fn every_clients(&self) -> &[(&'static str, &'static str)] {
        &self.for_every_client
    }

    pub(super) fn chores(&self) -> &[Chore] {
        &self.chores
    }

    /// Does a job. One of a kind that is not known waits for a binary that knows it.
    pub(super) fn run(&self, state: AppState, run: Run) -> Doing {
        match self.kinds.get(run.claim().kind()) {
            Some(kind) => (kind.handler)(state, run),
            None => {
                let error = JobError::NotKnown(format!("the kind {} is not known here", run.claim().kind()));
                Box::pin(std::future::ready(Err(error)))
            }
        }
    }
}
