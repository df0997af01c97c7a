//! The vision tool as a Lambda: the runtime interface emulator, pictures in S3 (moto), a model of Bedrock.

use std::collections::BTreeMap;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use causeway_adapters::aws::http_client;
use causeway_oci_auth::effects::{HttpClient, SystemEnvironment, SystemFiles};
use serde_json::{Value, json};
use tests::harness::{ModelServer, Says, programs};
use tokio::runtime::Runtime;

use crate::cloud::{ASTRONAUT, COFFEE, answer};
use crate::moto::Moto;
use crate::rie::Emulator;

const BUCKET: &str = "photos-of-tests";
/// A throw-away key; it opens nothing.
const KEY: (&str, &str) = ("AKTHROWAWAY", "throw-away");
const MODEL: &str = "amazon.nova-lite-v1:0";

/// S3 and Bedrock; they end with this value.
struct Amazon {
    runtime: Runtime,
    s3: Client,
    model: ModelServer,
    asked: std::cell::Cell<usize>,
    moto: Moto,
}

impl Amazon {
    /// `None` when moto is not installed.
    fn start() -> Option<Self> {
        let moto = Moto::start()?;
        let runtime = Runtime::new().unwrap();
        let model = runtime.block_on(ModelServer::start(Says::text(&answer("none").to_string())));
        model.knows_aws(KEY.0, KEY.1);
        let s3 = client(&moto.url());
        runtime.block_on(s3.create_bucket().bucket(BUCKET).send()).unwrap();
        Some(Self { runtime, s3, model, asked: Default::default(), moto })
    }

    /// A Lambda with the function; `None` when the emulator is not installed.
    fn lambda(&self) -> Option<Emulator> {
        let settings = BTreeMap::from([
            ("AWS_ACCESS_KEY_ID", KEY.0),
            ("AWS_SECRET_ACCESS_KEY", KEY.1),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &self.model.url),
            ("AWS_LAMBDA_FUNCTION_TIMEOUT", "120"),
            ("CAUSEWAY_BUCKET", BUCKET),
            ("DELIVERY_PREFIX", "in"),
        ]);
        let (url, model) = (self.moto.url(), format!("bedrock:{MODEL}"));
        let more = [("AWS_ENDPOINT_URL_S3", url.as_str()), ("CAUSEWAY_CHAT_MODEL", model.as_str())];
        let all: Vec<_> = settings.into_iter().chain(more).collect();
        Emulator::start(&programs::function("vision").path, &all)
    }

    fn put(&self, key: &str, bytes: &'static [u8]) {
        let body = ByteStream::from_static(bytes);
        self.runtime.block_on(self.s3.put_object().bucket(BUCKET).key(key).body(body).send()).unwrap();
    }

    /// An object's JSON; `None` when it is not there.
    fn stored(&self, key: &str) -> Option<Value> {
        self.runtime.block_on(async {
            let found = self.s3.get_object().bucket(BUCKET).key(key).send().await.ok()?;
            Some(serde_json::from_slice(&found.body.collect().await.unwrap().to_vec()).unwrap())
        })
    }

    /// Questions so far; each must have been signed with the key.
    fn questions(&self) -> usize {
        let asked = self.model.asked();
        assert!(asked.iter().all(|one| one.path == format!("/model/{}/converse", MODEL.replace(':', "%3A"))));
        self.asked.set(self.asked.get() + asked.len());
        self.asked.get()
    }
}

fn client(url: &str) -> Client {
    let http = HttpClient::new(&SystemEnvironment, &SystemFiles).unwrap();
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(KEY.0, KEY.1, None, None, "test")))
        .http_client(http_client(http.services()))
        .build();
    Client::from_conf(aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build())
}

/// What S3 sends; `key` as S3 writes it there: encoded like a form.
fn notification(key: &str) -> Value {
    let object = json!({ "key": key, "size": 1, "sequencer": "0055AED6DCD90281E5" });
    json!({ "Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventTime": "2026-01-01T00:00:00Z",
        "eventName": "ObjectCreated:Put",
        "s3": { "s3SchemaVersion": "1.0", "bucket": { "name": BUCKET }, "object": object },
    }]})
}

fn message(id: &str, body: &Value) -> Value {
    json!({
        "messageId": id, "receiptHandle": "r", "body": body.to_string(), "attributes": {}, "messageAttributes": {},
        "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:vision",
    })
}

fn failures(reply: &Value) -> Vec<&str> {
    let all = reply["batchItemFailures"].as_array().unwrap_or_else(|| panic!("no batch: {reply}"));
    all.iter().map(|one| one["itemIdentifier"].as_str().unwrap()).collect()
}

#[test]
fn a_picture_that_comes_to_s3_is_looked_at_once() {
    let Some(amazon) = Amazon::start() else { return };
    let Some(lambda) = amazon.lambda() else { return };
    amazon.put("in/front door ä.jpg", COFFEE);
    let event = notification("in/front+door+%C3%A4.jpg").to_string();
    let reply = lambda.invoke(&event).json();
    assert_eq!(
        (&reply["assessment"]["status"], &reply["metadata"]["source"]),
        (&json!("OK"), &json!("aws")),
        "{reply}"
    );
    assert_eq!((&reply["provider"]["model"], &reply["replayed"]), (&json!(MODEL), &json!(false)));
    let stored = amazon.stored("in/front door ä.jpg.vision.json").expect("a result beside the picture");
    assert_eq!(stored["damage_report"], reply["damage_report"]);
    assert_eq!(lambda.invoke(&event).json()["replayed"], true, "the same event again");
    // Another instance knows nothing but what the bucket has.
    let Some(other) = amazon.lambda() else { return };
    assert_eq!(other.invoke(&event).json()["replayed"], true);
    for own in ["in/front+door+%C3%A4.jpg.vision.json", "blurred/in/a.jpg", "elsewhere/a.jpg"] {
        assert_eq!(lambda.invoke(&notification(own).to_string()).json()["ignored"], true, "{own}");
    }
    assert_eq!(amazon.questions(), 1);
    let basic = lambda.invoke("{\"test_type\":\"basic\"}").json();
    assert_eq!(basic["configured"]["model"]["name"], format!("bedrock/{MODEL}"), "{basic}");
}

