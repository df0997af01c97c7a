//! DNS zones, their records and what is attached to them.

use serde_json::{Value, json};

use crate::support::{Cloud, ask};

const ZONES: &str = "/20180115/zones";

async fn zone(cloud: &Cloud, name: &str) -> Value {
    let details = json!({ "name": name, "compartmentId": cloud.emulator.default_compartment(), "zoneType": "PRIMARY" });
    cloud.post(ZONES, &details).await.ok().json()
}

#[tokio::test]
async fn zones_are_made_listed_and_deleted() {
    let cloud = Cloud::new().await;
    let compartment = cloud.emulator.default_compartment();
    let made = zone(&cloud, "dec.example").await;
    assert_eq!((&made["serial"], &made["zoneType"]), (&json!(1), &json!("PRIMARY")));
    zone(&cloud, "b.example").await;
    let create = |name: &str, kind: &str| {
        ask("POST", ZONES).json(&json!({ "name": name, "compartmentId": compartment, "zoneType": kind }))
    };
    cloud.send(create("DEC.example.", "PRIMARY")).await.refused(409, "NotAuthorizedOrResourceAlreadyExists");
    cloud.send(create("c.example", "SECONDARY")).await.refused(400, "InvalidParameter");
    cloud.send(create("c..example", "PRIMARY")).await.refused(400, "InvalidParameter");
    let list = format!("{ZONES}?compartmentId={compartment}&limit=1");
    let first = cloud.get(&list).await.ok();
    assert_eq!((first.json()[0]["name"].as_str(), first.header("opc-total-items")), (Some("b.example"), "2"));
    let next = cloud.get(&format!("{list}&page={}", first.header("opc-next-page"))).await.ok();
    assert_eq!((next.json()[0]["name"].as_str(), next.header("opc-next-page")), (Some("dec.example"), ""));
    cloud.delete(&format!("{ZONES}/b.example")).await.ok();
    cloud.get(&format!("{ZONES}/b.example")).await.refused(404, "NotAuthorizedOrNotFound");
}

#[tokio::test]
async fn records_of_a_zone_and_of_a_domain() {
    let cloud = Cloud::new().await;
    zone(&cloud, "dec.example").await;
    let records = format!("{ZONES}/dec.example/records");
    for (domain, rtype, data) in [("a.dec.example", "A", "192.0.2.1"), ("b.dec.example", "CNAME", "a.dec.example")] {
        let record = json!({ "domain": domain, "rtype": rtype, "rdata": data, "ttl": 60 });
        cloud.send(ask("PUT", &format!("{records}/{domain}/{rtype}")).json(&json!({ "items": [record] }))).await.ok();
    }
    let found = async |query: &str| {
        let answer = cloud.get(&format!("{records}{query}")).await.ok().json();
        let items = answer["items"].as_array().unwrap().iter();
        items.map(|one| one["domain"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("").await, ["a.dec.example", "b.dec.example"]);
    assert_eq!(found("?rtype=CNAME").await, ["b.dec.example"]);
    assert_eq!(found("?domainContains=a.d").await, ["a.dec.example"]);
    assert_eq!(found("/B.dec.example").await, ["b.dec.example"]);
    assert!(found("/c.dec.example").await.is_empty());
    cloud.get(&format!("{records}/other.example")).await.refused(400, "InvalidParameter");
}

#[tokio::test]
async fn policies_are_attached_to_domains_of_zones_that_are_there() {
    let cloud = Cloud::new().await;
    let compartment = cloud.emulator.default_compartment();
    let zone = zone(&cloud, "dec.example").await["id"].clone();
    let answer = |name: &str, data: &str| json!({ "name": name, "rtype": "A", "rdata": data });
    let policy = json!({ "displayName": "p", "template": "CUSTOM", "compartmentId": compartment,
        "answers": [answer("x", "192.0.2.1"), answer("y", "192.0.2.2")] });
    let policy = cloud.post("/20180115/steeringPolicies", &policy).await.ok().json()["id"].clone();
    let attach = |policy: &Value, zone: &Value, domain: &str| {
        let details = json!({ "steeringPolicyId": policy, "zoneId": zone, "domainName": domain });
        ask("POST", "/20180115/steeringPolicyAttachments").json(&details)
    };
    let nobody = json!("ocid1.dns-zone.oc1..nobody");
    let missing = "RelatedResourceNotAuthorizedOrNotFound";
    cloud.send(attach(&policy, &nobody, "www.dec.example")).await.refused(400, missing);
    cloud.send(attach(&nobody, &zone, "www.dec.example")).await.refused(400, missing);
    cloud.send(attach(&policy, &zone, "www.example")).await.refused(400, "InvalidParameter");
    let made = cloud.send(attach(&policy, &zone, "www.dec.example")).await.ok().json();
    assert_eq!((&made["rtypes"], &made["zoneId"]), (&json!(["A"]), &zone));
    cloud.delete(&format!("{ZONES}/dec.example")).await.refused(409, "Conflict");
}
