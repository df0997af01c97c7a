//! The way of one picture: found, read, measured, judged, told, kept.
//!
//! | step | module |
//! |---|---|
//! | what the store says of the object, its bytes | [`object`] |
//! | decoding and measuring, on another thread and few at once | [`decode`], [`lanes`] |
//! | one question to the model, one repair | [`ask`] |
//! | the report | [`tell`] |
//! | the result beside the picture, once for each version | [`keep`], [`said`] |
//! | the same for pictures that came with their request | [`remember`] |
//! | people | [`alert`] |

pub(crate) mod alert;
pub(crate) mod ask;
pub(crate) mod blur;
pub(crate) mod decode;
pub(crate) mod extract;
pub(crate) mod keep;
pub(crate) mod lanes;
pub(crate) mod object;
pub(crate) mod remember;
pub(crate) mod said;
pub(crate) mod tell;
pub(crate) mod timings;

use std::time::Duration;

use causeway_resilience::Deadline;
use causeway_resilience::ledger::{Begun, Claim, Ledger};
use causeway_runtime::{Error, renewing};

use crate::handler::Vision;
use crate::reply::{AlertState, Document, ItemStatus};
use crate::report::settings::Scoring;
use crate::request::{Expectations, Happened};

use alert::Severe;
use decode::Decoded;
use keep::{Kept, Keys, Memory, There};
use object::{Found, Source};
use timings::Timings;

/// A claim that is not renewed holds so long; its renewals end it earlier.
const LONGEST: Duration = Duration::from_secs(3600);

/// One object to look at.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) name: String,
    pub(crate) expectations: Expectations,
    /// What the event that asks says of the time.
    pub(crate) happened: Happened,
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

/// A job with what the store says of its objects.
#[derive(Clone, Copy)]
struct Look<'a> {
    job: &'a Job,
    found: &'a Found,
    reference: Option<&'a Found>,
    keys: &'a Keys,
    deadline: Deadline,
}

/// An object that was looked at.
#[derive(Debug, Clone)]
pub(crate) struct Looked {
    pub(crate) document: Document,
    /// `None` for a picture that came with the request.
    pub(crate) result_object: Option<String>,
    /// It had been looked at before, and nothing was asked.
    pub(crate) replayed: bool,
    /// Whether a repetition brings nothing new; not so when the model failed, or left out an answer.
    pub(crate) is_settled: bool,
    /// Questions that were sent to a model.
    pub(crate) model_calls: u32,
    pub(crate) alert: Option<AlertState>,
    pub(crate) thumbnail: Option<Vec<u8>>,
}

impl Looked {
    pub(crate) fn status(&self) -> ItemStatus {
        match (self.is_settled, self.replayed) {
            (false, _) => ItemStatus::Unsettled,
            (true, true) => ItemStatus::Replayed,
            (true, false) => ItemStatus::Assessed,
        }
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
        let reference = self.reference(job).await?;
        let keys = self.keys(job, reference.as_ref());
        let look = Look { job, found: &found, reference: reference.as_ref(), keys: &keys, deadline };
        if !job.options.overwrite {
            let there = keep::read(self.objects()?, &self.config.names.result_of(&job.name)).await?;
            if let Some(done) = there.kept.filter(|kept| kept.answers(job, &found, &keys, self.now())) {
                return self.again(&look, done).await;
            }
        }
        let key = format!("{}#{}#{}", job.name, found.version_key(), keys.asked);
        match Ledger::begin(&self.claims, &key, "", LONGEST).await? {
            Begun::Work(claim) => self.claimed(&look, claim).await,
            Begun::InProgress { left } => Err(in_progress(left)),
            // Claims are given back, never completed.
            Begun::Done(_) | Begun::DoneWithoutReply | Begun::OtherPayload => {
                Err(Error::internal("claim", "a claim of another kind has the key"))
            }
        }
    }

