//! Subscriptions. A function's is active at once; any other waits for a confirmation, which its holder would
//! get by mail or message, and nothing is delivered here.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::topics;
use crate::Emulator;
use crate::call::Call;
use crate::documents;
use crate::error::Error;
use crate::ids;
use crate::reply::{self, Reply, ReplyExt, no_content};
use crate::store::{Read, Writer};

const KIND: &str = "onssubscription";
const PAGE: (usize, usize) = (10, 50);
/// Characters of a URL.
const MAX_URL: usize = 512;
/// How long a delivery is tried again when nothing is said, in milliseconds: two hours.
const RETRY_MS: u64 = 7_200_000;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    id: String,
    topic_id: String,
    protocol: String,
    endpoint: String,
    lifecycle_state: String,
    compartment_id: String,
    /// Milliseconds since 1970.
    created_time: i64,
    delivery_policy: Value,
    etag: String,
    freeform_tags: Value,
    defined_tags: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    topic_id: String,
    compartment_id: String,
    protocol: String,
    endpoint: String,
    freeform_tags: Option<Value>,
    defined_tags: Option<Value>,
}

/// What UpdateSubscription can change; absent members stay.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Changes {
    delivery_policy: Option<Value>,
    freeform_tags: Option<Value>,
    defined_tags: Option<Value>,
}

fn check_endpoint(protocol: &str, endpoint: &str) -> Result<(), Error> {
    let web = (1..=MAX_URL).contains(&endpoint.len()) && endpoint.starts_with("https://");
    let fits = match protocol {
        "EMAIL" => endpoint.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.')),
        "CUSTOM_HTTPS" | "HTTPS" | "PAGERDUTY" | "SLACK" => web,
        "ORACLE_FUNCTIONS" => ids::is_ocid(endpoint, "fnfunc"),
        "SMS" => endpoint.trim_start_matches('+').bytes().all(|b| b.is_ascii_digit()) && endpoint.len() > 4,
        other => return Err(Error::invalid(format!("There is no protocol {other}."))),
    };
    fits.then_some(()).ok_or_else(|| Error::invalid(format!("{endpoint} is no endpoint for {protocol}.")))
}

/// The default of the service: exponential waits for up to two hours.
fn default_policy() -> Value {
    json!({ "backoffRetryPolicy": { "maxRetryDuration": RETRY_MS, "policyType": "EXPONENTIAL" } })
}

fn check_policy(policy: &Value) -> Result<(), Error> {
    let backoff = &policy["backoffRetryPolicy"];
    let fits = backoff["maxRetryDuration"].as_u64().is_some_and(|wait| wait > 0);
    if backoff["policyType"] != "EXPONENTIAL" || !fits {
        return Err(Error::invalid("A delivery policy is EXPONENTIAL for a positive number of milliseconds."));
    }
    Ok(())
}

impl Subscription {
    /// The full form has the policy as a text, lists have it as it is.
    fn show(&self) -> Value {
        let mut shown = json!(self);
        shown["deliverPolicy"] = self.delivery_policy.to_string().into();
        shown
    }

    fn reply(&self) -> Reply {
        reply::json(&self.show()).header("etag", &self.etag)
    }
}

/// CreateSubscription.
pub(super) fn create(emulator: &Emulator, call: &Call) -> Reply {
    let details: Details = call.json()?;
    emulator.check_compartment(&call.principal, &details.compartment_id)?;
    check_endpoint(&details.protocol, &details.endpoint)?;
    let active = details.protocol == "ORACLE_FUNCTIONS";
    let subscription = Subscription {
        id: emulator.ids.ocid(KIND),
        topic_id: details.topic_id,
        lifecycle_state: if active { "ACTIVE" } else { "PENDING" }.to_owned(),
        protocol: details.protocol,
        endpoint: details.endpoint,
        compartment_id: details.compartment_id,
        created_time: call.now.as_millisecond(),
        delivery_policy: default_policy(),
        etag: emulator.ids.etag(),
        freeform_tags: details.freeform_tags.unwrap_or_else(|| json!({})),
        defined_tags: details.defined_tags.unwrap_or_else(|| json!({})),
    };
    emulator.store.write(|writer| {
        topics::own(emulator, writer, call, &subscription.topic_id)?;
        let twin = |other: &Subscription| {
            (&other.topic_id, &other.protocol, &other.endpoint)
                == (&subscription.topic_id, &subscription.protocol, &subscription.endpoint)
        };
        if !documents::all(writer, KIND, twin)?.is_empty() {
            return Err(Error::new(409, "NotAuthorizedOrResourceAlreadyExists", "The subscription exists."));
        }
        Ok(documents::put(writer, KIND, &subscription.id, &subscription)?)
    })?;
    subscription.reply()
}

