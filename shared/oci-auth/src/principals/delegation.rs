//! Delegation: a principal acts for a user, whose delegation token goes along as the signed header `opc-obo-token`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use super::config_file::{Profile, Selection};
use super::{instance, settle};
use crate::endpoint::Endpoints;
use crate::token::Token;
use crate::{Effects, Error, Provider, Secret, Snapshot};

/// Longest delegation token, in bytes.
const MAX_TOKEN: usize = 64 << 10;
/// How long a token that does not say when it runs out stays in use while its file cannot be used.
const KEPT: Duration = Duration::from_secs(60);

/// The instance principal with the delegation token of a profile: `authentication_type=instance_principal` and
/// `delegation_token_file`, as in Oracle's Cloud Shell.
///
/// # Errors
///
/// [`Error::Config`] when the profile names no file; what [`Profile::overridden`] and
/// [`instance::from_environment`] say.
pub fn from_file(effects: &Effects, selection: &Selection) -> Result<Arc<dyn Provider>, Error> {
    of_profile(effects, &Profile::overridden(effects, selection)?, Endpoints::new(effects.clone())?)
}

/// The instance principal with the delegation token in `OCI_CLI_DELEGATION_TOKEN_FILE`.
///
/// # Errors
///
/// [`Error::MissingVariable`]; what [`instance::from_environment`] says.
pub fn from_variables(effects: &Effects) -> Result<Arc<dyn Provider>, Error> {
    of_profile(effects, &Profile::from_variables(effects)?, Endpoints::new(effects.clone())?)
}

/// The instance principal with the delegation token of a profile; `endpoints` learns the domain of its region.
pub(crate) fn of_profile(
    effects: &Effects,
    profile: &Profile,
    endpoints: Endpoints,
) -> Result<Arc<dyn Provider>, Error> {
    let token = TokenPlace::File(profile.path(effects, "delegation_token_file")?);
    let region = profile.region(effects)?;
    let principal = instance::with_settings(effects, endpoints, instance::Settings::default())?;
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
    /// When the token was last found where it belongs.
    read_at: SystemTime,
}

impl Delegation {
    /// Adds the token to what `principal` gives.
    #[must_use]
    pub fn new(effects: Effects, principal: Arc<dyn Provider>, token: TokenPlace) -> Self {
        Self { effects, principal, token, region: None, last: Mutex::default() }
    }

    /// The snapshot with the present token. The same one comes back while neither of the two changes.
    async fn with_token(&self, own: Arc<Snapshot>) -> Result<Arc<Snapshot>, Error> {
        let (token, read_at) = self.present().await?;
        let mut last = self.last();
        let same = |last: &&Both| Arc::ptr_eq(&last.own, &own) && last.delegated.delegation.as_ref() == Some(&token);
        if let Some(same) = last.as_ref().filter(same).cloned() {
            *last = Some(Both { read_at: read_at.max(same.read_at), ..same.clone() });
            return Ok(same.delegated);
        }
        let region = self.region.clone().or_else(|| own.region.clone());
        let delegated = Arc::new(Snapshot { delegation: Some(token), region, ..(*own).clone() });
        *last = Some(Both { own, delegated: Arc::clone(&delegated), read_at });
        Ok(delegated)
    }

    /// The token and when it was read. Its file is replaced by others and may be empty, half written or absent for a
    /// moment: then the last token stays, and without one the file is read again a few times.
    async fn present(&self) -> Result<(Secret, SystemTime), Error> {
        let mut read = self.token.read(&self.effects);
        for pause in settle::PAUSES {
            match (read, self.kept()) {
                (Ok(token), _) => return Ok((token, self.effects.clock.now())),
                (Err(error), Some(kept)) => {
                    tracing::warn!(error = %error, "the last delegation token stays in use");
                    return Ok(kept);
                }
                (Err(error), None) if matches!(self.token, TokenPlace::Here(_)) => return Err(error),
                (Err(_), None) => self.effects.clock.sleep(Duration::from_millis(pause)).await,
            }
            read = self.token.read(&self.effects);
        }
        Ok((read?, self.effects.clock.now()))
    }

    /// The last token while it is valid; when it does not say how long that is, for a while.
    fn kept(&self) -> Option<(Secret, SystemTime)> {
        let (token, read_at) = self.last().as_ref().map(|last| (last.delegated.delegation.clone(), last.read_at))?;
        let token = token?;
        let not_after = Token::parse(token.expose()).ok().and_then(|token| token.not_after().ok());
        let until = not_after.or_else(|| read_at.checked_add(KEPT))?;
        (self.effects.clock.now() < until).then_some((token, read_at))
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
        self.with_token(self.principal.snapshot().await?).await
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
        match newer {
            Some(newer) => self.with_token(newer).await.map(Some),
            None => Ok(None),
        }
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
    let token = match Token::parse(text) {
        Ok(token) => token,
        // It begins as a JSON web token does, so a part of it is missing.
        Err(fault) if text.starts_with("eyJ") => return Err(Error::BadToken { origin, fault }),
        Err(_) => return Ok(()),
    };
    let Ok(not_after) = token.not_after() else { return Ok(()) };
    match effects.clock.now().duration_since(not_after) {
        Ok(ago) => Err(Error::Expired { origin, ago }),
        Err(_) => Ok(()),
    }
}
