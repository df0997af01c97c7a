#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const NEWTOWN: &str = r#"{"realmKey":"OC99","realmDomainComponent":"OracleCloud99.com","regionKey":"XNT",
    "regionIdentifier":"xx-newtown-1"}"#;

fn regions(variables: &[(&str, &str)], file: Option<&str>) -> Regions {
    let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment = pairs.chain([("HOME".to_owned(), "/home/fn".to_owned())]).collect::<HashMap<_, _>>();
    let path = PathBuf::from("/home/fn/.oci/regions-config.json");
    let files = file.into_iter().map(|text| (path.clone(), text.as_bytes().to_vec())).collect::<HashMap<_, _>>();
    Regions::new(Effects { environment: Arc::new(environment), files: Arc::new(files), ..Effects::default() })
}

fn region(id: &str, realm: Option<&str>, domain: &str, known: bool) -> Region {
    Region { id: id.to_owned(), realm_key: realm.map(str::to_owned), domain: domain.to_owned(), known }
}

#[track_caller]
fn check(regions: &Regions, text: &str, id: &str, realm: Option<&str>, domain: &str, known: bool) {
    assert_eq!(regions.resolve(text), Ok(region(id, realm, domain, known)), "{text:?}");
}

#[test]
fn names_and_codes() {
    let none = regions(&[], None);
    check(&none, "us-ashburn-1", "us-ashburn-1", Some("oc1"), "oraclecloud.com", true);
    check(&none, " PHX\n", "us-phoenix-1", Some("oc1"), "oraclecloud.com", true);
    check(&none, "UK-GOV-LONDON-1", "uk-gov-london-1", Some("oc4"), "oraclegovcloud.uk", true);
    check(&none, "str", "eu-frankfurt-2", Some("oc19"), "oraclecloud.eu", true);
    check(&none, "xx-newtown-1", "xx-newtown-1", None, "oraclecloud.com", false);
    check(&none, "us-x-1.Example.cloud", "us-x-1.example.cloud", None, "example.cloud", false);
    assert!(none.resolve("us-x-1.example.cloud").unwrap().is_complete_domain());
    assert_eq!(none.notes(), Vec::<String>::new());
}

#[test]
fn eighty_five_regions_with_a_name_and_a_code_of_their_own() {
    let names = table::names().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(names.len(), 85);
    assert_eq!(table::names().count(), 85);
    let realms = names.iter().map(|name| regions(&[], None).resolve(name).unwrap().realm_key.unwrap());
    assert_eq!(realms.collect::<std::collections::BTreeSet<_>>().len(), 20);
}

#[test]
fn refused() {
    let none = regions(&[], None);
    for empty in ["", "  ", "\n"] {
        assert_eq!(none.resolve(empty), Err(Error::RegionRequired));
    }
    for wrong in ["us ashburn 1", "evil.example/", "a@b", "a:1", "a#", "a?b", "a..b", "https://x", "ü", "a\u{0}"] {
        assert_eq!(none.resolve(wrong), Err(Error::BadRegion(wrong.to_owned())), "{wrong:?}");
    }
    let long = "x".repeat(1 << 20);
    assert_eq!(none.resolve(&long), Err(Error::BadRegion("x".repeat(64))));
}

#[test]
fn metadata_teaches_unknown_regions_and_no_others() {
    let env = regions(&[(METADATA, NEWTOWN)], None);
    check(&env, "XNT", "xx-newtown-1", Some("oc99"), "oraclecloud99.com", true);
    check(&env, "xx-newtown-1", "xx-newtown-1", Some("oc99"), "oraclecloud99.com", true);

    let evil = NEWTOWN.replace("OracleCloud99.com", "evil.example");
    let over_name = regions(&[(METADATA, &evil.replace("xx-newtown-1", "us-ashburn-1"))], None);
    check(&over_name, "iad", "us-ashburn-1", Some("oc1"), "oraclecloud.com", true);
    check(&over_name, "us-ashburn-1", "us-ashburn-1", Some("oc1"), "oraclecloud.com", true);
    check(&over_name, "xnt", "us-ashburn-1", Some("oc1"), "oraclecloud.com", true);
    let over_code = regions(&[(METADATA, &evil.replace("XNT", "IAD"))], None);
    check(&over_code, "iad", "us-ashburn-1", Some("oc1"), "oraclecloud.com", true);
    let over_realm = regions(&[(METADATA, &evil.replace("OC99", "oc1"))], None);
    check(&over_realm, "xnt", "xx-newtown-1", Some("oc1"), "oraclecloud.com", true);
}

