//! API keys: in a variable, or in a vault that the variable refers to.

use std::fmt;
use std::sync::Arc;

use causeway_cloud::Secrets;
use causeway_cloud::secrets::SecretBytes;
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use http::HeaderValue;
use tokio::sync::Mutex;

use super::refused::Where;

/// What a value begins with that is no key but the reference of one.
const REFERENCE: &str = "secret:";

/// A key, which never shows.
#[derive(Clone)]
pub(crate) enum Key {
    /// The key itself.
    Given(SecretBytes),
    /// OCID, name or ARN of a secret. It is asked for at the first call and again after a refusal: then it was rotated.
    Kept { reference: String, vault: Arc<dyn Secrets>, known: Arc<Mutex<Option<SecretBytes>>> },
}

impl Key {
    /// Reads a variable's value; `vault` is taken when it is a reference.
    ///
    /// # Errors
    /// As `vault` says; a reference that is empty.
    pub(crate) fn of<E: From<String>>(
        value: &str,
        vault: impl FnOnce() -> Result<Arc<dyn Secrets>, E>,
    ) -> Result<Self, E> {
        match value.trim().strip_prefix(REFERENCE) {
            None => Ok(Self::Given(SecretBytes::new(value.trim().as_bytes().to_vec()))),
            Some("") => Err("secret: has no reference".to_owned().into()),
            Some(reference) => {
                Ok(Self::Kept { reference: reference.to_owned(), vault: vault()?, known: Arc::default() })
            }
        }
    }

    /// The value of `Authorization`, marked as one that is not shown.
    ///
    /// # Errors
    /// The vault's; [`Kind::Unauthenticated`] for a key that no header can carry.
    pub(crate) async fn bearer(&self, whose: Where, deadline: Deadline) -> Result<HeaderValue, ServiceFailure> {
        let key = self.current(deadline).await?;
        let unusable = || whose.fails(Kind::Unauthenticated, "the API key is empty or no visible ASCII");
        // Other bytes do not survive every proxy.
        let is_plain = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let text = key.expose_text().map(str::trim).filter(is_plain).ok_or_else(unusable)?;
        let mut value = HeaderValue::try_from(format!("Bearer {text}")).map_err(|_| unusable())?;
        value.set_sensitive(true);
        Ok(value)
    }

    async fn current(&self, deadline: Deadline) -> Result<SecretBytes, ServiceFailure> {
        match self {
            Self::Given(key) => Ok(key.clone()),
            Self::Kept { reference, vault, known } => {
                let mut known = known.lock().await;
                if let Some(key) = &*known {
                    return Ok(key.clone());
                }
                let key = vault.secret(reference, deadline).await?;
                *known = Some(key.clone());
                Ok(key)
            }
        }
    }

    /// The key was refused: the next call asks the vault again.
    pub(crate) async fn forget(&self) {
        if let Self::Kept { known, .. } = self {
            *known.lock().await = None;
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(hidden)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;

    use super::*;

    const HERE: Where = Where { service: "chat", operation: "Chat" };

    /// Hands out another key each time.
    #[derive(Default)]
    struct Rotating(AtomicUsize);

    #[async_trait]
    impl Secrets for Rotating {
        async fn secret(&self, reference: &str, _: Deadline) -> Result<SecretBytes, ServiceFailure> {
            let version = self.0.fetch_add(1, Ordering::Relaxed);
            Ok(SecretBytes::new(format!("{reference}-{version}\n").into_bytes()))
        }
    }

    async fn bearer(key: &Key) -> Result<String, Kind> {
        let value = key.bearer(HERE, Deadline::NONE).await.map_err(|failure| failure.kind())?;
        assert!(!format!("{value:?} {key:?}").contains("canary"));
        Ok(value.to_str().unwrap().to_owned())
    }

    fn given(value: &str) -> Key {
        Key::of(value, || Err("no vault is needed".to_owned())).unwrap()
    }

    #[tokio::test]
    async fn keys_of_variables() {
        assert_eq!(bearer(&given(" canary-1\n")).await.as_deref(), Ok("Bearer canary-1"));
        for bad in ["", " ", "canary\n1", "canäry"] {
            assert_eq!(bearer(&given(bad)).await, Err(Kind::Unauthenticated), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn keys_of_a_vault_are_asked_for_again_after_a_refusal() {
        let vault = || Ok::<_, String>(Arc::new(Rotating::default()) as Arc<dyn Secrets>);
        let key = Key::of("secret:canary", vault).unwrap();
        assert_eq!(bearer(&key).await.as_deref(), Ok("Bearer canary-0"));
        assert_eq!(bearer(&key).await.as_deref(), Ok("Bearer canary-0"));
        key.forget().await;
        assert_eq!(bearer(&key).await.as_deref(), Ok("Bearer canary-1"));
        assert!(Key::of("secret:", vault).is_err());
    }
}
