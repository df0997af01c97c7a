#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::SystemTime;

use async_trait::async_trait;

use super::*;
use crate::effects::{Clock, Http, Random};
use crate::key::PrivateKey;
use crate::{Secret, test_keys};

type Reply = Result<Response<Bytes>, HttpError>;

/// Replies in order; every exchange takes a second.
#[derive(Default)]
struct World {
    replies: Mutex<VecDeque<Reply>>,
    sent: Mutex<Vec<(Request<Bytes>, Exchange)>>,
    seconds: Mutex<u64>,
    slept: Mutex<Vec<Duration>>,
}

const START: u64 = 1_780_000_000;

#[async_trait]
impl Clock for World {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(START + *self.seconds.lock().unwrap())
    }

    async fn sleep(&self, time: Duration) {
        self.slept.lock().unwrap().push(time);
    }
}

#[async_trait]
impl Http for World {
    async fn send(&self, request: Request<Bytes>, how: &Exchange) -> Reply {
        *self.seconds.lock().unwrap() += 1;
        self.sent.lock().unwrap().push((request, how.clone()));
        self.replies.lock().unwrap().pop_front().expect("one request too many")
    }
}

#[async_trait]
impl Random for World {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), Error> {
        buffer.fill(0xA7);
        Ok(())
    }

    async fn session_key(&self) -> Result<PrivateKey, Error> {
        Err(Error::NoEffect("session keys"))
    }
}

/// Credentials `old`, then what `renewals` has.
#[derive(Debug)]
struct Source {
    renewals: Mutex<VecDeque<Result<Option<&'static str>, Error>>>,
}

fn named(key_id: &str) -> Arc<Snapshot> {
    let (not_after, tenancy, compartment, region, delegation) = (None, None, None, None, None);
    let key_id = Secret::from(key_id);
    Arc::new(Snapshot { key_id, key: test_keys::session(), not_after, tenancy, compartment, region, delegation })
}

#[async_trait]
impl Provider for Source {
    fn name(&self) -> &'static str {
        "test"
    }

    async fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        Ok(named("old"))
    }

    async fn renew(&self, _: &Arc<Snapshot>) -> Result<Option<Arc<Snapshot>>, Error> {
        let renewal = self.renewals.lock().unwrap().pop_front().expect("one renewal too many");
        renewal.map(|name| name.map(named))
    }
}

struct Scene {
    world: Arc<World>,
    effects: Effects,
    source: Source,
}

impl Scene {
    fn new(replies: impl IntoIterator<Item = Reply>, renewals: &[Result<Option<&'static str>, Error>]) -> Self {
        let world = Arc::new(World { replies: Mutex::new(replies.into_iter().collect()), ..World::default() });
        let (http, clock, random) = (world.clone(), world.clone(), world.clone());
        let effects = Effects { http, clock, random, ..Effects::default() };
        Self { world, effects, source: Source { renewals: Mutex::new(renewals.iter().cloned().collect()) } }
    }

    fn call(&self) -> Call<'_> {
        Call { policy: Policy::oci_default(), ..Call::new(&self.effects, &self.source, "queue") }
    }

    async fn get(&self) -> Result<Response<Bytes>, CallError> {
        self.call().send(&Request::get("https://h/n").body(Bytes::new()).unwrap()).await
    }

    async fn post(&self, headers: &[(&str, &str)]) -> Result<Response<Bytes>, CallError> {
        let request = Request::post("https://h/n");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.call().send(&request.body(Bytes::from("{}")).unwrap()).await
    }

