//! `oci compute` and `oci work-requests`: instances and their life cycle.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::harness::{Cloud, check, each, text};

const NOON: &str = "2026-09-05T12:00:00Z";
const SHAPE: &str = "VM.Standard.E5.Flex";

/// A running instance of 2 OCPUs and 32 GB.
fn instance(cloud: &Cloud, name: &str) -> String {
    let details = json!({ "displayName": name, "shape": SHAPE, "shapeConfig": { "ocpus": 2, "memoryInGBs": 32 } });
    text(&cloud.admin("POST", "compute/instances", &details), "/id")
}

#[test]
fn lists() {
    let Some(cloud) = Cloud::start("compute lists") else { return };
    let compartment = cloud.compartment();
    for number in 1..=5 {
        instance(&cloud, &format!("node-{number}"));
    }
    let list = |arguments: &str| cloud.oci(&format!("compute instance list -c {compartment} {arguments}"), &[]);
    let all = list("--all --sort-by DISPLAYNAME --sort-order ASC");
    assert_eq!(each(&all, "display-name"), ["node-1", "node-2", "node-3", "node-4", "node-5"]);
    assert!(all["opc-next-page"].is_null());
    // The command line follows the page tokens by itself.
    assert_eq!(each(&list("--all --page-size 2"), "id").len(), 5);
    let first = list("--limit 3");
    let second = list(&format!("--limit 3 --page {}", text(&first, "/opc-next-page")));
    let mut pages = [each(&first, "display-name"), each(&second, "display-name")].concat();
    pages.sort_unstable();
    assert_eq!(pages, each(&all, "display-name"));
    assert!(second["opc-next-page"].is_null(), "{second}");
    assert_eq!(each(&list("--display-name node-3"), "display-name"), ["node-3"]);
    assert!(list("--lifecycle-state STOPPED").is_null());
    let message = cloud.fails((400, "InvalidParameter"), "compute instance list --page nonsense -c", &[&compartment]);
    assert_eq!(message, "The page token is not valid.");
    let shapes = cloud.oci("compute shape list -c", &[&compartment]);
    let flexible = shapes["data"].as_array().unwrap().iter().find(|one| one["shape"] == SHAPE).expect(SHAPE);
    check(
        flexible,
        [
            ("/is-flexible", json!(true)),
            ("/ocpu-options/max", json!(94.0)),
            ("/memory-options/max-in-g-bs", json!(1049.0)),
            ("/memory-options/max-per-ocpu-in-gbs", json!(64.0)),
        ],
    );
}

