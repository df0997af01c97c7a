//! SNS.

use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sns::Client;
use aws_sdk_sns::config::{Builder, Region};
use causeway_cloud::Notifier;
use causeway_cloud::notifier::Message;
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use sha2::{Digest, Sha256};

use super::call::{Operation, Repetition, Tries};
use super::client::Cached;
use super::log::Logged;
use super::{Session, arn};

const PUBLISH: Operation =
    Operation { service: "sns", name: "Publish", try_time: Duration::from_secs(20), has_content: true };
/// Largest message in bytes (API reference of `Publish`).
const MAX_BODY: usize = 256 << 10;
/// A subject must have fewer than 100 characters (API reference of `Publish`).
const MAX_SUBJECT: usize = 99;
/// All alerts of a FIFO topic are in one order.
const GROUP: &str = "causeway";

/// One topic.
pub(super) struct Topic {
    client: Cached<Client>,
    arn: String,
}

impl Topic {
    /// `None` when `arn` is none of a topic.
    pub(super) fn new(session: Session, arn: String) -> Option<Self> {
        arn::resource(&arn, "sns")?;
        Some(Self { client: Cached::new(session), arn })
    }

    /// At the topic's own region: another one refuses it.
    async fn client(&self, tries: &Tries) -> Result<&Client, ServiceFailure> {
        let made = |config: &SdkConfig| {
            let mut builder = Builder::from(config).interceptor(Logged);
            if let Some(region) = arn::region(&self.arn) {
                builder.set_region(Some(Region::new(region.to_owned())));
            }
            Client::from_conf(builder.build())
        };
        self.client.get(tries, made).await
    }

    fn is_fifo(&self) -> bool {
        self.arn.ends_with(".fifo")
    }
}

#[async_trait]
impl Notifier for Topic {
    async fn publish(&self, message: &Message, deadline: Deadline) -> Result<String, ServiceFailure> {
        if message.body.is_empty() || message.body.len() > MAX_BODY {
            let reason = format!("a message has 1 to {MAX_BODY} bytes, this one {}", message.body.len());
            return Err(PUBLISH.fails(Kind::Invalid, reason));
        }
        // A FIFO topic drops what it has had in the last five minutes.
        let repetition = if self.is_fifo() { Repetition::Harmless } else { Repetition::OnlyIfCertain };
        let tries = Tries::new(&PUBLISH, deadline, repetition)?;
        let publish = self.client(&tries).await?.publish().topic_arn(&self.arn).message(&message.body);
        let publish = publish.set_subject(subject(&message.title));
        let publish = match self.is_fifo() {
            true => publish.message_group_id(GROUP).message_deduplication_id(fingerprint(message)),
            false => publish,
        };
        let how = Builder::new().timeout_config(tries.timeouts()).retry_classifier(tries.fates());
        let done = publish
            .customize()
            .config_override(how)
            .interceptor(tries.watch())
            .send()
            .await
            .map_err(|error| tries.failure(&error))?;
        let no_id = || PUBLISH.fails(Kind::BadAnswer, "no id of the message").with_unknown_effect(true);
        done.message_id.ok_or_else(no_id)
    }
}

/// What a subject can carry: ASCII, no control characters, a letter, digit or punctuation mark at its beginning.
/// Other characters become question marks; a title of nothing else is no subject.
fn subject(title: &str) -> Option<String> {
    let plain = |each: char| match each {
        _ if each.is_control() || each.is_whitespace() => ' ',
        '\u{2010}'..='\u{2015}' => '-',
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201c}' | '\u{201d}' => '"',
        _ if each.is_ascii() => each,
        _ => '?',
    };
    let line: String = title.trim().chars().map(plain).take(MAX_SUBJECT).collect();
    Some(line.trim().to_owned()).filter(|line| line.chars().any(|each| each.is_ascii_alphanumeric()))
}

/// The same for the same title and text, so that a repetition is recognised.
fn fingerprint(message: &Message) -> String {
    let mut hash = Sha256::new();
    hash.update((message.title.len() as u64).to_be_bytes());
    hash.update(&message.title);
    hash.update(&message.body);
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use aws_config::SdkConfig;

    use super::*;

    #[test]
    fn subjects_are_one_short_line_of_ascii() {
        let check = |title: &str, expected: Option<&str>| assert_eq!(subject(title).as_deref(), expected, "{title:?}");
        check("Egress 82 %", Some("Egress 82 %"));
        check("a\r\nBcc: b", Some("a  Bcc: b"));
        check(" \u{a0}late \u{2013} \u{201c}db\u{201d} is full ", Some("late - \"db\" is full"));
        check("Größe", Some("Gr??e"));
        check("警告", None);
        check("", None);
        check("\0\n", None);
        check(&"x".repeat(300), Some(&"x".repeat(99)));
    }

    #[test]
    fn fingerprints_tell_messages_apart() {
        let of = |title: &str, body: &str| fingerprint(&Message { title: title.to_owned(), body: body.to_owned() });
        assert_eq!(of("a", "b"), of("a", "b"));
        assert_ne!(of("a", "bc"), of("ab", "c"));
        assert!(of("a", "b").len() <= 128);
    }

    #[test]
    fn only_arns_of_topics_are_topics() {
        let session = || Session::of(SdkConfig::builder().build());
        let check = |arn: &str, expected: bool| {
            assert_eq!(Topic::new(session(), arn.to_owned()).is_some(), expected, "{arn:?}");
        };
        check("arn:aws:sns:us-east-1:123456789012:alerts", true);
        check("arn:aws:sqs:us-east-1:123456789012:alerts", false);
        check("alerts", false);
    }
}
