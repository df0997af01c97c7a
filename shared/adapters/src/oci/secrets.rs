//! The vault.

use async_trait::async_trait;
use causeway_cloud::Secrets;
use causeway_cloud::secrets::SecretBytes;
use causeway_oci_client::secrets::SecretVersion;
use causeway_resilience::{Deadline, ServiceFailure};

use super::Oci;

#[async_trait]
impl Secrets for Oci {
    async fn secret(&self, reference: &str, deadline: Deadline) -> Result<SecretBytes, ServiceFailure> {
        let bundle = self.until(deadline, "secrets")?.secrets().bundle(reference, &SecretVersion::Current).await?;
        Ok(SecretBytes::new(bundle.expose().to_vec()))
    }
}
