//! Credentials given in code, which never change.

use std::sync::Arc;

use async_trait::async_trait;

use super::config_file::check;
use crate::key::PrivateKey;
use crate::{Error, Provider, Secret, Snapshot};

/// Credentials that the program holds already.
#[derive(Debug, Clone)]
pub struct Fixed(Arc<Snapshot>);

impl Fixed {
    /// These credentials.
    #[must_use]
    pub fn new(snapshot: Snapshot) -> Self {
        Self(Arc::new(snapshot))
    }

    /// A user's API key. The fingerprint in the key id is the key's own. `region` is the region's full name.
    ///
    /// # Errors
    ///
    /// [`Error::BadVariable`] for a `tenancy` or `user` that is no OCID.
    pub fn api_key(tenancy: &str, user: &str, key: Arc<PrivateKey>, region: Option<&str>) -> Result<Self, Error> {
        for (name, text) in [("tenancy", tenancy), ("user", user)] {
            if !check::is_ocid(text) {
                return Err(Error::BadVariable { name: name.to_owned(), reason: "not an OCID".to_owned() });
            }
        }
        let key_id = Secret::new(format!("{tenancy}/{user}/{}", key.fingerprint()));
        let (tenancy, region) = (Some(tenancy.to_owned()), region.map(str::to_owned));
        let (compartment, not_after, delegation) = (None, None, None);
        Ok(Self::new(Snapshot { key_id, key, not_after, tenancy, compartment, region, delegation }))
    }
}

#[async_trait]
impl Provider for Fixed {
    fn name(&self) -> &'static str {
        "fixed"
    }

    async fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        Ok(Arc::clone(&self.0))
    }

    async fn renew(&self, _: &Arc<Snapshot>) -> Result<Option<Arc<Snapshot>>, Error> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::test_keys;

    #[tokio::test]
    async fn an_api_key_given_in_code() {
        let key = test_keys::session();
        let (tenancy, user) = ("ocid1.tenancy.oc1..t", "ocid1.user.oc1..u");
        let fixed = Fixed::api_key(tenancy, user, Arc::clone(&key), Some("us-phoenix-1")).unwrap();
        let snapshot = fixed.snapshot().await.unwrap();
        assert_eq!(snapshot.key_id.expose(), format!("{tenancy}/{user}/{}", key.fingerprint()));
        assert_eq!(snapshot.region.as_deref(), Some("us-phoenix-1"));
        assert_eq!(fixed.renew(&snapshot).await.map(|newer| newer.is_some()), Ok(false));
        assert!(Fixed::api_key("tenancy", user, Arc::clone(&key), None).is_err());
        assert!(Fixed::api_key(tenancy, "", key, None).is_err());
    }
}
