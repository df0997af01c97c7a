#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

use super::*;

#[test]
fn an_empty_document_has_the_defaults_and_they_can_be_used() {
    assert_eq!(read("").unwrap(), Settings::default());
    assert_eq!(Settings::default().check(), Vec::new());
    let text = serde_json::to_string(&Settings::default()).unwrap();
    assert_eq!(read(&text).unwrap(), Settings::default());
}

#[test]
fn folders_of_breakers_are_named_beside_the_usual_ones() {
    let folders = |text: &str| read(text).unwrap().breakers;
    let names = |text: &str| folders(text).into_iter().map(|folder| folder.folder).collect::<Vec<_>>();
    let usual = ["breakers", "chat-breakers", "side2.breakers"];
    assert_eq!(names("breakers: []"), usual);
    assert_eq!(names("breakers: [{ folder: breakers/eu }]"), ["breakers/eu", usual[0], usual[1], usual[2]]);
    let other = folders("breakers: [{ folder: chat-breakers, rules: { open_seconds: 7 } }]");
    assert_eq!((other.len(), other[0].rules.config().unwrap().open.base_ms), (3, 7_000));
}

const WHOLE: &str = r#"
allowed_hosts: [localhost]
components:
  - { id: storefront, weight: 3, critical: true }
checks:
  - id: front-page
    component: storefront
    critical: true
    baseline_p95_ms: 180
    quorum: { vantages: [oci-health-checks, route-53] }
    probe:
      http:
        url: https://shop.example.com/health
        headers: { accept: application/json }
        secret_headers: { authorization: shop-health-token }
        expect:
          status: [200, 204-206]
          degraded_above_ms: 800
          degraded_below_certificate_hours: 48
          json:
            - { path: $.status, equals: UP }
            - { path: "$.queue.depth", at_most: 100, otherwise: degraded }
  - { id: bastion, interval_seconds: 30, probe: { tcp: { host: localhost, port: 22 } } }
  - { id: certificate, probe: { tls_expiry: { host: shop.example.com } } }
  - { id: name, probe: { dns: { name: shop.example.com, includes: [192.0.2.7] } } }
  - { id: cpu, probe: { oci_metric: { namespace: oci_computeagent, metric: CpuUtilization, fail_above: 95 } } }
  - { id: export, probe: { object: { name: exports/latest.csv, max_age_minutes: 90 } } }
  - id: orders
    probe:
      command:
        url: https://db.example.com/ords/query
        body: { statement: "select count(*) as n from orders" }
        expect: { json: [{ path: "$.items[0].n", at_least: 1 }] }
maintenance:
  - { id: patches, zone: Europe/Berlin, days: [sun], start: "03:00", minutes: 90, covers: [storefront] }
tenants:
  - { id: acme, divergence: replicate_back, component: storefront, baseline_p95_ms: 120 }
"#;

