use super::*;

const SHARED: Shared = &[
    ("CAUSEWAY_CLOUD", "choice", "whose services"),
    ("CAUSEWAY_OCI_ENDPOINT_*", "text", "endpoint of one service"),
    ("CAUSEWAY_SUBJECT", "secret", "a token"),
];

#[derive(Debug, PartialEq)]
struct Demo {
    limit: u32,
    dry_run: bool,
    mode: &'static str,
    token: Option<Secret>,
}

impl Settings for Demo {
    const PREFIX: &'static str = "DEMO_";

    fn read(vars: &mut Vars) -> Self {
        Self {
            limit: vars.number("DEMO_LIMIT", 10, 1..=100, "items, 1 to 100"),
            dry_run: vars.flag("DEMO_DRY_RUN", true, "change nothing"),
            mode: vars.choice("DEMO_MODE", &["off", "on"], "off", "mode"),
            token: vars.secret("DEMO_TOKEN", "token"),
        }
    }
}

fn demo(vars: &[(&str, &str)]) -> Result<Loaded<Demo>, ConfigErrors> {
    load(Vars::new(vars.iter().copied()), SHARED)
}

#[test]
fn defaults_and_values() {
    let config = demo(&[]).map(|loaded| loaded.config);
    assert_eq!(config, Ok(Demo { limit: 10, dry_run: true, mode: "off", token: None }));
    let vars = [("DEMO_LIMIT", " 7 "), ("DEMO_DRY_RUN", "No"), ("DEMO_MODE", "on"), ("DEMO_TOKEN", "abc")];
    let config = demo(&vars).map(|loaded| loaded.config).expect("valid");
    assert_eq!((config.limit, config.dry_run, config.mode), (7, false, "on"));
    assert_eq!(config.token.as_ref().map(Secret::expose), Some("abc"));
}

#[test]
fn all_problems_are_named_at_once() {
    let vars =
        [("DEMO_LIMIT", "0"), ("DEMO_DRY_RUN", "maybe"), ("DEMO_MOOD", "on"), ("CAUSEWAY_X", "1"), ("OTHER", "1")];
    let errors = demo(&vars).map(|_| ()).unwrap_err();
    assert_eq!(
        errors.0,
        [
            "DEMO_LIMIT is \"0\", expected a number from 1 to 100",
            "DEMO_DRY_RUN is \"maybe\", expected true or false",
            "CAUSEWAY_X is not a setting of this function",
            "DEMO_MOOD is not a setting of this function",
        ]
    );
}

#[test]
fn shared_names_are_known_to_every_function() {
    let vars = [("CAUSEWAY_CLOUD", "oci"), ("CAUSEWAY_LOCAL_ROOT", "/"), ("CAUSEWAY_DEFAULT_TIMEOUT_SECONDS", "9")];
    let loaded = demo(&vars).expect("valid");
    assert_eq!(loaded.common.default_timeout_seconds, 9);
    assert!(loaded.declared.iter().any(|declared| declared.name == "CAUSEWAY_CLOUD" && declared.is_set));
}

#[test]
fn the_log_level_is_checked() {
    assert!(demo(&[("LOG_LEVEL", "WARN")]).is_ok());
    let errors = demo(&[("LOG_LEVEL", "loud")]).map(|_| ()).unwrap_err();
    assert!(errors.0[0].starts_with("LOG_LEVEL is \"loud\", expected one of error"), "{errors}");
}

#[test]
fn debug_shows_names_only() {
    let mut vars = Vars::new([("DEMO_LIMIT", "hidden-value")]);
    Demo::read(&mut vars);
    let shown = format!("{vars:?}");
    assert!(shown.contains("DEMO_LIMIT") && !shown.contains("hidden-value"), "{shown}");
}

#[test]
fn a_declared_secret_does_not_show_whoever_made_it() {
    let declared = |kind| Declared {
        name: "DEMO_TOKEN",
        kind,
        default: Some("abc".to_owned()),
        meaning: "token",
        value: Some("abc".to_owned()),
        is_set: true,
    };
    let shown = format!("{:?} {:#?}", declared("secret"), declared("secret"));
    assert!(!shown.contains("abc") && shown.contains("(hidden)") && shown.contains("DEMO_TOKEN"), "{shown}");
    assert!(format!("{:?}", declared("text")).contains("abc"));
}

#[test]
fn metrics_have_a_host_and_a_namespace() {
    let common = demo(&[]).expect("valid").common;
    assert_eq!((common.metrics, common.metrics_namespace.as_str()), ("auto", "causeway"));
    let vars = [("CAUSEWAY_METRICS", "EMF"), ("CAUSEWAY_METRICS_NAMESPACE", "Shop_1")];
    let common = demo(&vars).expect("valid").common;
    assert_eq!((common.metrics, common.metrics_namespace.as_str()), ("emf", "Shop_1"));
    let errors = demo(&[("CAUSEWAY_METRICS", "all"), ("CAUSEWAY_METRICS_NAMESPACE", "AWS/Lambda")]).map(|_| ());
    let errors = errors.unwrap_err();
    assert!(errors.0[0].starts_with("CAUSEWAY_METRICS is \"all\""), "{errors}");
    assert!(errors.0[1].starts_with("CAUSEWAY_METRICS_NAMESPACE is \"AWS/Lambda\""), "{errors}");
}

#[test]
fn secrets_do_not_show() {
    let loaded = demo(&[("DEMO_TOKEN", "abc")]).expect("valid");
    let shown = format!("{:?} {}", loaded.config, serde_json::to_string(&loaded.declared).unwrap());
    let shown = format!("{shown} {:?}", loaded.declared);
    assert!(!shown.contains("abc") && shown.contains("(hidden)"), "{shown}");
}

impl<C> fmt::Debug for Loaded<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Loaded")
    }
}

#[test]
fn a_shared_name_with_a_star_stands_for_any_ending() {
    let one = ("CAUSEWAY_OCI_ENDPOINT_CORE", "http://127.0.0.1:1");
    assert!(demo(&[one]).is_ok());
    let wrong = demo(&[("CAUSEWAY_OCI_ENDPONT_CORE", "x")]).err().map(|errors| errors.to_string());
    assert_eq!(
        wrong.as_deref(),
        Some("wrong configuration: CAUSEWAY_OCI_ENDPONT_CORE is not a setting of this function")
    );
}

#[test]
fn a_shared_secret_does_not_show() {
    let declared = demo(&[("CAUSEWAY_SUBJECT", "abc")]).map(|loaded| loaded.declared).expect("valid");
    let subject = declared.iter().find(|declared| declared.name == "CAUSEWAY_SUBJECT").expect("declared");
    assert_eq!((subject.value.as_deref(), subject.is_set), (Some("(hidden)"), true));
}
