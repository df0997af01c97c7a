//! Settings of a site, from a file of the same form as for Oracle's cloud.

use std::fs;

use serde_json::{Value, json};

use super::{Folder, SITE, TEMPLATE, Template, has_osls, warnings};

const FILE: &str = r#"
application: {LOG_LEVEL: debug, CAUSEWAY_SECOND_BUCKET: other-side, CAUSEWAY_STORAGE_TRY_SECONDS: "9"}
vision: {VISION_SAMPLES: "3", LOG_LEVEL: trace}
"#;

#[test]
fn a_site_sets_what_all_functions_have_and_what_one_has() {
    if !has_osls("settings of a site on AWS") {
        return;
    }
    let folder = Folder::new();
    fs::write(folder.at().join("site.yml"), FILE).expect("written");
    let said = folder.package(&[SITE, &[("CAUSEWAY_SITE", "site.yml")]].concat()).succeeded();
    assert_eq!(warnings(&said), Vec::<String>::new());
    let text = fs::read_to_string(folder.at().join(TEMPLATE)).expect("a template");
    let template = Template(serde_json::from_str(&text).expect("JSON"));
    for (name, (_, function)) in template.functions() {
        let variables = &function["Environment"]["Variables"];
        assert_eq!(variables["CAUSEWAY_SECOND_BUCKET"], "other-side", "{name}");
        assert_eq!(variables["CAUSEWAY_CLOUD"], "aws", "{name}: what the site leaves out stays");
        assert_eq!(variables["CAUSEWAY_STORAGE_TRY_SECONDS"], "9", "{name}");
        let (level, samples) = if name == "vision" { ("trace", json!("3")) } else { ("debug", Value::Null) };
        assert_eq!((&variables["LOG_LEVEL"], &variables["VISION_SAMPLES"]), (&json!(level), &samples), "{name}");
    }
    let missing = folder.package(&[SITE, &[("CAUSEWAY_SITE", "nowhere.yml")]].concat());
    assert!(missing.code != Some(0), "a file that is not there is no file without settings: {missing:?}");
}

/// Nothing is packaged that no function would start with, and nothing that no function would use.
#[test]
fn what_functions_do_not_know_is_refused() {
    if !has_osls("wrong settings of a site on AWS") {
        return;
    }
    let folder = Folder::new();
    let check = |file: &str, expected: &str| {
        fs::write(folder.at().join("site.yml"), file).expect("written");
        let refused = folder.package(&[SITE, &[("CAUSEWAY_SITE", "site.yml")]].concat());
        assert!(refused.code != Some(0), "{file}: {refused:?}");
        let said = format!("{}{}", refused.stdout, refused.stderr);
        assert!(said.contains(expected) && !said.contains("hunter2"), "{file}: {said}");
    };
    check("nobody: {LOG_LEVEL: debug}", "nobody is no function");
    check("application: {CAUSEWAY_BUKET: b}", "application has no setting CAUSEWAY_BUKET");
    check("vision: {DISCOVERY_PREFIX: orders}", "vision has no setting DISCOVERY_PREFIX");
    check("vision: {VISION_SAMPLES: 3}", "VISION_SAMPLES of vision is no text");
    check("application: {CAUSEWAY_CHAT_API_KEY: hunter2}", "CAUSEWAY_CHAT_API_KEY of application must name a secret");
}
