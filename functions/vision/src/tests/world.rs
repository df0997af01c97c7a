//! A bucket, a model, a topic and a clock.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use causeway_cloud::chat::{ChatQuestion, ChatReply, Finish, Part};
use causeway_cloud::notifier::Message;
use causeway_cloud::object_store::memory::InMemory;
use causeway_cloud::object_store::path::Path;
use causeway_cloud::object_store::{Attribute, Attributes, ObjectStore, ObjectStoreExt, PutOptions};
use causeway_cloud::state::{Clock, Documents};
use causeway_cloud::{ChatModel, NoPrincipal, Notifier, Objects};
use causeway_resilience::service::Kind as FailureKind;
use causeway_resilience::{Deadline, ServiceFailure};
use causeway_runtime::{Budget, Context, Error, Handler, Kind, Settings, Vars};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::{Config, Parts, Port, Request, Vision};

pub(crate) const COFFEE: &[u8] = include_bytes!("../../../../shared/local-cloud/data/pictures/coffee.jpg");
pub(crate) const ASTRONAUT: &[u8] = include_bytes!("../../../../shared/local-cloud/data/pictures/astronaut.jpg");
pub(crate) const BLURRED: &[u8] = include_bytes!("../../../../shared/local-cloud/data/pictures/coffee-blurred.jpg");
/// On its side, with a place and a time.
pub(crate) const ROTATED: &[u8] = include_bytes!("../../../../shared/local-cloud/data/pictures/coffee-rotated.jpg");

/// The clock of tokio's tests.
pub(crate) struct Virtual(tokio::time::Instant);

impl Clock for Virtual {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000) + self.0.elapsed()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(time).boxed()
    }
}

/// What a model says next.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    Text(String),
    Cut(String),
    Held,
    Fails(FailureKind),
    /// For so long it says nothing, then this.
    Late(Duration, String),
}

/// A model that says what is written down, the last of it for ever.
#[derive(Default)]
pub(crate) struct Model {
    script: Mutex<VecDeque<Says>>,
    asked: Mutex<Vec<ChatQuestion>>,
    /// Questions under way, and how many there were at most.
    under_way: Mutex<(usize, usize)>,
}

impl Model {
    pub(crate) fn says(script: impl IntoIterator<Item = Says>) -> Arc<Self> {
        Arc::new(Self { script: Mutex::new(script.into_iter().collect()), ..Self::default() })
    }

    /// Questions that were under way at once.
    pub(crate) fn most_at_once(&self) -> usize {
        self.under_way.lock().unwrap().1
    }

    /// Questions so far.
    pub(crate) fn asked(&self) -> Vec<ChatQuestion> {
        self.asked.lock().unwrap().clone()
    }

    /// The picture of each question.
    pub(crate) fn pictures(&self) -> Vec<Vec<u8>> {
        let picture = |part: &Part| match part {
            Part::Image { media_type, bytes } => {
                assert_eq!(media_type, "image/jpeg");
                Some(bytes.to_vec())
            }
            Part::Text(_) => None,
        };
        self.asked().iter().filter_map(|question| question.parts.iter().find_map(picture)).collect()
    }
}

#[async_trait]
impl ChatModel for Model {
    fn name(&self) -> &str {
        "test/written-down"
    }

    async fn ask(&self, question: &ChatQuestion, _: Deadline) -> Result<ChatReply, ServiceFailure> {
        self.asked.lock().unwrap().push(question.clone());
        let says = {
            let mut script = self.script.lock().unwrap();
            if script.len() > 1 { script.pop_front() } else { script.front().cloned() }
        };
        let reply = |text: String, finish| ChatReply {
            text,
            finish,
            provider: "test/written-down".to_owned(),
            model: "written-down-1".to_owned(),
            notices: vec!["model is withdrawn in 2027".to_owned()],
            ..ChatReply::default()
        };
        match says.expect("an answer") {
            Says::Text(text) => Ok(reply(text, Finish::Complete)),
            Says::Cut(text) => Ok(reply(text, Finish::Length)),
            Says::Held => Ok(reply(String::new(), Finish::Filtered)),
            Says::Fails(kind) => Err(ServiceFailure::new(kind, "chat", "Chat", "hidden words of the service")),
            Says::Late(time, text) => {
                {
                    let (now, most) = &mut *self.under_way.lock().unwrap();
                    *now += 1;
                    *most = (*most).max(*now);
                }
                tokio::time::sleep(time).await;
                self.under_way.lock().unwrap().0 -= 1;
                Ok(reply(text, Finish::Complete))
            }
        }
    }
}

/// A topic that fails so often.
#[derive(Default)]
pub(crate) struct Topic {
    pub(crate) fails: Mutex<usize>,
    pub(crate) messages: Mutex<Vec<Message>>,
}

#[async_trait]
impl Notifier for Topic {
    async fn publish(&self, message: &Message, _: Deadline) -> Result<String, ServiceFailure> {
        let mut fails = self.fails.lock().unwrap();
        if *fails > 0 {
            *fails -= 1;
            return Err(ServiceFailure::new(FailureKind::Throttled, "notifications", "PublishMessage", "no"));
        }
        self.messages.lock().unwrap().push(message.clone());
        Ok("id".to_owned())
    }
}

/// Everything together.
pub(crate) struct World {
    pub(crate) objects: Objects,
    pub(crate) model: Option<Arc<Model>>,
    pub(crate) topic: Arc<Topic>,
    pub(crate) variables: Vec<(&'static str, &'static str)>,
    pub(crate) has_wrong_topic: bool,
}

impl World {
    pub(crate) fn new(script: impl IntoIterator<Item = Says>) -> Self {
        Self::over(Arc::new(InMemory::new()), Some(Model::says(script)))
    }

