//! API keys: a user's own key pair. `keyId` is `tenancy/user/fingerprint`.

use std::sync::Arc;

use async_trait::async_trait;

use super::config_file::{Place, Profile, Selection, check};
use super::settle::blocking;
use crate::cache::{Cache, Rules, Source};
use crate::key::PrivateKey;
use crate::{Effects, Error, Provider, Secret, Snapshot};

/// The API key of a profile, with variables over it; see [`Profile::overridden`].
///
/// File and key are read when credentials are first asked for, and again when a service has refused them: keys are
/// replaced while processes run.
#[must_use]
pub fn from_file(effects: &Effects, selection: Selection) -> Arc<dyn Provider> {
    Arc::new(Cache::new(Keys(Place::File(selection)), effects.clone()))
}

/// The API key of `OCI_CLI_USER`, `OCI_CLI_TENANCY`, `OCI_CLI_FINGERPRINT` and `OCI_CLI_KEY_CONTENT` or
/// `OCI_CLI_KEY_FILE`, with `OCI_CLI_PASSPHRASE` and `OCI_CLI_REGION` when they are set: what a function has that
/// has no home directory.
///
/// # Errors
///
/// [`Error::MissingVariable`], which names all that are missing, and [`Error::BadVariable`].
pub fn from_variables(effects: &Effects) -> Result<Arc<dyn Provider>, Error> {
    required(&Profile::from_variables(effects)?)?;
    Ok(Arc::new(Cache::new(Keys(Place::Variables), effects.clone())))
}

struct Keys(Place);

/// Name of the provider.
const NAME: &str = "api_key";

#[async_trait]
impl Source for Keys {
    fn rules(&self) -> Rules {
        Rules { mints: false, ..Rules::of(NAME) }
    }

    async fn load(&self, effects: &Effects, _: Option<&Arc<Snapshot>>) -> Result<Snapshot, Error> {
        let (place, effects) = (self.0.clone(), effects.clone());
        blocking(NAME, move || snapshot(&effects, &place.profile(&effects)?)).await
    }
}

fn required(profile: &Profile) -> Result<(), Error> {
    let key = if profile.get("key_content").is_some() { "key_content" } else { "key_file" };
    profile.required(&["tenancy", "user", "fingerprint", key]).map(drop)
}

fn snapshot(effects: &Effects, profile: &Profile) -> Result<Snapshot, Error> {
    required(profile)?;
    let (tenancy, user) = (ocid(profile, "tenancy")?, ocid(profile, "user")?);
    let given = check::fingerprint(profile.required(&["fingerprint"])?);
    let given = given.ok_or_else(|| profile.wrong("fingerprint", "not 16 bytes in hexadecimal with colons between"))?;
    let key = key(effects, profile)?;
    let real = key.fingerprint();
    if real != given {
        let reason = format!("{given} is not the fingerprint of the private key, which is {real}");
        return Err(profile.wrong("fingerprint", &reason));
    }
    let key_id = Secret::new(format!("{tenancy}/{user}/{real}"));
    let region = profile.region(effects)?;
    Ok(Snapshot { key_id, key, not_after: None, tenancy: Some(tenancy), compartment: None, region, delegation: None })
}

fn ocid(profile: &Profile, key: &'static str) -> Result<String, Error> {
    let text = profile.required(&[key])?;
    if check::is_ocid(text) { Ok(text.to_owned()) } else { Err(profile.wrong(key, "not an OCID")) }
}

/// The private key of a profile. A passphrase given for a key in clear is not looked at: it may be inherited.
pub(super) fn key(effects: &Effects, profile: &Profile) -> Result<Arc<PrivateKey>, Error> {
    let pass_phrase = profile.pass_phrase();
    let read = |pem: &str, origin: String| match PrivateKey::from_pem(pem.as_bytes(), pass_phrase.as_ref()) {
        Ok(key) => Ok(Arc::new(key)),
        Err(fault) => Err(Error::BadKey { origin, fault }),
    };
    if let Some(pem) = profile.get("key_content") {
        return read(pem, profile.origin("key_content"));
    }
    let path = profile.path(effects, "key_file")?;
    read(&effects.read_text("key file", &path)?, path.display().to_string())
}
