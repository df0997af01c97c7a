//! Puts what a file says into an emulator.

use std::collections::BTreeMap;

use http::{Method, Request};
use md5::{Digest, Md5};
use serde_json::{Value, json};

use super::format::{Bucket, Chat, Compartment, Instance, Limit, Secret, Topic, Usage};
use super::objects::escaped;
use super::read::{At, Seeds};
use super::report::{Outcome, Report, SeedError};
use super::{instances, metrics, objects};
use crate::oci::target::{OCI, SendError, Target};

const DAY_SECONDS: i64 = 86_400;

/// One load of one file.
pub(super) struct Load<'a> {
    pub(super) target: &'a Target,
    file: String,
    pub(super) compartment: String,
    namespace: String,
    pub(super) region: String,
    /// The emulator's clock.
    pub(super) now: jiff::Timestamp,
    report: Report,
    /// Instances of this file and of the server, by name, as the API shows them.
    pub(super) instances: BTreeMap<String, Value>,
}

impl<'a> Load<'a> {
    /// Asks the server who it is.
    pub(super) async fn new(target: &'a Target, file: String) -> Result<Self, SendError> {
        let about = target.about().await?;
        let clock = target.ask(Method::GET, "/_causeway/clock", None).await?.accepted()?.json();
        let text = |name: &str| about[name].as_str().unwrap_or_default().to_owned();
        let now = clock["now"].as_str().and_then(|now| now.parse().ok()).ok_or(SendError::NoOci)?;
        let (compartment, namespace, region) = (text("compartment"), text("namespace"), text("region"));
        let (report, instances) = (Report::default(), BTreeMap::new());
        Ok(Self { target, file, compartment, namespace, region, now, report, instances })
    }

    /// Everything in the order in which one thing needs another.
    pub(super) async fn run(mut self, seeds: &Seeds) -> Result<Report, SeedError> {
        match self.sections(seeds).await {
            Ok(()) => Ok(self.report),
            Err((place, error)) => Err(SeedError::Halfway {
                place: format!("{}: {place}", self.file),
                reason: error.to_string(),
                loaded: self.report,
            }),
        }
    }

    async fn sections(&mut self, seeds: &Seeds) -> Result<(), (String, SendError)> {
        for At { place, it } in &seeds.compartments {
            let done = self.compartment(it).await;
            self.note(place, "compartments", done)?;
        }
        for At { place, it } in &seeds.limits {
            let done = self.limit(it).await;
            self.note(place, "limits", done)?;
        }
        for At { place, it: (bucket, uploads) } in &seeds.buckets {
            let done = self.bucket(bucket).await;
            self.note(place, "buckets", done)?;
            let path = format!("/n/{}/b/{}", self.namespace, escaped(&bucket.name));
            for At { place, it } in uploads {
                let done = objects::put(self.target, &path, it).await;
                self.note(&format!("{place} {}", it.name), "objects", done)?;
            }
        }
        for At { place, it } in &seeds.instances {
            let done = self.instance(it).await;
            self.note(place, "instances", done)?;
        }
        for At { place, it } in &seeds.topics {
            let done = self.topic(it).await;
            self.note(place, "topics", done)?;
        }
        for At { place, it } in &seeds.secrets {
            let done = self.secret(it).await;
            self.note(place, "secrets", done)?;
        }
        for At { place, it } in &seeds.chat {
            let done = self.chat(it).await;
            self.note(place, "chat scripts", done)?;
        }
        for At { place, it } in &seeds.usage {
            let done = self.usage(it).await;
            self.note(place, "usage rows", done)?;
        }
        for At { place, it: (metric, series) } in &seeds.metrics {
            metrics::load(self, metric, series).await.map_err(|error| (place.clone(), error))?;
        }
        Ok(())
    }

    fn note(
        &mut self,
        place: &str,
        what: &'static str,
        done: Result<Outcome, SendError>,
    ) -> Result<(), (String, SendError)> {
        self.report.count(what, done.map_err(|error| (place.to_owned(), error))?, 1);
        Ok(())
    }

    pub(super) fn count(&mut self, what: &'static str, outcome: Outcome, number: usize) {
        self.report.count(what, outcome, number);
    }

    /// An OCID that was given, or that of the default compartment.
    pub(super) fn compartment_or(&self, id: Option<&String>) -> String {
        id.unwrap_or(&self.compartment).clone()
    }

    /// An admin route that adds: carried out once for the same content under the same name.
    pub(super) async fn once(
        &self,
        route: &str,
        part: &str,
        content: &str,
        body: &Value,
    ) -> Result<Outcome, SendError> {
        // A name can have any form, a header cannot.
        let part = part.split_once('/').map_or(part.to_owned(), |(kind, name)| format!("{kind}/{}", digest(name)));
        let request = Request::builder().method(Method::POST).uri(format!("/_causeway/{route}"));
        let request = request.header("content-type", "application/json");
        let request = request.header("x-causeway-seed", format!("{part} {}", digest(content)));
        let request = request.body(body.to_string().into()).map_err(|error| SendError::Broken(error.to_string()))?;
        let answer = self.target.send(request).await?.accepted()?;
        Ok(match answer.headers.get("x-causeway-seed").and_then(|value| value.to_str().ok()) {
            Some("unchanged") => Outcome::Unchanged,
            Some("changed") => Outcome::Changed,
            _ => Outcome::New,
        })
    }

