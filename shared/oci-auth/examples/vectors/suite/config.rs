//! Group `config`: configuration files, their profiles, and the key ids that come of them.

use std::path::Path;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causeway_oci_auth::Effects;
use causeway_oci_auth::principals::config_file::{Profile, Selection, provider};

use super::case::{Case, Check, placed, same, variables};
use super::keys::Keys;
use super::stub::{HOME, World};

/// Settings of the SDK, not of a principal.
const SDK_ONLY: [&str; 2] = ["log_requests", "additional_user_agent"];

pub(crate) async fn check(case: &Case<'_>, keys: &Keys<'_>) -> Check {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_000_000);
    let world = World::offline(now);
    let text = placed(case.maybe_text("text").unwrap_or_default());
    if let Some(file) = case.maybe_text("file") {
        world.write(Path::new(HOME).join(file), text.clone());
    }
    let has_key = write_key(&world, &text, keys);
    if let Some(path) = value(&text, "security_token_file") {
        world.write(path.replacen('~', HOME, 1), token(now));
    }
    let effects = world.effects(variables(case));
    let selection = Selection { path: None, profile: case.maybe_text("profile").map(str::to_owned) };
    let recommended = case.maybe_text("recommended").unwrap_or(if case.expects_success()? { "ok" } else { "error" });
    if recommended.starts_with("error") {
        return refuses(&effects, &selection).await;
    }
    let profile = Profile::read(&effects, &selection).map_err(|error| error.to_string())?;
    values(case, &profile, &effects)?;
    let expected = expected_key_id(case, &profile, now)?;
    if !has_key {
        // The file lacks the key that the fingerprint names, so ours would rightly refuse it: the values must do.
        return same("key id of the values", &assembled(&profile), &expected);
    }
    let provider = provider(&effects, &selection).map_err(|error| error.to_string())?;
    let snapshot = provider.snapshot().await.map_err(|error| error.to_string())?;
    same("key id", &snapshot.key_id.expose(), &expected.as_str())?;
    let region = profile.region(&effects).map_err(|error| error.to_string())?;
    same("region", &snapshot.region, &region)
}

async fn refuses(effects: &Effects, selection: &Selection) -> Check {
    let outcome = match provider(effects, selection) {
        Ok(provider) => provider.snapshot().await.map(drop),
        Err(error) => Err(error),
    };
    if outcome.is_err() { Ok(()) } else { Err("gives credentials, although the SDK fails".to_owned()) }
}

/// Writes the key that the fingerprint in the text names, whether or not the text is a proper file.
fn write_key(world: &World, text: &str, keys: &Keys<'_>) -> bool {
    let fingerprint = value(text, "fingerprint").unwrap_or_default().to_ascii_lowercase();
    match (value(text, "key_file"), keys.with_fingerprint(&fingerprint)) {
        (Some(path), Some(pem)) => world.write(path.replacen('~', HOME, 1), pem),
        _ => return false,
    }
    true
}

/// The first value of a key, read without looking at sections.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut pairs = text.lines().filter_map(|line| line.split_once(['=', ':']));
    pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case(key)).map(|(_, value)| value.trim())
}

/// A session token; the record of the SDK has none, since it does not look at it.
fn token(now: SystemTime) -> String {
    let exp = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs() + 3600;
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part(r#"{"alg":"RS256"}"#), part(&format!(r#"{{"exp":{exp}}}"#)), part("signature"))
}

fn values(case: &Case<'_>, profile: &Profile, effects: &Effects) -> Check {
    let expect = case.at("expect")?;
    let plain = |key: &str| Ok(profile.get(key).map(str::to_owned));
    compare(&expect, "config", plain)?;
    compare(&expect, "validated", |key| match key {
        "region" => profile.region(effects).map_err(|error| error.to_string()),
        key => plain(key),
    })
}

fn compare(expect: &Case<'_>, name: &str, found: impl Fn(&str) -> Result<Option<String>, String>) -> Check {
    for (key, value) in expect.members(name).filter(|(key, _)| !SDK_ONLY.contains(key)) {
        same(&format!("{name}: {key}"), &found(key)?, &value.as_str().map(placed))?;
    }
    Ok(())
}

fn expected_key_id(case: &Case<'_>, profile: &Profile, now: SystemTime) -> Result<String, String> {
    let recorded = case.at("expect")?.maybe_text("key_id").map(str::to_owned);
    Ok(match (recorded, profile.get("user"), profile.get("security_token_file")) {
        (Some(recorded), ..) => recorded,
        (None, None, Some(_)) => format!("ST${}", token(now)),
        // Where the SDK refuses what we take.
        (None, ..) => assembled(profile),
    })
}

/// The key id of an API key, put together from the profile.
fn assembled(profile: &Profile) -> String {
    let text = |key| profile.get(key).unwrap_or_default();
    [text("tenancy"), text("user"), &text("fingerprint").to_ascii_lowercase()].join("/")
}