fn find(emulator: &Emulator, reader: &impl Read, call: &Call) -> Result<Subscription, Error> {
    let found: Subscription = documents::get(reader, KIND, call.param("id"))?;
    emulator.check_compartment(&call.principal, &found.compartment_id)?;
    Ok(found)
}

/// GetSubscription.
pub(super) fn get(emulator: &Emulator, call: &Call) -> Reply {
    find(emulator, &emulator.store.read()?, call)?.reply()
}

/// ListSubscriptions.
pub(super) fn list(emulator: &Emulator, call: &Call) -> Reply {
    let compartment = emulator.compartment_of(call)?;
    let topic = call.query("topicId");
    let keep =
        |one: &Subscription| one.compartment_id == compartment && topic.is_none_or(|topic| topic == one.topic_id);
    documents::page(emulator, call, KIND, PAGE, keep)?.reply(|one| json!(one))
}

/// UpdateSubscription; the answer is what can be changed.
pub(super) fn update(emulator: &Emulator, call: &Call) -> Reply {
    let given: Changes = call.json()?;
    given.delivery_policy.as_ref().map_or(Ok(()), check_policy)?;
    let changed = emulator.store.write(|writer| {
        let mut one = find(emulator, writer, call)?;
        call.check_if_match(&one.etag)?;
        one.delivery_policy = given.delivery_policy.unwrap_or(one.delivery_policy);
        one.freeform_tags = given.freeform_tags.unwrap_or(one.freeform_tags);
        one.defined_tags = given.defined_tags.unwrap_or(one.defined_tags);
        one.etag = emulator.ids.etag();
        documents::put(writer, KIND, &one.id, &one)?;
        Ok(one)
    })?;
    let shown = json!({
        "deliveryPolicy": changed.delivery_policy,
        "freeformTags": changed.freeform_tags,
        "definedTags": changed.defined_tags,
    });
    reply::json(&shown).header("etag", &changed.etag)
}

/// DeleteSubscription.
pub(super) fn delete(emulator: &Emulator, call: &Call) -> Reply {
    emulator.store.write(|writer| {
        let found = find(emulator, writer, call)?;
        call.check_if_match(&found.etag)?;
        Ok(documents::remove(writer, KIND, &found.id)?)
    })?;
    no_content()
}

/// Removes every subscription of a topic.
pub(super) fn remove_all(writer: &Writer, topic: &str) -> Result<(), Error> {
    for one in documents::all(writer, KIND, |one: &Subscription| one.topic_id == topic)? {
        documents::remove(writer, KIND, &one.id)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_fit_their_protocols() {
        let check = |protocol: &str, endpoint: &str, expected: bool| {
            assert_eq!(check_endpoint(protocol, endpoint).is_ok(), expected, "{protocol} {endpoint}");
        };
        check("EMAIL", "ops@dec.example", true);
        check("EMAIL", "@dec.example", false);
        check("EMAIL", "ops", false);
        check("CUSTOM_HTTPS", "https://dec.example/hook", true);
        check("CUSTOM_HTTPS", "http://dec.example/hook", false);
        check("SLACK", &format!("https://{}", "a".repeat(512)), false);
        check("ORACLE_FUNCTIONS", "ocid1.fnfunc.oc1.iad.aaaa", true);
        check("ORACLE_FUNCTIONS", "ocid1.instance.oc1.iad.aaaa", false);
        check("SMS", "+15550100", true);
        check("SMS", "+1555a", false);
        check("PIGEON", "coop", false);
    }

    #[test]
    fn a_delivery_policy_has_a_positive_time() {
        let check = |kind: &str, wait: i64, expected: bool| {
            let policy = json!({ "backoffRetryPolicy": { "maxRetryDuration": wait, "policyType": kind } });
            assert_eq!(check_policy(&policy).is_ok(), expected, "{policy}");
        };
        check("EXPONENTIAL", 7_200_000, true);
        check("EXPONENTIAL", 0, false);
        check("EXPONENTIAL", -1, false);
        check("LINEAR", 60_000, false);
        assert!(check_policy(&default_policy()).is_ok());
    }
}
