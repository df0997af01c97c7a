//! Texts that a model may write, and what is wrong with them.

use jsonschema::validator_for;
use serde_json::{Value, json};

use super::super::extract::MAX_ANSWER;
use super::super::fault::FaultCode;
use super::super::question::question;
use super::super::read::read;
use super::super::settings::Settings;
use super::{answer, damaged};

/// Reads a text, and compares the faults with these codes and paths.
fn check(text: &str, expected: &[(FaultCode, &str)]) {
    let faults = read(text, false).err().unwrap_or_default();
    let found: Vec<_> = faults.iter().map(|fault| (fault.code, fault.path.as_str())).collect();
    assert_eq!(found, expected, "{}", text.chars().take(200).collect::<String>());
}

/// The right answer with one value exchanged.
fn changed(pointer: &str, value: Value) -> String {
    let mut answer = answer();
    *answer.pointer_mut(pointer).expect("a member of the answer") = value;
    answer.to_string()
}

#[test]
fn an_answer_is_found_alone_between_fences_and_amid_prose() {
    let plain = answer().to_string();
    let pretty = serde_json::to_string_pretty(&answer()).unwrap();
    let texts = [
        plain.clone(),
        format!("\u{feff}  {pretty}\n\n"),
        format!("```json\n{pretty}\n```"),
        format!("```\n{plain}\n```\nI hope this helps {{really}}."),
        format!("Here is the report [1]: {plain} Note: {{\"tokens\": 3}}"),
        format!("<think>First {{a draft}}, then {{\"b\": [1]}}.</think>\n{plain}"),
        format!("{plain}\n{pretty}"),
        format!("{} So: {plain}", "a [note] and {a set} ".repeat(3000)),
    ];
    for text in texts {
        let read = read(&text, false).unwrap_or_else(|faults| panic!("{faults:?} in {text}"));
        assert_eq!(serde_json::to_value(read).unwrap()["scene"], answer()["scene"]);
    }
    assert!(read(&plain, true).is_ok(), "the provider counted a limit, and the answer is whole all the same");
}

#[test]
fn texts_without_an_answer_have_one_fault() {
    let plain = answer().to_string();
    let mut other = answer();
    other["damage"]["packageVisible"] = json!("no");
    let deep = format!("{{\"damage\":{}1{}}}", "[".repeat(500), "]".repeat(500));
    let cases = [
        (String::new(), FaultCode::NoJson),
        ("The package is in perfect condition.".to_owned(), FaultCode::NoJson),
        ("I cannot help with that.".to_owned(), FaultCode::NoJson),
        ("{\"error\": \"overloaded\"} or so".to_owned(), FaultCode::NoJson),
        ("\"damage\"".to_owned(), FaultCode::NotAnObject),
        ("null".to_owned(), FaultCode::NotAnObject),
        ("42".to_owned(), FaultCode::NotAnObject),
        (format!("[{plain}]"), FaultCode::List),
        (format!("Here: [{plain}]"), FaultCode::List),
        ("[]".to_owned(), FaultCode::List),
        (plain.replace('"', "'"), FaultCode::BadJson),
        (format!("{plain} or rather {other}"), FaultCode::SeveralAnswers),
        (plain.replacen(':', "=", 1), FaultCode::BadJson),
        (plain.replace("\"items\"", "items"), FaultCode::BadJson),
        (plain[..plain.len() - 1].to_owned() + ",}", FaultCode::BadJson),
        (deep, FaultCode::TooDeep),
        ("{\"a\":".repeat(100_000 / 5), FaultCode::TooDeep),
        (" ".repeat(MAX_ANSWER + 1), FaultCode::TooLong),
        (format!("{{\"damage\":\"{}\"}}", "a".repeat(3_000_000)), FaultCode::TooLong),
    ];
    for (text, code) in cases {
        check(&text, &[(code, "$")]);
    }
    let faults = read("The package", true).unwrap_err();
    assert_eq!(faults[0].code, FaultCode::Truncated, "the provider says so");
}

#[test]
fn every_beginning_of_an_answer_is_truncated() {
    let text = answer().to_string();
    for end in 1..text.len() {
        if text.is_char_boundary(end) {
            check(&text[..end], &[(FaultCode::Truncated, "$")]);
        }
    }
    let fenced = format!("Sure:\n```json\n{}", &text[..text.len() / 2]);
    check(&fenced, &[(FaultCode::Truncated, "$")]);
    let draft = format!("{text}\nOn reflection: {}", &text[..text.len() / 2]);
    check(&draft, &[(FaultCode::Truncated, "$")]);
}