#[test]
fn every_probe_can_be_written_down() {
    let settings = read(WHOLE).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(settings.checks.len(), 7);
    let Probe::Http(http) = &settings.checks[0].probe else { panic!("{:?}", settings.checks[0]) };
    assert!([200, 204, 206].iter().all(|status| http.expect.status.iter().any(|range| range.has(*status))));
    assert!(!http.expect.status.iter().any(|range| range.has(203)));
    assert_eq!(settings.find("bastion").map(Check::component), Some("bastion"));
    let text = serde_json::to_string(&settings).unwrap();
    assert_eq!(read(&text).unwrap(), settings);
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let told: Vec<String> = match read(text) {
        Ok(settings) => panic!("{text}: {settings:?}"),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(told.len(), expected.len(), "{text}: {told:?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.contains(expected), "{text}: {told} has no {expected}");
    }
}

/// A check with these members beside its name.
fn one(rest: &str) -> String {
    format!("checks:\n  - id: a\n    {rest}\n")
}

#[test]
fn what_is_wrong_has_its_place() {
    check("check: []", &["line 1, column 1: check: unknown field"]);
    check(&one("probe: { icmp: {} }"), &["line 3"]);
    check(&one("probe: { tcp: { host: db, port: 70000 } }"), &["line 3"]);
    check(&one("probe: { http: { url: \"https://h/\", expect: { status: [99] } } }"), &["99"]);
    check(
        &one("interval_seconds: 8\n    probe: { tcp: { host: db, port: 1 } }"),
        &["line 3, column 5: checks[0].interval_seconds: must be", "line 2, column 5: checks[0].timeout_seconds: must"],
    );
    check(
        &one("timeout_seconds: 31\n    probe: { tcp: { host: db, port: 1 } }"),
        &["line 3, column 5: checks[0].timeout_seconds: must be from 1 to half"],
    );
    check(
        "checks: [{id: a b, probe: {dns: {name: x}}}, {id: c, probe: {dns: {name: x}}}, {id: c, probe: {dns: {name: x}}}]",
        &["checks[0].id: must be 1 to 64", "checks[2].id: \"c\" is there already"],
    );
    check("components: [{id: web}]", &["no check is about \"web\""]);
    check("rollback: { errors: { minutes: 9 } }", &["rollback.errors.minutes: must not be above"]);
    check("rollback: { moving: { probes_needed: 4 } }", &["rollback.moving.probes_needed: must not be above"]);
    check("burn: { objectives: [{ factor: 0, long_minutes: 5, short_minutes: 5 }] }", &["short_minutes <", "above 0"]);
    check("maintenance: [{id: a, zone: Mars, start: '01:00', minutes: 0}]", &["time zone", "minutes: must be"]);
    check("health: { fail_rate_percent: 0 }", &["health.fail_rate_percent: must be from 1 to 100"]);
}

#[test]
fn secrets_stand_in_the_vault_alone() {
    let http = |members: &str| one(&format!("probe: {{ http: {{ {members} }} }}"));
    check(&http("url: 'https://me:pass@h/'"), &["user"]);
    check(&http("url: 'https://h/', headers: { Authorization: Bearer x }"), &["headers.Authorization: is a secret"]);
    check(&http("url: 'http://h/', secret_headers: { authorization: t }"), &["must begin with https://"]);
    check(&http("url: 'ftp://h/'"), &["http:// or https://"]);
}

#[test]
fn conditions_can_be_read_before_they_are_needed() {
    let json = |condition: &str| {
        one(&format!("probe: {{ http: {{ url: 'https://h/', expect: {{ json: [{condition}] }} }} }}"))
    };
    check(&json("{ path: '$.a' }"), &["json[0]: needs equals"]);
    check(&json("{ path: 'a[', exists: true }"), &["json[0].path: is no JSONPath"]);
    check(&one("probe: { oci_metric: { namespace: n, metric: m } }"), &["needs a bound"]);
    check(&one("probe: { object: { name: o, sha256: abc } }"), &["64 hexadecimal"]);
    let unequal = one("probe: { oci_metric: { namespace: n, metric: m, fail_above: .nan, fail_below: 1 } }");
    check(&unequal, &["non-finite"]);
    check(&one("quorum: { needed: 1, vantages: [] }\n    probe: { dns: { name: x } }"), &["at least 2"]);
    check(&one("quorum: { needed: 2, vantages: [x, y, z] }\n    probe: { dns: { name: x } }"), &["more than half"]);
    check("maintenance: [{ id: m, start: '01:00', minutes: 5, covers: [nobody] }]", &["no component and no tenant"]);
    check(
        &one("quorum: { needed: 3, vantages: [x] }\n    probe: { dns: { name: x } }"),
        &["half of the 2 vantage points"],
    );
}

#[test]
fn the_schema_knows_every_section() {
    let schema = schemars::schema_for!(Settings).to_value();
    for member in ["checks", "components", "health", "rollback", "burn", "maintenance", "tenants", "tick"] {
        assert!(schema["properties"][member].is_object(), "{member}");
    }
    assert!(schema.to_string().contains("timeout_seconds"));
}