    async fn claimed<'a>(&self, look: &Look<'_>, mut claim: Box<dyn Claim<'a> + 'a>) -> Result<Looked, Error> {
        let beat = claim.beat().unwrap_or(LONGEST);
        let Some(outcome) = renewing(self.unless_done(look), claim.as_mut(), beat).await else {
            return Err(in_progress(beat));
        };
        // The result is what remembers the work; the claim only kept others away meanwhile.
        if let Err(failure) = claim.abandon().await {
            tracing::warn!(error = %failure, "the claim of a picture runs out by itself");
        }
        outcome
    }

    /// Somebody may have ended the work between the look for its result and the claim.
    async fn unless_done(&self, look: &Look<'_>) -> Result<Looked, Error> {
        let Look { job, found, keys, .. } = *look;
        let there = keep::read(self.objects()?, &self.config.names.result_of(&job.name)).await?;
        match &there.kept {
            Some(kept) if !job.options.overwrite && kept.answers(job, found, keys, self.now()) => {
                self.again(look, kept.clone()).await
            }
            _ => self.fresh(look, there).await,
        }
    }

    /// What is known is told again, and people are told if they have not been: whoever found it may have died then.
    async fn again(&self, look: &Look<'_>, kept: Kept) -> Result<Looked, Error> {
        let Look { job, found, deadline, .. } = *look;
        let thumbnail = match job.options.thumbnail {
            true => Some(self.decoded(found, deadline, &mut Timings::start()).await?.prepared.thumbnail),
            false => None,
        };
        let (document, is_settled) = (kept.stored.document, kept.stored.memory.is_settled);
        let alert = self.alert(&document, found, deadline).await;
        let result_object = Some(self.config.names.result_of(&job.name));
        Ok(Looked { document, result_object, replayed: true, is_settled, model_calls: 0, alert, thumbnail })
    }

    async fn fresh(&self, look: &Look<'_>, there: There) -> Result<Looked, Error> {
        let Look { job, found, reference, keys, deadline } = *look;
        let mut timings = Timings::start();
        let before = there.kept.as_ref();
        let decoded = self.decoded(found, deadline, &mut timings).await?;
        let change = self.change(reference, &decoded, deadline, &mut timings).await?;
        let known =
            before.filter(|_| !job.options.overwrite).and_then(|kept| kept.known_answers(found, keys, self.now()));
        let asked = match known {
            Some(known) => known,
            None => self.ask(&decoded.prepared, job.options.samples, deadline, &mut timings).await?,
        };
        let expectations = expectations(job, found, before);
        let source = Source::Object(found);
        let others = before.and_then(|kept| kept.held_of_others(found, keys));
        let memory = Memory::of(keys, &asked, &expectations, others);
        let (is_settled, model_calls) = (asked.is_settled(), asked.calls());
        let document = tell::document(self, job, &source, &decoded, change, asked, &expectations, timings);
        let stored = keep::Stored { document, memory };
        let name = self.config.names.result_of(&job.name);
        let written = keep::store(self.objects()?, &name, &stored, found, there).await;
        // Whatever became of the result: people are to know of the damage.
        let alert = self.alert(&stored.document, found, deadline).await;
        written?;
        let thumbnail = job.options.thumbnail.then_some(decoded.prepared.thumbnail);
        let (document, result_object) = (stored.document, Some(name));
        Ok(Looked { document, result_object, replayed: false, is_settled, model_calls, alert, thumbnail })
    }

    /// People are told of severe damage, once for each version of an object.
    async fn alert(&self, document: &Document, found: &Found, deadline: Deadline) -> Option<AlertState> {
        let severe = Severe::of(document, found, self.config.alert_from?)?;
        Some(alert::send(&self.alerts, &severe, deadline).await)
    }

    /// The reference picture that a job names.
    ///
    /// # Errors
    /// As for the picture.
    pub(crate) async fn reference(&self, job: &Job) -> Result<Option<Found>, Error> {
        let Some(name) = &job.reference else { return Ok(None) };
        let found = object::find(self.objects()?, name, self.config.picture.limits.max_bytes).await;
        found.map(Some).map_err(|error| error.at("reference_object_name"))
    }

    /// What changed since the reference picture.
    pub(crate) async fn change(
        &self,
        reference: Option<&Found>,
        decoded: &Decoded,
        deadline: Deadline,
        timings: &mut Timings,
    ) -> Result<Option<crate::picture::Change>, Error> {
        let Some(found) = reference else { return Ok(None) };
        let reference =
            self.decoded(found, deadline, timings).await.map_err(|error| error.at("reference_object_name"))?;
        Ok(Some(crate::picture::compare(&reference.prepared, &decoded.prepared)))
    }
}

/// What is known of the delivery: by the request, then by the object's metadata, then by those who asked earlier about
/// this version; the time of the event comes last.
pub(crate) fn expectations(job: &Job, found: &Found, before: Option<&Kept>) -> Expectations {
    let known = before.filter(|kept| kept.is_of(found)).map(|kept| kept.stored.memory.expectations.clone());
    let event = job.happened.delivery_of(found.meta.e_tag.as_deref());
    job.expectations.clone().or(found.expectations.clone()).or(known.unwrap_or_default()).or(event)
}

fn in_progress(left: Duration) -> Error {
    let text = format!("somebody is looking at this picture; ask again in at most {} s", left.as_secs() + 1);
    Error::client(409, "in_progress", text)
}
