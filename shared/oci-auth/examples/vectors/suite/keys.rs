//! The keys of a file.

use std::sync::Arc;

use causeway_oci_auth::key::{KeyError, PrivateKey};
use causeway_oci_auth::{Secret, Snapshot};
use serde_json::Value;

use super::case::Case;

/// All keys and certificates.
#[derive(Debug)]
pub(crate) struct Keys<'a> {
    file: Case<'a>,
}

impl<'a> Keys<'a> {
    pub(crate) fn new(file: &'a Value) -> Self {
        Self { file: Case::new(file) }
    }

    pub(crate) fn entry(&self, name: &str) -> Result<Case<'a>, String> {
        self.file.at("keys")?.at(name)
    }

    /// The PEM text; a case may also carry one itself.
    pub(crate) fn pem(&self, name: &str) -> Result<&'a str, String> {
        self.entry(name)?.text("pem")
    }

    pub(crate) fn private(&self, name: &str) -> Result<Result<Arc<PrivateKey>, KeyError>, String> {
        let entry = self.entry(name)?;
        let passphrase = entry.maybe_text("passphrase").map(Secret::from);
        Ok(PrivateKey::from_pem(entry.text("pem")?.as_bytes(), passphrase.as_ref()).map(Arc::new))
    }

    pub(crate) fn usable(&self, name: &str) -> Result<Arc<PrivateKey>, String> {
        self.private(name)?.map_err(|error| format!("key {name}: {error}"))
    }

    /// Some key that signs.
    pub(crate) fn any(&self) -> Result<Arc<PrivateKey>, String> {
        let found = self.file.members("keys").find_map(|(name, _)| self.usable(name).ok());
        found.ok_or_else(|| "the file has no usable key".to_owned())
    }

    /// The first key that made a signature, whatever its name.
    pub(crate) fn signer_of(&self, message: &str, signature: &[u8]) -> Option<Arc<PrivateKey>> {
        let names = self.file.members("keys").map(|(name, _)| name);
        let mut keys = names.filter_map(|name| self.usable(name).ok());
        keys.find(|key| key.verify(message.as_bytes(), signature))
    }

    /// The PEM text of the key with this MD5 fingerprint, in clear.
    pub(crate) fn with_fingerprint(&self, fingerprint: &str) -> Option<&'a str> {
        let mut names = self.file.members("keys").map(|(name, _)| name);
        let is_it = |name: &str| self.usable(name).is_ok_and(|key| key.fingerprint() == fingerprint);
        let name =
            names.find(|name| self.entry(name).is_ok_and(|entry| entry.get("passphrase").is_none()) && is_it(name));
        self.pem(name?).ok()
    }

    /// Name of the key or certificate with this ending; of several, the one that starts like `sibling`.
    pub(crate) fn ending(&self, ending: &str, sibling: &str) -> Option<&'a str> {
        let family = sibling.split('_').next().unwrap_or_default();
        let mut names: Vec<_> = self.file.members("keys").map(|(name, _)| name).collect();
        names.retain(|name| name.ends_with(ending));
        names.iter().find(|name| name.starts_with(family)).or(names.first()).copied()
    }
}

/// Credentials of a key and a name.
pub(crate) fn snapshot(key: Arc<PrivateKey>, key_id: &str) -> Snapshot {
    let key_id = Secret::from(key_id);
    Snapshot { key_id, key, not_after: None, tenancy: None, compartment: None, region: None, delegation: None }
}
