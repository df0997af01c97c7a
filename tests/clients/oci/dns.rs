//! `oci dns`: zones, records, steering.

use serde_json::{Value, json};

use super::harness::{Cloud, check, each, text};

/// The weights of a cut-over: so much of a hundred goes to the new side.
fn rules(new: u8) -> String {
    json!([
        { "ruleType": "FILTER", "defaultAnswerData": [{ "answerCondition": "answer.isDisabled != true", "shouldKeep": true }] },
        { "ruleType": "WEIGHTED", "defaultAnswerData": [
            { "answerCondition": "answer.pool == 'aws'", "value": 100 - new },
            { "answerCondition": "answer.pool == 'oci'", "value": new },
        ] },
        { "ruleType": "LIMIT", "defaultCount": 1 },
    ])
    .to_string()
}

const ANSWERS: &str = r#"[{"name":"aws","rtype":"A","rdata":"198.51.100.7","pool":"aws"},
    {"name":"oci","rtype":"A","rdata":"203.0.113.9","pool":"oci"}]"#;

#[test]
fn zones_and_records() {
    let Some(cloud) = Cloud::start("zones") else { return };
    let compartment = cloud.compartment();
    let create = "dns zone create --zone-type PRIMARY -c";
    let made = cloud.oci(create, &[&compartment, "--name", "dec.example"]);
    check(
        &made,
        [("/data/name", json!("dec.example")), ("/data/serial", json!(1)), ("/data/zone-type", json!("PRIMARY"))],
    );
    cloud.oci(create, &[&compartment, "--name", "other.example"]);
    cloud.fails((409, "NotAuthorizedOrResourceAlreadyExists"), create, &[&compartment, "--name", "Dec.Example."]);
    cloud.fails((400, "InvalidParameter"), create, &[&compartment, "--name", "no zone"]);
    let zones = cloud.oci("dns zone list -c", &[&compartment]);
    assert_eq!(each(&zones, "name"), ["dec.example", "other.example"]);
    let found = cloud.oci("dns zone list --name-contains other -c", &[&compartment]);
    assert_eq!(each(&found, "name"), ["other.example"]);
    let set = "--zone-name-or-id dec.example --domain api.dec.example --rtype A";
    let record = |data: &str, ttl: u32| json!({ "domain": "api.dec.example", "rtype": "A", "rdata": data, "ttl": ttl });
    let update = format!("dns record rrset update --force {set} --items");
    let put = cloud.oci(&update, &[&json!([record("192.0.2.1", 60)]).to_string()]);
    check(&put, [("/data/items/0/rdata", json!("192.0.2.1")), ("/opc-total-items", json!("1"))]);
    let message = cloud.fails((400, "InvalidParameter"), &update, &[&json!([record("nowhere", 60)]).to_string()]);
    assert_eq!(message, "nowhere is no data for A.");
    let patch = format!("dns record rrset patch {set} --items");
    let mut steps = [record("192.0.2.1", 60), record("192.0.2.2", 30)];
    steps[0]["operation"] = json!("REQUIRE");
    steps[1]["operation"] = json!("ADD");
    cloud.oci(&patch, &[&json!(steps).to_string()]);
    steps[0]["rdata"] = json!("192.0.2.9");
    steps[1]["rdata"] = json!("192.0.2.3");
    cloud.fails((409, "Conflict"), &patch, &[&json!(steps).to_string()]);
    let found = cloud.oci(&format!("dns record rrset get {set}"), &[]);
    assert_eq!(each(&found, "rdata"), ["192.0.2.1", "192.0.2.2"], "all of a patch or nothing");
    let stale = json!([record("192.0.2.7", 60)]).to_string();
    cloud.fails((412, "NoEtagMatch"), &update, &[&stale, "--if-match", "other"]);
    let www =
        json!([{ "domain": "www.dec.example", "rtype": "CNAME", "rdata": "api.dec.example", "ttl": 300 }]).to_string();
    let name = "--zone-name-or-id dec.example --domain www.dec.example";
    cloud.oci(&format!("dns record rrset update --force {name} --rtype CNAME --items"), &[&www]);
    let all = cloud.oci("dns record zone get --zone-name-or-id dec.example", &[]);
    assert_eq!(each(&all, "rtype"), ["A", "A", "CNAME"]);
    let one = cloud.oci(&format!("dns record domain get {name}"), &[]);
    assert_eq!(each(&one, "rdata"), ["api.dec.example"]);
    cloud.fails((400, "InvalidParameter"), &format!("dns record domain get {}", name.replace("www.dec.", "www.")), &[]);
    cloud.oci(&format!("dns record rrset delete --force {set}"), &[]);
    assert!(each(&cloud.oci(&format!("dns record rrset get {set}"), &[]), "rdata").is_empty());
    check(&cloud.oci("dns zone get --zone-name-or-id dec.example", &[]), [("/data/serial", json!(5))]);
    cloud.oci("dns zone delete --force --zone-name-or-id other.example", &[]);
    cloud.fails((404, "NotAuthorizedOrNotFound"), "dns zone get --zone-name-or-id other.example", &[]);
}

