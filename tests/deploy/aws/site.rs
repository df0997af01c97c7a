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
