//! `oci secrets`, `oci limits` and `oci logging-ingestion`.

use serde_json::{Value, json};

use super::harness::{Cloud, check, each, text};

const DOMAIN: &str = "Uocm:US-ASHBURN-AD-1";

#[test]
fn secrets() {
    let Some(cloud) = Cloud::start("secrets") else { return };
    let seed = |value: &str, pending: bool| {
        cloud.admin("POST", "secrets", &json!({ "name": "db", "value": value, "pending": pending }))
    };
    let first = seed("alpha", false);
    seed("beta", false);
    seed("gamma", true);
    let (id, vault) = (text(&first, "/id"), text(&first, "/vaultId"));
    let get = |more: &[&str]| cloud.oci("secrets secret-bundle get --secret-id", &[&[id.as_str()], more].concat());
    // Base64 of the values.
    for (more, number, content) in [
        (&[][..], 2, "YmV0YQ=="),
        (&["--stage", "PREVIOUS"], 1, "YWxwaGE="),
        (&["--stage", "LATEST"], 3, "Z2FtbWE="),
        (&["--stage", "PENDING"], 3, "Z2FtbWE="),
        (&["--version-number", "1"], 1, "YWxwaGE="),
    ] {
        let found = get(more);
        check(
            &found,
            [
                ("/data/version-number", json!(number)),
                ("/data/secret-bundle-content/content", json!(content)),
                ("/data/secret-bundle-content/content-type", json!("BASE64")),
            ],
        );
    }
    check(&get(&[]), [("/data/stages", json!(["CURRENT"]))]);
    let by_name = "secrets secret-bundle get-secret-bundle-by-name --vault-id";
    check(&cloud.oci(by_name, &[&vault, "--secret-name", "db"]), [("/data/secret-id", json!(id))]);
    cloud.fails((404, "NotAuthorizedOrNotFound"), by_name, &[&vault, "--secret-name", "other"]);
    let get = "secrets secret-bundle get --secret-id";
    cloud.fails((404, "NotAuthorizedOrNotFound"), get, &[&id, "--stage", "DEPRECATED"]);
    let versions = cloud.oci("secrets secret-bundle-version list-versions --secret-id", &[&id]);
    let stages: Vec<_> = versions["data"].as_array().unwrap().iter().map(|one| one["stages"].clone()).collect();
    assert_eq!(stages, [json!(["PENDING", "LATEST"]), json!(["CURRENT"]), json!(["PREVIOUS"])]);
}

#[test]
fn limits() {
    let Some(cloud) = Cloud::start("limits") else { return };
    let tenancy = cloud.emulator.tenancy().to_owned();
    let details =
        json!({ "shape": "VM.Standard.E5.Flex", "shapeConfig": { "ocpus": 6 }, "availabilityDomain": DOMAIN });
    cloud.admin("POST", "compute/instances", &details);
    let few = json!({ "service": "compute", "name": "standard-e5-core-count", "scopeType": "AD", "value": 8 });
    cloud.admin("POST", "limits", &few);
    let services = cloud.oci("limits service list -c", &[&tenancy]);
    assert!(each(&services, "name").contains(&"faas"));
    let values = cloud.oci("limits value list --service-name faas -c", &[&tenancy]);
    check(
        &values["data"][0],
        [("/name", json!("application-count")), ("/value", json!(20)), ("/scope-type", json!("REGION"))],
    );
    let cores = ["--name", "standard-e5-core-count", "--availability-domain", DOMAIN];
    let values = cloud.oci("limits value list --service-name compute -c", &[&[tenancy.as_str()], &cores[..]].concat());
    check(
        &values,
        [("/data/0/value", json!(8)), ("/data/0/availability-domain", json!(DOMAIN)), ("/data/1", Value::Null)],
    );
    let definitions = cloud.oci("limits definition list --service-name compute -c", &[&tenancy]);
    assert_eq!(each(&definitions, "scope-type"), ["AD"; 5]);
    let available = "limits resource-availability get --service-name compute --limit-name standard-e5-core-count -c";
    let left = cloud.oci(available, &[&tenancy, "--availability-domain", DOMAIN]);
    check(&left, [("/data/used", json!(6)), ("/data/available", json!(2)), ("/data/fractional-usage", json!(6.0))]);
    let message = cloud.fails((400, "MissingParameter"), available, &[&tenancy]);
    assert_eq!(message, "Missing availabilityDomain");
    let uncounted = "limits resource-availability get --service-name faas --limit-name function-count -c";
    check(&cloud.oci(uncounted, &[&tenancy]), [("/data/used", Value::Null), ("/data/available", Value::Null)]);
    let unknown = available.replace("standard-e5-core-count", "nothing");
    cloud.fails((404, "NotAuthorizedOrNotFound"), &unknown, &[&tenancy, "--availability-domain", DOMAIN]);
    let resize =
        ["--availability-domain", DOMAIN, "--shape-config", r#"{"ocpus":3}"#, "--subnet-id", "s", "--image-id", "i"];
    let launch = "compute instance launch --shape VM.Standard.E5.Flex -c";
    let message = cloud.fails((400, "LimitExceeded"), launch, &[&[cloud.compartment().as_str()], &resize[..]].concat());
    assert!(message.contains("standard-e5-core-count"), "{message}");
}

#[test]
fn logs() {
    let Some(cloud) = Cloud::start("logs") else { return };
    let log = text(&cloud.admin("POST", "logs", &json!({})), "/id");
    let entries = json!([
        { "id": "1", "data": "{\"level\":\"info\"}", "time": "2026-09-05T11:00:00Z" },
        { "id": "2", "data": "plain" },
    ]);
    let batch = |entries: &Value| {
        json!([{ "source": "fn", "type": "decision", "subject": "egress", "defaultlogentrytime": "2026-09-05T12:00:00Z",
            "entries": entries }])
        .to_string()
    };
    let put = |log: &str| format!("logging-ingestion put-logs --specversion 1.0 --log-id {log} --log-entry-batches");
    cloud.oci(&put(&log), &[&batch(&entries)]);
    let kept = cloud.admin("GET", &format!("logs/{log}"), &json!({}));
    check(
        &kept,
        [
            ("/0/data", json!("{\"level\":\"info\"}")),
            ("/0/time", json!("2026-09-05T11:00:00.000Z")),
            ("/1/time", json!("2026-09-05T12:00:00.000Z")),
            ("/1/subject", json!("egress")),
            ("/2", Value::Null),
        ],
    );
    let message = cloud.fails((400, "InvalidParameter"), &put(&log), &[&batch(&json!([]))]);
    assert_eq!(message, "There is no log entry.");
    let wrong = put(&log).replace("1.0", "2.0");
    cloud.fails((400, "InvalidParameter"), &wrong, &[&batch(&entries)]);
    cloud.fails((404, "NotAuthorizedOrNotFound"), &put("ocid1.log.oc1.iad.aaaanobody"), &[&batch(&entries)]);
}
