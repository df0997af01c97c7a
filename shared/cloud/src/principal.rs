//! Who a function is to the cloud.

use async_trait::async_trait;
use serde_json::Value;

pub use causeway_resilience::PrincipalCheck;

/// The identity that a function's cloud calls are signed with.
#[async_trait]
pub trait Principal: Send + Sync {
    /// Tries it: whether there are credentials now, and of whom. At most about four seconds.
    async fn check(&self) -> PrincipalCheck;
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
