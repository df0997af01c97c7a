//! Where probes must not go.

use serde_json::{Value, json};

use crate::cloud::{Cloud, last, tick};
use crate::target::{Way, check};

fn refused(reply: &Value, id: &str) {
    let found = last(reply, id);
    assert_eq!((&found["verdict"], &found["code"]), (&json!("unknown"), &json!("target_refused")), "{id}: {found}");
}

#[test]
fn this_machine_the_link_and_metadata_services_are_refused_by_name_and_by_address() {
    let mut cloud = Cloud::start();
    let server = cloud.serve(Way::Says(200, json!({})));
    let mut checks = Vec::new();
    for (id, host) in [
        ("address", "127.0.0.1"),
        ("name", "localhost"),
        ("other-case", "LOCALHOST"),
        ("mapped", "[::ffff:127.0.0.1]"),
        ("six", "[::1]"),
    ] {
        checks.push(check(id, &server.url(host)));
    }
    for (id, url) in [
        ("metadata", "http://169.254.169.254/opc/v2/instance/"),
        ("metadata-six", "http://[fd00:c1::a9fe:a9fe]/opc/v2/instance/"),
        ("azure", "http://168.63.129.16/"),
        ("nowhere", "http://0.0.0.0/"),
    ] {
        checks.push(check(id, url));
    }
    let ids: Vec<String> = checks.iter().map(|check| check["id"].as_str().unwrap().to_owned()).collect();
    checks.push(json!({ "id": "tcp", "probe": { "tcp": { "host": "127.0.0.1", "port": server.port } } }));
    cloud.settings(&json!({ "checks": checks }));
    let reply = tick(&cloud.process());
    ids.iter().for_each(|id| refused(&reply, id));
    refused(&reply, "tcp");
    assert_eq!(server.seen(), 0, "nobody was connected to");
}

#[test]
fn a_redirect_does_not_lead_there_either() {
    let mut cloud = Cloud::start();
    let inner = cloud.serve(Way::Says(200, json!({})));
    let outer = cloud.serve(Way::Redirects(inner.url("127.0.0.1")));
    let further = cloud.serve(Way::Redirects("http://169.254.169.254/latest/meta-data/".to_owned()));
    let mut checks = [check("loopback", &outer.url("localhost")), check("metadata", &further.url("localhost"))];
    checks.iter_mut().for_each(|check| check["probe"]["http"]["follow_redirects"] = json!(3));
    // The name is allowed, and no other host is by it.
    cloud.settings(&json!({ "allowed_hosts": ["localhost"], "checks": checks }));
    let reply = tick(&cloud.process());
    refused(&reply, "loopback");
    refused(&reply, "metadata");
    assert_eq!((outer.seen(), further.seen(), inner.seen()), (1, 1, 0));
}
