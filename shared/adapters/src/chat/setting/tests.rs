#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use proptest::prelude::*;

use super::*;

fn one(text: &str) -> Entry {
    let mut entries = read(text, Bare::Oci, false).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
    assert_eq!(entries.len(), 1);
    entries.remove(0)
}

fn oci(model: &str) -> Spec {
    Spec::Oci { model: model.to_owned(), format: None }
}

#[test]
fn entries() {
    let check = |text: &str, expected: Spec| assert_eq!(one(text).spec, expected, "{text}");
    check("meta.llama-4", oci("meta.llama-4"));
    check("ocid1.generativeaiendpoint.oc1.iad.x", oci("ocid1.generativeaiendpoint.oc1.iad.x"));
    check("oci:meta.llama-4", oci("meta.llama-4"));
    let endpoint = Spec::Oci { model: "ocid1.e".to_owned(), format: Some(ApiFormat::CohereV2) };
    check("oci:ocid1.e;format=coherev2", endpoint);
    let openai = |model: &str, base: &str| Spec::OpenAi { model: model.to_owned(), base: base.to_owned() };
    check("openai:qwen2.5vl:7b@http://127.0.0.1:11434", openai("qwen2.5vl:7b", "http://127.0.0.1:11434/v1"));
    check("openai:a/b@c@https://h.example/x/v1/;key=LAB", openai("a/b@c", "https://h.example/x/v1"));
    let path = |path: &str| Spec::OciOpenAi { model: "xai.grok-4".to_owned(), path: path.to_owned() };
    check("oci-openai:xai.grok-4", path("/openai/v1"));
    check("oci-openai:xai.grok-4;path=/20231130/actions/v1/;key=GENAI", path("/20231130/actions/v1"));
    let bedrock = |model: &str, region: Option<&str>| Spec::Bedrock {
        model: model.to_owned(),
        region: region.map(str::to_owned),
    };
    let haiku = "anthropic.claude-3-haiku-20240307-v1:0";
    check(&format!("bedrock:{haiku};region=eu-west-1"), bedrock(haiku, Some("eu-west-1")));
    let arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0";
    check(arn, bedrock(arn, None));
    check("replay:fixtures/answers.json", Spec::Replay { path: "fixtures/answers.json".into() });
    check("none", Spec::None);
    assert_eq!(one("openai:m@https://h;key=LAB_2").key.as_deref(), Some("LAB_2"));
}

#[test]
fn a_name_alone_is_of_the_cloud() {
    let model = "amazon.nova-lite-v1:0";
    let bedrock = Spec::Bedrock { model: model.to_owned(), region: None };
    assert_eq!(read(model, Bare::Bedrock, false).unwrap()[0].spec, bedrock);
    let faults = read(model, Bare::Nothing, false).unwrap_err();
    assert!(faults[0].contains("CAUSEWAY_CLOUD"), "{faults:?}");
    assert_eq!(
        read("ocid1.generativeaimodel.x", Bare::Bedrock, false).unwrap()[0].spec,
        oci("ocid1.generativeaimodel.x")
    );
}

#[test]
fn the_order_of_the_list_stays() {
    let list = read("meta.llama-4, oci:cohere.command-a-vision ,bedrock:x", Bare::Oci, false).unwrap();
    let bedrock = Spec::Bedrock { model: "x".to_owned(), region: None };
    let expected = [oci("meta.llama-4"), oci("cohere.command-a-vision"), bedrock];
    assert_eq!(list.into_iter().map(|entry| entry.spec).collect::<Vec<_>>(), expected);
}

