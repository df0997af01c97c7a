//! `oci os`: versions, tiers, retention, copies, uploads that are given up.

use std::fs;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::harness::{Cloud, check, each, text};

fn bucket(cloud: &Cloud, name: &str, more: &[&str]) -> Value {
    cloud.oci("os bucket create", &[&["--name", name, "-c", &cloud.compartment()], more].concat())
}

#[test]
fn versions_stay() {
    let Some(cloud) = Cloud::start("versions") else { return };
    check(&bucket(&cloud, "bk", &["--versioning", "Enabled"]), [("/data/versioning", json!("Enabled"))]);
    for (name, content) in [("one", "first"), ("two", "the second")] {
        cloud.write(name, content);
        cloud.oci(&format!("os object put -bn bk --name k --force --file {name}"), &[]);
    }
    cloud.oci("os object delete -bn bk --object-name k --force", &[]);
    let head = cloud.refused("os object head -bn bk --name k", &[]);
    assert_eq!(head["status"], 404, "{head}");
    let listed = cloud.oci("os object list-object-versions -bn bk --all", &[]);
    check(
        &listed["data"],
        [
            ("/0/is-delete-marker", json!(true)),
            ("/1/is-delete-marker", json!(false)),
            ("/1/size", json!(10)),
            ("/2/size", json!(5)),
            ("/3", Value::Null),
        ],
    );
    let oldest = text(&listed, "/data/2/version-id");
    cloud.oci("os object get -bn bk --name k --file old --version-id", &[&oldest]);
    assert_eq!(fs::read(cloud.file("old")).unwrap(), b"first");
    let marker = text(&listed, "/data/0/version-id");
    cloud.oci("os object delete -bn bk --object-name k --force --version-id", &[&marker]);
    cloud.oci("os object get -bn bk --name k --file new", &[]);
    assert_eq!(fs::read(cloud.file("new")).unwrap(), b"the second");
    cloud.oci("os bucket update --name bk --versioning Suspended", &[]);
    cloud.fails((409, "BucketNotEmpty"), "os bucket delete --name bk --force", &[]);
}

#[test]
fn archived_objects_are_restored_first() {
    let Some(cloud) = Cloud::start("tiers") else { return };
    bucket(&cloud, "bk", &[]);
    cloud.write("in", "cold");
    cloud.oci("os object put -bn bk --name k --file in", &[]);
    cloud.oci("os object update-storage-tier -bn bk --object-name k --storage-tier Archive", &[]);
    let head = cloud.oci("os object head -bn bk --name k", &[]);
    check(&head, [("/storage-tier", json!("Archive")), ("/archival-state", json!("Archived"))]);
    cloud.fails((409, "NotRestored"), "os object get -bn bk --name k --file out", &[]);
    cloud.oci("os object restore -bn bk --name k --hours 5", &[]);
    let status = cloud.command("os object restore-status -bn bk --name k", &[]).output().unwrap();
    assert!(String::from_utf8_lossy(&status.stderr).starts_with("Restoring"), "{status:?}");
    cloud.emulator.clock().advance(SignedDuration::from_hours(2));
    check(&cloud.oci("os object head -bn bk --name k", &[]), [("/archival-state", json!("Restored"))]);
    cloud.oci("os object get -bn bk --name k --file out", &[]);
    assert_eq!(fs::read(cloud.file("out")).unwrap(), b"cold");
}

#[test]
fn retained_objects_cannot_go() {
    let Some(cloud) = Cloud::start("retention") else { return };
    bucket(&cloud, "bk", &[]);
    let made = cloud.oci("os retention-rule create -bn bk --display-name keep --time-amount 3 --time-unit DAYS", &[]);
    check(&made, [("/data/duration/time-amount", json!(3)), ("/data/display-name", json!("keep"))]);
    let id = text(&made, "/data/id");
    cloud.write("in", "kept");
    cloud.oci("os object put -bn bk --name k --file in", &[]);
    let delete = "os object delete -bn bk --object-name k --force";
    let message = cloud.fails((409, "ObjectRetained"), delete, &[]);
    assert!(message.contains("keep"), "{message}");
    let change = ["--time-amount", "5", "--time-unit", "DAYS"];
    cloud.oci(&format!("os retention-rule update -bn bk --retention-rule-id {id}"), &change);
    let found = cloud.oci("os retention-rule get -bn bk --retention-rule-id", &[&id]);
    check(&found, [("/data/duration/time-amount", json!(5))]);
    cloud.emulator.clock().advance(SignedDuration::from_hours(24 * 4));
    cloud.fails((409, "ObjectRetained"), delete, &[]);
    assert_eq!(each(&cloud.oci("os retention-rule list -bn bk", &[]), "id"), [id.as_str()]);
    cloud.oci("os retention-rule delete -bn bk --force --retention-rule-id", &[&id]);
    assert!(each(&cloud.oci("os retention-rule list -bn bk", &[]), "id").is_empty());
    cloud.oci(delete, &[]);
}

