//! Oracle's configuration file: `~/.oci/config` and its profiles.

pub(crate) mod check;
mod lookup;
mod profile;

use std::sync::Arc;

pub use profile::{Profile, Selection};

use super::{api_key, delegation, session};
use crate::{Effects, Error, Provider};

/// What a profile is a description of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A user's API key.
    ApiKey,
    /// A session token and its key, as `oci session authenticate` writes them.
    Session,
    /// An instance principal with a delegation token, as in Oracle's Cloud Shell.
    Delegation,
}

impl Kind {
    /// What the profile says. A `user` makes it an API key, as in Oracle's Go SDK, unless only the session token is
    /// the profile's own and the user that of `[DEFAULT]`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for an `authentication_type` other than `instance_principal`.
    pub fn of(profile: &Profile) -> Result<Self, Error> {
        match profile.get("authentication_type") {
            Some("instance_principal") => return Ok(Self::Delegation),
            Some(_) => return Err(profile.wrong("authentication_type", "only instance_principal is known")),
            None => {}
        }
        let is_session = match (profile.get("security_token_file"), profile.get("user")) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(_), Some(_)) => profile.is_not_own("user") && !profile.is_not_own("security_token_file"),
        };
        Ok(if is_session { Self::Session } else { Self::ApiKey })
    }
}

/// The provider that a profile describes. The profile is read now to see what it is, and again together with its
/// keys and tokens when credentials are loaded.
///
/// # Errors
///
/// What [`Profile::overridden`] and [`Kind::of`] say.
pub fn provider(effects: &Effects, selection: &Selection) -> Result<Arc<dyn Provider>, Error> {
    let profile = Profile::overridden(effects, selection)?;
    match Kind::of(&profile)? {
        Kind::ApiKey => Ok(api_key::from_file(effects, selection.clone())),
        Kind::Session => Ok(session::from_file(effects, selection.clone())),
        Kind::Delegation => delegation::from_file(effects, selection),
    }
}

/// Where the values of a provider are, to be read at each load.
#[derive(Debug, Clone)]
pub(super) enum Place {
    File(Selection),
    Variables,
}

impl Place {
    pub(super) fn profile(&self, effects: &Effects) -> Result<Profile, Error> {
        match self {
            Self::File(selection) => Profile::overridden(effects, selection),
            Self::Variables => Profile::from_variables(effects),
        }
    }
}
