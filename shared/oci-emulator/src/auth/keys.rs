//! The keys of users, by key id.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use super::{Principal, PrincipalKind, PublicKey};
use crate::error::Error;
use crate::store::{Read, Span, Store, StoreError, Table};

/// A key as it is stored.
#[derive(Serialize, Deserialize)]
struct Kept {
    tenancy: String,
    user: String,
    /// SubjectPublicKeyInfo in base64.
    key: String,
}

/// A key that may sign, and for whom.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) principal: Arc<Principal>,
    pub(crate) key: PublicKey,
}

/// The registered keys; parsed once.
#[derive(Debug, Default)]
pub(crate) struct KeyRing {
    keys: RwLock<HashMap<String, Arc<Known>>>,
}

impl KeyRing {
    /// Reads the keys that an earlier run has kept.
    pub(crate) fn load(store: &Store) -> Result<Self, StoreError> {
        let kept = store.read()?.list::<Kept>(Table::Keys, &Span::all(), usize::MAX, |_| true)?;
        let ring = Self::default();
        for (_, Kept { tenancy, user, key }) in kept {
            let entry = || StoreError::Entry { table: Table::Keys.name(), reason: format!("the key of {user}") };
            let key = PublicKey::from_bare_base64(&key).ok_or_else(entry)?;
            ring.insert(&tenancy, &user, key);
        }
        Ok(ring)
    }

    /// Lets a user's key sign; gives its key id.
    pub(crate) fn register(&self, store: &Store, tenancy: &str, user: &str, key: PublicKey) -> Result<String, Error> {
        let encoded = BASE64_STANDARD.encode(key.der());
        let kept = Kept { tenancy: tenancy.to_owned(), user: user.to_owned(), key: encoded };
        let id = key_id(tenancy, user, &key.fingerprint());
        store.put(Table::Keys, id.as_bytes(), &kept)?;
        Ok(self.insert(tenancy, user, key))
    }

    /// Takes a key back; whether it was there.
    pub(crate) fn remove(&self, store: &Store, key_id: &str) -> Result<bool, Error> {
        let existed = store.write(|writer| Ok(writer.delete(Table::Keys, key_id.as_bytes())?))?;
        self.keys.write().unwrap_or_else(PoisonError::into_inner).remove(key_id);
        Ok(existed)
    }

    /// The ids of all keys.
    pub(crate) fn ids(&self) -> Vec<String> {
        let mut ids: Vec<_> = self.keys.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
        ids.sort();
        ids
    }

    /// The key for `<tenancy>/<user>/<fingerprint>`; the fingerprint may be in upper case.
    pub(crate) fn find(&self, key_id: &str) -> Option<Arc<Known>> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let found = keys.get(key_id).cloned();
        found.or_else(|| {
            let (owner, fingerprint) = key_id.rsplit_once('/')?;
            keys.get(&format!("{owner}/{}", fingerprint.to_ascii_lowercase())).cloned()
        })
    }

    fn insert(&self, tenancy: &str, user: &str, key: PublicKey) -> String {
        let id = key_id(tenancy, user, &key.fingerprint());
        let principal =
            Arc::new(Principal { kind: PrincipalKind::User, tenancy: tenancy.to_owned(), id: user.to_owned() });
        let known = Arc::new(Known { principal, key });
        self.keys.write().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), known);
        id
    }
}

fn key_id(tenancy: &str, user: &str, fingerprint: &str) -> String {
    format!("{tenancy}/{user}/{fingerprint}")
}
