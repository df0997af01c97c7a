//! Secrets: reading bundles. Secrets are put there by the admin route.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Emulator;
use crate::call::{Call, parse_json};
use crate::clock::rfc3339;
use crate::documents;
use crate::error::Error;
use crate::page;
use crate::reply::{self, Reply, ReplyExt};
use crate::route::{Route, Service};

const KIND: &str = "vaultsecret";
const STAGES: [&str; 5] = ["CURRENT", "PENDING", "LATEST", "PREVIOUS", "DEPRECATED"];

/// The service.
pub(crate) const SERVICE: Service = Service {
    name: "secrets",
    hosts: &["secrets.vaults"],
    bases: &["/20190301"],
    routes: &[
        Route::post("GetSecretBundleByName", "/secretbundles/actions/getByName", by_name),
        Route::get("GetSecretBundle", "/secretbundles/{id}", bundle),
        Route::get("ListSecretBundleVersions", "/secretbundles/{id}/versions", versions),
    ],
};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Secret {
    id: String,
    name: String,
    vault_id: String,
    tenancy: String,
    versions: Vec<Version>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    number: u64,
    name: Option<String>,
    /// Base64.
    content: String,
    pending: bool,
    time_created: String,
    time_of_expiry: Option<Timestamp>,
    time_of_deletion: Option<Timestamp>,
}

impl Secret {
    /// The newest is the latest; the newest that is not pending is the current one.
    fn stages(&self, version: &Version) -> Vec<&'static str> {
        let latest = self.versions.iter().map(|one| one.number).max();
        let mut active: Vec<u64> = self.versions.iter().filter(|one| !one.pending).map(|one| one.number).collect();
        active.sort_unstable_by(|a, b| b.cmp(a));
        let place = active.iter().position(|number| *number == version.number);
        let own = match place {
            None => "PENDING",
            Some(0) => "CURRENT",
            Some(1) => "PREVIOUS",
            Some(_) => "DEPRECATED",
        };
        let mut stages = vec![own];
        stages.extend((latest == Some(version.number)).then_some("LATEST"));
        stages
    }
}

fn bundle(emulator: &Emulator, call: &Call) -> Reply {
    show(&own(emulator, call, call.param("id"))?, call)
}

fn own(emulator: &Emulator, call: &Call, id: &str) -> Result<Secret, Error> {
    let secret: Secret = documents::get(&emulator.store.read()?, KIND, id)?;
    (secret.tenancy == call.principal.tenancy).then_some(secret).ok_or_else(Error::not_found)
}

fn by_name(emulator: &Emulator, call: &Call) -> Reply {
    let (name, vault) = (call.required_query("secretName")?, call.required_query("vaultId")?);
    let keep =
        |secret: &Secret| secret.name == name && secret.vault_id == vault && secret.tenancy == call.principal.tenancy;
    let found = documents::all(&emulator.store.read()?, KIND, keep)?;
    show(found.first().ok_or_else(Error::not_found)?, call)
}

fn show(secret: &Secret, call: &Call) -> Reply {
    let stage = call.query("stage");
    if let Some(other) = stage.filter(|stage| !STAGES.contains(stage)) {
        return Err(Error::invalid(format!("There is no stage {other}.")));
    }
    let number = call.number("versionNumber", 1..=usize::MAX)?;
    let name = call.query("secretVersionName");
    let fits = |version: &&Version| match (number, name, stage) {
        (Some(number), _, _) => version.number == number as u64,
        (None, Some(name), _) => version.name.as_deref() == Some(name),
        (None, None, stage) => secret.stages(version).contains(&stage.unwrap_or("CURRENT")),
    };
    let version = secret.versions.iter().rev().find(fits).ok_or_else(Error::not_found)?;
    if version.time_of_expiry.is_some_and(|expiry| expiry <= call.now) {
        return Err(Error::not_found());
    }
    let mut shown = head(secret, version);
    shown["secretBundleContent"] = json!({ "contentType": "BASE64", "content": version.content });
    reply::json(&shown).header("etag", &format!("{}-{}", secret.id, version.number))
}

fn head(secret: &Secret, version: &Version) -> Value {
    json!({
        "secretId": secret.id,
        "secretName": secret.name,
        "versionNumber": version.number,
        "versionName": version.name,
        "stages": secret.stages(version),
        "timeCreated": version.time_created,
        "timeOfExpiry": version.time_of_expiry.map(rfc3339),
        "timeOfDeletion": version.time_of_deletion.map(rfc3339),
        "metadata": {},
    })
}

fn versions(emulator: &Emulator, call: &Call) -> Reply {
    let mut secret = own(emulator, call, call.param("id"))?;
    let mut versions = std::mem::take(&mut secret.versions);
    versions.sort_by_key(|version| std::cmp::Reverse(version.number));
    secret.versions.clone_from(&versions);
    page::of_list(versions, call, (100, 1000))?.reply(|version| head(&secret, version))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Seed {
    id: Option<String>,
    name: String,
    vault_id: Option<String>,
    /// Plain text.
    value: String,
    #[serde(default)]
    pending: bool,
    version_name: Option<String>,
    time_of_expiry: Option<Timestamp>,
}

/// Puts a secret there, or a new version of one with the same name and vault.
pub(crate) fn seed(emulator: &Emulator, body: &[u8]) -> Reply {
    let seed: Seed = parse_json(body)?;
    let vault = seed.vault_id.unwrap_or_else(|| emulator.ids.named_ocid("vault", "default"));
    let (id, number) = emulator.store.write(|writer| {
        let same = |secret: &Secret| secret.name == seed.name && secret.vault_id == vault;
        let present = documents::all(writer, KIND, same)?.into_iter().next();
        let mut secret = present.unwrap_or_else(|| Secret {
            id: seed.id.clone().unwrap_or_else(|| emulator.ids.ocid(KIND)),
            name: seed.name.clone(),
            vault_id: vault.clone(),
            tenancy: emulator.tenancy().to_owned(),
            versions: Vec::new(),
        });
        let number = secret.versions.iter().map(|version| version.number).max().unwrap_or(0) + 1;
        secret.versions.push(Version {
            number,
            name: seed.version_name.clone(),
            content: BASE64_STANDARD.encode(&seed.value),
            pending: seed.pending,
            time_created: rfc3339(emulator.clock.now()),
            time_of_expiry: seed.time_of_expiry,
            time_of_deletion: None,
        });
        documents::put(writer, KIND, &secret.id, &secret)?;
        Ok((secret.id, number))
    })?;
    reply::json(&json!({ "id": id, "vaultId": vault, "versionNumber": number }))
}
