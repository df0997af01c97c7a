//! What is kept of runs: a document with the state, and an object for each result.

use std::time::Duration;

use bytes::Bytes;
use causeway_cloud::object_store::{Error, ObjectMeta, ObjectStoreExt, PutMode, PutOptions, path::Path};
use causeway_cloud::state::lease::{Acquired, acquire};
use causeway_cloud::state::{Answers, Documents, StateError, Version};
use causeway_cloud::{Objects, object_path};
use futures_util::{StreamExt, TryStreamExt};

use crate::run::RunState;

/// Largest object that is read: five results of 6 MB each.
const MAX_BYTES: u64 = 40 << 20;

/// Runs of one deployment.
#[derive(Clone)]
pub(crate) struct RunStore {
    objects: Objects,
    documents: Documents,
    prefix: String,
    /// Folder of all dashboards.
    dashboards: String,
}

impl RunStore {
    /// The prefixes are those of the runs and of their dashboards.
    pub(crate) fn new(objects: Objects, documents: Documents, (prefix, dashboards): (String, String)) -> Self {
        Self { objects, documents, prefix, dashboards }
    }

    pub(crate) fn documents(&self) -> &Documents {
        &self.documents
    }

    pub(crate) fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Folder of all runs.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Leaves two signs of a run that begins. One is in its folder, so that a run whose agents never answered is found
    /// there too when it is old, and says for how many days its flow keeps it. The other one is there until the run is
    /// finished, so that one that nobody carries on is found among few.
    pub(crate) async fn open(&self, run: &str, retention_days: u32) -> Result<(), StateError> {
        for name in [mark_name(&self.prefix, run, retention_days), self.open_name(run)] {
            self.keep(&name, Bytes::from_static(b"{}")).await?;
        }
        Ok(())
    }

    /// Takes the sign away that a run is not finished.
    pub(crate) async fn close(&self, run: &str) -> Result<(), StateError> {
        self.delete(&path(&self.open_name(run))?).await
    }

    fn open_name(&self, run: &str) -> String {
        format!("{}-open/{run}.json", self.prefix)
    }

    /// Runs that are not finished, with the moment at which they began, in Unix milliseconds; at most `most`.
    pub(crate) async fn open_runs(&self, most: usize) -> Result<Vec<(String, u64)>, StateError> {
        let folder = path(&format!("{}-open", self.prefix))?;
        let listed = self.objects.list(Some(&folder)).take(most);
        let run = |object: ObjectMeta| {
            let name = object.location.filename()?.strip_suffix(".json")?.to_owned();
            Some((name, u64::try_from(object.last_modified.timestamp_millis()).unwrap_or_default()))
        };
        let all: Vec<_> = listed.try_collect().await.map_err(StateError::Store)?;
        Ok(all.into_iter().filter_map(run).collect())
    }

    /// Removes an object. One that is not there is fine.
    pub(crate) async fn delete(&self, object: &Path) -> Result<(), StateError> {
        match self.objects.delete(object).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(other) => Err(StateError::Store(other)),
        }
    }

    /// The folder of a run's dashboard.
    pub(crate) fn dashboard(&self, run: &str) -> Result<Path, StateError> {
        path(&format!("{}/{run}", self.dashboards))
    }

    /// Forgets everything about a run; the lease last, under which this is done.
    pub(crate) async fn remove_documents(&self, run: &str) -> Result<(), StateError> {
        Answers::new(self.documents.clone()).remove(run).await?;
        for key in [state_key(run), name_key(run), lease_key(run)] {
            self.documents.remove(&key).await?;
        }
        Ok(())
    }

    /// Takes a name for a run that nobody has taken; whether it is ours now.
    pub(crate) async fn reserve(&self, run: &str, owner: &str) -> Result<bool, StateError> {
        match self.documents.create(&name_key(run), &owner).await {
            Ok(_) => Ok(self.state(run).await?.is_none()),
            Err(StateError::Conflict(_)) => Ok(false),
            Err(other) => Err(other),
        }
    }

    pub(crate) async fn take(&self, run: &str, owner: &str, time: Duration) -> Result<Acquired, StateError> {
        acquire(&self.documents, &lease_key(run), owner, time).await
    }

    pub(crate) async fn state(&self, run: &str) -> Result<Option<(RunState, Version)>, StateError> {
        let found = self.documents.get::<RunState>(&state_key(run)).await?;
        Ok(found.map(|found| (found.value, found.version)))
    }

    /// Writes the state under the lease with this epoch.
    pub(crate) async fn write(
        &self,
        state: &RunState,
        version: Option<&Version>,
        epoch: u64,
    ) -> Result<Version, StateError> {
        self.documents.write_fenced(&state_key(&state.run_id), state, version, epoch).await
    }

    /// Name of the object with an agent's result, relative to the bucket.
    pub(crate) fn result_name(&self, run: &str, stage: &str, agent: &str) -> String {
        format!("{}/{stage}/{agent}.json", self.stages_name(run))
    }

    /// Folder of the agents' results.
    pub(crate) fn stages_name(&self, run: &str) -> String {
        format!("{}/{run}/stages", self.prefix)
    }

    /// Name of the object with the result of the whole run.
    pub(crate) fn final_name(&self, run: &str) -> String {
        format!("{}/{run}/result.json", self.prefix)
    }

    /// What is kept under a name.
    pub(crate) async fn read(&self, name: &str) -> Result<Option<Bytes>, StateError> {
        let found = match self.objects.get(&path(name)?).await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(other) => return Err(StateError::Store(other)),
        };
        if found.meta.size > MAX_BYTES {
            return Err(StateError::TooLarge { key: name.to_owned(), bytes: found.meta.size, max: MAX_BYTES });
        }
        Ok(Some(found.bytes().await.map_err(StateError::Store)?))
    }

    /// Keeps bytes under a name that nothing is kept under yet, and gives what is kept there now: what came first.
    pub(crate) async fn keep(&self, name: &str, bytes: Bytes) -> Result<Bytes, StateError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.objects.put_opts(&path(name)?, bytes.clone().into(), options).await {
            Ok(_) => Ok(bytes),
            // Also after a failure: the write may have arrived all the same.
            Err(failure) => match self.read(name).await {
                Ok(Some(kept)) => Ok(kept),
                _ => Err(StateError::Store(failure)),
            },
        }
    }
}

/// What begins the name of the sign in a run's folder.
const MARK: &str = "begun-";

fn mark_name(prefix: &str, run: &str, retention_days: u32) -> String {
    format!("{prefix}/{run}/{MARK}{retention_days}-days.json")
}

/// The days that the sign in a run's folder says, if an object is that.
pub(crate) fn days_of_mark(object: &Path) -> Option<u32> {
    object.filename()?.strip_prefix(MARK)?.strip_suffix("-days.json")?.parse().ok()
}

fn state_key(run: &str) -> String {
    format!("{run}/state")
}

fn name_key(run: &str) -> String {
    format!("{run}/name")
}

fn lease_key(run: &str) -> String {
    format!("{run}/lease")
}

fn path(name: &str) -> Result<Path, StateError> {
    object_path(name).map_err(|_| StateError::BadKey(name.to_owned()))
}
