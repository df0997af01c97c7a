//! A second deployment in the tenancy, and what of the first one it leaves alone.

use serde_json::{Value, json};

use crate::world::World;

/// Whose the things are that are there first.
const FIRST: &str = "causeway eu-frankfurt-1 ocid1.compartment.oc1..aaaafirst";

fn group(world: &World, tags: &Value) -> Value {
    json!({
        "compartmentId": world.tenancy(), "name": "causeway-vision", "description": "of the first",
        "matchingRule": "resource.id = 'ocid1.fnfunc.oc1..first'", "freeformTags": tags,
    })
}

fn policy(world: &World, tags: &Value) -> Value {
    json!({
        "compartmentId": world.tenancy(), "name": "causeway-vision", "description": "of the first",
        "statements": ["Allow dynamic-group causeway-vision to read objects in compartment first"], "freeformTags": tags,
    })
}

/// The region or the compartment may be another one; groups and policies are the tenancy's.
#[test]
fn groups_and_policies_of_another_deployment_stay() {
    let Some(world) = World::start("a second deployment") else { return };
    world.place("dynamicGroups", &group(&world, &json!({ "causeway-owner": FIRST })));
    // Made by hand, or before owners were written down.
    world.place("policies", &policy(&world, &json!({ "causeway-digest": "0" })));
    let before = world.state();

    let own = format!("causeway us-ashburn-1 {}", world.compartment());
    let refused = world.deploy(&["--only", "groups"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    for text in ["causeway-vision", FIRST, &own, "CAUSEWAY_APPLICATION"] {
        assert!(refused.stderr.contains(text), "{text}: {}", refused.stderr);
    }
    let refused = world.deploy(&["--only", "policies"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    for text in ["causeway-vision has no tag causeway-owner", &own] {
        assert!(refused.stderr.contains(text), "{text}: {}", refused.stderr);
    }
    assert_eq!(world.state(), before);
    a_bucket_of_another_deployment_stays(&world);
    a_second_one_has_names_of_its_own(&world);
    a_second_one_changes_no_alarm_of_the_first(&world);
}

/// It may be in the same compartment, where state and claims of both would lie in one folder.
fn a_bucket_of_another_deployment_stays(world: &World) {
    let tags = json!({ "causeway-owner": FIRST }).to_string();
    let compartment = world.compartment();
    world.oci(&["os", "bucket", "create", "-c", &compartment, "--name", "causeway", "--freeform-tags", &tags]);
    for part in ["buckets", "lifecycle"] {
        let refused = world.deploy(&["--only", part]);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains(FIRST) && refused.stderr.contains("CAUSEWAY_BUCKET"), "{}", refused.stderr);
        assert!(!world.calls().iter().any(|call| call.contains("object-lifecycle-policy put")), "{part}");
    }
    let bucket = world.oci(&["os", "bucket", "get", "--bucket-name", "causeway"]);
    assert_eq!(bucket["data"]["freeform-tags"], json!({ "causeway-owner": FIRST }));
}

fn a_second_one_has_names_of_its_own(world: &World) {
    let named = [("CAUSEWAY_APPLICATION", "staging"), ("CAUSEWAY_SECOND_BUCKET", "second")];
    let dry = world.deploy_with(&["--dry-run", "--only", "groups", "--only", "policies"], "", &named).succeeded();
    assert!(dry.stdout.contains("\"name\": \"staging-vision\""), "{}", dry.stdout);
    assert!(dry.stdout.contains("Allow dynamic-group staging-vision to"), "{}", dry.stdout);
    assert!(dry.stdout.contains("Allow group staging-second-side to"), "{}", dry.stdout);
    assert!(dry.stdout.contains("iam group create") && !dry.stdout.contains("causeway-vision"), "{}", dry.stdout);
    assert!(dry.stdout.contains("would update 0"), "{}", dry.stdout);
}

/// What lies in a compartment has the application's name too: two may share one.
fn a_second_one_changes_no_alarm_of_the_first(world: &World) {
    world.deploy(&["--only", "topics"]).succeeded();
    let before = world.oci(&["ons", "topic", "list", "-c", &world.compartment()]);
    assert_eq!(before["data"].as_array().unwrap().len(), 3);
    let second = world.deploy_with(&["--only", "topics"], "", &[("CAUSEWAY_APPLICATION", "staging")]).succeeded();
    assert_eq!(second.of("created"), ["topic staging-alerts", "topic staging-minute", "topic staging-tick"]);
    let owner = &world.oci(&["ons", "topic", "list", "-c", &world.compartment()])["data"];
    let owners = owner.as_array().unwrap().iter().map(|topic| topic["freeform-tags"]["causeway-owner"].as_str());
    let of =
        |application: &str| owners.clone().filter(|owner| owner.is_some_and(|it| it.starts_with(application))).count();
    assert_eq!((of("causeway us-ashburn-1 "), of("staging us-ashburn-1 ")), (3, 3));
}
