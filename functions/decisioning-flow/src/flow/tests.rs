//! The language of flows.

use proptest::prelude::*;

use super::*;

/// A small flow with every key of the language; `@name` marks are replaced by tests.
const SMALL: &str = r#"apiVersion: genai.oci.oracle.com/v1
kind: AgentConfiguration
metadata:
  name: small
  namespace: prod
spec:
  orchestration:
    type: "sequential_with_parallel"
    timeout: 60
    retryPolicy:
      maxRetries: 3
      backoffMultiplier: 2
  agents:
    first:
      type: "data_discovery"
      runtime: "python3.9"
      memory: "512MB"
      timeout: 30
      dependencies:
        - pandas
      config:
        data_sources:
          - type: "object_storage"
        cache_results: true
        parallel_processing: true
        depth: 3
    second:
      timeout: 30
      function: other-function
      inputs:
        catalogue: first
      priority: 1
  dataflow:
    sequence:
      - stage: "one"
        agents: ["first"]
        condition: "always"
      - stage: "two"
        agents: ["second"]
        condition: "first.status == 'success'"
        parallel: true
        optional: true
  outputs:
    aggregation_strategy: "merge_with_priority"
    storage:
      type: "object_storage"
      bucket: "decisioning-results"
      retention_days: 90
"#;

fn wrong(from: &str, to: &str) -> FlowError {
    assert!(SMALL.contains(from), "{from}");
    Flow::read(&SMALL.replacen(from, to, 1)).expect_err(to)
}

#[test]
fn the_default_is_five_agents_in_four_stages() {
    let flow = Flow::read(DEFAULT_FLOW).unwrap();
    let names: Vec<_> = flow.agents_in_order().map(|(stage, agent)| (stage.name.as_str(), agent)).collect();
    assert_eq!(
        names,
        [
            ("discovery", "discovery"),
            ("analysis", "intelligence"),
            ("analysis", "strategy"),
            ("synthesis", "decision"),
            ("presentation", "visualization")
        ]
    );
    assert_eq!((flow.timeout, flow.max_retries, flow.backoff_multiplier), (Duration::from_secs(1800), 3, 2));
    assert_eq!((flow.bucket.as_str(), flow.retention_days), ("decisioning-results", 90));
    assert_eq!(flow.stages[2].condition_text, "intelligence.status == 'success' AND strategy.status == 'success'");
    assert_eq!(flow.agents["intelligence"].function, "intelligence-agent");
    assert_eq!(flow.agents_by_priority(), ["decision", "strategy", "intelligence", "discovery", "visualization"]);
    assert!(flow.stages[1].is_parallel && flow.stages[3].is_optional && flow.accepts_partial);
}

