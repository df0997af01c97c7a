//! Topics: creating, showing, changing and deleting them.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::subscriptions;
use crate::Emulator;
use crate::call::Call;
use crate::clock::rfc3339;
use crate::documents;
use crate::error::Error;
use crate::reply::{self, Reply, ReplyExt, no_content};
use crate::store::Read;

const KIND: &str = "onstopic";
const PAGE: (usize, usize) = (10, 50);

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Topic {
    pub(super) topic_id: String,
    name: String,
    description: Option<String>,
    pub(super) compartment_id: String,
    lifecycle_state: String,
    time_created: String,
    etag: String,
    #[serde(default)]
    freeform_tags: BTreeMap<String, String>,
    #[serde(default)]
    defined_tags: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    name: String,
    compartment_id: String,
    description: Option<String>,
    freeform_tags: Option<BTreeMap<String, String>>,
    defined_tags: Option<Map<String, Value>>,
}

/// What UpdateTopic can change; absent members stay.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    description: Option<String>,
    freeform_tags: Option<BTreeMap<String, String>>,
    defined_tags: Option<Map<String, Value>>,
}

fn show(call: &Call, topic: &Topic) -> Value {
    let mut shown = json!(topic);
    shown["apiEndpoint"] = call.base_url.clone().into();
    shown["shortTopicId"] = Value::Null;
    shown
}

pub(super) fn create(emulator: &Emulator, call: &Call) -> Reply {
    let details: Details = call.json()?;
    emulator.check_compartment(&call.principal, &details.compartment_id)?;
    let plain = details.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if !plain || !(1..=256).contains(&details.name.len()) {
        return Err(Error::invalid("A topic's name has 1 to 256 letters, digits, hyphens and underscores."));
    }
    let topic = Topic {
        topic_id: emulator.ids.ocid(KIND),
        name: details.name,
        description: details.description,
        compartment_id: details.compartment_id,
        lifecycle_state: "ACTIVE".to_owned(),
        time_created: rfc3339(call.now),
        etag: emulator.ids.etag(),
        freeform_tags: details.freeform_tags.unwrap_or_default(),
        defined_tags: details.defined_tags.unwrap_or_default(),
    };
    emulator.store.write(|writer| {
        if !documents::all(writer, KIND, |other: &Topic| other.name == topic.name)?.is_empty() {
            return Err(Error::new(409, "NotAuthorizedOrResourceAlreadyExists", "A topic of this name exists."));
        }
        Ok(documents::put(writer, KIND, &topic.topic_id, &topic)?)
    })?;
    reply::json(&show(call, &topic)).header("etag", &topic.etag).status(StatusCode::CREATED)
}

/// The topic of the path.
pub(super) fn find(emulator: &Emulator, reader: &impl Read, call: &Call) -> Result<Topic, Error> {
    own(emulator, reader, call, call.param("id"))
}

/// The topic of an OCID, if the caller's tenancy has it.
pub(super) fn own(emulator: &Emulator, reader: &impl Read, call: &Call, id: &str) -> Result<Topic, Error> {
    let topic: Topic = documents::get(reader, KIND, id)?;
    emulator.check_compartment(&call.principal, &topic.compartment_id)?;
    Ok(topic)
}

pub(super) fn get(emulator: &Emulator, call: &Call) -> Reply {
    let topic = find(emulator, &emulator.store.read()?, call)?;
    reply::json(&show(call, &topic)).header("etag", &topic.etag)
}

pub(super) fn list(emulator: &Emulator, call: &Call) -> Reply {
    let compartment = emulator.compartment_of(call)?;
    let same = |name: &str, value: &str| call.query(name).is_none_or(|wanted| wanted == value);
    let keep =
        |topic: &Topic| topic.compartment_id == compartment && same("id", &topic.topic_id) && same("name", &topic.name);
    documents::page(emulator, call, KIND, PAGE, keep)?.reply(|topic| show(call, topic))
}

/// UpdateTopic.
pub(super) fn update(emulator: &Emulator, call: &Call) -> Reply {
    let given: Attributes = call.json()?;
    let topic = emulator.store.write(|writer| {
        let mut topic = find(emulator, writer, call)?;
        call.check_if_match(&topic.etag)?;
        topic.description = given.description.or(topic.description);
        topic.freeform_tags = given.freeform_tags.unwrap_or(topic.freeform_tags);
        topic.defined_tags = given.defined_tags.unwrap_or(topic.defined_tags);
        topic.etag = emulator.ids.etag();
        documents::put(writer, KIND, &topic.topic_id, &topic)?;
        Ok(topic)
    })?;
    reply::json(&show(call, &topic)).header("etag", &topic.etag)
}

/// DeleteTopic: its subscriptions go with it.
pub(super) fn delete(emulator: &Emulator, call: &Call) -> Reply {
    emulator.store.write(|writer| {
        let topic = find(emulator, writer, call)?;
        call.check_if_match(&topic.etag)?;
        subscriptions::remove_all(writer, &topic.topic_id)?;
        Ok(documents::remove(writer, KIND, &topic.topic_id)?)
    })?;
    no_content()
}
