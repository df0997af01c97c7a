//! The way of one picture: found, read, measured, judged, told, kept.
//!
//! | step | module |
//! |---|---|
//! | what the store says of the object, its bytes | [`object`] |
//! | decoding and measuring, on another thread and few at once | [`decode`], [`lanes`] |
//! | one question to the model, one repair | [`ask`] |
//! | the report | [`tell`] |
//! | the result beside the picture, once for each version | [`keep`] |
//! | people | [`alert`] |

pub(crate) mod alert;
pub(crate) mod ask;
pub(crate) mod blur;
pub(crate) mod decode;
pub(crate) mod extract;
pub(crate) mod keep;
pub(crate) mod lanes;
pub(crate) mod object;
pub(crate) mod tell;
pub(crate) mod timings;

use std::time::Duration;

use causeway_resilience::Deadline;
use causeway_resilience::ledger::{Begun, Claim, Ledger};
use causeway_runtime::{Error, renewing};

use crate::handler::Vision;
use crate::reply::{AlertState, Document, ItemStatus};
use crate::report::settings::Scoring;
use crate::request::Expectations;

use alert::Severe;
use decode::Decoded;
use keep::{Kept, Keys, Memory};
use object::{Found, Source};
use timings::Timings;

/// A claim that is not renewed holds so long; its renewals end it earlier.
const LONGEST: Duration = Duration::from_secs(3600);

/// One object to look at.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) name: String,
    pub(crate) expectations: Expectations,
    pub(crate) reference: Option<String>,
    pub(crate) options: Options,
}

/// How it is looked at.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) include_gps: bool,
    pub(crate) scoring: Scoring,
    pub(crate) samples: u32,
    pub(crate) overwrite: bool,
    /// Whether a small picture for people is wanted too.
    pub(crate) thumbnail: bool,
}

/// An object that was looked at.
#[derive(Debug, Clone)]
pub(crate) struct Looked {
    pub(crate) document: Document,
    pub(crate) result_object: String,
    /// It had been looked at before, and nothing was asked.
    pub(crate) replayed: bool,
    /// Questions that were sent to a model.
    pub(crate) model_calls: u32,
    pub(crate) alert: Option<AlertState>,
    pub(crate) thumbnail: Option<Vec<u8>>,
}

impl Looked {
    pub(crate) fn status(&self) -> ItemStatus {
        if self.replayed { ItemStatus::Replayed } else { ItemStatus::Assessed }
    }
}

impl Vision {
    /// Looks at an object, once for each of its versions.
    ///
    /// # Errors
    /// The caller's (no such object, no picture, too large, somebody else is at it), the store's, or no time left.
    pub(crate) async fn look(&self, job: &Job, deadline: Deadline) -> Result<Looked, Error> {
        let objects = self.objects()?;
        let found = object::find(objects, &job.name, self.config.picture.limits.max_bytes).await?;
        let keys = self.keys(job);
        if let Some(done) = self.kept_result(job, &found, &keys).await? {
            return self.again(job, &found, done, deadline).await;
        }
        let key = format!("{}#{}#{}", job.name, found.version_key(), keys.asked);
        match Ledger::begin(&self.claims, &key, "", LONGEST).await? {
            Begun::Work(claim) => self.claimed(job, &found, &keys, claim, deadline).await,
            Begun::InProgress { left } => Err(in_progress(left)),
            // Claims are given back, never completed.
            Begun::Done(_) | Begun::DoneWithoutReply | Begun::OtherPayload => {
                Err(Error::internal("claim", "a claim of another kind has the key"))
            }
        }
    }