    async fn compartment(&self, seed: &Compartment) -> Result<Outcome, SendError> {
        let mut body = json!({ "name": seed.name });
        if let Some(id) = &seed.id {
            body["id"] = id.as_str().into();
        }
        self.once("compartments", &format!("compartment/{}", seed.name), &body.to_string(), &body).await
    }

    async fn limit(&self, seed: &Limit) -> Result<Outcome, SendError> {
        let name = format!("{} {} {:?}", seed.service, seed.name, seed.availability_domain);
        self.once("limits", &format!("limit/{name}"), &json!(seed).to_string(), &json!(seed)).await
    }

    /// Members that the file leaves out stay as they are.
    async fn bucket(&self, seed: &Bucket) -> Result<Outcome, SendError> {
        let members = [
            ("publicAccessType", json!(seed.public_access_type)),
            ("storageTier", json!(seed.storage_tier)),
            ("versioning", json!(seed.versioning)),
            ("autoTiering", json!(seed.auto_tiering)),
            ("objectEventsEnabled", json!(seed.object_events_enabled)),
            ("metadata", json!(seed.metadata)),
            ("freeformTags", json!(seed.freeform_tags)),
        ];
        let members = members.into_iter().filter(|(_, value)| !value.is_null());
        let mut body: Value =
            members.map(|(name, value)| (name.to_owned(), value)).collect::<serde_json::Map<_, _>>().into();
        let buckets = format!("{OCI}/n/{}/b", self.namespace);
        let path = format!("{buckets}/{}", escaped(&seed.name));
        let Some(present) = self.target.get(&format!("{path}?fields=autoTiering")).await? else {
            body["name"] = seed.name.as_str().into();
            body["compartmentId"] = self.compartment_or(seed.compartment_id.as_ref()).into();
            self.target.ask(Method::POST, &buckets, Some(&body)).await?.accepted()?;
            return Ok(Outcome::New);
        };
        if body.as_object().is_none_or(|wanted| wanted.iter().all(|(name, value)| present[name] == *value)) {
            return Ok(Outcome::Unchanged);
        }
        self.target.ask(Method::POST, &path, Some(&body)).await?.accepted()?;
        Ok(Outcome::Changed)
    }

    async fn instance(&mut self, seed: &Instance) -> Result<Outcome, SendError> {
        instances::load(self, seed).await
    }

    async fn topic(&self, seed: &Topic) -> Result<Outcome, SendError> {
        let compartment = self.compartment_or(seed.compartment_id.as_ref());
        let topics = format!("{OCI}/20181201/topics");
        let query = format!("compartmentId={}&name={}", escaped(&compartment), escaped(&seed.name));
        let found = self.target.ask(Method::GET, &format!("{topics}?{query}"), None).await?.accepted()?.json();
        if found.as_array().is_some_and(|found| !found.is_empty()) {
            return Ok(Outcome::Unchanged);
        }
        let body = json!({ "name": seed.name, "description": seed.description, "compartmentId": compartment });
        self.target.ask(Method::POST, &topics, Some(&body)).await?.accepted()?;
        Ok(Outcome::New)
    }

    async fn secret(&self, seed: &Secret) -> Result<Outcome, SendError> {
        let members = [
            ("id", json!(seed.id)),
            ("vaultId", json!(seed.vault_id)),
            ("versionName", json!(seed.version_name)),
            ("timeOfExpiry", json!(seed.time_of_expiry)),
        ];
        let mut body = json!({ "name": seed.name, "value": seed.value, "pending": seed.pending });
        for (name, value) in members.into_iter().filter(|(_, value)| !value.is_null()) {
            body[name] = value;
        }
        let part = format!("secret/{} {:?}", seed.name, seed.vault_id);
        self.once("secrets", &part, &body.to_string(), &body).await
    }

    async fn chat(&self, seed: &Chat) -> Result<Outcome, SendError> {
        let script = json!({
            "model": seed.model,
            "contains": seed.contains,
            "images": seed.images,
            "order": seed.order,
            "replies": seed.replies,
        });
        let content = script.to_string();
        self.once("chat", &format!("chat/{content}"), &content, &json!([script])).await
    }

    /// The content as the file has it is what counts: tomorrow the same row is of another day.
    async fn usage(&self, seed: &Usage) -> Result<Outcome, SendError> {
        let content = format!("{} {:?}", json!(seed), seed.days_ago);
        let mut row = json!(seed);
        if let Some(days) = seed.days_ago {
            let midnight = self.now.as_second().div_euclid(DAY_SECONDS) * DAY_SECONDS;
            let start = midnight - i64::from(days) * DAY_SECONDS;
            let time = |second| jiff::Timestamp::from_second(second).unwrap_or_default().to_string();
            row["timeUsageStarted"] = time(start).into();
            row["timeUsageEnded"] = time(start + DAY_SECONDS).into();
        }
        self.once("usage", &format!("usage/{content}"), &content, &json!([row])).await
    }
}

/// Tells contents apart; nobody has to be unable to forge one.
pub(super) fn digest(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