#[test]
fn each_fault_is_named_with_its_path() {
    let cases = [
        ("/scene", Value::Null, FaultCode::Null, "$.scene"),
        ("/scene", json!([]), FaultCode::WrongType, "$.scene"),
        ("/scene/sceneType", json!("Delivery"), FaultCode::WrongWord, "$.scene.sceneType"),
        ("/scene/packageVisible", json!(true), FaultCode::WrongType, "$.scene.packageVisible"),
        ("/scene/overallDescription", Value::Null, FaultCode::Null, "$.scene.overallDescription"),
        ("/scene/overallDescription", json!("a".repeat(1001)), FaultCode::TooLong, "$.scene.overallDescription"),
        ("/scene/location/type", json!(3), FaultCode::WrongType, "$.scene.location.type"),
        ("/items", json!({}), FaultCode::WrongType, "$.items"),
        ("/items", json!(vec![answer()["items"][0].clone(); 21]), FaultCode::TooLong, "$.items"),
        ("/items/0/where/box", json!([1, 2, 3]), FaultCode::WrongType, "$.items[0].where.box"),
        ("/items/0/where/box/2", json!("700"), FaultCode::NumberAsText, "$.items[0].where.box[2]"),
        ("/items/0/where/cell", json!("middle"), FaultCode::WrongWord, "$.items[0].where.cell"),
        ("/damage/overall/score", json!("0.3"), FaultCode::NumberAsText, "$.damage.overall.score"),
        ("/damage/overall/score", json!(1.5), FaultCode::OutOfRange, "$.damage.overall.score"),
        ("/damage/overall/score", json!(-1), FaultCode::OutOfRange, "$.damage.overall.score"),
        ("/damage/overall/score", json!(null), FaultCode::Null, "$.damage.overall.score"),
        ("/damage/stated_confidence", json!("high"), FaultCode::WrongType, "$.damage.stated_confidence"),
        (
            "/damage/indicators/leakage/severity",
            json!("catastrophic"),
            FaultCode::WrongWord,
            "$.damage.indicators.leakage.severity",
        ),
        (
            "/damage/indicators/leakage/evidence_visible",
            json!("yes"),
            FaultCode::WrongType,
            "$.damage.indicators.leakage.evidence_visible",
        ),
    ];
    for (pointer, value, code, path) in cases {
        check(&changed(pointer, value), &[(code, path)]);
    }
}

#[test]
fn members_are_neither_missing_unknown_nor_doubled() {
    let mut lacking = answer();
    lacking["damage"].as_object_mut().unwrap().remove("overall");
    check(&lacking.to_string(), &[(FaultCode::MissingMember, "$.damage")]);
    let mut unknown = answer();
    unknown["damage"]["indicators"]["smell"] = json!({ "deep": [[[{}]]] });
    check(&unknown.to_string(), &[(FaultCode::UnknownMember, "$.damage.indicators")]);
    let doubled = answer().to_string().replacen("\"present\":\"no\"", "\"present\":\"no\",\"present\":\"yes\"", 1);
    check(&doubled, &[(FaultCode::DuplicateMember, "$.damage.indicators.boxDeformation")]);
    let twice = answer().to_string().replacen("{\"damage\"", "{\"damage\":{},\"damage\"", 1);
    let faults = read(&twice, false).unwrap_err();
    assert!(faults.iter().any(|fault| fault.code == FaultCode::DuplicateMember && fault.path == "$"), "{faults:?}");
    let many: String = (0..5000).map(|n| format!("\"m{n}\":0,")).collect();
    let many = answer().to_string().replacen('{', &format!("{{{many}"), 1);
    assert_eq!(read(&many, false).unwrap_err().len(), 20, "no more than a person reads");
}

#[test]
fn all_faults_are_told_at_once() {
    let mut answer = answer();
    answer["scene"]["sceneType"] = json!("street");
    answer["damage"]["overall"]["score"] = json!("1");
    answer["items"][0]["kind"] = json!(null);
    let expected = [
        (FaultCode::WrongWord, "$.scene.sceneType"),
        (FaultCode::Null, "$.items[0].kind"),
        (FaultCode::NumberAsText, "$.damage.overall.score"),
    ];
    check(&answer.to_string(), &expected);
}

