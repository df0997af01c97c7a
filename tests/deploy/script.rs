//! The script against services that keep what they are told and hold it to the models of Oracle's SDK.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::functions;
use crate::world::{Ran, World};

/// Changes before the script is killed: in the middle of the functions.
const DEATH: usize = 8;

/// Buckets, each with a document of lifecycle rules.
const BUCKETS: usize = 2;

/// A function comes with its group and its policy. Beside them: topics, buckets with their rules, application, schedules,
/// policies of services, subscriptions with their alarms, alarms for people, gateway, deployment and rule.
fn resources() -> usize {
    3 * functions().len() + 3 + 2 * BUCKETS + 1 + 2 + 4 + 2 * 2 + 6 + 3
}

#[test]
fn a_set_up_survives_death_and_is_made_once() {
    let Some(world) = World::start("the deployment script") else { return };
    a_dry_run_changes_nothing(&world);
    let cut = world.deploy_and_die(DEATH);
    assert_eq!(cut.code, None, "it was not killed: {cut:?}");
    let before = world.changes();
    assert!(before > 0 && before <= DEATH, "{before}");

    let rest = world.deploy(&[]).succeeded();
    let names = |ran: &Ran, word: &str| ran.of(word).into_iter().collect::<BTreeSet<_>>();
    let cut_off = names(&rest, "unchanged");
    assert_eq!(cut_off.len(), DEATH, "what was there before is found, also what nobody had read the answer for");
    assert!(cut_off.is_disjoint(&names(&rest, "created")));
    the_cloud_is_whole(&world);

    let again = world.deploy(&[]).succeeded();
    assert_eq!((again.of("created"), again.of("updated")), (Vec::new(), Vec::new()));
    let expected = format!("created 0, updated 0, unchanged {}", resources());
    assert_eq!(again.stdout.lines().last(), Some(expected.as_str()), "{}", again.stdout);
    only_what_differs_is_changed(&world);
}

/// It looks, says what it would run, and runs none of it.
fn a_dry_run_changes_nothing(world: &World) {
    let dry = world.deploy(&["--dry-run"]).succeeded();
    assert_eq!(world.changes(), 0);
    let reads = |call: &&String| call.contains(" list ") || call.contains(" get ");
    let calls = world.calls();
    assert_eq!(calls.iter().filter(reads).count(), calls.len(), "{calls:?}");
    let planned = dry.stdout.lines().filter(|line| line.starts_with("would run: oci ")).count();
    let all = resources();
    let expected = format!("would create {}, would update {BUCKETS}, unchanged 0", all - BUCKETS);
    assert_eq!((dry.stdout.lines().last(), planned), (Some(expected.as_str()), all));
    assert!(dry.stdout.contains("<function vision>"), "what is not there yet has a name");
}

fn the_cloud_is_whole(world: &World) {
    let state = world.state();
    let count = |collection: &str| state[collection].as_object().unwrap().len();
    let all = functions().len();
    assert_eq!((count("applications"), count("functions"), count("dynamicGroups")), (1, all, all));
    assert_eq!(count("policies"), all + 4, "functions, and events, gateways, lifecycle, schedules");
    assert_eq!((count("gateways"), count("deployments")), (1, 1));
    assert_eq!((count("schedules"), count("alarms"), count("rules")), (2, 2 + 6, 1));
    let vision = world.one("functions", "vision");
    assert_eq!(vision["sourceDetails"]["image"], "iad.ocir.io/example/causeway/vision:0.1.0");
    assert_eq!((&vision["memoryInMBs"], &vision["config"]["DELIVERY_PREFIX"]), (&json!(512), &json!("deliveries")));
    let flow = world.one("functions", "decisioning-flow");
    assert_eq!(flow["detachedModeTimeoutInSeconds"], 1800);
    the_right_people_are_told(world);
    let group = world.one("dynamicGroups", "causeway-vision");
    let rule = format!("ALL {{resource.type = 'fnfunc', resource.id = '{}'}}", vision["id"].as_str().unwrap());
    assert_eq!(group["matchingRule"], rule);
    let gateway = world.one("deployments", "causeway");
    let route = gateway["specification"]["routes"].as_array().unwrap().iter().find(|route| route["path"] == "/vision");
    assert_eq!(route.unwrap()["backend"]["functionId"], vision["id"]);
    let schedule = world.one("schedules", "causeway-sweep");
    assert_eq!(schedule["resources"][0]["id"], flow["id"]);
    assert_eq!(schedule["resources"][0]["parameters"][0]["value"], json!({ "kind": "tick", "sweep": true }));
    let unfilled = state.to_string();
    assert!(!unfilled.contains("${"), "a placeholder was left");
    the_emulator_has_its_part(world);
}