#[test]
fn every_fault_is_told_at_once() {
    let check = |text: &str, parts: &[&str]| {
        let faults = read(text, Bare::Oci, false).unwrap_err();
        assert_eq!(faults.len(), parts.len(), "{text}: {faults:?}");
        for (fault, part) in faults.iter().zip(parts) {
            assert!(fault.contains(part), "{text}: {fault}");
        }
        assert!(!faults.concat().contains("canary"), "{faults:?}");
    };
    check("", &["entry 1: it is empty"]);
    check("a.b,,c.d,", &["entry 2: it is empty", "entry 4: it is empty"]);
    check("opnai:canary", &["unknown scheme"]);
    check("openai:canary", &["model@URL"]);
    check("openai:@https://h.example", &["no model"]);
    check("openai:m@https://user:canary@h.example", &["user information"]);
    check("openai:m@https://h.example?canary=1", &["no query"]);
    check("openai:m@http://h.example", &["CAUSEWAY_CHAT_ALLOW_HTTP"]);
    check("openai:m@https://h;key=canary", &["capital letters"]);
    check("openai:m@https://h;color=canary", &["unknown here"]);
    check("openai:m@https://h;key", &["name=value"]);
    check("openai:m@https://h;key=A;key=B", &["twice"]);
    check("oci:meta.x;format=canary", &["format must be"]);
    check("oci:meta.x;key=A", &["takes no key"]);
    check("oci-openai:m;path=canary", &["path must be"]);
    check("oci-openai:m;path=/a/../b", &["path must be"]);
    check("bedrock:m;region=../canary", &["region must be"]);
    check("bedrock:", &["names no model"]);
    check("oci:a b", &["with blanks"]);
    check("none,meta.x", &["alone"]);
    check("meta.x,oci:meta.x", &["entry 2: it is there twice"]);
    check("replay:,opnai:x,bedrock:", &["entry 1", "entry 2", "entry 3"]);
    check("a.1,a.2,a.3,a.4,a.5,a.6,a.7,a.8,a.9", &["more than 8"]);
}

#[test]
fn plain_http_elsewhere_has_to_be_allowed() {
    let text = "openai:m@http://gpu.lan:8000/v1";
    assert!(read(text, Bare::Nothing, false).is_err());
    let base = "http://gpu.lan:8000/v1".to_owned();
    assert_eq!(read(text, Bare::Nothing, true).unwrap()[0].spec, Spec::OpenAi { model: "m".to_owned(), base });
    assert!(read("openai:m@http://u@gpu.lan/v1", Bare::Nothing, true).is_err());
}

#[test]
fn keys_reach_their_own_server_alone() {
    let check = |text: &str, has_common: bool, expected: Result<&[Option<&str>], &str>| {
        let entries = read(text, Bare::Oci, true).unwrap();
        match (keys(&entries, has_common), expected) {
            (Ok(found), Ok(expected)) => {
                assert_eq!(found.iter().map(Option::as_deref).collect::<Vec<_>>(), expected, "{text}");
            }
            (Err(faults), Err(part)) => assert!(faults.concat().contains(part), "{text}: {faults:?}"),
            (found, expected) => panic!("{text}: {found:?}, not {expected:?}"),
        }
    };
    let common = Some("CAUSEWAY_CHAT_API_KEY");
    check("openai:m@https://a", false, Ok(&[None]));
    check("openai:m@https://a,oci-openai:n,meta.x", true, Ok(&[common, None, None]));
    check("openai:m@https://a,openai:n@https://a", true, Ok(&[common, common]));
    check("openai:m@https://a,openai:n@https://b", true, Err("give each"));
    let (a, b) = (Some("CAUSEWAY_CHAT_API_KEY_A"), Some("CAUSEWAY_CHAT_API_KEY_B"));
    check("openai:m@https://a;key=A,oci-openai:n;key=B", true, Ok(&[a, b]));
    check("openai:m@http://lan", true, Err("plain http"));
    check("openai:m@http://127.0.0.1:1", true, Ok(&[common]));
}

proptest! {
    #[test]
    fn any_text_is_judged(text in "\\PC{0,80}") {
        let _ = read(&text, Bare::Oci, false);
    }

    #[test]
    fn near_misses_are_judged(scheme in "(oci|openai|bedrock|none|x)?", rest in "[:;@=,/a-z.]{0,20}") {
        if let Ok(entries) = read(&format!("{scheme}{rest}"), Bare::Oci, false) {
            prop_assert!(!entries.is_empty());
            let _ = keys(&entries, true);
        }
    }
}
