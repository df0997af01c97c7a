//! The secrets port.

use async_trait::async_trait;
use causeway_resilience::Deadline;
use causeway_resilience::service::Kind;

use super::{Finding, expect, refused, works};
use crate::Secrets;

/// The vault behind the port.
#[async_trait]
pub trait Vault: Send + Sync {
    /// Reference of the secret.
    fn reference(&self) -> &str;

    /// Reference in the same form of one that is not there.
    fn missing(&self) -> &str;

    /// Gives the secret this content, as its current version.
    ///
    /// # Errors
    /// Why not, as a sentence.
    async fn rotate(&self, content: &str) -> Result<(), String>;
}

/// Runs every check.
///
/// # Errors
///
/// The first finding.
pub async fn all(secrets: &dyn Secrets, vault: &dyn Vault, deadline: Deadline) -> Finding {
    the_current_version_is_given(secrets, vault, deadline).await?;
    missing(secrets, vault, deadline).await
}

/// The content is that of the current version, also after a rotation, and never shows.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn the_current_version_is_given(secrets: &dyn Secrets, vault: &dyn Vault, deadline: Deadline) -> Finding {
    for content in ["pass word", "größer \u{1f511}\nwith a second line "] {
        vault.rotate(content).await?;
        let secret = works("asking", secrets.secret(vault.reference(), deadline).await)?;
        expect(secret.expose_text() == Some(content), || "the content is not that of the current version".to_owned())?;
        expect(!format!("{secret:?}").contains("pass"), || "the content shows".to_owned())?;
    }
    Ok(())
}

/// A secret that is not there is not found.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn missing(secrets: &dyn Secrets, vault: &dyn Vault, deadline: Deadline) -> Finding {
    let outcome = secrets.secret(vault.missing(), deadline).await;
    refused("asking for no secret", outcome, &[Kind::NotFound]).map(drop)
}
