//! Users with their keys, fault domains, and limits that nobody counts.

use serde_json::{Value, json};

use crate::support::{Cloud, USER};

#[tokio::test]
async fn users_are_those_with_a_key() {
    let cloud = Cloud::new().await;
    let tenancy = cloud.emulator.tenancy().to_owned();
    let listed = cloud.get(&format!("/20160918/users?compartmentId={tenancy}")).await.ok().json();
    assert_eq!((listed[0]["id"].as_str(), listed.as_array().map(Vec::len)), (Some(USER), Some(1)));
    assert_eq!(cloud.get(&format!("/20160918/users/{USER}")).await.ok().json()["compartmentId"], tenancy);
    cloud.get("/20160918/users/ocid1.user.oc1..nobody").await.refused(404, "NotAuthorizedOrNotFound");
    let keys = cloud.get(&format!("/20160918/users/{USER}/apiKeys")).await.ok().json();
    assert_eq!(keys[0]["keyId"], cloud.key_id);
    let fingerprint = keys[0]["fingerprint"].as_str().unwrap();
    assert!(cloud.key_id.ends_with(fingerprint), "{fingerprint}");
}

#[tokio::test]
async fn fault_domains_are_in_availability_domains() {
    let cloud = Cloud::new().await;
    let path = format!("/20160918/faultDomains?compartmentId={}", cloud.emulator.default_compartment());
    let found = cloud.get(&format!("{path}&availabilityDomain=Uocm%3AUS-ASHBURN-AD-2")).await.ok().json();
    let names: Vec<_> = found.as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["FAULT-DOMAIN-1", "FAULT-DOMAIN-2", "FAULT-DOMAIN-3"]);
    cloud.get(&format!("{path}&availabilityDomain=AD-2")).await.refused(400, "InvalidParameter");
    cloud.get(&path).await.refused(400, "MissingParameter");
}

#[tokio::test]
async fn what_is_not_counted_is_not_zero() {
    let cloud = Cloud::new().await;
    let tenancy = cloud.emulator.tenancy().to_owned();
    let path = "/20190729/services/faas/limits/function-count/resourceAvailability";
    let left = cloud.get(&format!("{path}?compartmentId={tenancy}")).await.ok().json();
    assert_eq!((&left["used"], &left["available"]), (&Value::Null, &Value::Null));
    let limit = json!({ "service": "faas", "name": "function-count", "scopeType": "REGION", "value": 10, "used": 4 });
    cloud.admin("POST", "limits", &limit).await.ok();
    let left = cloud.get(&format!("{path}?compartmentId={tenancy}")).await.ok().json();
    assert_eq!((&left["used"], &left["available"]), (&json!(4), &json!(6)));
    let list = format!("/20190729/limitDefinitions?compartmentId={tenancy}&serviceName=compute");
    let names = cloud.get(&list).await.ok().json().as_array().unwrap().len();
    assert_eq!(names, 5, "each once, not once for each domain");
}
