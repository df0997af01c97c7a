//! Going back to an older image, and runs that were not given what earlier ones were.

use serde_json::{Value, json};

use crate::world::World;

const NAME: &str = "flex-autoscaler";
const IMAGE: &str = "iad.ocir.io/example/causeway/flex-autoscaler";
/// A run for this function alone.
const ONE: &[&str] = &["--only", "functions", "--function", NAME];

/// An application with the autoscaler as a site has it: enforcing, by settings from its file, with one set by hand.
fn site(world: &World) {
    let application = json!({ "compartmentId": world.compartment(), "displayName": "causeway", "subnetIds": ["s"] });
    let application = world.place("applications", &application);
    world.place(
        "functions",
        &json!({
            "applicationId": application, "displayName": NAME, "memoryInMBs": 128, "timeoutInSeconds": 77,
            "sourceDetails": { "sourceType": "CONTAINER_IMAGE", "image": format!("{IMAGE}:0.2.0") },
            "config": {
                "FLEX_AUTOSCALER_MODE": "enforce", "FLEX_AUTOSCALER_TAGS": "fleet=web", "LOG_LEVEL": "debug",
                "FLEX_AUTOSCALER_GONE": "1",
            },
            "freeformTags": { "causeway-site-1": "FLEX_AUTOSCALER_MODE FLEX_AUTOSCALER_TAGS", "team": "ops" },
        }),
    );
}

fn arguments<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [ONE, more].concat()
}

#[test]
fn an_older_image_gets_nothing_of_today() {
    let Some(world) = World::start("the way back") else { return };
    site(&world);
    let before = world.one("functions", NAME);
    let back = ["--image-tag", "0.0.9", "--function", NAME];
    assert_eq!(world.deploy(&back).succeeded().of("updated"), [format!("function {NAME}")]);
    let after = world.one("functions", NAME);
    assert_eq!(after["sourceDetails"]["image"], format!("{IMAGE}:0.0.9"));
    let rest = |function: &Value| {
        let mut function = function.clone();
        function.as_object_mut().unwrap().retain(|member, _| member != "sourceDetails" && member != "etag");
        function
    };
    assert_eq!(rest(&after), rest(&before), "memory, timeout, settings and tags");
    assert_eq!(world.deploy(&back).succeeded().of("unchanged"), [format!("function {NAME}")]);

    let refused = |arguments: &[&str], expected: &str| {
        let refused = world.deploy(arguments);
        assert!(refused.code == Some(1) && refused.stderr.contains(expected), "{refused:?}");
    };
    refused(&["--image-tag", "0.0.9", "--function", "vision"], "function vision: it is not there");
    refused(&["--image-tag", "0.0.9", "--only", "policies"], "changes images and nothing else");
    assert_eq!(world.one("functions", NAME), after);
}

#[test]
fn what_a_site_said_is_not_lost_in_silence() {
    let Some(world) = World::start("settings of a site") else { return };
    site(&world);
    world.deploy(&["--only", "topics"]).succeeded();
    let before = world.one("functions", NAME);
    let refused = world.deploy(ONE);
    let lost = [
        "function flex-autoscaler: FLEX_AUTOSCALER_MODE: \"enforce\" -> \"policy\"",
        "function flex-autoscaler: FLEX_AUTOSCALER_TAGS: \"fleet=web\" -> nothing",
    ];
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(lost.iter().all(|line| refused.stderr.contains(line)), "{}", refused.stderr);
    let dry = world.deploy(&arguments(&["--dry-run"])).succeeded();
    let told = |line: &&str| dry.stdout.contains(&format!("would refuse without --reset-settings: {line}"));
    assert!(lost.iter().all(told), "{}", dry.stdout);
    assert_eq!(world.one("functions", NAME), before);

    // The file was changed: what is not in it any more is said, and what somebody set by hand stays.
    let file = "flex-autoscaler: {FLEX_AUTOSCALER_MODE: enforce}";
    let changed = world.deploy_with(ONE, file, &[]).succeeded();
    for line in [
        "FLEX_AUTOSCALER_TAGS: \"fleet=web\" -> nothing",
        "FLEX_AUTOSCALER_GONE: \"1\" -> nothing",
        "LOG_LEVEL stays \"debug\", which was set by hand",
    ] {
        assert!(changed.stdout.contains(&format!("  flex-autoscaler: {line}\n")), "{}", changed.stdout);
    }
    let after = world.one("functions", NAME);
    let config = |name: &str| after["config"][name].as_str();
    assert_eq!((config("FLEX_AUTOSCALER_MODE"), config("LOG_LEVEL")), (Some("enforce"), Some("debug")));
    assert_eq!((config("FLEX_AUTOSCALER_TAGS"), config("FLEX_AUTOSCALER_GONE")), (Some(""), None));
    assert_eq!(
        (&after["freeformTags"]["causeway-site-1"], &after["freeformTags"]["team"]),
        (&json!("FLEX_AUTOSCALER_MODE"), &json!("ops"))
    );

    world.deploy(&arguments(&["--reset-settings"])).succeeded();
    let reset = world.one("functions", NAME);
    assert_eq!(reset["config"]["FLEX_AUTOSCALER_MODE"], "policy");
    assert_eq!(reset["freeformTags"]["causeway-site-1"], Value::Null);
}

