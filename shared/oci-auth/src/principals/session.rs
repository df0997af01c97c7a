//! Session tokens: what `oci session authenticate` and token exchanges leave in files. `keyId` is `ST$` and the
//! token.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::api_key::key;
use super::config_file::{Place, Profile, Selection};
use super::settle::{Pair, settled};
use crate::cache::{Cache, Rules, Source};
use crate::token::Token;
use crate::{Effects, Error, Provider, Snapshot};

/// The session token of a profile with `security_token_file` and `key_file`, with variables over it; see
/// [`Profile::overridden`].
///
/// The command line replaces token and key in place, one after the other. So both are read at each refresh, and read
/// again while the token changes meanwhile or names another key, and after any other fault.
#[must_use]
pub fn from_file(effects: &Effects, selection: Selection) -> Arc<dyn Provider> {
    Arc::new(Cache::new(Session(Place::File(selection)), effects.clone()))
}

/// The session token of `OCI_CLI_SECURITY_TOKEN_FILE` and `OCI_CLI_KEY_FILE` or `OCI_CLI_KEY_CONTENT`.
///
/// # Errors
///
/// [`Error::MissingVariable`], which names all that are missing, and [`Error::BadVariable`].
pub fn from_variables(effects: &Effects) -> Result<Arc<dyn Provider>, Error> {
    required(&Profile::from_variables(effects)?)?;
    Ok(Arc::new(Cache::new(Session(Place::Variables), effects.clone())))
}

struct Session(Place);

/// Name of the provider.
const NAME: &str = "security_token";

#[async_trait]
impl Source for Session {
    fn rules(&self) -> Rules {
        Rules { longest_pause: Duration::from_secs(1), mints: false, ..Rules::of(NAME) }
    }

    async fn load(&self, effects: &Effects, old: Option<&Arc<Snapshot>>) -> Result<Snapshot, Error> {
        let (place, reader) = (self.0.clone(), effects.clone());
        settled(effects, NAME, old, move || read(&reader, &place.profile(&reader)?)).await
    }
}

fn read(effects: &Effects, profile: &Profile) -> Result<Pair, Error> {
    required(profile)?;
    let path = profile.path(effects, "security_token_file")?;
    let origin = path.display().to_string();
    let text = effects.read_text("token file", &path)?;
    let bad = |fault| Error::BadToken { origin: origin.clone(), fault };
    let token = Token::parse(&text).map_err(bad)?;
    let not_after = token.not_after().map_err(bad)?;
    let key = key(effects, profile)?;
    let named = token.names(&key);
    if named == Some(false) || *effects.read_text("token file", &path)? != *text {
        return Err(Error::KeyMismatch { key: profile.origin("key_file"), token: origin });
    }
    if let Ok(ago) = effects.clock.now().duration_since(not_after) {
        return Err(Error::Expired { origin, ago });
    }
    let tenancy = profile.get("tenancy").map(str::to_owned).or_else(|| token.claim("tenant"));
    let (region, compartment) = (profile.region(effects)?, None);
    let (key_id, not_after) = (token.key_id(), Some(not_after));
    let snapshot = Snapshot { key_id, key, not_after, tenancy, compartment, region, delegation: None };
    // A key that a variable holds cannot be of another pair than before.
    Ok(Pair { snapshot, sure: named.is_some() || profile.get("key_content").is_some() })
}

fn required(profile: &Profile) -> Result<(), Error> {
    let key = if profile.get("key_content").is_some() { "key_content" } else { "key_file" };
    profile.required(&["security_token_file", key]).map(drop)
}
