//! `oci iam`: what command lines and tools ask first.

use serde_json::{Value, json};

use super::harness::{Cloud, check, each, text};

#[test]
fn tenancies_regions_compartments_users() {
    let Some(cloud) = Cloud::start("identity") else { return };
    let (tenancy, compartment, user) =
        (cloud.emulator.tenancy().to_owned(), cloud.compartment(), cloud.setting("user"));
    let regions = cloud.oci("iam region list", &[]);
    let ashburn = regions["data"].as_array().unwrap().iter().find(|one| one["name"] == "us-ashburn-1");
    assert_eq!(ashburn.expect("a region")["key"], "IAD");
    let subscribed = cloud.oci("iam region-subscription list", &[]);
    check(
        &subscribed,
        [
            ("/data/0/region-key", json!("IAD")),
            ("/data/0/status", json!("READY")),
            ("/data/0/is-home-region", json!(true)),
            ("/data/1", Value::Null),
        ],
    );
    let found = cloud.oci("iam tenancy get --tenancy-id", &[&tenancy]);
    check(&found, [("/data/id", json!(tenancy)), ("/data/home-region-key", json!("IAD"))]);
    cloud.fails((404, "NotAuthorizedOrNotFound"), "iam tenancy get --tenancy-id", &["ocid1.tenancy.oc1..aaaaother"]);
    let create = "iam compartment create --description below -c";
    let child = text(&cloud.oci(create, &[&compartment, "--name", "child"]), "/data/id");
    cloud.fails((409, "NotAuthorizedOrResourceAlreadyExists"), create, &[&compartment, "--name", "child"]);
    assert_eq!(each(&cloud.oci("iam compartment list", &[]), "id"), [compartment.as_str()]);
    let all = cloud.oci("iam compartment list --compartment-id-in-subtree true --name child -c", &[&tenancy]);
    assert_eq!(each(&all, "id"), [child.as_str()]);
    let found = cloud.oci("iam compartment get -c", &[&child]);
    check(&found, [("/data/name", json!("child")), ("/data/compartment-id", json!(compartment))]);
    let domains = cloud.oci("iam availability-domain list", &[]);
    let names = ["Uocm:US-ASHBURN-AD-1", "Uocm:US-ASHBURN-AD-2", "Uocm:US-ASHBURN-AD-3"];
    assert_eq!(each(&domains, "name"), names);
    let faults = cloud.oci("iam fault-domain list -c", &[&compartment, "--availability-domain", names[1]]);
    assert_eq!(each(&faults, "name"), ["FAULT-DOMAIN-1", "FAULT-DOMAIN-2", "FAULT-DOMAIN-3"]);
    let wrong = [&compartment, "--availability-domain", "AD-1"];
    cloud.fails((400, "InvalidParameter"), "iam fault-domain list -c", &wrong);
    assert_eq!(each(&cloud.oci("iam user list", &[]), "id"), [user.as_str()]);
    check(&cloud.oci("iam user get --user-id", &[&user]), [("/data/lifecycle-state", json!("ACTIVE"))]);
    let keys = cloud.oci("iam user api-key list --user-id", &[&user]);
    check(&keys, [("/data/0/fingerprint", json!(cloud.setting("fingerprint"))), ("/data/1", Value::Null)]);
    cloud.fails((404, "NotAuthorizedOrNotFound"), "iam user get --user-id", &["ocid1.user.oc1..aaaanobody"]);
}
