//! The two services that a resource principal asks: the one that owns the resource, and the auth service.

use super::input::Whose;
use crate::endpoint::{self, Endpoints, Service};
use crate::{Effects, Error};

/// The service that owns the resource and says so in a token.
#[derive(Debug, Clone)]
pub(super) struct Owner(String);

impl Owner {
    /// From `RPT_ENDPOINT`.
    pub(super) fn find(effects: &Effects, whose: Whose) -> Result<Self, Error> {
        Ok(Self(endpoint::origin(&whose.required(effects, "RPT_ENDPOINT")?)?))
    }

    /// Complete URL of the token.
    pub(super) fn url(&self, path: &str) -> Result<String, Error> {
        let whole = format!("{}/{}", self.0, path.trim_start_matches('/'));
        endpoint::url(&whole)?;
        Ok(whole)
    }
}

/// The auth service of a resource principal: the one that a variable names, or else the region's.
#[derive(Debug, Clone)]
pub(super) struct Auth {
    name: String,
    given: Option<String>,
    endpoints: Endpoints,
}

impl Auth {
    /// From `RPST_ENDPOINT`.
    pub(super) fn find(effects: &Effects, endpoints: &Endpoints, whose: Whose) -> Result<Self, Error> {
        Self::named(effects, endpoints, whose.name("RPST_ENDPOINT"))
    }

    /// From the variable of that name.
    pub(super) fn named(effects: &Effects, endpoints: &Endpoints, name: String) -> Result<Self, Error> {
        let given = effects.text(&name)?.filter(|value| !value.is_empty());
        let given = given.map(|value| endpoint::origin(&value)).transpose()?;
        Ok(Self { name, given, endpoints: endpoints.clone() })
    }

    /// Its base URL for a principal of that region.
    pub(super) fn base(&self, region: Option<&str>) -> Result<String, Error> {
        match (&self.given, region) {
            (Some(given), _) => Ok(given.clone()),
            (None, Some(region)) => self.endpoints.url(Service::Auth, region),
            (None, None) => Err(Error::MissingVariable(self.name.clone())),
        }
    }
}
