#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::HashMap;
use std::path::PathBuf;

use causeway_cloud::chat::{ChatQuestion, NONE};
use causeway_oci_auth::Effects;
use causeway_oci_auth::effects::{HttpClient, SystemFiles};
use causeway_resilience::Deadline;
use causeway_resilience::service::Kind;

use super::*;

fn connected(variables: &[(&str, &str)]) -> Connected {
    let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment = Arc::new(pairs.collect::<HashMap<_, _>>());
    let files = Arc::new(HashMap::from([(PathBuf::from("answers.json"), b"{}".to_vec())]));
    let network = HttpClient::new(&HashMap::<String, String>::new(), &SystemFiles).unwrap();
    Connected::new(Effects { environment, files, ..Effects::default() }, network).unwrap()
}

fn model(variables: &[(&str, &str)]) -> Result<Arc<dyn ChatModel>, String> {
    connected(variables).chat_model().map_err(|problem| problem.to_string())
}

#[test]
fn the_first_of_the_list_gives_its_name() {
    let check = |list: &str, more: &[(&str, &str)], name: &str| {
        let variables: Vec<_> = more.iter().copied().chain([("CAUSEWAY_CHAT_MODEL", list)]).collect();
        assert_eq!(model(&variables).unwrap().name(), name, "{list}");
    };
    let (oci, aws) = ([("CAUSEWAY_CLOUD", "oci")], [("CAUSEWAY_CLOUD", "aws")]);
    check("meta.llama-4,bedrock:amazon.nova-lite-v1:0", &oci, "oci/meta.llama-4");
    check("amazon.nova-lite-v1:0", &aws, "bedrock/amazon.nova-lite-v1:0");
    check("ocid1.generativeaiendpoint.oc1.iad.x", &aws, "oci/ocid1.generativeaiendpoint.oc1.iad.x");
    check("oci-openai:xai.grok-4,replay:answers.json", &oci, "oci-openai/xai.grok-4");
    check("openai:llava:7b@http://127.0.0.1:1", &[], "openai/llava:7b");
    check("replay:answers.json", &[], "replay/answers.json");
    check("none", &[], NONE);
}

#[test]
fn the_model_is_one_for_the_process() {
    let connected = connected(&[("CAUSEWAY_CHAT_MODEL", "replay:answers.json")]);
    assert!(Arc::ptr_eq(&connected.chat_model().unwrap(), &connected.chat_model().unwrap()));
}

#[test]
fn every_fault_is_told_at_once_and_no_key_shows() {
    let check = |variables: &[(&str, &str)], parts: &[&str]| {
        let problem = model(variables).err().unwrap();
        assert!(parts.iter().all(|part| problem.contains(part)), "{problem}");
        assert!(!problem.contains("canary"), "{problem}");
    };
    let list = |list| ("CAUSEWAY_CHAT_MODEL", list);
    check(&[list("opnai:x,openai:m@http://h.example")], &["entry 1", "entry 2", "CAUSEWAY_CHAT_ALLOW_HTTP"]);
    let missing = "openai:m@https://h;key=A,replay:none.json";
    check(&[list(missing)], &["CAUSEWAY_CHAT_API_KEY_A is not set", "none.json"]);
    let vault = [list("openai:m@https://h"), ("CAUSEWAY_CHAT_API_KEY", "secret:canary")];
    check(&vault, &["CAUSEWAY_CHAT_API_KEY: there is no vault"]);
    let two = [list("openai:m@https://a,openai:m@https://b"), ("CAUSEWAY_CHAT_API_KEY", "canary")];
    check(&two, &["give each"]);
    for seconds in ["0", "3601", "1.5", "x"] {
        check(&[list("replay:answers.json"), ("CAUSEWAY_CHAT_TRY_SECONDS", seconds)], &["CAUSEWAY_CHAT_TRY_SECONDS"]);
    }
    let breaker = |kind| [list("replay:answers.json"), ("CAUSEWAY_CHAT_BREAKER", kind), ("CAUSEWAY_CLOUD", "aws")];
    check(&breaker("own"), &["CAUSEWAY_CHAT_BREAKER must be process or shared"]);
    check(&breaker("shared"), &["CAUSEWAY_BUCKET is not set"]);
    check(&[list("none"), ("CAUSEWAY_CHAT_ALLOW_HTTP", "yes")], &["CAUSEWAY_CHAT_ALLOW_HTTP must be"]);
    check(&[], &["CAUSEWAY_CHAT_MODEL is not set"]);
}

#[tokio::test]
async fn no_model_says_so() {
    let model = model(&[("CAUSEWAY_CHAT_MODEL", "none")]).unwrap();
    let failure = model.ask(&ChatQuestion::default(), Deadline::NONE).await.unwrap_err();
    assert_eq!(failure.kind(), Kind::NotConfigured);
}