#[test]
fn copies_are_work_requests() {
    let Some(cloud) = Cloud::start("copies") else { return };
    bucket(&cloud, "from", &[]);
    bucket(&cloud, "to", &[]);
    cloud.write("in", "copied");
    cloud.oci("os object put -bn from --name k --file in", &[]);
    let copy = "os object copy -bn from --source-object-name k --destination-bucket to --destination-object-name c";
    let work = text(&cloud.oci(copy, &[]), "/opc-work-request-id");
    cloud.emulator.clock().advance(SignedDuration::from_secs(1));
    let found = cloud.oci("os work-request get --work-request-id", &[&work]);
    check(
        &found,
        [
            ("/data/status", json!("COMPLETED")),
            ("/data/operation-type", json!("COPY_OBJECT")),
            ("/data/resources/1/action-type", json!("WRITTEN")),
            ("/data/resources/1/metadata/BUCKET", json!("to")),
            ("/data/resources/1/metadata/REGION", json!("us-ashburn-1")),
        ],
    );
    let listed = cloud.oci("os work-request list -c", &[&cloud.compartment()]);
    assert_eq!(each(&listed, "id"), [work.as_str()]);
    let log = cloud.oci("os work-request-log-entry list --work-request-id", &[&work]);
    assert_eq!(each(&log, "message").len(), 2, "{log}");
    assert!(cloud.oci("os work-request-error list --work-request-id", &[&work]).is_null());
    cloud.oci("os object get -bn to --name c --file out", &[]);
    assert_eq!(fs::read(cloud.file("out")).unwrap(), b"copied");
    let missing = copy.replace("-name k", "-name nobody");
    cloud.fails((404, "ObjectNotFound"), &missing, &[]);
}

#[test]
fn folders_are_kept_alike() {
    let Some(cloud) = Cloud::start("synchronised folders") else { return };
    bucket(&cloud, "bk", &[]);
    fs::create_dir_all(cloud.file("up/deep")).unwrap();
    cloud.write("up/a", "1");
    cloud.write("up/deep/b", "2");
    // It prints lines before its JSON.
    let sync = |arguments: &str| {
        let output = cloud.command(&format!("os object sync -bn bk {arguments}"), &[]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    sync("--src-dir up");
    assert_eq!(each(&cloud.oci("os object list -bn bk", &[]), "name"), ["a", "deep/b"]);
    fs::remove_file(cloud.file("up/a")).unwrap();
    sync("--src-dir up --delete");
    assert_eq!(each(&cloud.oci("os object list -bn bk", &[]), "name"), ["deep/b"]);
    sync("--dest-dir down");
    assert_eq!(fs::read(cloud.file("down/deep/b")).unwrap(), b"2");
}

#[test]
fn an_upload_can_be_given_up() {
    let Some(cloud) = Cloud::start("uploads") else { return };
    bucket(&cloud, "bk", &[]);
    let namespace = cloud.emulator.namespace_of(cloud.emulator.tenancy());
    let target = format!("{}/n/{namespace}/b/bk/u", cloud.url);
    let started =
        cloud.oci("raw-request --http-method POST --target-uri", &[&target, "--request-body", r#"{"object":"big"}"#]);
    assert_eq!(started["status"], "200 OK", "{started}");
    let upload = text(&started, "/data/uploadId");
    let listed = cloud.oci("os multipart list -bn bk", &[]);
    assert_eq!((each(&listed, "object"), each(&listed, "upload-id")), (vec!["big"], vec![upload.as_str()]));
    cloud.fails((409, "BucketNotEmpty"), "os bucket delete --name bk --force", &[]);
    cloud.oci("os multipart abort -bn bk --force --object-name big --upload-id", &[&upload]);
    assert!(cloud.oci("os multipart list -bn bk", &[]).is_null());
    cloud.oci("os bucket delete --name bk --force", &[]);
}