/// Of runs that fail while nobody waits, and of ticks that do not come.
fn the_right_people_are_told(world: &World) {
    let alerts = world.one("alarms", "causeway-errors")["destinations"][0].clone();
    assert_ne!(world.one("alarms", "causeway-tick")["destinations"][0], alerts, "the clock's topic is not people's");
    let destination = |name: &str| world.one("functions", name)["failureDestination"].clone();
    assert_eq!(destination("egress-monitor"), json!({ "kind": "NOTIFICATION", "topicId": alerts }));
    assert_eq!(destination("discovery-agent"), Value::Null, "somebody waits for its answer");
    let checker = world.one("functions", "health-checker")["id"].as_str().unwrap().to_owned();
    let query = world.one("alarms", "causeway-no-checker")["query"].clone();
    let expected = format!("FunctionInvocationCount[5m]{{resourceId = \"{checker}\"}}.groupBy(resourceId).absent(3d)");
    assert_eq!(query, expected);
}

fn the_emulator_has_its_part(world: &World) {
    let rules = world.oci(&["os", "object-lifecycle-policy", "get", "--bucket-name", "decisioning-results"]);
    let names = rules["data"]["items"].as_array().unwrap().iter().map(|rule| rule["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names, ["causeway-results-expire", "causeway-results-uploads"]);
    assert_eq!(rules["data"]["items"][0]["time-amount"], 90);
    let bucket = world.oci(&["os", "bucket", "get", "--bucket-name", "causeway"]);
    assert_eq!(bucket["data"]["object-events-enabled"], true);
    let topic = world.one("alarms", "causeway-tick")["destinations"][0].as_str().unwrap().to_owned();
    let compartment = world.one("alarms", "causeway-tick")["compartmentId"].as_str().unwrap().to_owned();
    let subscribed = world.oci(&["ons", "subscription", "list", "-c", &compartment, "--topic-id", &topic]);
    assert_eq!(subscribed["data"][0]["endpoint"], world.one("functions", "flex-autoscaler")["id"]);
}

/// An image goes back, a setting of the site comes, and what others changed by hand is put right; their tags stay.
fn only_what_differs_is_changed(world: &World) {
    let back = ["--only", "functions", "--function", "vision", "--image-tag", "0.0.9"];
    let changed = world.deploy(&back).succeeded();
    assert_eq!(changed.of("updated"), ["function vision"], "{}", changed.stdout);
    assert_eq!(world.one("functions", "vision")["sourceDetails"]["image"], "iad.ocir.io/example/causeway/vision:0.0.9");

    world.meddle(
        "policies",
        "causeway-vision",
        r#"{"statements": ["Allow any-user to manage all-resources in tenancy"]}"#,
    );
    world.meddle("functions", "vision", r#"{"freeformTags": {"owner": "ops", "causeway-digest": "x"}}"#);
    let site = world.folder.path().join("site.yaml");
    fs::write(&site, "discovery-agent: {DISCOVERY_PREFIX: orders}\n").unwrap();
    let mut script = world.script(&["--only", "functions", "--only", "policies"]);
    let changed = crate::world::ran(script.env("CAUSEWAY_SITE", &site).output().unwrap()).succeeded();
    assert_eq!(changed.of("updated"), ["function discovery-agent", "function vision", "policy causeway-vision"]);
    assert_eq!(world.one("functions", "discovery-agent")["config"]["DISCOVERY_PREFIX"], "orders");
    assert_eq!(world.one("functions", "vision")["freeformTags"]["owner"], "ops");
    let statements: Value = world.one("policies", "causeway-vision")["statements"].clone();
    assert!(!statements.to_string().contains("all-resources"), "{statements}");
}