    async fn claimed<'a>(
        &self,
        job: &Job,
        found: &Found,
        keys: &Keys,
        mut claim: Box<dyn Claim<'a> + 'a>,
        deadline: Deadline,
    ) -> Result<Looked, Error> {
        let beat = claim.beat().unwrap_or(LONGEST);
        let work = self.unless_done(job, found, keys, deadline);
        let Some(outcome) = renewing(work, claim.as_mut(), beat).await else {
            return Err(in_progress(beat));
        };
        // The result is what remembers the work; the claim only kept others away meanwhile.
        if let Err(failure) = claim.abandon().await {
            tracing::warn!(error = %failure, "the claim of a picture runs out by itself");
        }
        outcome
    }

    /// Somebody may have ended the work between the look for its result and the claim.
    async fn unless_done(&self, job: &Job, found: &Found, keys: &Keys, deadline: Deadline) -> Result<Looked, Error> {
        match self.kept_result(job, found, keys).await? {
            Some(done) => self.again(job, found, done, deadline).await,
            None => self.fresh(job, found, keys, deadline).await,
        }
    }

    /// The result that there is, when it answers this job.
    async fn kept_result(&self, job: &Job, found: &Found, keys: &Keys) -> Result<Option<Kept>, Error> {
        if job.options.overwrite {
            return Ok(None);
        }
        let kept = keep::read(self.objects()?, &self.config.names.result_of(&job.name)).await?;
        Ok(kept.filter(|kept| kept.answers(found, keys, &job.expectations)))
    }

    /// What is known is told again, and people are told if they have not been: whoever found it may have died then.
    async fn again(&self, job: &Job, found: &Found, kept: Kept, deadline: Deadline) -> Result<Looked, Error> {
        let thumbnail = match job.options.thumbnail {
            true => Some(self.decoded(found, deadline, &mut Timings::start()).await?.prepared.thumbnail),
            false => None,
        };
        let document = kept.stored.document;
        let alert = self.alert(&document, found, deadline).await;
        let result_object = self.config.names.result_of(&job.name);
        Ok(Looked { document, result_object, replayed: true, model_calls: 0, alert, thumbnail })
    }

    async fn fresh(&self, job: &Job, found: &Found, keys: &Keys, deadline: Deadline) -> Result<Looked, Error> {
        let mut timings = Timings::start();
        let name = self.config.names.result_of(&job.name);
        let before = keep::read(self.objects()?, &name).await?;
        let decoded = self.decoded(found, deadline, &mut timings).await?;
        let change = self.change(job, &decoded, deadline, &mut timings).await?;
        let known = before.as_ref().filter(|_| !job.options.overwrite).and_then(|kept| kept.known_answers(found, keys));
        let asked = match known {
            Some(known) => known,
            None => self.ask(&decoded.prepared, job.options.samples, deadline, &mut timings).await?,
        };
        let expectations = self.expectations(job, found, before.as_ref());
        let source = Source::Object(found);
        let memory = Memory::of(keys, &asked, &expectations);
        let model_calls = if asked.is_remembered { 0 } else { asked.provider.attempts };
        let document = tell::document(self, job, &source, &decoded, change, asked, &expectations, timings);
        let stored = keep::Stored { document, memory };
        keep::write(self.objects()?, &name, &stored, before.as_ref()).await?;
        let alert = self.alert(&stored.document, found, deadline).await;
        let thumbnail = job.options.thumbnail.then_some(decoded.prepared.thumbnail);
        Ok(Looked { document: stored.document, result_object: name, replayed: false, model_calls, alert, thumbnail })
    }

    /// The request's, then those of the object's metadata, then those that an event brought earlier.
    fn expectations(&self, job: &Job, found: &Found, before: Option<&Kept>) -> Expectations {
        let known = before.filter(|kept| kept.is_of(found)).map(|kept| kept.stored.memory.expectations.clone());
        job.expectations.clone().or(found.expectations.clone()).or(known.unwrap_or_default())
    }

    /// People are told of severe damage, once for each version of an object.
    async fn alert(&self, document: &Document, found: &Found, deadline: Deadline) -> Option<AlertState> {
        let severe = Severe::of(document, found, self.config.alert_from?)?;
        Some(alert::send(self.alerts.as_ref(), &severe, deadline).await)
    }

    /// What changed since the reference picture.
    pub(crate) async fn change(
        &self,
        job: &Job,
        decoded: &Decoded,
        deadline: Deadline,
        timings: &mut Timings,
    ) -> Result<Option<crate::picture::Change>, Error> {
        let Some(name) = &job.reference else { return Ok(None) };
        let found = object::find(self.objects()?, name, self.config.picture.limits.max_bytes).await;
        let found = found.map_err(|error| error.at("reference_object_name"))?;
        let reference =
            self.decoded(&found, deadline, timings).await.map_err(|error| error.at("reference_object_name"))?;
        Ok(Some(crate::picture::compare(&reference.prepared, &decoded.prepared)))
    }
}

fn in_progress(left: Duration) -> Error {
    let text = format!("somebody is looking at this picture; ask again in at most {} s", left.as_secs() + 1);
    Error::client(409, "in_progress", text)
}
