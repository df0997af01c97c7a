//! Profiles of the configuration file, and API keys.

use causeway_oci_auth::Error;
use causeway_oci_auth::principals::api_key;
use causeway_oci_auth::principals::config_file::{Profile, Selection, provider};

use crate::stub::{FIRST, SECOND, TENANCY, World, key};
use crate::{CONFIG, KEY, USER, key_id, named, of, of_profile, profile, refusal, with_config};

const ENCRYPTED: &str = include_str!("../data/throw-away-session-encrypted.pem");

#[tokio::test(start_paused = true)]
async fn an_api_key_of_a_profile() {
    let world = with_config(&format!("[DEFAULT]\n{}", profile()), &[]);
    let snapshot = of_profile(&world, &Selection::default()).await.unwrap();
    assert_eq!(snapshot.key_id.expose(), key_id());
    assert_eq!(snapshot.key.modulus(), key(FIRST).modulus());
    assert_eq!(snapshot.tenancy.as_deref(), Some(TENANCY));
    assert_eq!(snapshot.region.as_deref(), Some("us-ashburn-1"));
    assert_eq!((snapshot.not_after, snapshot.compartment.as_deref()), (None, None));
    assert_eq!(provider(&world.effects(), &Selection::default()).unwrap().name(), "api_key");
    assert!(world.web.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn profiles_inherit_from_default() {
    let config = format!("[DEFAULT]\n{}pass_phrase=not needed\n[PROD]\nregion=LHR\n", profile());
    let world = with_config(&config, &[]);
    let snapshot = of_profile(&world, &named("PROD")).await.unwrap();
    assert_eq!((snapshot.key_id.expose(), snapshot.region.as_deref()), (key_id().as_str(), Some("uk-london-1")));
    let read = Profile::read(&world.effects(), &named("PROD")).unwrap();
    assert_eq!((read.get("pass_phrase"), read.get("region")), (Some("not needed"), Some("LHR")));
    assert!(!format!("{read:?}").contains("not needed"), "{read:?}");
}

#[tokio::test(start_paused = true)]
async fn where_the_file_is() {
    let file = |user: &str| format!("[DEFAULT]\n{}", profile().replace(USER, user));
    let users = ["ocid1.user.oc1..a", "ocid1.user.oc1..b", "ocid1.user.oc1..c", "ocid1.user.oc1..d"];
    let selection = Selection { path: Some("~/mine".into()), profile: None };
    let world = with_config(&file(users[0]), &[("OCI_CONFIG_FILE", "~/other")]);
    world.drive.put("/home/me/other", &file(users[1]));
    world.drive.put("/home/me/.oraclebmc/config", &file(users[2]));
    world.drive.put("/home/me/mine", &file(users[3]));
    let user = async |selection: &Selection| {
        let snapshot = of_profile(&world, selection).await?;
        let user = snapshot.key_id.expose().split('/').nth(1).unwrap_or_default().to_owned();
        Ok::<_, Error>(user)
    };
    assert_eq!(user(&selection).await.as_deref(), Ok(users[3]));
    assert_eq!(user(&Selection::default()).await.as_deref(), Ok(users[0]));
    world.drive.remove(CONFIG);
    assert_eq!(user(&Selection::default()).await.as_deref(), Ok(users[1]));
    // A file that is named must be there.
    world.drive.remove("/home/me/other");
    assert!(user(&Selection::default()).await.unwrap_err().to_string().contains("/home/me/other"));

    let old = crate::world(&[]);
    old.drive.put("/home/me/.oraclebmc/config", &file(users[2]));
    assert!(of_profile(&old, &Selection::default()).await.unwrap().key_id.expose().contains(users[2]));
    old.drive.remove("/home/me/.oraclebmc/config");
    let nowhere = refusal(of_profile(&old, &Selection::default()).await);
    assert_eq!(nowhere, "cannot read configuration file /home/me/.oci/config: entity not found");
    let homeless = refusal(of_profile(&World::new(&[]), &Selection::default()).await);
    assert_eq!(homeless, "cannot read configuration file ~/.oci/config: entity not found");
    let tilde = refusal(of_profile(&World::new(&[]), &selection).await);
    assert_eq!(tilde, "~/mine: ~ has no meaning because HOME is not set");
}

#[tokio::test(start_paused = true)]
async fn the_region_comes_from_the_profile_before_the_variable() {
    let without = profile().replace("region=us-ashburn-1\n", "");
    let region = async |lines: &str, variables: &[(&str, &str)]| {
        let world = with_config(&format!("[DEFAULT]\n{lines}"), variables);
        of_profile(&world, &Selection::default()).await.map(|snapshot| snapshot.region.clone())
    };
    let set = [("OCI_REGION", "fra")];
    assert_eq!(region(&without, &set).await, Ok(Some("eu-frankfurt-1".to_owned())));
    assert_eq!(region(&profile(), &set).await, Ok(Some("us-ashburn-1".to_owned())));
    assert_eq!(region(&profile(), &[("OCI_CLI_REGION", "phx")]).await, Ok(Some("us-phoenix-1".to_owned())));
    assert_eq!(region(&without, &[]).await, Ok(None));
    assert!(region(&without, &[("OCI_REGION", "a/b")]).await.is_err());
    let wrong = region(&profile().replace("us-ashburn-1", "us ashburn"), &[]).await.unwrap_err();
    assert_eq!(wrong.to_string(), format!("{CONFIG}: [DEFAULT] region: no region name"));
}

#[tokio::test(start_paused = true)]
async fn faults_of_a_profile() {
    let check = async |lines: String, expected: &str| {
        let world = with_config(&format!("[DEFAULT]\n{lines}"), &[]);
        assert_eq!(refusal(of_profile(&world, &Selection::default()).await), format!("{CONFIG}{expected}"));
    };
    let fingerprint = key(FIRST).fingerprint();
    let other = key(SECOND).fingerprint();
    check("region=phx\nuser=\n".to_owned(), ": [DEFAULT] lacks tenancy, user, fingerprint, key_file").await;
    check(profile().replace(USER, "me"), ": [DEFAULT] user: not an OCID").await;
    check(profile().replace(TENANCY, "mine"), ": [DEFAULT] tenancy: not an OCID").await;
    check(
        profile().replace(&fingerprint, "12:34"),
        ": [DEFAULT] fingerprint: not 16 bytes in hexadecimal with colons between",
    )
    .await;
    let mismatch = format!("{other} is not the fingerprint of the private key, which is {fingerprint}");
    check(profile().replace(&fingerprint, &other), &format!(": [DEFAULT] fingerprint: {mismatch}")).await;
    check(profile() + "region=phx\n", " line 7: key region for the second time in section [DEFAULT]").await;
    check(
        profile() + "key_content=x\n",
        ": [DEFAULT] key_content is not allowed in a file; use key_file, or OCI_CLI_KEY_CONTENT",
    )
    .await;
    let unknown = ": [DEFAULT] authentication_type: only instance_principal is known";
    check(profile() + "authentication_type=magic\n", unknown).await;
    let world = with_config(&format!("[DEFAULT]\n{}", profile()), &[]);
    assert_eq!(refusal(of_profile(&world, &named("NOPE")).await), format!("{CONFIG}: there is no profile [NOPE]"));
    world.drive.remove(KEY);
    let missing = refusal(of_profile(&world, &Selection::default()).await);
    assert_eq!(missing, format!("cannot read key file {KEY}: entity not found"));
}

#[tokio::test(start_paused = true)]
async fn what_is_tolerated() {
    let fingerprint = key(FIRST).fingerprint();
    let upper = profile().replace(&fingerprint, &fingerprint.to_uppercase());
    let tilde = profile().replace(KEY, "~/.oci/key.pem");
    let colons = profile().replace('=', " : ").replacen("user", "User", 1);
    for lines in [upper, tilde, colons] {
        let world = with_config(&format!("# top\n[DEFAULT]\n; note\n{lines}"), &[]);
        assert_eq!(of_profile(&world, &Selection::default()).await.unwrap().key_id.expose(), key_id(), "{lines}");
    }
}

#[tokio::test(start_paused = true)]
async fn encrypted_keys() {
    let with = async |extra: &str, variables: &[(&str, &str)]| {
        let world = with_config(&format!("[DEFAULT]\n{}{extra}", profile()), variables);
        world.drive.put(KEY, ENCRYPTED);
        of_profile(&world, &Selection::default()).await
    };
    for extra in ["pass_phrase=correct horse\n", "passphrase=correct horse\n"] {
        assert_eq!(with(extra, &[]).await.unwrap().key_id.expose(), key_id());
    }
    let variable = [("OCI_CLI_PASSPHRASE", "correct horse")];
    assert_eq!(with("pass_phrase=wrong\n", &variable).await.unwrap().key_id.expose(), key_id());
    let missing = refusal(with("", &[]).await);
    assert_eq!(missing, format!("{KEY}: the key is encrypted: a passphrase is required"));
    let wrong = refusal(with("pass_phrase=battery staple\n", &[]).await);
    assert!(wrong.starts_with(KEY) && !wrong.contains("battery"), "{wrong}");
    // Blanks belong to a passphrase.
    assert!(with("", &[("OCI_CLI_PASSPHRASE", "correct horse ")]).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_profiles_own_passphrase_comes_before_an_inherited_one() {
    let opens = async |default: &str, own: &str, variable: &str| {
        let config = format!("[DEFAULT]\n{}{default}\n[X]\n{own}\n", profile());
        let world = with_config(&config, &[("OCI_CLI_PASSPHRASE", variable)]);
        world.drive.put(KEY, ENCRYPTED);
        of_profile(&world, &named("X")).await.is_ok()
    };
    for (default, own, variable, expected) in [
        ("pass_phrase=wrong", "passphrase=correct horse", "", true),
        ("passphrase=wrong", "pass_phrase=correct horse", "", true),
        ("pass_phrase=correct horse", "passphrase=wrong", "", false),
        ("pass_phrase=correct horse", "", "", true),
        ("passphrase=correct horse", "", "", true),
        ("pass_phrase=wrong", "passphrase=wrong", "correct horse", true),
    ] {
        assert_eq!(opens(default, own, variable).await, expected, "{default}, {own}, {variable}");
    }
}

fn variables() -> Vec<(&'static str, String)> {
    vec![
        ("OCI_CLI_USER", USER.to_owned()),
        ("OCI_CLI_TENANCY", TENANCY.to_owned()),
        ("OCI_CLI_FINGERPRINT", key(FIRST).fingerprint()),
        ("OCI_CLI_KEY_CONTENT", FIRST.to_owned()),
        ("OCI_CLI_REGION", "phx".to_owned()),
    ]
}

async fn from_variables(change: &[(&'static str, &str)]) -> String {
    let mut all = variables();
    for (name, value) in change {
        all.retain(|(other, _)| other != name);
        all.push((name, (*value).to_owned()));
    }
    let pairs = all.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>();
    let world = World::new(&pairs);
    world.drive.put(KEY, FIRST);
    match of(api_key::from_variables(&world.effects())).await {
        Ok(snapshot) => format!("{} {:?}", snapshot.key_id.expose(), snapshot.region),
        Err(error) => error.to_string(),
    }
}

#[tokio::test(start_paused = true)]
async fn an_api_key_of_variables_needs_no_file() {
    let good = format!("{} Some(\"us-phoenix-1\")", key_id());
    assert_eq!(from_variables(&[]).await, good);
    assert_eq!(from_variables(&[("OCI_CLI_USER", &format!(" {USER}\n"))]).await, good);
    assert_eq!(from_variables(&[("OCI_CLI_KEY_CONTENT", ""), ("OCI_CLI_KEY_FILE", KEY)]).await, good);
    // The content wins, as in the command line.
    assert_eq!(from_variables(&[("OCI_CLI_KEY_FILE", "/nowhere")]).await, good);
    let general = from_variables(&[("OCI_CLI_REGION", ""), ("OCI_REGION", "iad")]).await;
    assert_eq!(general, format!("{} Some(\"us-ashburn-1\")", key_id()));

    let missing = from_variables(&[("OCI_CLI_KEY_CONTENT", ""), ("OCI_CLI_TENANCY", " ")]).await;
    assert_eq!(missing, "OCI_CLI_TENANCY, OCI_CLI_KEY_FILE is not set");
    assert_eq!(from_variables(&[("OCI_CLI_USER", "me")]).await, "OCI_CLI_USER: not an OCID");
    let other = key(SECOND).fingerprint();
    let mismatch = from_variables(&[("OCI_CLI_FINGERPRINT", &other)]).await;
    assert!(mismatch.starts_with("OCI_CLI_FINGERPRINT: "), "{mismatch}");
    let damaged = from_variables(&[("OCI_CLI_KEY_CONTENT", "secret that is no key")]).await;
    assert_eq!(damaged, "OCI_CLI_KEY_CONTENT: no private key in PEM form");
    assert!(from_variables(&[("OCI_CLI_REGION", "a/b")]).await.starts_with("OCI_CLI_REGION: "));
}

#[tokio::test(start_paused = true)]
async fn variables_override_a_profile_one_by_one() {
    let lines = profile().replace(USER, "ocid1.user.oc1..other").replace(KEY, "/nowhere");
    let set = [("OCI_CLI_USER", USER), ("OCI_CLI_KEY_FILE", KEY), ("OCI_CLI_REGION", "phx"), ("OCI_CLI_TENANCY", "")];
    let world = with_config(&format!("[DEFAULT]\n{lines}"), &set);
    let snapshot = of_profile(&world, &Selection::default()).await.unwrap();
    assert_eq!((snapshot.key_id.expose(), snapshot.region.as_deref()), (key_id().as_str(), Some("us-phoenix-1")));

    let wrong = with_config(&format!("[DEFAULT]\n{}", profile()), &[("OCI_CLI_USER", "me")]);
    assert_eq!(refusal(of_profile(&wrong, &Selection::default()).await), "OCI_CLI_USER: not an OCID");

    let selection = [("OCI_CLI_CONFIG_FILE", " /etc/oci "), ("OCI_CLI_PROFILE", "PROD")];
    let world = crate::world(&selection);
    let expected = Selection { path: Some("/etc/oci".into()), profile: Some("PROD".to_owned()) };
    assert_eq!(Selection::from_environment(&world.effects()), Ok(expected));
}

#[tokio::test(start_paused = true)]
async fn a_replaced_key_is_found_after_a_refusal() {
    let world = with_config(&format!("[DEFAULT]\n{}", profile()), &[]);
    let provider = provider(&world.effects(), &Selection::default()).unwrap();
    let old = provider.snapshot().await.unwrap();
    let (first, second) = (key(FIRST).fingerprint(), key(SECOND).fingerprint());
    assert!(provider.renew(&old).await.unwrap().is_none(), "the file still has the key that was refused");
    world.drive.put(CONFIG, &format!("[DEFAULT]\n{}", profile().replace(&first, &second)));
    world.drive.put(KEY, SECOND);
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let new = provider.renew(&old).await.unwrap().expect("the new key");
    assert!(new.key_id.expose().ends_with(&second));
    assert_eq!(provider.snapshot().await.unwrap().key_id, new.key_id);
}
