//! Results: one document for each picture, beside it or in a folder of its own.
//!
//! A result knows the version of the object that it is about, what the model answered, and what the answers were told
//! with. The same version is not paid for twice: it is told again from here, anew when weights or expectations differ.

use causeway_cloud::object_store::{Error as StoreError, ObjectMeta, ObjectStore, PutMode, PutOptions, UpdateVersion};
use causeway_cloud::{Objects, object_path};
use causeway_runtime::Error;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ask::Asked;
use super::object::{self, Found};
use super::said::Said;
use super::{Job, expectations};
use crate::handler::Vision;
use crate::picture;
use crate::reply::Document;
use crate::request::Expectations;

/// Largest result that is read; those that are written have some kilobytes for each answer.
const MAX_BYTES: u64 = 1 << 20;
/// Others that may come between before a write is given up.
const TRIES: usize = 4;

/// What a result depends on, beside the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keys {
    /// Whatever a model's answer depends on: prompt, schema, model, number of answers, how the picture is prepared and judged
    /// fit.
    pub(crate) asked: String,
    /// Whatever is made of the answers: weights, way of scoring, the version of the reference, whether
    /// the place is told.
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
    pub(crate) is_settled: bool,
    #[serde(flatten)]
    said: Said,
    /// What was expected.
    pub(crate) expectations: Expectations,
    /// What a model said since that is of no use, when it was asked otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held: Option<Held>,
}

/// An answer that is of no use and was paid for: asking the same at once would bring the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Held {
    /// [`Keys::asked`].
    asked: String,
    said: Said,
}

/// A result that was read.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) stored: Stored,
}

/// What has the name of a result.
#[derive(Debug, Clone, Default)]
pub(crate) struct There {
    /// The result; none when there is none, or something else has the name.
    pub(crate) kept: Option<Kept>,
    meta: Option<ObjectMeta>,
}

impl Vision {
    /// What a result of this job depends on.
    pub(crate) fn keys(&self, job: &Job, reference: Option<&Found>) -> Keys {
        let model = self.model.ready().map_or(causeway_cloud::chat::NONE, |model| model.name());
        // Neither what is refused nor the size of the small picture changes an answer.
        let picture::Settings { limits: _, thumbnail_edge: _, long_edge, jpeg_quality, faces, gate } =
            &self.config.picture;
        let prepared = (long_edge, jpeg_quality, faces, gate);
        let asked = format!("{:?}", (&self.question.identity, model, job.options.samples, prepared));
        let reference = reference.map(|found| (found.name(), found.version_key()));
        let told = format!("{:?}", (&self.config.report, job.options.scoring, job.options.include_gps, reference));
        Keys { asked: digest(&asked), told: digest(&told) }
    }
}

fn digest(text: &str) -> String {
    format!("{:.32x}", Sha256::digest(text))
}

impl Memory {
    pub(crate) fn of(keys: &Keys, asked: &Asked, expectations: &Expectations, held: Option<Held>) -> Self {
        Self {
            asked: keys.asked.clone(),
            told: keys.told.clone(),
            is_settled: asked.is_settled(),
            said: Said::of(asked),
            expectations: expectations.clone(),
            held,
        }
    }
}

impl Kept {
    /// Whether it is about this version of the object.
    pub(crate) fn is_of(&self, found: &Found) -> bool {
        self.stored.document.object.version_key == found.version_key()
    }

    /// Whether a model said all that it was asked about this version, however it was asked.
    fn has_whole_answer(&self, found: &Found) -> bool {
        self.is_of(found) && self.stored.memory.is_settled && self.stored.memory.said.is_whole()
    }

    /// Whether it is what a look with these keys and expectations would come to. Who expects nothing new takes what
    /// was expected before.
    pub(crate) fn answers(&self, job: &Job, found: &Found, keys: &Keys, now: Timestamp) -> bool {
        let memory = &self.stored.memory;
        let expected = expectations(job, found, Some(self));
        self.is_of(found)
            && (memory.is_settled || memory.said.is_held(now))
            && memory.asked == keys.asked
            && memory.told == keys.told
            && (expected == memory.expectations || (expected.is_empty() && memory.expectations.is_empty()))
    }

    /// The answers of the model, when it would be asked the same again and there is no use in that now.
    pub(crate) fn known_answers(&self, found: &Found, keys: &Keys, now: Timestamp) -> Option<Asked> {
        let memory = &self.stored.memory;
        let held = memory.held.iter().map(|held| (&held.asked, &held.said));
        let mut all = held.chain([(&memory.asked, &memory.said)]).filter(|_| self.is_of(found));
        all.find(|(asked, _)| **asked == keys.asked).and_then(|(_, said)| said.again(now))
    }