    /// The key id of each request.
    fn signed_by(&self) -> Vec<String> {
        let key_id = |(request, _): &(Request<Bytes>, Exchange)| {
            let text = request.headers()["authorization"].to_str().unwrap();
            text.split("keyId=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
        };
        self.world.sent.lock().unwrap().iter().map(key_id).collect()
    }

    fn header(&self, name: &str) -> Vec<String> {
        let sent = self.world.sent.lock().unwrap();
        sent.iter().map(|(request, _)| request.headers()[name].to_str().unwrap().to_owned()).collect()
    }

    fn pauses(&self) -> usize {
        self.world.slept.lock().unwrap().len()
    }
}

fn reply(status: u16, headers: &[(&str, &str)], body: &'static str) -> Reply {
    let response = headers
        .iter()
        .fold(Response::builder().status(status), |response, (name, value)| response.header(*name, *value));
    Ok(response.body(Bytes::from(body)).unwrap())
}

fn status(status: u16) -> Reply {
    reply(status, &[], "")
}

#[tokio::test]
async fn a_401_renews_once_and_repeats_with_a_new_date() {
    let scene = Scene::new([status(401), status(200)], &[Ok(Some("new"))]);
    assert!(scene.get().await.is_ok());
    assert_eq!((scene.signed_by(), scene.pauses()), (vec!["old".to_owned(), "new".to_owned()], 0));
    let dates = scene.header("date");
    assert_ne!(dates[0], dates[1]);
    let ids = scene.header("opc-request-id");
    assert_eq!((ids[0].as_str(), &ids[0]), ("A7A7A7A7A7A7A7A7A7A7A7A7A7A7A7A7", &ids[1]));
}

#[tokio::test]
async fn a_second_401_is_final_and_so_is_one_without_newer_credentials() {
    let failure = Error::MissingVariable("X".to_owned());
    let cases: [(&[_], usize, bool); 3] =
        [(&[Ok(Some("new"))], 2, false), (&[Ok(None)], 1, false), (&[Err(failure)], 1, true)];
    for (renewals, requests, failed) in cases {
        let body = r#"{"code":"NotAuthenticated","message":"m"}"#;
        let scene = Scene::new((0..requests).map(|_| reply(401, &[("opc-request-id", "r/1")], body)), renewals);
        let Err(CallError::Refused { error, renewal, skew: None, tries: 1, .. }) = scene.get().await else { panic!() };
        assert_eq!(error.code.as_deref(), Some("NotAuthenticated"));
        assert_eq!((error.opc_request_id.as_deref(), renewal.is_some()), (Some("r/1"), failed));
        assert_eq!(scene.signed_by().len(), requests);
    }
}

#[tokio::test]
async fn a_final_401_names_the_skew_of_the_clocks() {
    // The reply comes a second after the start.
    for (theirs, expected) in [
        (START - 299, None),
        (START - 300, Some("; the clock of this machine is 301 s ahead of that of the service")),
        (START + 601, Some("; the clock of this machine is 600 s behind that of the service")),
    ] {
        let date = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(theirs));
        let scene = Scene::new([reply(401, &[("date", &date)], "")], &[Ok(None)]);
        let text = scene.get().await.unwrap_err().to_string();
        let id = "A7".repeat(16);
        assert_eq!(text, format!("queue answered 401 (opc-request-id {id}) to try 1{}", expected.unwrap_or_default()));
    }
    let scene = Scene::new([reply(401, &[("date", "yesterday")], "")], &[Ok(None)]);
    assert!(matches!(scene.get().await, Err(CallError::Refused { skew: None, .. })));
}

#[tokio::test]
async fn throttling_is_waited_out_and_then_given_up() {
    let scene = Scene::new([reply(429, &[("retry-after", "7")], ""), status(503), status(200)], &[]);
    assert!(scene.get().await.is_ok());
    let slept = scene.world.slept.lock().unwrap().clone();
    assert!(slept[0] >= Duration::from_secs(7) && slept[1] >= Duration::from_secs(2), "{slept:?}");
    let scene = Scene::new((0..8).map(|_| status(429)), &[]);
    assert!(matches!(scene.get().await, Err(CallError::Refused { tries: 8, .. })));
    // A 401 after that is answered with newer credentials still, and does not count as a try.
    let scene = Scene::new([status(429), status(401), status(429), status(200)], &[Ok(Some("new"))]);
    assert!(scene.get().await.is_ok());
    assert_eq!(scene.signed_by()[..3], ["old", "old", "new"]);
}

#[tokio::test]
async fn what_may_have_happened_is_repeated_under_a_retry_token_only() {
    let broken = || Err(HttpError::Broken("reset".to_owned()));
    let scene = Scene::new([broken()], &[]);
    assert!(matches!(scene.post(&[]).await, Err(CallError::Transport { tries: 1, .. })));
    let scene = Scene::new([broken(), status(200)], &[]);
    assert!(scene.post(&[("opc-retry-token", "token"), ("opc-request-id", "mine")]).await.is_ok());
    assert_eq!(scene.header("opc-retry-token"), ["token", "token"]);
    assert_eq!(scene.header("opc-request-id"), ["mine", "mine"]);
    let unsent = Err(HttpError::NotSent("refused".to_owned()));
    let scene = Scene::new([unsent, status(429), status(200)], &[]);
    assert!(scene.post(&[]).await.is_ok());
    let scene = Scene::new([broken(), status(200)], &[]);
    let sure = Call { idempotency: Some(Idempotency::Idempotent), ..scene.call() };
    assert!(sure.send(&Request::post("https://h/").body(Bytes::new()).unwrap()).await.is_ok());
}

