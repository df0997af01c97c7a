//! The narrative: only where it is asked for, and never in the way of the answer.

use async_trait::async_trait;
use causeway_cloud::chat::{ChatQuestion, ChatReply, Finish};
use causeway_cloud::results::{Results, ResultsAt};
use causeway_cloud::state::Documents;
use causeway_cloud::{Fleet, Invoker, Metrics, Notifier, Secrets, Usage};
use causeway_resilience::ServiceFailure;
use causeway_resilience::service::Kind as FailureKind;

use super::*;

/// A model with one answer, or with none for ever.
enum Model {
    Says(&'static str),
    Fails(FailureKind),
    Hangs,
}

#[async_trait]
impl ChatModel for Model {
    fn name(&self) -> &str {
        "test/model"
    }

    async fn ask(&self, _: &ChatQuestion, deadline: Deadline) -> Result<ChatReply, ServiceFailure> {
        assert!(deadline.moment().is_some(), "no call is without a deadline");
        let text = match self {
            Self::Says(text) => json!({ "text": text }).to_string(),
            Self::Fails(kind) => return Err(ServiceFailure::new(*kind, "generative_ai", "Chat", "hidden")),
            Self::Hangs => std::future::pending().await,
        };
        Ok(ChatReply { text, model: "model-7".to_owned(), finish: Finish::Complete, ..ChatReply::default() })
    }
}

/// A deployment with objects and, perhaps, a model.
struct Deployment {
    objects: Objects,
    model: Option<Arc<dyn ChatModel>>,
}

impl Deployment {
    fn new(root: &tempfile::TempDir, model: Option<Model>) -> Self {
        let model = model.map(|model| Arc::new(model) as Arc<dyn ChatModel>);
        Self { objects: Arc::new(Store::open(root.path()).unwrap()), model }
    }
}

fn none<T>() -> Result<T, Problem> {
    Err("this deployment does not have it".into())
}

impl Ports for Deployment {
    fn principal(&self) -> Result<Arc<dyn Principal>, Problem> {
        Ok(Arc::new(NoPrincipal))
    }

    fn objects(&self) -> Result<Objects, Problem> {
        Ok(Arc::clone(&self.objects))
    }

    fn chat_model(&self) -> Result<Arc<dyn ChatModel>, Problem> {
        self.model.clone().ok_or_else(|| "CAUSEWAY_CHAT_MODEL is not set".into())
    }

    fn documents(&self, _: &str) -> Result<Documents, Problem> {
        none()
    }

    fn metrics(&self) -> Result<Arc<dyn Metrics>, Problem> {
        none()
    }

    fn fleet(&self) -> Result<Arc<dyn Fleet>, Problem> {
        none()
    }

    fn usage(&self) -> Result<Arc<dyn Usage>, Problem> {
        none()
    }

    fn notifier(&self) -> Result<Arc<dyn Notifier>, Problem> {
        none()
    }

    fn invoker(&self) -> Result<Arc<dyn Invoker>, Problem> {
        none()
    }

    fn secrets(&self) -> Result<Arc<dyn Secrets>, Problem> {
        none()
    }

    fn results(&self, _: &ResultsAt) -> Result<Arc<dyn Results>, Problem> {
        none()
    }
}

const ON: &[(&str, &str)] = &[("DECISION_NARRATIVE", "on")];

/// What the agent finds with this model, in a call that has `left`.
async fn found(variables: &[(&str, &str)], model: Option<Model>, left: Option<Duration>) -> Value {
    let root = tempfile::tempdir().unwrap();
    let agent = DecisionAgent::connect(&config(variables), &Deployment::new(&root, model)).unwrap();
    let start = Instant::now();
    let budget = left.map_or_else(|| Budget::unlimited(start), |left| Budget::of(start, left));
    let context = Context::new(Kind::Direct, "test", budget);
    let asked = request(include_str!("../../events/inline.json"));
    let answer = agent.handle(asked, &context).await.unwrap();
    assert_eq!(answer.status, Status::Partial);
    answer.data
}

#[tokio::test]
async fn a_text_that_agrees_stands_beside_the_figures() {
    let plain = found(&[], None, None).await;
    let mut data = found(ON, Some(Model::Says("The gross margin is 12.5 percent.")), None).await;
    let narrative = data.as_object_mut().unwrap().remove("narrative").unwrap();
    assert_eq!(narrative["text"], "The gross margin is 12.5 percent.");
    assert_eq!((&narrative["model"], &narrative["answered_by"]), (&json!("test/model"), &json!("model-7")));
    let pointer = narrative["evidence"][0].as_str().unwrap();
    assert_eq!(data.pointer(pointer), Some(&json!(12.4672)));
    assert_eq!(data.to_string(), plain.to_string(), "the rest is the same, byte for byte");
}

#[tokio::test]
async fn a_text_that_disagrees_and_a_model_that_fails_cost_the_narrative_only() {
    let plain = found(&[], None, None).await;
    for (model, reason) in [
        (Model::Says("The gross margin is 15 percent."), "sentence 1 has a number"),
        (Model::Says("The gross margin is excellent."), "sentence 1 has a word"),
        (Model::Says(""), "empty"),
        (Model::Fails(FailureKind::Timeout), "in time"),
        (Model::Fails(FailureKind::Denied), "service_denied"),
    ] {
        let mut data = found(ON, Some(model), None).await;
        assert!(data.get("narrative").is_none());
        let told = data["coverage"].as_object_mut().unwrap().remove("narrative").unwrap();
        assert!(told.as_str().unwrap().contains(reason), "{told}");
        assert_eq!(data.to_string(), plain.to_string());
    }
}

/// The model gets four fifths of the call's time, or half a minute of a call without an end.
#[tokio::test(start_paused = true)]
async fn a_model_that_never_answers_is_left() {
    for left in [Some(Duration::from_secs(2)), None] {
        let data = found(ON, Some(Model::Hangs), left).await;
        assert_eq!(data["coverage"]["narrative"], "the model did not answer in time", "{left:?}");
    }
}

#[tokio::test]
async fn without_the_setting_no_model_is_made() {
    let root = tempfile::tempdir().unwrap();
    let without_model = Deployment::new(&root, None);
    let agent = DecisionAgent::connect(&config(&[]), &without_model).unwrap();
    assert!(agent.narrator.is_none() && agent.capabilities()["narrative"].is_null());
    let missing = DecisionAgent::connect(&config(ON), &without_model).err().unwrap();
    assert!(missing.to_string().contains("CAUSEWAY_CHAT_MODEL"));
    let agent = DecisionAgent::connect(&config(ON), &Deployment::new(&root, Some(Model::Hangs))).unwrap();
    assert_eq!(agent.capabilities()["narrative"], "test/model");
    let first = found(&[], Some(Model::Hangs), None).await;
    assert!(first.get("narrative").is_none() && first["coverage"].get("narrative").is_none());
}
