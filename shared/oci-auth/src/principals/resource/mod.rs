//! Resource principals: a function, a container or a database is a principal of its own.
//!
//! `OCI_RESOURCE_PRINCIPAL_VERSION` says how the credentials come, by an exact match:
//!
//! | version | mechanism |
//! |---|---|
//! | 2.2 | token and key are handed over, as files or literals; this is OCI Functions |
//! | 2.1, 2.1.1, 2.1.2 | a key is handed over, the token is fetched and exchanged with it |
//! | 1.1 | the instance principal fetches and exchanges the token |
//! | 3.0 | one of these for the innermost resource, and a chain of parents |
//!
//! All of them work on [`Effects`]: a test gives variables, files and the clock, the session key by
//! [`crate::effects::Random::session_key`], and answers by [`crate::effects::Http`]. Version 2.2 uses no HTTP.

mod exchange;
mod input;
mod key_input;
mod services;
mod v1_1;
mod v2_1;
mod v2_2;
mod v3_0;

use std::sync::Arc;

use self::input::Whose;
use self::v1_1::OnInstance;
use self::v2_1::Keyed;
use self::v2_2::Injected;
use self::v3_0::Nested;
use crate::cache::{Cache, Source};
use crate::endpoint::Endpoints;
use crate::{Effects, Error, Provider};

const VERSION: &str = "OCI_RESOURCE_PRINCIPAL_VERSION";

/// The resource principal that the variables describe. Nothing is read or sent before credentials are asked for.
///
/// # Errors
/// [`Error::MissingVariable`], [`Error::UnsupportedVersion`], [`Error::BadVariable`], [`Error::BadEndpoint`], and
/// what [`crate::region::Regions::resolve`] says.
pub fn from_environment(effects: &Effects) -> Result<Arc<dyn Provider>, Error> {
    effects.required(VERSION)?;
    with_endpoints(effects, &Endpoints::new(effects.clone())?)
}

/// The same, with endpoints that learn the region of an instance that is in one we do not know.
pub(crate) fn with_endpoints(effects: &Effects, endpoints: &Endpoints) -> Result<Arc<dyn Provider>, Error> {
    match effects.required(VERSION)? {
        version if version == "3.0" => {
            Ok(cached(effects, Nested::find(effects, endpoints, leaf(effects, endpoints)?)?))
        }
        version => one(effects, endpoints, Whose::Own, &version)?.ok_or(Error::UnsupportedVersion(version)),
    }
}

fn leaf(effects: &Effects, endpoints: &Endpoints) -> Result<Arc<dyn Provider>, Error> {
    let name = Whose::Leaf.name("VERSION");
    let version = effects.required(&name)?;
    let reason = format!("unsupported version {version:?}; known are 1.1, 2.1, 2.1.1, 2.1.2 and 2.2");
    one(effects, endpoints, Whose::Leaf, &version)?.ok_or(Error::BadVariable { name, reason })
}

/// A principal without parents.
fn one(
    effects: &Effects,
    endpoints: &Endpoints,
    whose: Whose,
    version: &str,
) -> Result<Option<Arc<dyn Provider>>, Error> {
    Ok(Some(match version {
        "1.1" => cached(effects, OnInstance::find(effects, endpoints, whose)?),
        "2.1" | "2.1.1" | "2.1.2" => cached(effects, Keyed::find(effects, endpoints, whose, version)?),
        "2.2" => cached(effects, Injected::find(effects, whose)?),
        _ => return Ok(None),
    }))
}

fn cached<S: Source>(effects: &Effects, source: S) -> Arc<dyn Provider> {
    Arc::new(Cache::new(source, effects.clone()))
}
