//! Throw-away keys for unit tests. They open nothing anywhere.

use std::sync::Arc;

use crate::key::PrivateKey;

/// An RSA key of 2048 bits.
pub(crate) fn session() -> Arc<PrivateKey> {
    let pem = include_bytes!("../tests/data/throw-away-session.pem");
    Arc::new(PrivateKey::from_pem(pem, None).unwrap_or_else(|error| panic!("{error}")))
}