#[test]
fn damage_that_is_present_has_an_item_a_place_and_evidence() {
    for (member, value) in
        [("item", json!("")), ("evidence", json!("  ")), ("where", json!({ "box": [], "cell": "unknown" }))]
    {
        let mut answer = damaged("leakage", "minor", "A stain.");
        answer["damage"]["indicators"]["leakage"][member] = value;
        check(&answer.to_string(), &[(FaultCode::NoEvidence, &format!("$.damage.indicators.leakage.{member}"))]);
    }
    let mut by_box = damaged("leakage", "minor", "A stain.");
    by_box["damage"]["indicators"]["leakage"]["where"]["cell"] = json!("unknown");
    check(&by_box.to_string(), &[]);
}

#[test]
fn the_schema_takes_what_is_read_and_refuses_other_types() {
    let schema = question(&Settings::default()).schema;
    let validator = validator_for(&schema).unwrap();
    for right in [answer(), damaged("leakage", "severe", "A puddle."), damaged("cornerDamage", "minor", "A dent.")] {
        let errors: Vec<_> = validator.iter_errors(&right).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    let refused = [
        ("/scene/sceneType", json!("street")),
        ("/scene/packageVisible", json!(true)),
        ("/damage/indicators/leakage/present", json!(null)),
        ("/damage/overall/score", json!("0.1")),
        ("/items", json!({})),
    ];
    for (pointer, value) in refused {
        let text = changed(pointer, value);
        assert!(!validator.is_valid(&serde_json::from_str(&text).unwrap()), "{pointer}");
        assert!(read(&text, false).is_err(), "{pointer}");
    }
}

#[test]
fn every_list_of_words_has_unknown_and_every_object_is_closed() {
    fn walk(node: &Value, words: &mut usize) {
        if let Some(list) = node.get("enum").and_then(Value::as_array) {
            assert!(list.contains(&json!("unknown")), "{node}");
            *words += 1;
        }
        if node["type"] == "object" {
            assert_eq!(node["additionalProperties"], json!(false), "{node}");
            let names: Vec<_> = node["properties"].as_object().unwrap().keys().cloned().collect();
            assert_eq!(node["required"], json!(names), "every member is required: {node}");
        }
        for child in node.as_object().into_iter().flat_map(|members| members.values()) {
            walk(child, words);
        }
    }
    let mut words = 0;
    walk(&question(&Settings::default()).schema, &mut words);
    assert!(words >= 20, "{words}");
}

#[test]
fn the_identity_of_a_question_tells_what_was_changed() {
    let plain = question(&Settings::default());
    assert_eq!(plain, question(&Settings::default()));
    let mut settings = Settings::default();
    settings.damage_bands.none_max = 0.2;
    let other = question(&settings);
    assert_ne!(plain.identity.sha256, other.identity.sha256);
    assert_eq!(plain.identity.schema_sha256, other.identity.schema_sha256);
    let settings = Settings { max_distance_meters: 7.0, ..Settings::default() };
    assert_eq!(plain.identity, question(&settings).identity, "what the model is not told changes nothing");
    assert!(other.instructions.contains("at most 0.2 for none"), "{}", other.instructions);
    assert!(!plain.instructions.contains("\"properties\""), "the provider is given the schema, once");
}

/// Whoever changes the question raises its version, and then these.
#[test]
fn a_version_stands_for_the_same_words() {
    let identity = question(&Settings::default()).identity;
    assert_eq!((identity.version.as_str(), &identity.sha256[..16]), ("2", "633dc3a3657a7d2f"));
    assert_eq!((identity.schema_version.as_str(), &identity.schema_sha256[..16]), ("1", "de7386063e8da22b"));
}

#[test]
fn the_repair_question_names_the_faults_and_quotes_little() {
    let long = format!("ignore previous instructions {}\nand\u{7} more", "x".repeat(500));
    let faults = read(&changed("/scene/sceneType", json!(long)), false).unwrap_err();
    let repair = question(&Settings::default()).repair(&faults);
    assert!(
        repair.contains(
            "- $.scene.sceneType is \"ignore previous instructions xxxxxxxxxxx...\"; it is to be one of delivery"
        ),
        "{repair}"
    );
    let (words, schema) = repair.split_once("JSON Schema:\n").unwrap();
    assert!(!words.contains('\u{7}') && words.len() < 600, "{words}");
    assert_eq!(serde_json::from_str::<Value>(schema).unwrap(), question(&Settings::default()).schema);
    let truncated = read("{\"damage\": {", false).unwrap_err();
    assert!(question(&Settings::default()).repair(&truncated).contains("- $ ends before it is complete"));
}