    /// What is held about this version for those who ask otherwise than with these keys.
    pub(crate) fn held_of_others(&self, found: &Found, keys: &Keys) -> Option<Held> {
        self.stored.memory.held.clone().filter(|held| self.is_of(found) && held.asked != keys.asked)
    }

    /// This result with what a failed look holds; `None` when that is nothing new. Who asks as this result did is
    /// answered from it, and needs no hold.
    fn holding(&self, failed: &Memory) -> Option<Stored> {
        let Memory { asked, said, .. } = failed;
        let held = Some(Held { asked: asked.clone(), said: said.clone() });
        let mut stored = self.stored.clone();
        let is_new = said.has_hold() && *asked != stored.memory.asked && stored.memory.held != held;
        stored.memory.held = held;
        is_new.then_some(stored)
    }
}

impl There {
    /// Over what was read, or where nothing was.
    fn replacing(&self) -> PutMode {
        match &self.meta {
            Some(meta) => PutMode::Update(UpdateVersion { e_tag: meta.e_tag.clone(), version: meta.version.clone() }),
            None => PutMode::Create,
        }
    }
}

/// What has the name of a result. What cannot be read is no result, and is replaced by one.
///
/// # Errors
/// The store's.
pub(crate) async fn read(objects: &Objects, name: &str) -> Result<There, Error> {
    let Some((meta, bytes)) = object::get(objects, name, MAX_BYTES).await? else { return Ok(There::default()) };
    Ok(There { kept: understood(name, meta.size, bytes.as_deref()), meta: Some(meta) })
}

fn understood(name: &str, size: u64, bytes: Option<&[u8]>) -> Option<Kept> {
    let Some(bytes) = bytes else {
        tracing::warn!(name, size, "a result is too large to be one; it is replaced");
        return None;
    };
    match serde_json::from_slice(bytes) {
        Ok(stored) => Some(Kept { stored }),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            tracing::warn!(name, line, column, "a result cannot be read; it is replaced");
            None
        }
    }
}

/// Keeps what a look came to. One that failed tells what became of it, and what an earlier one paid for stays.
///
/// # Errors
/// 409 when the picture is another by now: this result is of an older version, and what is there stays. The store's.
pub(crate) async fn store(
    objects: &Objects,
    name: &str,
    stored: &Stored,
    picture: &Found,
    there: There,
) -> Result<(), Error> {
    match &there.kept {
        Some(kept) if !stored.memory.is_settled && kept.has_whole_answer(picture) => {
            if let Some(held) = kept.holding(&stored.memory) {
                hold(objects, name, &held, &there).await;
            }
            Ok(())
        }
        _ => write(objects, name, stored, picture, there).await,
    }
}

/// Writes a hold into the result that was read. Where it cannot be written, or somebody else wrote meanwhile, the result
/// stays as it is: without a hold, the next one asks again.
async fn hold(objects: &Objects, name: &str, stored: &Stored, there: &There) {
    match put(objects, name, stored, there).await {
        Ok(true) => {}
        Ok(false) => tracing::info!(name, "a result was written meanwhile; an answer of no use is not held"),
        Err(error) => tracing::warn!(name, error = error.log_text(), "an answer of no use is not held"),
    }
}

/// Writes over what was read, or where nothing was; `false` when something else is there by now.
async fn put(objects: &Objects, name: &str, stored: &Stored, there: &There) -> Result<bool, Error> {
    let text = serde_json::to_vec(stored).map_err(|error| Error::internal("result_not_json", error.to_string()))?;
    let path = object_path(name).map_err(|error| Error::internal("result_name", error.to_string()))?;
    let options = PutOptions { mode: there.replacing(), ..PutOptions::default() };
    match objects.put_opts(&path, text.into(), options).await {
        Ok(_) => Ok(true),
        Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. } | StoreError::NotFound { .. }) => {
            Ok(false)
        }
        Err(error) => Err(object::failed(name, error)),
    }
}

/// Writes a result over what was read, or where nothing was. When somebody else wrote meanwhile, the picture tells whose
/// result counts: that of the version which is there now.
///
/// # Errors
/// 409 when the picture is another by now: this result is of an older version, and what is there stays. The store's.
async fn write(objects: &Objects, name: &str, stored: &Stored, picture: &Found, mut there: There) -> Result<(), Error> {
    for _ in 0..TRIES {
        if put(objects, name, stored, &there).await? {
            return Ok(());
        }
        there = read(objects, name).await?;
        if !object::is_current(objects, picture).await? {
            tracing::info!(name, "this result is of an older version of the picture and is not kept");
            return Err(object::changed());
        }
    }
    Err(Error::upstream("objects", None, "result_contended"))
}

#[cfg(test)]
mod tests;
