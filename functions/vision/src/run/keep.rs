//! Results: one document for each picture, beside it or in a folder of its own.
//!
//! A result knows the version of the object that it is about, what the model answered, and what the answers were told
//! with. The same version is not paid for twice: it is told again from here, anew when weights or expectations differ.

use causeway_cloud::object_store::{Error as StoreError, ObjectMeta, ObjectStore, PutMode, PutOptions, UpdateVersion};
use causeway_cloud::{Objects, object_path};
use causeway_runtime::Error;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Job;
use super::ask::Asked;
use super::object::{self, Found};
use crate::handler::Vision;
use crate::reply::Document;
use crate::report::assess::Outcome;
use crate::report::contract::Provider;
use crate::report::observed::Observed;
use crate::request::Expectations;

/// What a result depends on, beside the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keys {
    /// Whatever a model's answer depends on: prompt, schema, model, number of answers, how the picture is prepared.
    pub(crate) asked: String,
    /// Whatever is made of the answers: weights, way of scoring, reference, whether the place is told.
    pub(crate) told: String,
}

/// A result as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stored {
    #[serde(flatten)]
    pub(crate) document: Document,
    pub(crate) memory: Memory,
}

/// What a later look at the same version can use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// [`Keys::asked`].
    asked: String,
    /// [`Keys::told`].
    told: String,
    /// Whether asking again would bring nothing new; a model that failed is asked again.
    is_settled: bool,
    /// What the model answered.
    answers: Vec<Observed>,
    /// How many answers were asked for.
    count: u32,
    /// Who answered.
    provider: Provider,
    /// What was expected.
    pub(crate) expectations: Expectations,
}

/// A result that was read.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) stored: Stored,
    meta: ObjectMeta,
}

impl Vision {
    /// What a result of this job depends on.
    pub(crate) fn keys(&self, job: &Job) -> Keys {
        let identity = &self.question.identity;
        let model = self.model().map_or(causeway_cloud::chat::NONE, |model| model.name());
        let asked = format!("{identity:?}{model}{}{:?}", job.options.samples, self.config.picture);
        let told =
            format!("{:?}{:?}{}{:?}", self.config.report, job.options.scoring, job.options.include_gps, job.reference);
        Keys { asked: digest(&asked), told: digest(&told) }
    }
}

fn digest(text: &str) -> String {
    format!("{:.32x}", Sha256::digest(text))
}

impl Memory {
    pub(crate) fn of(keys: &Keys, asked: &Asked, expectations: &Expectations) -> Self {
        let (answers, count) = match &asked.outcome {
            Outcome::Answered { answers, asked } => (answers.clone(), *asked),
            _ => (Vec::new(), 0),
        };
        Self {
            asked: keys.asked.clone(),
            told: keys.told.clone(),
            is_settled: !matches!(asked.outcome, Outcome::Failed { .. } | Outcome::Unusable { .. }),
            answers,
            count,
            provider: asked.provider.clone(),
            expectations: expectations.clone(),
        }
    }
}

impl Kept {
    /// Whether it is about this version of the object.
    pub(crate) fn is_of(&self, found: &Found) -> bool {
        self.stored.document.object.version_key == found.version_key()
    }

    /// Whether it is what a look with these keys and expectations would come to. Who expects nothing new takes what
    /// was expected before.
    pub(crate) fn answers(&self, found: &Found, keys: &Keys, expectations: &Expectations) -> bool {
        let memory = &self.stored.memory;
        let expected = expectations.clone().or(found.expectations.clone()).or(memory.expectations.clone());
        self.is_of(found)
            && memory.is_settled
            && memory.asked == keys.asked
            && memory.told == keys.told
            && (expected == memory.expectations || (expected.is_empty() && memory.expectations.is_empty()))
    }

    fn replacing(&self) -> PutMode {
        let (e_tag, version) = (self.meta.e_tag.clone(), self.meta.version.clone());
        PutMode::Update(UpdateVersion { e_tag, version })
    }

    /// The answers of the model, when it would be asked the same again.
    pub(crate) fn known_answers(&self, found: &Found, keys: &Keys) -> Option<Asked> {
        let memory = &self.stored.memory;
        let is_known = self.is_of(found) && memory.asked == keys.asked && !memory.answers.is_empty();
        is_known.then(|| Asked {
            outcome: Outcome::Answered { answers: memory.answers.clone(), asked: memory.count },
            provider: memory.provider.clone(),
            is_remembered: true,
        })
    }
}

/// The result of this name; none when there is none, or something else has the name.
///
/// # Errors
/// The store's.
pub(crate) async fn read(objects: &Objects, name: &str) -> Result<Option<Kept>, Error> {
    let Some((bytes, meta)) = object::get(objects, name).await? else { return Ok(None) };
    match serde_json::from_slice(&bytes) {
        Ok(stored) => Ok(Some(Kept { stored, meta })),
        Err(error) => {
            tracing::warn!(
                name,
                line = error.line(),
                column = error.column(),
                "a result cannot be read; it is replaced"
            );
            Ok(None)
        }
    }
}

/// Writes a result over the one that was read, or where none was. One that somebody else wrote meanwhile stays when it
/// is about another version, which is then the newer one.
///
/// # Errors
/// The store's.
pub(crate) async fn write(objects: &Objects, name: &str, stored: &Stored, before: Option<&Kept>) -> Result<(), Error> {
    let text = serde_json::to_vec(stored).map_err(|error| Error::internal("result_not_json", error.to_string()))?;
    let path = object_path(name).map_err(|error| Error::internal("result_name", error.to_string()))?;
    let put = async |mode| {
        let options = PutOptions { mode, ..PutOptions::default() };
        objects.put_opts(&path, text.clone().into(), options).await
    };
    match put(before.map_or(PutMode::Create, Kept::replacing)).await {
        Ok(_) => Ok(()),
        Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. } | StoreError::NotFound { .. }) => {
            let now = read(objects, name).await?;
            let ours = &stored.document.object.version_key;
            if now.as_ref().is_some_and(|kept| kept.stored.document.object.version_key != *ours) {
                tracing::info!(name, "a result of another version of the object came meanwhile; it stays");
                return Ok(());
            }
            let mode = now.as_ref().map_or(PutMode::Overwrite, Kept::replacing);
            put(mode).await.map(drop).map_err(|error| object::failed(name, error))
        }
        Err(error) => Err(object::failed(name, error)),
    }
}