#[test]
fn the_file_comes_before_the_variable() {
    let other = NEWTOWN.replace("99", "98");
    let both = regions(&[(METADATA, NEWTOWN)], Some(&format!("[{other}]")));
    check(&both, "xnt", "xx-newtown-1", Some("oc98"), "oraclecloud98.com", true);
}

#[test]
fn what_is_learnt_comes_last() {
    let all = regions(&[(METADATA, NEWTOWN)], None);
    let learnt = |text: &str| parse_metadata(text).unwrap().remove(0).unwrap();
    all.clone().learn(learnt(&NEWTOWN.replace("99", "98")));
    check(&all, "xnt", "xx-newtown-1", Some("oc99"), "oraclecloud99.com", true);
    all.clone().learn(learnt(&NEWTOWN.replace("xx-newtown-1", "xx-newtown-2").replace("XNT", "XNV")));
    check(&all, "xnv", "xx-newtown-2", Some("oc99"), "oraclecloud99.com", true);
}

#[test]
fn broken_metadata_is_left_out_and_reported() {
    let broken = regions(&[(METADATA, "{\"realmKey\":\"oc99\"")], Some(&format!("[{{}}, {NEWTOWN}]")));
    check(&broken, "xnt", "xx-newtown-1", Some("oc99"), "oraclecloud99.com", true);
    let notes = broken.notes();
    assert_eq!(notes[0], "/home/fn/.oci/regions-config.json: realmKey is missing, empty or no text");
    assert_eq!(notes[1], "OCI_REGION_METADATA: not JSON (line 1, column 18)");
    let huge = regions(&[], Some(&" ".repeat(2 << 20)));
    check(&huge, "xx-newtown-1", "xx-newtown-1", None, "oraclecloud.com", false);
    assert_eq!(huge.notes().len(), 1);
}

#[test]
fn default_domain_of_unknown_regions() {
    let set = |value| regions(&[(DEFAULT_DOMAIN, value)], None);
    check(&set(" OracleCloud77.com "), "xx-1", "xx-1", None, "oraclecloud77.com", false);
    check(&set("oraclecloud77.com"), "iad", "us-ashburn-1", Some("oc1"), "oraclecloud.com", true);
    check(&set("oraclecloud77.com"), "a.b.c", "a.b.c", None, "b.c", false);
    check(&set(""), "xx-1", "xx-1", None, "oraclecloud.com", false);
    assert!(matches!(set("evil.example/x").resolve("xx-1"), Err(Error::BadVariable { .. })));
    assert!(set("evil.example/x").resolve("iad").is_ok());
}

#[test]
fn regions_of_variables() {
    let set = regions(&[("GOOD", " PHX "), ("EMPTY", " "), ("WRONG", "a/b")], None);
    assert_eq!(set.of_variable("GOOD").unwrap().unwrap().id, "us-phoenix-1");
    assert_eq!((set.of_variable("EMPTY"), set.of_variable("UNSET")), (Ok(None), Ok(None)));
    assert_eq!(set.of_variable("WRONG").unwrap_err().to_string(), "WRONG: \"a/b\" is no region");
}

proptest! {
    #[test]
    fn whatever_resolves_can_stand_in_a_host_name(text in any::<String>(), metadata in any::<String>()) {
        let regions = regions(&[(METADATA, &metadata)], Some(&metadata));
        if let Ok(region) = regions.resolve(&text) {
            prop_assert!(is_host(&region.id) && is_host(&region.domain));
            // Resolving is idempotent.
            prop_assert_eq!(regions.resolve(&region.id), Ok(region));
        }
    }

    #[test]
    fn metadata_parser_takes_any_text(text in any::<String>()) {
        if let Ok(entries) = parse_metadata(&text) {
            for entry in entries.into_iter().flatten() {
                prop_assert!(is_host(&entry.domain) && is_host(&entry.name));
            }
        }
    }

    /// Names of built-in regions resolve to themselves whatever the metadata say.
    #[test]
    fn built_in_regions_stand(which in 0..85_usize, domain in "[a-z]{3,9}\\.com", code in "[a-z]{3}") {
        let name = table::names().nth(which).unwrap();
        let text = NEWTOWN.replace("xx-newtown-1", name).replace("OracleCloud99.com", &domain).replace("XNT", &code);
        let taught = regions(&[(METADATA, &text)], Some(&text)).resolve(name);
        prop_assert_eq!(taught, regions(&[], None).resolve(name));
    }
}
