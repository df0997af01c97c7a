//! Who a function is to the cloud.

use async_trait::async_trait;
use serde_json::Value;

/// The identity that a function's cloud calls are signed with.
#[async_trait]
pub trait Principal: Send + Sync {
    /// Tries it: whether there are credentials now, and of whom. At most about four seconds.
    async fn check(&self) -> PrincipalCheck;
}

/// Outcome of [`Principal::check`]. The details are for an operator and hold no secret.
#[derive(Debug, Clone, PartialEq)]
pub enum PrincipalCheck {
    /// This deployment signs nothing: no credentials are configured.
    NotUsed {
        /// What was looked for and not found; null where nothing was.
        detail: Value,
    },
    /// There are credentials.
    Works {
        /// Kind of the credentials, such as `resource_principal_2.2`.
        principal: String,
        /// Provider, region, tenancy, compartment, seconds to expiry, clock skew, what was tried.
        detail: Value,
    },
    /// There are none.
    Fails {
        /// Why.
        reason: String,
        /// As far as it got.
        detail: Value,
    },
}

/// For deployments without a cloud.
#[derive(Debug, Clone, Copy)]
pub struct NoPrincipal;

#[async_trait]
impl Principal for NoPrincipal {
    async fn check(&self) -> PrincipalCheck {
        PrincipalCheck::NotUsed { detail: Value::Null }
    }
}