    pub(crate) fn over(objects: Objects, model: Option<Arc<Model>>) -> Self {
        Self { objects, model, topic: Arc::default(), variables: Vec::new(), has_wrong_topic: false }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    pub(crate) fn vision(&self) -> Vision {
        let mut vars = Vars::new(self.variables.iter().copied());
        let config = Config::read(&mut vars);
        assert_eq!(vars.problems(), &[] as &[String]);
        let clock: Arc<dyn Clock> = Arc::new(Virtual(tokio::time::Instant::now()));
        let documents =
            |name: &str| Documents::new(Arc::clone(&self.objects), format!("state/{name}"), Arc::clone(&clock));
        let model = self.model.clone().map(|model| model as Arc<dyn ChatModel>);
        let parts = Parts {
            objects: Ok(Arc::clone(&self.objects)),
            model: Port::of(model.ok_or_else(|| "no model".to_owned()), config.is_model_set),
            documents: documents("vision"),
            notifier: match self.has_wrong_topic {
                true => Port::Wrong("no topic".to_owned()),
                false => Port::Ready(Arc::clone(&self.topic) as Arc<dyn Notifier>),
            },
            told: documents("told"),
            metrics: None,
            principal: Arc::new(NoPrincipal),
            clock,
        };
        Vision::new(parts, config)
    }

    pub(crate) async fn put(&self, name: &str, bytes: &'static [u8]) {
        self.objects.put(&Path::from(name), bytes.into()).await.unwrap();
    }

    /// With what `opc-meta-*` or `x-amz-meta-*` headers said.
    pub(crate) async fn put_with(&self, name: &str, bytes: &'static [u8], metadata: &[(&'static str, &'static str)]) {
        let pairs = metadata.iter().map(|(key, value)| (Attribute::Metadata((*key).into()), *value));
        let attributes = Attributes::from_iter(pairs);
        let options = PutOptions { attributes, ..PutOptions::default() };
        self.objects.put_opts(&Path::from(name), bytes.into(), options).await.unwrap();
    }

    /// The JSON of an object; `None` when it is not there.
    pub(crate) async fn stored(&self, name: &str) -> Option<Value> {
        let found = self.objects.get(&Path::from(name)).await.ok()?;
        Some(serde_json::from_slice(&found.bytes().await.unwrap()).unwrap())
    }

    /// The reply to a request that a caller makes.
    pub(crate) async fn ask(&self, request: Value) -> Result<Value, Error> {
        ask(&self.vision(), request, &context(Kind::Direct)).await
    }

    /// The same of one object, which has to work.
    pub(crate) async fn look(&self, name: &str) -> Value {
        self.ask(json!({ "object_name": name })).await.unwrap()
    }

    pub(crate) fn questions(&self) -> usize {
        self.model.as_ref().map_or(0, |model| model.asked().len())
    }
}

pub(crate) async fn ask(vision: &Vision, request: Value, context: &Context) -> Result<Value, Error> {
    let request: Request = serde_json::from_value(request).unwrap();
    Ok(serde_json::to_value(vision.handle(request, context).await?).unwrap())
}

pub(crate) fn context(kind: Kind) -> Context {
    Context::new(kind, "r", Budget::unlimited(std::time::Instant::now()))
}

/// An answer of the right form about a parcel that is whole, changed.
pub(crate) fn answer(change: impl FnOnce(&mut Value)) -> Says {
    let place = json!({ "cell": "center", "box": [200, 200, 800, 800] });
    let absent = json!({
        "evidence_visible": true, "present": "no", "severity": "none", "item": "item1", "where": place, "evidence": "",
    });
    let mut answer = json!({
        "scene": {
            "sceneType": "delivery", "packageVisible": "yes", "packageDescription": "a brown box",
            "location": { "type": "doorstep", "description": "on a mat" },
            "environment": { "weather": "clear", "timeOfDay": "afternoon", "conditions": "bright" },
            "safetyAssessment": { "protected": "yes", "visible": "no", "secure": "yes", "notes": "" },
            "overallDescription": "A brown box on a doorstep.",
        },
        "items": [{ "id": "item1", "kind": "box", "description": "a brown box", "where": place }],
        "damage": {
            "packageVisible": "yes",
            "overall": { "severity": "none", "score": 0.05, "rationale": "all sides that show are flat" },
            "indicators": {
                "boxDeformation": absent, "cornerDamage": absent, "leakage": absent, "packagingIntegrity": absent,
            },
            "uncertainties": "", "stated_confidence": 0.9,
        },
    });
    change(&mut answer);
    Says::Text(answer.to_string())
}

/// The same with damage of these kinds.
pub(crate) fn damaged(kinds: &[(&str, &str)]) -> Says {
    answer(|answer| {
        let scores = [("minor", 0.35), ("moderate", 0.65), ("severe", 0.95)];
        let mut worst = ("none", 0.05);
        for (kind, severity) in kinds {
            let found = &mut answer["damage"]["indicators"][*kind];
            found["present"] = json!("yes");
            found["severity"] = json!(severity);
            found["evidence"] = json!("a dark wet patch with a ragged edge");
            let score = scores.iter().find(|(name, _)| name == severity).unwrap();
            if score.1 > worst.1 {
                worst = *score;
            }
        }
        answer["damage"]["overall"]["severity"] = json!(worst.0);
        answer["damage"]["overall"]["score"] = json!(worst.1);
    })
}

pub(crate) fn whole() -> Says {
    answer(|_| {})
}

pub(crate) fn issues(reply: &Value) -> Vec<String> {
    serde_json::from_value(reply["assessment"]["issues"].clone()).unwrap()
}
