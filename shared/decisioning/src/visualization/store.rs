//! Reading results from the bucket and writing the files below `<prefix>/<run_id>/`.

use causeway_cloud::object_store::path::Path;
use causeway_cloud::object_store::{Attribute, Attributes, Error, GetOptions, PutMode, PutOptions};
use causeway_cloud::{Objects, object_path};

use super::artifacts::{File, sha256};
use super::data::Artifact;
use super::render::{Dashboard, Given as Results, Options};
use super::request::{Envelope, Given, Request, wrong};
use crate::discovery::RequestError;

/// Largest result that is read, in bytes.
const MAX_RESULT_BYTES: u64 = 16 << 20;

/// Why a dashboard cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum VisualizeError {
    /// The caller asked for something that cannot be served.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The run has a dashboard already, with other content.
    #[error("{object} of this run is there already with other content; `overwrite` replaces it")]
    Conflict {
        /// The object.
        object: String,
    },
    /// The object store failed.
    #[error("the object store failed on {object}")]
    Store {
        /// The object.
        object: String,
        /// Why.
        #[source]
        source: Error,
    },
}

fn failed(object: &Path, source: Error) -> VisualizeError {
    VisualizeError::Store { object: object.to_string(), source }
}

/// All results that a request gives or names.
pub(crate) async fn load(objects: &Objects, request: &Request) -> Result<Results, VisualizeError> {
    let mut results = Results::new();
    for (agent, member, given) in request.given() {
        let envelope = match (given, given.place(&member)?) {
            (_, Some(place)) => read(objects, &place, &member).await?,
            (Given::Result { result: envelope } | Given::Envelope(envelope), _) => (**envelope).clone(),
            _ => return Err(wrong(&member, "names no result").into()),
        };
        if !envelope.data.is_object() {
            return Err(wrong(&member, "is no agent's result: `data` is not an object").into());
        }
        if envelope.agent_name.as_deref().is_some_and(|name| name != agent) {
            return Err(wrong(&member, "is the result of another agent").into());
        }
        results.insert(agent, envelope);
    }
    Ok(results)
}

async fn read(objects: &Objects, place: &Path, member: &str) -> Result<Envelope, VisualizeError> {
    let refused = |error: Error| match error {
        Error::NotFound { .. } => wrong(member, "names an object that is not there").into(),
        Error::PermissionDenied { .. } => wrong(member, "names an object that may not be read").into(),
        other => failed(place, other),
    };
    let found = objects.get_opts(place, GetOptions::default()).await.map_err(refused)?;
    if found.meta.size > MAX_RESULT_BYTES {
        return Err(wrong(member, "names an object larger than 16 MiB").into());
    }
    let bytes = found.bytes().await.map_err(refused)?;
    serde_json::from_slice(&bytes).map_err(|_| wrong(member, "names an object that holds no agent's result").into())
}

/// The folder of a run.
pub(crate) fn folder(options: &Options, run_id: &str) -> String {
    if options.prefix.is_empty() { run_id.to_owned() } else { format!("{}/{run_id}", options.prefix) }
}

/// Writes every file of a dashboard; what is there already byte for byte stays as it is.
pub(crate) async fn write(
    objects: &Objects,
    dashboard: &Dashboard,
    options: &Options,
    overwrite: bool,
) -> Result<Vec<Artifact>, VisualizeError> {
    let folder = folder(options, &dashboard.run_id);
    let mut written = Vec::new();
    for file in &dashboard.files {
        let text = format!("{folder}/{}", file.name);
        let place = object_path(&text).map_err(|error| wrong("run_id", error.to_string()))?;
        let state = put(objects, &place, file, overwrite).await?;
        written.push(file.described(&folder, state));
    }
    Ok(written)
}

async fn put(objects: &Objects, place: &Path, file: &File, overwrite: bool) -> Result<&'static str, VisualizeError> {
    match store(objects, place, file, PutMode::Create).await {
        Ok(()) => return Ok("written"),
        Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {}
        Err(error) => return Err(failed(place, error)),
    }
    let there = objects.get_opts(place, GetOptions::default()).await.map_err(|error| failed(place, error))?;
    let is_same = there.meta.size == file.content.len() as u64
        && sha256(&there.bytes().await.map_err(|error| failed(place, error))?) == sha256(file.content.as_bytes());
    if is_same {
        return Ok("unchanged");
    }
    if !overwrite {
        return Err(VisualizeError::Conflict { object: place.to_string() });
    }
    store(objects, place, file, PutMode::Overwrite).await.map_err(|error| failed(place, error))?;
    Ok("replaced")
}

/// A directory keeps no media types and says so; the name's ending tells there.
async fn store(objects: &Objects, place: &Path, file: &File, mode: PutMode) -> Result<(), Error> {
    let attributes = Attributes::from_iter([(Attribute::ContentType, file.content_type)]);
    let options = PutOptions { mode: mode.clone(), attributes, ..PutOptions::default() };
    match objects.put_opts(place, file.content.clone().into(), options).await {
        Err(Error::NotImplemented { .. }) => {
            let options = PutOptions { mode, ..PutOptions::default() };
            objects.put_opts(place, file.content.clone().into(), options).await.map(drop)
        }
        put => put.map(drop),
    }
}