#[tokio::test]
async fn final_failures_are_told_at_once() {
    for refusal in [304, 400, 403, 404, 409, 412, 501] {
        let scene = Scene::new([status(refusal)], &[]);
        assert!(matches!(scene.get().await, Err(CallError::Refused { error, .. }) if error.status == refusal));
    }
    let scene = Scene::new([Err(HttpError::TooLarge(9))], &[]);
    assert_eq!(scene.get().await.unwrap_err().to_string(), "queue: answer larger than 9 bytes, after 1 tries");
    let scene = Scene::new([], &[]);
    let request = Request::builder().method("TRACE").uri("https://h/").body(Bytes::new()).unwrap();
    assert!(matches!(scene.call().send(&request).await, Err(CallError::Auth(Error::Unsignable(_)))));
}

#[tokio::test]
async fn limits_reach_the_transport_and_no_time_means_no_repeat() {
    let scene = Scene::new([status(200)], &[]);
    let call = Call { max_bytes: 77, policy: Policy::function(), ..scene.call() };
    call.send(&Request::get("https://h/").body(Bytes::new()).unwrap()).await.unwrap();
    let how = scene.world.sent.lock().unwrap()[0].1.clone();
    assert_eq!((how.max_bytes, how.route), (77, Route::Service));
    assert!(how.timeout <= Policy::function().per_try && !how.timeout.is_zero());
    let scene = Scene::new([status(401)], &[]);
    let over = Call { deadline: Deadline::at(now()), ..scene.call() };
    assert!(over.send(&Request::get("https://h/").body(Bytes::new()).unwrap()).await.is_err());
}

#[tokio::test]
async fn what_a_try_makes_is_not_taken_from_the_request() {
    let scene = Scene::new([status(200)], &[]);
    scene.post(&[("date", "yesterday"), ("x-date", "yesterday"), ("authorization", "canary")]).await.unwrap();
    let sent = scene.world.sent.lock().unwrap();
    let headers = sent[0].0.headers();
    assert_ne!(headers["date"], "yesterday");
    assert!(!headers.contains_key("x-date") && headers["authorization"].to_str().unwrap().starts_with("Signature "));
}

/// Takes its time for credentials; `None` is forever.
#[derive(Debug)]
struct Slow {
    snapshot: Option<u64>,
    renewal: Option<u64>,
}

async fn passed(seconds: Option<u64>) {
    match seconds {
        Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
        None => std::future::pending().await,
    }
}

#[async_trait]
impl Provider for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    async fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        passed(self.snapshot).await;
        Ok(named("old"))
    }

    async fn renew(&self, _: &Arc<Snapshot>) -> Result<Option<Arc<Snapshot>>, Error> {
        passed(self.renewal).await;
        Ok(Some(named("new")))
    }
}

/// A call of two seconds; how it ends and when.
async fn within_two_seconds(scene: &Scene, slow: Slow) -> (Result<Response<Bytes>, CallError>, u64) {
    let start = now();
    let deadline = Deadline::at(start + Duration::from_secs(2));
    let call = Call { provider: &slow, deadline, ..scene.call() };
    let outcome = call.send(&Request::get("https://h/n").body(Bytes::new()).unwrap()).await;
    (outcome, now().duration_since(start).as_secs())
}

#[tokio::test(start_paused = true)]
async fn no_wait_for_credentials_outlasts_the_call() {
    let too_slow = Error::TooSlow { provider: "slow", limit: Duration::from_secs(2) };
    for snapshot in [Some(3), None] {
        let scene = Scene::new([], &[]);
        let (outcome, seconds) = within_two_seconds(&scene, Slow { snapshot, renewal: None }).await;
        assert_eq!((outcome.unwrap_err(), seconds), (CallError::Auth(too_slow.clone()), 2));
    }
    let scene = Scene::new([status(401)], &[]);
    let (outcome, seconds) = within_two_seconds(&scene, Slow { snapshot: Some(0), renewal: None }).await;
    let Err(CallError::Refused { error, renewal: Some(renewal), .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!((error.status, seconds), (401, 2));
    assert!(matches!(*renewal, Error::TooSlow { provider: "slow", .. }), "{renewal}");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_leaves_no_time_keeps_the_401() {
    // The first comes with the last moment of the call, the second with half of it left.
    for (renewal, requests) in [(2, 1), (1, 2)] {
        let scene = Scene::new((0..requests).map(|_| status(401)), &[]);
        let (outcome, _) = within_two_seconds(&scene, Slow { snapshot: Some(0), renewal: Some(renewal) }).await;
        assert!(matches!(&outcome, Err(CallError::Refused { error, .. }) if error.status == 401), "{outcome:?}");
        assert_eq!(scene.signed_by().len(), requests);
    }
}
