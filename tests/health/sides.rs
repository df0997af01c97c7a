//! A storage of two sides, of which the first goes out.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use causeway_cloud::breaker::Dependency;
use serde_json::{Value, json};

use crate::breakers::{hasty, left_open, shown, ticks_until};
use crate::cloud::{BUCKET, Cloud, last, tick};
use crate::target::{Way, check};

/// A cloud whose storage has a directory for its second side.
fn cloud() -> (Cloud, PathBuf) {
    let mut cloud = Cloud::start();
    let second = cloud.files().join("second");
    std::fs::create_dir(&second).unwrap();
    cloud.set("CAUSEWAY_SECOND_ROOT", second.to_str().unwrap());
    cloud.set("CAUSEWAY_STORAGE_TRY_SECONDS", "1");
    (cloud, second)
}

/// Names of files at any depth.
fn files(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => all.push(path.to_str().unwrap().to_owned()),
        }
    }
    all
}

#[test]
fn a_signal_is_given_while_object_storage_is_out() {
    let (mut cloud, second) = cloud();
    let works = cloud.serve(Way::Says(200, json!({})));
    let checks = [check("shop", "http://127.0.0.1:1/health"), check("aws", &works.url("127.0.0.1"))];
    let tenant = json!({
        "id": "acme", "divergence": "read_only", "serving": "oci", "component": "shop", "target_check": "aws",
        "retained_until": "2100-01-01T00:00:00Z",
    });
    cloud.settings(&json!({ "allowed_hosts": ["127.0.0.1"] }));
    tick(&cloud.process());
    let hurried = json!({ "unhealthy_after": 1 });
    cloud.settings(&json!({
        "allowed_hosts": ["127.0.0.1"], "checks": checks, "tenants": [tenant], "health": hurried,
    }));
    cloud.has_no_storage.store(true, Ordering::SeqCst);
    let reply = tick(&cloud.process());
    assert_eq!((&reply["tenants"][0]["verdict"], &reply["partial"]), (&json!("ROLLBACK"), &json!(true)), "{reply}");
    let signals: Vec<String> =
        files(&second).into_iter().filter(|name| name.contains("/side2.health-checker/signals/acme-")).collect();
    let [signal] = signals.as_slice() else { panic!("{signals:?} {reply}") };
    let signal: Value = serde_json::from_str(&std::fs::read_to_string(signal).unwrap()).unwrap();
    assert_eq!((&signal["value"]["verdict"], &signal["value"]["withdrawn_at"]), (&json!("ROLLBACK"), &Value::Null));
    let titles: Vec<Value> = cloud.messages().iter().map(|message| message["title"].clone()).collect();
    let moves = titles.iter().filter(|title| title.as_str().unwrap().contains("move traffic back")).count();
    assert_eq!(moves, 1, "{titles:?}");
}

#[test]
fn a_copy_closes_no_breaker_and_the_first_sides_own_answers_do() {
    let (mut cloud, second) = cloud();
    let (rules, config) = hasty();
    cloud.set("CAUSEWAY_STORAGE_BREAKER", &rules.to_string());
    let export =
        json!({ "id": "export", "breaker": "oci-object-storage", "probe": { "object": { "name": "export.csv" } } });
    cloud.settings(&json!({
        "checks": [export], "breakers": [{ "folder": "side2.breakers", "rules": rules }],
    }));
    cloud.put("export.csv", "text/csv", "a");
    let copies = second.join(BUCKET).join("copy");
    std::fs::create_dir_all(&copies).unwrap();
    std::fs::write(copies.join("export.csv"), "a").unwrap();
    let dependency = Dependency::new("oci-object-storage", "").unwrap();
    left_open(&cloud, &cloud.breakers_in("side2.breakers", config), &dependency);
    let standing = |reply: &Value| shown(reply, "oci-object-storage").0;
    cloud.has_no_storage.store(true, Ordering::SeqCst);
    // Its time is over, so the first side is asked; what it answers opens the breaker again.
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    let reply = tick(&cloud.process());
    assert_eq!((&last(&reply, "export")["code"], standing(&reply)), (&json!("second_side"), json!("open")), "{reply}");
    cloud.has_no_storage.store(false, Ordering::SeqCst);
    ticks_until(&cloud, |reply| standing(reply) == "closed");
}
