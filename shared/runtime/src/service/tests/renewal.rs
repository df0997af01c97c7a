//! Claims that must be renewed while the work goes on, and calls that may as well be repeated.

use std::sync::Mutex;
use std::time::Duration;

use causeway_resilience::ServiceFailure;
use causeway_resilience::ledger::{Begun, Claim, Ledger, Pending};
use causeway_resilience::service::Kind as ServiceKind;
use serde::Serialize;

use super::once::{NoConfig, call_on};
use super::*;
use crate::Idempotency;
use crate::metrics::Format;

const BEAT: Duration = Duration::from_secs(5);

/// What the ledger does at each renewal; after the last one it is as with the last.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Ours,
    Lost,
    Broken,
    /// The answer comes after so many seconds.
    Slow(u64),
}

#[derive(Default)]
struct Script {
    is_broken: bool,
    has_lost_reply: bool,
    fates: Vec<Fate>,
    notes: Mutex<Vec<String>>,
}

impl Script {
    fn note(&self, text: &str) {
        self.notes.lock().unwrap().push(text.to_owned());
    }
}

fn broken() -> ServiceFailure {
    ServiceFailure::new(ServiceKind::Unavailable, "state", "access", "broken")
}

impl Ledger for Script {
    fn begin<'a>(&'a self, key: &'a str, _: &'a str, _: Duration) -> Pending<'a, Begun<'a>> {
        Box::pin(async move {
            self.note(key);
            match (self.is_broken, self.has_lost_reply) {
                (true, _) => Err(broken()),
                (_, true) => Ok(Begun::DoneWithoutReply),
                _ => Ok(Begun::Work(Box::new(Held { script: self, renewals: 0 }))),
            }
        })
    }
}

struct Held<'a> {
    script: &'a Script,
    renewals: usize,
}

impl<'a> Claim<'a> for Held<'a> {
    fn beat(&self) -> Option<Duration> {
        Some(BEAT)
    }

    fn renew(&mut self) -> Pending<'_, bool> {
        let fates = &self.script.fates;
        let fate = fates.get(self.renewals).or(fates.last()).copied().unwrap_or(Fate::Ours);
        self.renewals += 1;
        Box::pin(async move {
            if let Fate::Slow(seconds) = fate {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
            }
            self.script.note("renewed");
            if fate == Fate::Broken { Err(broken()) } else { Ok(fate != Fate::Lost) }
        })
    }

    fn complete(self: Box<Self>, _: String) -> Pending<'a, ()> {
        Box::pin(async move {
            self.script.note("complete");
            Ok(())
        })
    }

    fn abandon(self: Box<Self>) -> Pending<'a, ()> {
        Box::pin(async move {
            self.script.note("abandon");
            Ok(())
        })
    }
}

#[derive(Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Work {
    seconds: u64,
}

#[derive(Default)]
struct Worker(Script);

impl Handler for Worker {
    const NAME: &'static str = "worker";
    const ABOUT: &'static str = "Works for a time";
    type Config = NoConfig;
    type Request = Work;
    type Reply = &'static str;

    async fn handle(&self, request: Work, _: &Context) -> Result<&'static str, Error> {
        tokio::time::sleep(Duration::from_secs(request.seconds)).await;
        self.0.note("worked");
        Ok("done")
    }

    fn idempotency(&self, request: &Work, _: &Context) -> Result<Option<Idempotency<'_>>, Error> {
        Idempotency::harmless(&self.0, "stage", request).map(Some)
    }
}

/// The answer, and what happened until then besides the beginning.
async fn work(script: Script, body: &'static str) -> (String, Vec<String>) {
    let emitter = Emitter::new("worker", Format::Off, "causeway".to_owned());
    let function = Function::new(Worker(script), emitter);
    let answer = call_on(&function, body).await;
    let mut notes = function.handler.0.notes.lock().unwrap().clone();
    assert_eq!(notes.remove(0), format!("worker#stage#{body}"));
    (answer, notes)
}

#[tokio::test(start_paused = true)]
async fn a_claim_is_renewed_while_the_work_goes_on() {
    let lost = "409 in_progress true";
    let done = r#""done""#;
    let check = async |fates: &[Fate], body, answer: &str, expected: &[&str]| {
        let script = Script { fates: fates.to_vec(), ..Script::default() };
        let found = work(script, body).await;
        let expected = expected.iter().map(|&note| note.to_owned()).collect::<Vec<_>>();
        assert_eq!(found, (answer.to_owned(), expected));
    };
    check(&[], r#"{"seconds":4}"#, done, &["worked", "complete"]).await;
    check(&[Fate::Ours], r#"{"seconds":17}"#, done, &["renewed", "renewed", "renewed", "worked", "complete"]).await;
    check(&[Fate::Broken], r#"{"seconds":11}"#, done, &["renewed", "renewed", "worked", "complete"]).await;
    check(&[Fate::Ours, Fate::Lost], r#"{"seconds":17}"#, lost, &["renewed", "renewed"]).await;
    // The work goes on during a slow renewal, and does not wait for its end.
    check(&[Fate::Slow(10)], r#"{"seconds":9}"#, done, &["worked", "complete"]).await;
    check(&[Fate::Slow(2)], r#"{"seconds":13}"#, done, &["renewed", "renewed", "worked", "complete"]).await;
}

#[tokio::test(start_paused = true)]
async fn harmless_work_is_done_where_nothing_is_known_of_it() {
    for script in
        [Script { is_broken: true, ..Script::default() }, Script { has_lost_reply: true, ..Script::default() }]
    {
        let (answer, notes) = work(script, r#"{"seconds":1}"#).await;
        assert_eq!((answer.as_str(), notes.as_slice()), (r#""done""#, &["worked".to_owned()][..]));
    }
}
