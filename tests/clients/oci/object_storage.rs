//! `oci os`: buckets, objects, transfers in bulk and in parts, pre-authenticated requests.

use std::fs;
use std::process::Command;

use super::harness::Cloud;

fn bucket(cloud: &Cloud, name: &str) {
    let made = cloud.oci("os bucket create --name", &[name, "--compartment-id", &cloud.compartment()]);
    assert_eq!(made["data"]["name"], name);
}

#[test]
fn buckets() {
    let Some(cloud) = Cloud::start("buckets") else { return };
    let namespace = cloud.oci("os ns get", &[]);
    let namespace = namespace["data"].as_str().expect("a name").to_owned();
    let metadata = cloud.oci("os ns get-metadata", &[]);
    assert_eq!(metadata["data"]["namespace"], namespace);
    bucket(&cloud, "one");
    bucket(&cloud, "two");
    let listed = cloud.oci("os bucket list --compartment-id", &[&cloud.compartment()]);
    let names: Vec<_> = listed["data"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["one", "two"]);
    let plain = cloud.oci("os bucket get --name one", &[]);
    assert!(plain["data"]["approximate-count"].is_null(), "given only when asked for");
    let full = cloud.oci("os bucket get --name one --fields approximateCount --fields approximateSize", &[]);
    assert_eq!((&full["data"]["approximate-count"], &full["data"]["approximate-size"]), (&0.into(), &0.into()));
    cloud.oci("os bucket update --name one --auto-tiering InfrequentAccess", &[]);
    let tiering = cloud.oci("os bucket get --name one --fields autoTiering", &[]);
    assert_eq!(tiering["data"]["auto-tiering"], "InfrequentAccess");
    let again = cloud.refused("os bucket create --name one --compartment-id", &[&cloud.compartment()]);
    assert_eq!((&again["status"], &again["code"]), (&409.into(), &"BucketAlreadyExists".into()));
    cloud.oci("os object put -bn one --name a --file", &[&cloud.file("config")]);
    let full = cloud.refused("os bucket delete --name one --force", &[]);
    assert_eq!((&full["status"], &full["code"]), (&409.into(), &"BucketNotEmpty".into()));
    cloud.oci("os bucket delete --name two --force", &[]);
    let gone = cloud.refused("os bucket get --name two", &[]);
    assert_eq!((&gone["status"], &gone["code"]), (&404.into(), &"BucketNotFound".into()));
}

#[test]
fn objects_keep_their_bytes_names_and_metadata() {
    let Some(cloud) = Cloud::start("objects") else { return };
    bucket(&cloud, "bk");
    fs::write(cloud.file("in"), "0123456789").unwrap();
    let name = "dir/a b+ü%.txt";
    let put = ["--metadata", "{\"tenant\":\"42\"}", "--content-type", "text/plain", "--file", "in"];
    let made = cloud.oci("os object put -bn bk --name", &[&[name], &put[..]].concat());
    let head = cloud.oci("os object head -bn bk --name", &[name]);
    assert_eq!(head["etag"], made["etag"]);
    assert_eq!((&head["content-length"], &head["content-type"]), (&"10".into(), &"text/plain".into()));
    assert_eq!(head["opc-meta-tenant"], "42");
    cloud.oci("os object get -bn bk --file out --name", &[name]);
    assert_eq!(fs::read(cloud.file("out")).unwrap(), b"0123456789");
    cloud.oci("os object get -bn bk --file part --range bytes=3-6 --name", &[name]);
    assert_eq!(fs::read(cloud.file("part")).unwrap(), b"3456");
    let listed = cloud.oci("os object list -bn bk --prefix dir/ --fields name,size,md5", &[]);
    assert_eq!((&listed["data"][0]["name"], &listed["data"][0]["size"]), (&name.into(), &10.into()));
    let folders = cloud.oci("os object list -bn bk --delimiter /", &[]);
    assert_eq!(folders["prefixes"], serde_json::json!(["dir/"]));
    let stale = cloud.refused("os object put -bn bk --file in --force --if-match wrong --name", &[name]);
    assert_eq!(stale["status"], 412, "{stale}");
    cloud.oci("os object rename -bn bk --new-name plain --name", &[name]);
    cloud.oci(
        "os object copy -bn bk --source-object-name plain --destination-bucket bk --destination-object-name copy",
        &[],
    );
    cloud.oci("os object delete -bn bk --force --object-name plain", &[]);
    let gone = cloud.refused("os object head -bn bk --name plain", &[]);
    assert_eq!(gone["status"], 404);
}