#[test]
fn every_key_is_read() {
    let flow = Flow::read(SMALL).unwrap();
    let first = &flow.agents["first"];
    assert_eq!(first.config, serde_json::from_str::<Map<String, Value>>(r#"{"depth":3}"#).unwrap());
    assert_eq!(flow.agents["second"].function, "other-function");
    assert_eq!(flow.agents["second"].inputs["catalogue"], "first");
    assert!(flow.accepts_partial, "as the runtime that it comes from");
    let ours = Flow::read(&SMALL.replacen("genai.oci.oracle.com/v1", "causeway/v1", 1)).unwrap();
    assert!(!ours.accepts_partial, "partial is no success unless a flow of ours says so");
}

/// Agents whose results nobody names get those that the default flow gives them.
#[test]
fn a_flow_of_the_other_platform_hands_results_on() {
    let (default, mut moved) = (Flow::read(DEFAULT_FLOW).unwrap(), String::new());
    let mut inputs = false;
    for line in DEFAULT_FLOW.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let depth = line.len() - line.trim_start().len();
        inputs = line.trim() == "inputs:" || (inputs && depth > 6);
        if !inputs && !line.contains("partialResults") {
            moved.extend([line, "\n"]);
        }
    }
    let moved = moved.replacen("causeway/v1", "genai.oci.oracle.com/v1", 1);
    assert!(!moved.contains("inputs"), "{moved}");
    assert_eq!(Flow::read(&moved).unwrap(), default);

    let set = moved.replacen("prioritization_framework: business_impact", "strategy: {}", 1);
    let inputs = &Flow::read(&set).unwrap().agents["decision"].inputs;
    assert_eq!(inputs.keys().collect::<Vec<_>>(), ["discovery", "intelligence"], "what is set stays");
}

#[test]
fn errors_name_line_column_and_what_was_expected() {
    let findings = std::cell::RefCell::new(Vec::new());
    let check = |from: &str, to: &str, line: usize, column: usize, part: &str| {
        let error = wrong(from, to);
        if (error.line, error.column) != (line, column) || !error.message.contains(part) {
            findings.borrow_mut().push(format!("{to}, expected {line}:{column} {part}: {error}"));
        }
    };
    check("genai.oci.oracle.com/v1", "other/v9", 1, 13, "expected causeway/v1 or genai.oci.oracle.com/v1");
    check("\"sequential_with_parallel\"", "parallel", 8, 11, "expected sequential_with_parallel");
    check("timeout: 60", "timeout: 0", 9, 14, "expected 1 to 86400");
    check("timeout: 60", "timeout: soon", 9, 14, "");
    check("maxRetries: 3", "maxRetries: 11", 11, 19, "expected 0 to 10");
    check("backoffMultiplier: 2", "backoffMultiplier: 1.5", 12, 26, "");
    check("    timeout: 60\n", "", 9, 5, "missing field `timeout`");
    check("maxRetries: 3", "maxRetry: 3", 11, 7, "maxRetry");
    check("catalogue: first", "catalogue: third", 31, 20, "expected an agent of a stage before that of second");
    check("catalogue: first", "catalogue: second", 31, 20, "expected an agent of a stage before");
    check("catalogue: first", "run_id: first", 31, 17, "already");
    check("other-function", "Other/Function", 29, 17, "expected the name of a function");
    check("stage: \"two\"", "stage: \"one\"", 38, 16, "twice");
    check("[\"second\"]", "[\"first\"]", 39, 18, "twice");
    check("[\"second\"]", "[\"third\"]", 39, 18, "there is no agent third, expected one of first, second");
    check("[\"second\"]", "[]", 39, 17, "expected 1 to 50 agents");
    check("'success'", "'success", 40, 37, "no closing '");
    check("first.status ==", "first.status =", 40, 34, "expected one of ==");
    check("\"first.status == 'success'\"", "first.status < third.x", 40, 35, "there is no agent third");
    check("\"always\"", "\"second.status == 'x'\"", 37, 21, "wait for each other: one -> two -> one");
    check("first.status == 'success'", "second.status == 'success'", 40, 21, "wait for each other: two -> two");
    check("merge_with_priority", "merge", 44, 27, "expected merge_with_priority");
    check("\"decisioning-results\"", "a/b", 47, 15, "expected the name of a bucket");
    check("retention_days: 90", "retention_days: 0", 48, 23, "expected 1 to 3650");
    check("metadata:", "metadata: [", 3, 11, "expected mapping");
    assert!(findings.borrow().is_empty(), "{}", findings.borrow().join("\n"));
}

#[test]
fn a_condition_about_a_later_stage_is_refused() {
    let text = DEFAULT_FLOW.replacen("\"discovery.status == 'success'\"", "\"decision.status == 'success'\"", 1);
    let text = text.replacen("\"intelligence.status == 'success' AND strategy.status == 'success'\"", "\"always\"", 1);
    let error = Flow::read(&text).unwrap_err();
    assert!(error.message.contains("decision runs in the stage synthesis"), "{error}");
}

#[test]
fn an_agent_without_a_stage_and_a_key_twice_are_refused() {
    let error = wrong(
        "      - stage: \"two\"\n        agents: [\"second\"]",
        "      - stage: \"two\"\n        agents: [first]",
    );
    assert!(error.message.contains("twice"), "{error}");
    let error = wrong("    second:\n", "    third: {timeout: 1}\n    second:\n");
    assert_eq!(error.message, "the agent third is in no stage of dataflow.sequence");
    let error = wrong("    second:\n", "    first: {timeout: 1}\n    second:\n");
    assert_eq!(error.to_string(), "line 27, column 5: duplicate mapping key: first");
}

#[test]
fn hostile_texts_are_refused() {
    let bomb = "a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b]\n";
    for text in ["", "\0", "- 1", "{", bomb, "---\na: 1\n---\nb: 2\n", &"[".repeat(10_000), &"x".repeat(300_000)] {
        assert!(Flow::read(text).is_err());
    }
}

#[test]
fn an_analysis_takes_its_agents_and_waits_for_what_they_would_have_waited_for() {
    let flow = Flow::read(DEFAULT_FLOW).unwrap();
    // Agents of each stage, and after the colon the agents that its condition is about.
    let shape = |analysis: Analysis| {
        let part = flow.for_analysis(analysis).unwrap();
        let stage = |stage: &Stage| {
            let about: Vec<_> = stage.condition.paths().iter().map(|path| path.agent.clone()).collect();
            format!("{}: {}", stage.agents.join(" "), about.join(" "))
        };
        part.stages.iter().map(stage).collect::<Vec<_>>()
    };
    assert_eq!(
        shape(Analysis::StrategicBusinessHealth),
        [
            "discovery: ",
            "intelligence strategy: discovery",
            "decision: intelligence strategy",
            "visualization: decision"
        ]
    );
    assert_eq!(
        shape(Analysis::OperationalEfficiency),
        ["discovery: ", "intelligence: discovery", "decision: intelligence discovery"]
    );
    assert_eq!(
        shape(Analysis::FinancialHealth),
        ["discovery: ", "intelligence: discovery", "visualization: intelligence discovery"]
    );
    let part = flow.for_analysis(Analysis::FinancialHealth).unwrap();
    let inputs: Vec<_> = part.agents["visualization"].inputs.values().map(String::as_str).collect();
    assert_eq!(inputs, ["discovery", "intelligence"]);
    let other = Flow::read(SMALL).unwrap();
    assert_eq!(other.for_analysis(Analysis::FinancialHealth), None);
    assert_eq!(other.for_analysis(Analysis::StrategicBusinessHealth).unwrap().agents.len(), 2);
}

proptest! {
    #[test]
    fn a_cut_or_changed_flow_is_survived(from in 0_usize..1500, len in 0_usize..40, with in "[a-z:\\[\\]{}'\" \n&*-]{0,12}") {
        let mut text = SMALL.to_owned();
        let (from, to) = (text.floor_char_boundary(from), text.floor_char_boundary(from + len));
        text.replace_range(from..to.max(from), &with);
        if let Err(error) = Flow::read(&text) {
            prop_assert!(error.line >= 1 && error.column >= 1 && !error.message.is_empty());
        }
    }
}
