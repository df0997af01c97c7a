//! Group `resource_principal`: credentials that are handed over, as version 2.2 has them.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use causeway_oci_auth::endpoint::{Endpoints, Service};
use causeway_oci_auth::{Effects, Error, Provider, REFRESH_BEFORE, Snapshot, principals::resource};

use super::case::{Case, Check, same, variables};
use super::outcome::{Expected, compare, fits, is_that, signs};
use super::stub::{DIR, World};

pub(crate) async fn check(case: &Case<'_>) -> Check {
    let now = case.time("now").ok_or("the case has no time \"now\"")?;
    let world = World::offline(now);
    write(&world, case, "files");
    let effects = world.effects(variables(case));
    let expected = Expected::of(case)?;
    let (provider, snapshot) = match (load(&effects).await, expected) {
        (Err(error), Expected::Failure(words) | Expected::Either(words)) => return is_that(&error, of_either(words)),
        (Err(error), _) => return Err(error.to_string()),
        (Ok(_), Expected::Failure(words)) => return Err(format!("gives credentials; expected {words}")),
        (Ok(found), _) => found,
    };
    let scene = Scene { case, now, date: case.date("date").unwrap_or(now), world: &world };
    scene.compare(&snapshot, expected, &effects)?;
    scene.rotates(provider.as_ref(), &snapshot).await
}

async fn load(effects: &Effects) -> Result<(Arc<dyn Provider>, Arc<Snapshot>), Error> {
    let provider = resource::from_environment(effects)?;
    let snapshot = provider.snapshot().await?;
    Ok((provider, snapshot))
}

/// The words that describe the failure, where success is right as well.
fn of_either(words: &str) -> &str {
    if words.starts_with("error or") { "" } else { words }
}

fn write(world: &World, case: &Case<'_>, files: &str) {
    for (name, content) in case.members(files) {
        world.write(Path::new(DIR).join(name), content.as_str().unwrap_or_default());
    }
}

struct Scene<'a> {
    case: &'a Case<'a>,
    now: SystemTime,
    date: SystemTime,
    world: &'a World,
}

impl Scene<'_> {
    fn compare(&self, snapshot: &Snapshot, expected: Expected<'_>, effects: &Effects) -> Check {
        let words = match expected {
            Expected::Success(words) | Expected::Either(words) => words,
            Expected::Same | Expected::Failure(_) => "",
        };
        fits(snapshot, self.now, words)?;
        if words.contains("endpoint must fail") {
            no_endpoint(snapshot, effects)?;
        }
        let expect = self.case.at("expect")?;
        if !self.case.expects_success()? {
            return self.names_the_token(snapshot);
        }
        // A recommendation of one word is the region's name.
        let region = Some(words).filter(|words| !words.is_empty() && !words.contains(' '));
        compare(snapshot, self.now, &expect, region)?;
        claims(snapshot, &expect)?;
        signs(snapshot, self.date, &expect)
    }

    /// Where the SDK fails and we do not, the key id is still known: it is the token, trimmed, after one `ST$`.
    fn names_the_token(&self, snapshot: &Snapshot) -> Check {
        let named = variables(self.case).remove("OCI_RESOURCE_PRINCIPAL_RPST").unwrap_or_default();
        let file = named.strip_prefix(DIR).map(|name| name.trim_start_matches('/'));
        let files = self.case.at("files").ok();
        let read = file.and_then(|name| files.as_ref()?.maybe_text(name));
        let token = read.unwrap_or(&named).trim();
        let token = token.strip_prefix("ST$").unwrap_or(token);
        same("key id", &snapshot.key_id.expose(), &format!("ST${token}").as_str())
    }

    /// New files change nothing before a refresh, and all at once with it.
    async fn rotates(&self, provider: &dyn Provider, before: &Arc<Snapshot>) -> Check {
        if self.case.get("files_after").is_none() {
            return Ok(());
        }
        write(self.world, self.case, "files_after");
        let expect = self.case.at("expect")?;
        if before.left(self.now).is_none_or(|left| left >= REFRESH_BEFORE) {
            let still = provider.snapshot().await.map_err(|error| error.to_string())?;
            let expected = expect.maybe_text("signed_before_refresh_call_key_id").unwrap_or(before.key_id.expose());
            same("key id before the refresh", &still.key_id.expose(), &expected)?;
        }
        let renewed = provider.renew(before).await.map_err(|error| error.to_string())?;
        let renewed = renewed.ok_or("nothing new after a refresh")?;
        let expect = expect.at("after_refresh")?;
        compare(&renewed, self.now, &expect, None)?;
        claims(&renewed, &expect)?;
        signs(&renewed, self.date, &expect)
    }
}

/// Here an absent claim must be absent with us, too.
fn claims(snapshot: &Snapshot, expect: &Case<'_>) -> Check {
    let claims = [("tenancy_id", &snapshot.tenancy), ("compartment_id", &snapshot.compartment)];
    let mut told = claims.into_iter().filter(|(name, _)| expect.value().get(name).is_some());
    told.try_for_each(|(name, found)| same(name, &found.as_deref(), &expect.maybe_text(name)))
}

fn no_endpoint(snapshot: &Snapshot, effects: &Effects) -> Check {
    let endpoints = Endpoints::new(effects.clone()).map_err(|error| error.to_string())?;
    let region = snapshot.region.as_deref().unwrap_or_default();
    match endpoints.url(Service::ObjectStorage, region) {
        Err(Error::RegionRequired) => Ok(()),
        other => Err(format!("endpoint without a region: {other:?}")),
    }
}