#[test]
fn folders_go_up_and_come_down_in_bulk() {
    let Some(cloud) = Cloud::start("folders") else { return };
    bucket(&cloud, "bk");
    fs::create_dir_all(cloud.file("up/deep")).unwrap();
    for number in 0..40 {
        let folder = if number % 2 == 0 { "up" } else { "up/deep" };
        fs::write(cloud.file(&format!("{folder}/{number}.txt")), vec![b'x'; number * 1000]).unwrap();
    }
    let up = cloud.oci("os object bulk-upload -bn bk --src-dir up --object-prefix data/", &[]);
    assert_eq!(up["upload-failures"], serde_json::json!({}));
    let listed = cloud.oci("os object list -bn bk --all", &[]);
    assert_eq!(listed["data"].as_array().unwrap().len(), 40);
    let page = cloud.oci("os object list -bn bk --limit 15", &[]);
    assert!(page["next-start-with"].is_string(), "{page}");
    cloud.oci("os object bulk-download -bn bk --download-dir down --prefix data/", &[]);
    for number in 0..40 {
        let folder = if number % 2 == 0 { "down/data" } else { "down/data/deep" };
        assert_eq!(fs::read(cloud.file(&format!("{folder}/{number}.txt"))).unwrap().len(), number * 1000);
    }
    cloud.oci("os object bulk-delete -bn bk --prefix data/ --force", &[]);
    assert!(cloud.oci("os object list -bn bk", &[])["data"].as_array().is_none_or(Vec::is_empty));
}

#[test]
fn three_hundred_megabytes_go_in_parts() {
    let Some(cloud) = Cloud::start("parts") else { return };
    bucket(&cloud, "bk");
    let block: Vec<u8> = (0..1_000_003_u32).map(|n| (n % 251) as u8).collect();
    let content = block.repeat(300);
    fs::write(cloud.file("large"), &content).unwrap();
    cloud.oci("os object put -bn bk --name large --file large --part-size 64 --parallel-upload-count 3", &[]);
    let head = cloud.oci("os object head -bn bk --name large", &[]);
    assert_eq!(head["content-length"], content.len().to_string());
    assert!(head["opc-multipart-md5"].as_str().is_some_and(|md5| md5.ends_with("-5")), "{head}");
    cloud.oci("os object get -bn bk --name large --file back", &[]);
    assert!(fs::read(cloud.file("back")).unwrap() == content, "the content differs");
    assert!(cloud.oci("os multipart list -bn bk", &[])["data"].as_array().is_none_or(Vec::is_empty));
}

#[test]
fn a_pre_authenticated_request_needs_no_signature() {
    let Some(cloud) = Cloud::start("pre-authenticated requests") else { return };
    bucket(&cloud, "bk");
    fs::write(cloud.file("in"), "shared").unwrap();
    cloud.oci("os object put -bn bk --name a/b.txt --file in", &[]);
    let par = cloud.oci(
        "os preauth-request create -bn bk --name p --access-type ObjectRead --object-name a/b.txt --time-expires",
        &["2030-01-01T00:00:00Z"],
    );
    let url = format!("{}{}", cloud.url, par["data"]["access-uri"].as_str().expect("a path"));
    let curl = |url: &str| {
        let output = Command::new("curl").args(["-s", "-w", "%{http_code}", url]).output().expect("curl");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(curl(&url), "shared200");
    let listed = cloud.oci("os preauth-request list -bn bk", &[]);
    assert!(listed["data"][0].get("access-uri").is_none(), "the token is shown once");
    let id = listed["data"][0]["id"].as_str().unwrap().to_owned();
    cloud.oci("os preauth-request delete -bn bk --force --par-id", &[&id]);
    assert!(curl(&url).ends_with("404"), "{}", curl(&url));
}

#[test]
fn a_lifecycle_policy_reads_back() {
    let Some(cloud) = Cloud::start("lifecycle policies") else { return };
    bucket(&cloud, "bk");
    let items = r#"[{"name":"expire-90d","action":"DELETE","timeAmount":90,"timeUnit":"DAYS","isEnabled":true,
        "objectNameFilter":{"inclusionPrefixes":["results/"]}}]"#;
    cloud.oci("os object-lifecycle-policy put -bn bk --force --items", &[items]);
    let read = cloud.oci("os object-lifecycle-policy get -bn bk", &[]);
    assert_eq!(
        (&read["data"]["items"][0]["name"], &read["data"]["items"][0]["time-amount"]),
        (&"expire-90d".into(), &90.into())
    );
    cloud.oci("os object-lifecycle-policy delete -bn bk --force", &[]);
    assert_eq!(cloud.refused("os object-lifecycle-policy get -bn bk", &[])["status"], 404);
}