#[test]
fn a_resize_passes_through_a_reboot() {
    let Some(cloud) = Cloud::start("compute resize") else { return };
    cloud.stop_clock(NOON);
    let id = instance(&cloud, "node");
    let resize = format!("compute instance update --force --instance-id {id} --shape-config");
    let size = r#"{"ocpus":4,"memoryInGBs":64}"#;
    let found = cloud.oci("compute instance get --instance-id", &[&id]);
    check(&found, [("/data/lifecycle-state", json!("RUNNING")), ("/data/shape-config/ocpus", json!(2.0))]);
    let avoid = [size, "--update-operation-constraint", "AVOID_DOWNTIME"];
    cloud.fails((409, "IncorrectState"), &resize, &avoid);
    cloud.fails((412, "NoEtagMatch"), &resize, &[size, "--if-match", "other"]);
    let message = cloud.fails((400, "InvalidParameter"), &resize, &[r#"{"ocpus":4,"memoryInGBs":1024}"#]);
    assert!(message.contains("memoryInGBs 1024"), "{message}");
    let allow = [size, "--update-operation-constraint", "ALLOW_DOWNTIME", "--if-match", &text(&found, "/etag")];
    let updated = cloud.oci(&resize, &allow);
    check(&updated, [("/data/lifecycle-state", json!("STOPPING")), ("/data/shape-config/ocpus", json!(2.0))]);
    cloud.fails((409, "IncorrectState"), &resize, &[r#"{"ocpus":8,"memoryInGBs":64}"#]);
    let work = text(&updated, "/opc-work-request-id");
    let state = |expected: &str, ocpus: f64| {
        let found = cloud.oci("compute instance get --instance-id", &[&id]);
        check(&found, [("/data/lifecycle-state", json!(expected)), ("/data/shape-config/ocpus", json!(ocpus))]);
    };
    let request = cloud.oci("work-requests work-request get --work-request-id", &[&work]);
    check(&request, [("/data/status", json!("IN_PROGRESS")), ("/data/resources/0/identifier", json!(id))]);
    cloud.emulator.clock().advance(SignedDuration::from_millis(200));
    state("STARTING", 4.0);
    cloud.emulator.clock().advance(SignedDuration::from_secs(1));
    state("RUNNING", 4.0);
    let request = cloud.oci("work-requests work-request get --work-request-id", &[&work]);
    check(&request, [("/data/status", json!("SUCCEEDED")), ("/data/percent-complete", json!(100.0))]);
    let requests = cloud.oci("work-requests work-request list --resource-id", &[&id, "-c", &cloud.compartment()]);
    assert_eq!(
        (each(&requests, "id"), each(&requests, "operation-type")),
        (vec![work.as_str()], vec!["UpdateInstance"])
    );
    for list in ["work-request-error", "work-request-log-entry"] {
        assert!(cloud.oci(&format!("work-requests {list} list --work-request-id"), &[&work]).is_null());
    }
}

#[test]
fn instances_come_stop_start_and_go() {
    let Some(cloud) = Cloud::start("compute life cycle") else { return };
    let launch = format!("compute instance launch -c {} --shape {SHAPE} --availability-domain", cloud.compartment());
    let size = ["--shape-config", r#"{"ocpus":1,"memoryInGBs":8}"#, "--display-name", "new one"];
    let image = ["--image-id", "ocid1.image.oc1.iad.aaaa", "--subnet-id", "ocid1.subnet.oc1.iad.aaaa"];
    let wait = |state| ["--wait-for-state", state, "--wait-interval-seconds", "1"];
    let made = cloud.oci(&launch, &[&["Uocm:US-ASHBURN-AD-2"], &size[..], &image[..], &wait("RUNNING")].concat());
    check(
        &made,
        [
            ("/data/lifecycle-state", json!("RUNNING")),
            ("/data/availability-domain", json!("Uocm:US-ASHBURN-AD-2")),
            ("/data/display-name", json!("new one")),
            ("/data/shape-config/memory-in-gbs", json!(8.0)),
        ],
    );
    let message = cloud.fails((400, "InvalidParameter"), &launch, &[&["AD-2"], &size[..], &image[..]].concat());
    assert_eq!(message, "There is no availability domain AD-2.");
    let id = text(&made, "/data/id");
    let act = |action: &str, wait: &[&str]| -> Value {
        cloud.oci(&format!("compute instance action --action {action} --instance-id {id}"), wait)
    };
    check(&act("STOP", &wait("STOPPED")), [("/data/lifecycle-state", json!("STOPPED"))]);
    cloud.fails((409, "IncorrectState"), "compute instance action --action SOFTRESET --instance-id", &[&id]);
    // A stopped instance takes a new size at once and stays stopped.
    let avoid =
        ["--shape-config", r#"{"ocpus":2,"memoryInGBs":16}"#, "--update-operation-constraint", "AVOID_DOWNTIME"];
    let larger = cloud.oci(&format!("compute instance update --force --instance-id {id}"), &avoid);
    check(&larger, [("/data/lifecycle-state", json!("STOPPED")), ("/data/shape-config/ocpus", json!(2.0))]);
    check(&act("START", &wait("RUNNING")), [("/data/lifecycle-state", json!("RUNNING"))]);
    let tags = ["--freeform-tags", r#"{"team":"ops"}"#, "--display-name", "renamed"];
    let renamed = cloud.oci(&format!("compute instance update --force --instance-id {id}"), &tags);
    check(
        &renamed,
        [
            ("/data/lifecycle-state", json!("RUNNING")),
            ("/data/display-name", json!("renamed")),
            ("/data/freeform-tags", json!({ "team": "ops" })),
        ],
    );
    cloud.oci(
        "compute instance terminate --force --wait-for-state SUCCEEDED --wait-interval-seconds 1 --instance-id",
        &[&id],
    );
    let gone = cloud.oci("compute instance get --instance-id", &[&id]);
    check(&gone, [("/data/lifecycle-state", json!("TERMINATED"))]);
    let unknown = "ocid1.instance.oc1.iad.aaaaaaaanobodymadethisone";
    let message = cloud.fails((404, "NotAuthorizedOrNotFound"), "compute instance get --instance-id", &[unknown]);
    assert_eq!(message, "Authorization failed or requested resource not found.");
}
