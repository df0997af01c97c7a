//! Notifications: publishing to a topic.

use causeway_oci_auth::endpoint::Service;
use causeway_resilience::retry::Idempotency;
use http::Method;
use serde::{Deserialize, Serialize};

use crate::site::Site;
use crate::{Client, Error};

/// Largest message in bytes.
pub const MAX_MESSAGE_BYTES: usize = 64 << 10;

/// Calls of Notifications.
#[derive(Debug, Clone)]
pub struct Notifications {
    client: Client,
}

impl Client {
    /// Notifications.
    #[must_use]
    pub fn notifications(&self) -> Notifications {
        Notifications { client: self.clone() }
    }
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Topic {
    /// OCID.
    pub topic_id: String,
    /// Its name.
    pub name: String,
    /// Where messages to it are published.
    pub api_endpoint: String,
    /// `ACTIVE`, `DELETING` or `CREATING`.
    pub lifecycle_state: String,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Subject of mails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its text.
    pub body: String,
}

/// A message that was accepted, which is not yet delivered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Published {
    /// Its id.
    pub message_id: String,
    /// When, as the service writes it.
    pub time_stamp: Option<String>,
}

impl Notifications {
    /// `GetTopic`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn topic(&self, topic_id: &str) -> Result<Topic, Error> {
        let ask = self.client.ask(Site::Known(Service::Notifications), "GetTopic", Method::GET);
        ask.path("/topics/{t}", &[("t", topic_id)]).send().await?.json()
    }

    /// `PublishMessage`, at the topic's own endpoint when it is given. Not repeated when its fate is unknown: it would
    /// be delivered twice.
    ///
    /// # Errors
    /// [`Error`]; [`crate::Cause::Request`] when the message is too large, 429 above the topic's rate.
    pub async fn publish(
        &self,
        topic_id: &str,
        api_endpoint: Option<&str>,
        message: &Message,
    ) -> Result<Published, Error> {
        let site = match api_endpoint {
            Some(endpoint) => Site::Member(Service::Notifications, endpoint.to_owned()),
            None => Site::Known(Service::Notifications),
        };
        let mut ask = self.client.ask(site, "PublishMessage", Method::POST);
        let size = message.body.len() + message.title.as_ref().map_or(0, String::len);
        if size > MAX_MESSAGE_BYTES {
            ask.wrong(format!("the message has {size} bytes, more than {MAX_MESSAGE_BYTES}"));
        }
        let ask = ask.path("/topics/{t}/messages", &[("t", topic_id)]).idempotency(Idempotency::NotIdempotent);
        ask.json(message).send().await?.json()
    }
}
