//! Who calls: verification of signed requests, independent of any client's own signing code.
//!
//! The rules are those of Oracle's page "Request Signatures" (signature version 1) and of the key ids that
//! Oracle's SDKs send.

mod header;
mod keys;
mod public_key;
mod token;
mod verify;

pub(crate) use keys::{KeyRing, Known};
pub(crate) use public_key::PublicKey;
pub(crate) use token::{Claims, LazySigner, TokenSigner, jwk_of};
pub(crate) use verify::{BodyRule, Signed, Verified, verify};

/// What kind of caller a key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PrincipalKind {
    User,
    Resource,
    Instance,
    /// Nobody: an unsigned call to what the public may see.
    Anonymous,
}

/// A caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) kind: PrincipalKind,
    pub(crate) tenancy: String,
    /// OCID of the user, function or instance.
    pub(crate) id: String,
}

impl Principal {
    pub(crate) fn anonymous() -> Self {
        Self { kind: PrincipalKind::Anonymous, tenancy: String::new(), id: String::new() }
    }

    pub(crate) fn is_anonymous(&self) -> bool {
        self.kind == PrincipalKind::Anonymous
    }
}