#[test]
fn steering() {
    let Some(cloud) = Cloud::start("steering") else { return };
    let compartment = cloud.compartment();
    let zone = text(&cloud.admin("POST", "zones", &json!({ "name": "dec.example" })), "/id");
    let create = "dns steering-policy create --template LOAD_BALANCE --ttl 30 --display-name cutover -c";
    let made = cloud.oci(create, &[&compartment, "--answers", ANSWERS, "--rules", &rules(10)]);
    let weight = "/data/rules/1/default-answer-data/1/value";
    check(&made, [("/data/ttl", json!(30)), ("/data/answers/1/pool", json!("oci")), (weight, json!(10))]);
    let bad = rules(10).replace("90", "256");
    let message =
        cloud.fails((400, "InvalidParameter"), create, &[&compartment, "--answers", ANSWERS, "--rules", &bad]);
    assert_eq!(message, "Weights and priorities are from 0 to 255.");
    let policy = text(&made, "/data/id");
    let update = format!("dns steering-policy update --force --steering-policy-id {policy} --rules");
    cloud.oci(&update, &[&rules(50), "--if-match", &text(&made, "/etag")]);
    cloud.fails((412, "NoEtagMatch"), &update, &[&rules(60), "--if-match", &text(&made, "/etag")]);
    let found = cloud.oci("dns steering-policy get --steering-policy-id", &[&policy]);
    check(&found, [(weight, json!(50)), ("/data/display-name", json!("cutover"))]);
    let listed = cloud.oci("dns steering-policy list -c", &[&compartment]);
    assert_eq!(each(&listed, "id"), [policy.as_str()]);
    let attach = format!("dns steering-policy-attachment create --steering-policy-id {policy} --zone-id");
    let made = cloud.oci(&attach, &[&zone, "--domain-name", "www.dec.example", "--display-name", "www"]);
    check(
        &made,
        [("/data/rtypes", json!(["A"])), ("/data/zone-id", json!(zone)), ("/data/display-name", json!("www"))],
    );
    let message = cloud.fails((400, "InvalidParameter"), &attach, &[&zone, "--domain-name", "www.example"]);
    assert_eq!(message, "domainName is not in the zone.");
    let elsewhere = ["ocid1.dns-zone.oc1..aaaanobody", "--domain-name", "www.dec.example"];
    cloud.fails((400, "RelatedResourceNotAuthorizedOrNotFound"), &attach, &elsewhere);
    let attachment = text(&made, "/data/id");
    let id = "--steering-policy-attachment-id";
    let found = cloud.oci(&format!("dns steering-policy-attachment get {id}"), &[&attachment]);
    check(&found, [("/data/domain-name", json!("www.dec.example")), ("/data/steering-policy-id", json!(policy))]);
    assert_eq!(
        each(&cloud.oci("dns steering-policy-attachment list -c", &[&compartment]), "id"),
        [attachment.as_str()]
    );
    let delete = "dns steering-policy delete --force --steering-policy-id";
    cloud.fails((409, "Conflict"), delete, &[&policy]);
    cloud.fails((409, "Conflict"), "dns zone delete --force --zone-name-or-id dec.example", &[]);
    cloud.oci(&format!("dns steering-policy-attachment delete --force {id}"), &[&attachment]);
    cloud.oci(delete, &[&policy]);
    assert_eq!(cloud.oci("dns steering-policy list -c", &[&compartment]), Value::Null);
}