#[test]
fn an_event_that_two_instances_get_at_once_is_paid_for_once() {
    let Some(amazon) = Amazon::start() else { return };
    let (Some(one), Some(other)) = (amazon.lambda(), amazon.lambda()) else { return };
    amazon.put("in/a.jpg", COFFEE);
    let event = notification("in/a.jpg").to_string();
    let replies = std::thread::scope(|scope| {
        let both = [&one, &other].map(|lambda| scope.spawn(|| lambda.invoke(&event).json()));
        both.map(|thread| thread.join().unwrap())
    });
    let assessed = replies.iter().filter(|reply| reply["assessment"]["status"] == "OK").count();
    let told = replies.iter().filter(|reply| reply["errorType"] == "in_progress").count();
    assert!(
        assessed >= 1 && assessed + told == 2,
        "who comes too early fails, so that the event comes again: {replies:?}"
    );
    assert_eq!(other.invoke(&event).json()["replayed"], true);
    assert_eq!(amazon.questions(), 1);
}

#[test]
fn of_a_batch_only_what_failed_comes_again() {
    let Some(amazon) = Amazon::start() else { return };
    let Some(lambda) = amazon.lambda() else { return };
    amazon.put("in/a.jpg", COFFEE);
    amazon.put("in/b.jpg", ASTRONAUT);
    amazon.put("in/broken.jpg", &COFFEE[..1_000]);
    let batch = json!({ "Records": [
        message("good", &notification("in/a.jpg")),
        message("by-name", &json!({ "object_name": "in/b.jpg" })),
        message("broken", &notification("in/broken.jpg")),
        message("missing", &json!({ "object_name": "in/nowhere.jpg" })),
        message("wrong", &json!({ "object": "in/a.jpg" })),
        message("own", &notification("in/a.jpg.vision.json")),
        message("test", &json!({ "Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET })),
    ]});
    for _ in 0..2 {
        let reply = lambda.invoke(&batch.to_string()).json();
        assert_eq!(failures(&reply), ["broken", "missing", "wrong"], "{reply}");
        assert_eq!(amazon.questions(), 2, "one for each picture, however often it comes");
    }
    assert!(amazon.stored("in/a.jpg.vision.json").is_some() && amazon.stored("in/b.jpg.vision.json").is_some());
    assert!(amazon.stored("in/broken.jpg.vision.json").is_none());
}

#[test]
fn a_message_comes_again_until_the_model_has_answered() {
    let Some(amazon) = Amazon::start() else { return };
    let Some(lambda) = amazon.lambda() else { return };
    amazon.put("in/a.jpg", COFFEE);
    let refused = || Says::Status(400, "{\"message\":\"no\"}".to_owned(), Vec::new());
    amazon.model.says([refused(), Says::text(&answer("none").to_string())]);
    let batch = json!({ "Records": [message("one", &notification("in/a.jpg"))] }).to_string();
    assert_eq!(failures(&lambda.invoke(&batch).json()), ["one"]);
    assert_eq!(amazon.stored("in/a.jpg.vision.json").unwrap()["assessment"]["status"], "Review");
    let reply = lambda.invoke(&batch).json();
    assert!(failures(&reply).is_empty(), "{reply}");
    assert_eq!(amazon.stored("in/a.jpg.vision.json").unwrap()["assessment"]["status"], "OK");
    assert_eq!(amazon.questions(), 2);
}

#[test]
fn a_message_of_several_pictures_comes_again_until_all_of_them_are_done() {
    let Some(amazon) = Amazon::start() else { return };
    let Some(lambda) = amazon.lambda() else { return };
    amazon.put("in/a.jpg", COFFEE);
    amazon.put("in/b.jpg", ASTRONAUT);
    let refused = Says::Status(400, "{\"message\":\"no\"}".to_owned(), Vec::new());
    amazon.model.says([refused, Says::text(&answer("none").to_string())]);
    let several = json!({ "objects": ["in/a.jpg", "in/b.jpg"] });
    let deliver = |body: &Value| {
        let reply = lambda.invoke(&json!({ "Records": [message("several", body)] }).to_string()).json();
        failures(&reply).len()
    };
    assert_eq!((deliver(&several), amazon.questions()), (1, 2), "one of two has no answer");
    assert_eq!((deliver(&several), amazon.questions()), (0, 3), "only that one is asked about again");
    let folder = json!({ "prefix": "in" });
    assert_eq!(deliver(&folder), 0);
    amazon.put("in/broken.jpg", &COFFEE[..1_000]);
    assert_eq!(deliver(&folder), 1, "as a message that names it alone");
    assert_eq!(amazon.questions(), 3);
    for name in ["in/a.jpg", "in/b.jpg"] {
        assert_eq!(amazon.stored(&format!("{name}.vision.json")).unwrap()["assessment"]["status"], "OK", "{name}");
    }
}