/// A statement that is there for a variable goes only when somebody says so.
#[test]
fn rights_are_not_lost_in_silence() {
    let Some(world) = World::start("rights that a variable gave") else { return };
    let reads = |compartment: &str| {
        format!(
            "Allow dynamic-group causeway-health-checker to read secret-bundles in compartment id {compartment} \
             where target.secret.id='ocid1.vaultsecret.oc1.iad.aaaaprobe'"
        )
    };
    world.place(
        "policies",
        &json!({
            "compartmentId": world.tenancy(), "name": "causeway-health-checker", "description": "of an earlier run",
            "statements": [reads(&world.compartment())],
            "freeformTags": { "causeway-owner": format!("causeway us-ashburn-1 {}", world.compartment()) },
        }),
    );
    let before = world.state();
    let refused = world.deploy(&["--only", "policies"]);
    let expected = "policy causeway-health-checker: a statement for CAUSEWAY_PROBE_SECRET, which is not set";
    assert!(refused.code == Some(1) && refused.stderr.contains(expected), "{refused:?}");
    assert_eq!(world.state(), before);
    let given = [("CAUSEWAY_PROBE_SECRET", "ocid1.vaultsecret.oc1.iad.aaaaprobe")];
    let dry = world.deploy_with(&["--dry-run", "--only", "policies"], "", &given).succeeded();
    assert!(!dry.stdout.contains("would refuse"), "{}", dry.stdout);
}

/// The application's own: from the site's file, from variables, and by hand.
#[test]
fn settings_of_all_functions_come_from_the_site_and_stay() {
    let Some(world) = World::start("settings of the application") else { return };
    world.place(
        "applications",
        &json!({
            "compartmentId": world.compartment(), "displayName": "causeway", "subnetIds": ["ocid1.subnet.oc1.iad.aaaasubnet"],
            "shape": "GENERIC_X86", "config": { "CAUSEWAY_CHAT_MODEL": "meta.llama", "LOG_LEVEL": "debug", "TZ": "UTC", "CAUSEWAY_OLD": "1" },
        }),
    );
    world.deploy(&["--only", "topics"]).succeeded();
    let file = "application: {CAUSEWAY_SECOND_BUCKET: other-side, CAUSEWAY_SECOND_HAS_COPY: true, CAUSEWAY_STORAGE_TRY_SECONDS: 9}";
    let only = ["--only", "application"];
    let refused = world.deploy_with(&only, file, &[]);
    assert!(
        refused.code == Some(1) && refused.stderr.contains("CAUSEWAY_CHAT_MODEL: \"meta.llama\" -> nothing"),
        "{refused:?}"
    );

    let changed = world.deploy_with(&only, file, &[("CAUSEWAY_CHAT_MODEL", "meta.llama")]).succeeded();
    for line in ["LOG_LEVEL stays \"debug\"", "TZ stays \"UTC\"", "CAUSEWAY_OLD: \"1\" -> nothing"] {
        assert!(changed.stdout.contains(line), "{}", changed.stdout);
    }
    let config = &world.one("applications", "causeway")["config"];
    let expected = [
        ("CAUSEWAY_SECOND_BUCKET", "other-side"),
        ("CAUSEWAY_SECOND_HAS_COPY", "true"),
        ("CAUSEWAY_STORAGE_TRY_SECONDS", "9"),
        ("CAUSEWAY_CHAT_MODEL", "meta.llama"),
        ("LOG_LEVEL", "debug"),
        ("TZ", "UTC"),
        ("CAUSEWAY_CLOUD", "oci"),
    ];
    for (name, value) in expected {
        assert_eq!(config[name], value, "{name}");
    }
    let refused = world.deploy_with(&only, "", &[("CAUSEWAY_CHAT_MODEL", "meta.llama")]);
    assert!(
        refused.code == Some(1) && refused.stderr.contains("CAUSEWAY_SECOND_BUCKET: \"other-side\" -> nothing"),
        "{refused:?}"
    );
}
