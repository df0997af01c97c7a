//! Delegation: a principal acts for a user, whose delegation token goes along as the signed header `opc-obo-token`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::config_file::{Profile, Selection};
use super::instance;
use crate::token::Token;
use crate::{Effects, Error, Provider, Secret, Snapshot};

/// Longest delegation token, in bytes.
const MAX_TOKEN: usize = 64 << 10;

/// The instance principal with the delegation token of a profile: `authentication_type=instance_principal` and
/// `delegation_token_file`, as in Oracle's Cloud Shell.
///
/// # Errors
///
/// [`Error::Config`] when the profile names no file; what [`Profile::overridden`] and
/// [`instance::from_environment`] say.
pub fn from_file(effects: &Effects, selection: &Selection) -> Result<Arc<dyn Provider>, Error> {
    of_profile(effects, &Profile::overridden(effects, selection)?)
}

/// The instance principal with the delegation token in `OCI_CLI_DELEGATION_TOKEN_FILE`.
///
/// # Errors
///
/// [`Error::MissingVariable`]; what [`instance::from_environment`] says.
pub fn from_variables(effects: &Effects) -> Result<Arc<dyn Provider>, Error> {
    of_profile(effects, &Profile::from_variables(effects)?)
}

fn of_profile(effects: &Effects, profile: &Profile) -> Result<Arc<dyn Provider>, Error> {
    let token = TokenPlace::File(profile.path(effects, "delegation_token_file")?);
    let region = profile.region(effects)?;
    let principal = instance::from_environment(effects)?;
    Ok(Arc::new(Delegation { region, ..Delegation::new(effects.clone(), principal, token) }))
}

/// A principal together with a delegation token.
#[derive(Debug)]
pub struct Delegation {
    effects: Effects,
    principal: Arc<dyn Provider>,
    token: TokenPlace,
    region: Option<String>,
    last: Mutex<Option<Both>>,
}

/// Where the delegation token is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum TokenPlace {
    /// A file, which is read each time: it is replaced before the token runs out.
    File(PathBuf),
    /// The token itself.
    Here(Secret),
}

/// The principal's own snapshot and the one with the token added.
#[derive(Debug, Clone)]
struct Both {
    own: Arc<Snapshot>,
    delegated: Arc<Snapshot>,
}

impl Delegation {
    /// Adds the token to what `principal` gives.
    #[must_use]
    pub fn new(effects: Effects, principal: Arc<dyn Provider>, token: TokenPlace) -> Self {
        Self { effects, principal, token, region: None, last: Mutex::default() }
    }

    /// The snapshot with the present token. The same one comes back while neither of the two changes.
    fn with_token(&self, own: Arc<Snapshot>) -> Result<Arc<Snapshot>, Error> {
        let token = self.token.read(&self.effects)?;
        let mut last = self.last();
        let same = |last: &&Both| Arc::ptr_eq(&last.own, &own) && last.delegated.delegation.as_ref() == Some(&token);
        if let Some(last) = last.as_ref().filter(same) {
            return Ok(Arc::clone(&last.delegated));
        }
        let region = self.region.clone().or_else(|| own.region.clone());
        let delegated = Arc::new(Snapshot { delegation: Some(token), region, ..(*own).clone() });
        *last = Some(Both { own, delegated: Arc::clone(&delegated) });
        Ok(delegated)
    }

    fn last(&self) -> MutexGuard<'_, Option<Both>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Provider for Delegation {
    fn name(&self) -> &'static str {
        "delegation"
    }

    async fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        self.with_token(self.principal.snapshot().await?)
    }

    /// Either half may be the one that was refused: a token that has been replaced meanwhile is tried before the
    /// principal is renewed.
    async fn renew(&self, used: &Arc<Snapshot>) -> Result<Option<Arc<Snapshot>>, Error> {
        let present = self.snapshot().await?;
        if present.delegation != used.delegation || present.key_id != used.key_id {
            return Ok(Some(present));
        }
        let own = self.last().as_ref().map(|last| Arc::clone(&last.own));
        let Some(own) = own else { return Ok(None) };
        let newer = self.principal.renew(&own).await?;
        newer.map(|newer| self.with_token(newer)).transpose()
    }
}

impl TokenPlace {
    fn read(&self, effects: &Effects) -> Result<Secret, Error> {
        let (text, origin) = match self {
            Self::File(path) => {
                let text = effects.read_text("delegation token file", path)?;
                (Secret::from(text.trim()), path.display().to_string())
            }
            Self::Here(token) => (Secret::from(token.expose().trim()), "delegation token".to_owned()),
        };
        check(effects, &text, origin)?;
        Ok(text)
    }
}

/// The token is not ours to judge, but it must be able to stand in a header, and when it says that it is over, that
/// is a better message than a service's 401.
fn check(effects: &Effects, token: &Secret, origin: String) -> Result<(), Error> {
    let text = token.expose();
    if text.is_empty() || text.len() > MAX_TOKEN || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let fault = crate::token::TokenError::Malformed("empty, or not of printable characters alone");
        return Err(Error::BadToken { origin, fault });
    }
    let Some(not_after) = Token::parse(text).ok().and_then(|token| token.not_after().ok()) else { return Ok(()) };
    match effects.clock.now().duration_since(not_after) {
        Ok(ago) => Err(Error::Expired { origin, ago }),
        Err(_) => Ok(()),
    }
}
