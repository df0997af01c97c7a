//! Keyless authentication for Oracle Cloud: request signing and principals that survive rotation.
//!
//! A program asks a [`Provider`] for a [`Snapshot`] before each request and signs with it. The snapshot is key and
//! key id together, so a rotation in between can never pair the one with the other's successor; asking is cheap,
//! and validity is looked at then and not by a timer, because a frozen function has none.
//!
//! | where the program runs | principal | module |
//! |---|---|---|
//! | OCI Functions, container instances, data science jobs | resource principal 2.2, and 1.1, 2.1.x, 3.0 | [`principals::resource`] |
//! | a compute instance | instance principal | [`principals::instance`] |
//! | a pod of OKE | workload identity | [`principals::oke`] |
//! | a laptop | profile of `~/.oci/config`: API key, session, delegation | [`principals::config_file`] |
//! | AWS Lambda, any place with an OIDC token | exchange for a session token at an identity domain | [`principals::exchange`] |
//! | anywhere, with a key from a vault | `OCI_CLI_*` variables, or [`principals::fixed`] | [`principals::api_key`] |
//!
//! [`Chain`] chooses among them by the environment and says why. It never falls through from a principal that is
//! set up and broken to another identity.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use causeway_oci_auth::call::Call;
//! use causeway_oci_auth::endpoint::{Endpoints, Service};
//! use causeway_oci_auth::{Chain, Effects};
//!
//! let effects = Effects::system()?;
//! let chain = Chain::from_environment(effects.clone())?;
//! let url = Endpoints::new(effects.clone())?.url(Service::ObjectStorage, "eu-frankfurt-1")?;
//! let request = http::Request::get(format!("{url}/n")).body(bytes::Bytes::new())?;
//! let answer = Call::new(&effects, &chain, "object storage").send(&request).await?;
//! println!("namespace {}", String::from_utf8_lossy(answer.body()));
//! # Ok(())
//! # }
//! ```
//!
//! Only the signature, for a client of one's own: [`sign::sign`].
//!
//! Everything outside comes in as [`Effects`], which touch nothing by default. No error, log line or `Debug` form
//! shows a token, a key or a passphrase. Nothing here has met a live tenancy: what is not confirmed by Oracle's
//! SDKs or documents is marked "unconfirmed" where it stands, and can be set.

#![forbid(unsafe_code)]

pub mod call;
pub mod effects;
pub mod encode;
pub mod endpoint;
pub mod ini;
pub mod key;
pub mod page;
pub mod principals;
pub mod region;
pub mod sign;

mod cache;
mod certificate;
mod chain;
mod error;
mod fingerprint;
mod provider;
mod report;
mod secret;
mod service_error;
mod snapshot;
#[cfg(test)]
mod test_keys;
pub mod token;

pub use cache::REFRESH_BEFORE;
pub use certificate::{Certificate, CertificateError};
pub use chain::{Chain, Choice, Link, Outcome};
pub use effects::Effects;
pub use error::Error;
pub use provider::Provider;
pub use report::{AuthReport, REPORT_LIMIT, home_region, report};
pub use secret::Secret;
pub use service_error::ServiceError;
pub use snapshot::Snapshot;
