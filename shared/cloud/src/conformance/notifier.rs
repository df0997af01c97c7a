//! The notifier port, with a way to read the topic back.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use causeway_resilience::Deadline;
use causeway_resilience::service::Kind;

use super::{Finding, expect, refused, shows_nothing_of, works};
use crate::Notifier;
use crate::notifier::{Alerted, Alerts, Message};
use crate::state::Documents;

/// Longest subject that every service takes.
const SUBJECT: usize = 100;

/// What subscribers of the topic got.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Messages that came since the last look, in any order.
    ///
    /// # Errors
    /// Why it cannot be read, as a sentence.
    async fn received(&self) -> Result<Vec<Received>, String>;
}

/// A message as a subscriber has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Its subject.
    pub title: Option<String>,
    /// Its text.
    pub body: String,
}

/// Runs the checks on an empty topic.
///
/// # Errors
///
/// The first finding.
pub async fn all(notifier: &dyn Notifier, inbox: &dyn Inbox, deadline: Deadline) -> Finding {
    a_message_arrives_once(notifier, inbox, deadline).await?;
    titles_become_one_short_line(notifier, inbox, deadline).await?;
    too_much_is_refused(notifier, inbox, deadline).await
}

/// A message arrives as it was written, once, and has an id of its own.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn a_message_arrives_once(notifier: &dyn Notifier, inbox: &dyn Inbox, deadline: Deadline) -> Finding {
    let body = "first line\nsecond: \"größer\" & <b> {\"json\": true} \u{1f6a7} 100%";
    let message = Message { title: "Egress 82 %".to_owned(), body: body.to_owned() };
    let first = works("publishing", notifier.publish(&message, deadline).await)?;
    let second = works("publishing", notifier.publish(&other(&message), deadline).await)?;
    expect(!first.is_empty() && first != second, || format!("ids {first:?} and {second:?}"))?;
    let received = inbox.received().await?;
    let expected = Received { title: Some(message.title), body: message.body };
    let count = received.iter().filter(|one| **one == expected).count();
    expect(count == 1 && received.len() == 2, || format!("received {received:?}"))
}

/// A title that would add headers to a mail, or is too long, arrives as one line of at most 100 characters; one that
/// no subject can hold is left out.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn titles_become_one_short_line(notifier: &dyn Notifier, inbox: &dyn Inbox, deadline: Deadline) -> Finding {
    let long = "long ".repeat(60);
    for (title, beginning) in [("a\r\nBcc: b", "a"), (long.as_str(), "long long"), ("Größe", "Gr"), ("", "")] {
        let message = Message { title: title.to_owned(), body: format!("the text under {beginning:?}") };
        works(&format!("publishing with the title {title:?}"), notifier.publish(&message, deadline).await)?;
        let received = inbox.received().await?;
        let [one] = &received[..] else { return Err(format!("{title:?}: received {received:?}")) };
        expect(one.body == message.body, || format!("{title:?}: received {one:?}"))?;
        let subject = one.title.clone().unwrap_or_default();
        let is_line = subject.chars().count() <= SUBJECT && !subject.chars().any(char::is_control);
        expect(is_line && subject.starts_with(beginning), || format!("the title {title:?} became {subject:?}"))?;
    }
    Ok(())
}

/// A text that the service has no room for, or none at all, is refused before anybody sees a part of it.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn too_much_is_refused(notifier: &dyn Notifier, inbox: &dyn Inbox, deadline: Deadline) -> Finding {
    let hidden = "words-of-the-message ";
    for body in [hidden.repeat(300 * 1024 / hidden.len()), String::new()] {
        let (title, what) = ("too much".to_owned(), format!("a text of {} bytes", body.len()));
        let failure = refused(&what, notifier.publish(&Message { title, body }, deadline).await, &[Kind::Invalid])?;
        shows_nothing_of(&failure, hidden)?;
    }
    let received = inbox.received().await?;
    expect(received.is_empty(), || format!("received {} refused messages", received.len()))
}

/// A topic that is not there is not found.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn missing(notifier: &dyn Notifier, deadline: Deadline) -> Finding {
    let message = Message { title: "t".to_owned(), body: "b".to_owned() };
    refused("publishing to no topic", notifier.publish(&message, deadline).await, &[Kind::NotFound]).map(drop)
}

/// When the answer to a publication is lost its fate is unknown, and it is said so: whoever repeats it risks a second
/// message. The test makes the notifier's first answer break.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn a_lost_answer_is_an_unknown_fate(
    notifier: &dyn Notifier,
    inbox: &dyn Inbox,
    deadline: Deadline,
) -> Finding {
    let message = Message { title: "lost answer".to_owned(), body: "once at most".to_owned() };
    let failure = notifier.publish(&message, deadline).await.err().ok_or("a lost answer was a success")?;
    expect(failure.may_have_happened(), || format!("a lost answer is certain: {failure}"))?;
    let received = inbox.received().await?;
    expect(received.len() == 1, || format!("the message was published {} times", received.len()))
}

/// An alert that several invocations find goes out once.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn alerts_go_out_once(
    notifier: Arc<dyn Notifier>,
    inbox: &dyn Inbox,
    documents: Documents,
    deadline: Deadline,
) -> Finding {
    let alerts = Alerts::new(notifier, documents, Duration::from_secs(86_400));
    let message = Message { title: "alert".to_owned(), body: "look".to_owned() };
    let mut sent = 0;
    for _ in 0..3 {
        let alerted = alerts.send("egress/2026-09/80", &message, deadline).await;
        sent += usize::from(matches!(alerted.map_err(|error| error.to_string())?, Alerted::Sent { .. }));
    }
    let received = inbox.received().await?;
    expect(sent == 1 && received.len() == 1, || format!("{sent} sent, {} received", received.len()))
}

fn other(message: &Message) -> Message {
    Message { body: format!("{} again", message.body), ..message.clone() }
}
