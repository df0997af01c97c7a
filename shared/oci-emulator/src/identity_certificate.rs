//! The certificate by which an instance shows who it is: issued once, kept with the state.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use rsa::RsaPrivateKey;
use rsa::pkcs1v15::{Signature, SigningKey};
use rsa::pkcs8::DecodePrivateKey;
use rsa::sha2::Sha256;
use serde::{Deserialize, Serialize};
use x509_cert::Certificate;
use x509_cert::builder::{Builder, CertificateBuilder, Profile};
use x509_cert::der::pem::LineEnding;
use x509_cert::der::{DecodePem, Encode, EncodePem};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::time::Validity;

use crate::Emulator;
use crate::auth::{Known, Principal, PrincipalKind, PublicKey};
use crate::error::Error;
use crate::principals::{generate, private_pem};
use crate::store::Table;

/// How long the certificates are valid.
const VALIDITY: Duration = Duration::from_secs(10 * 365 * 86_400);

/// An instance's certificate with its key and the one that signed it, in PEM.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) private_key: String,
    pub(crate) intermediate: String,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

fn failed(error: impl fmt::Display) -> Error {
    Error::internal(format!("The certificate of the instance could not be made: {error}"))
}

fn issue(
    profile: Profile,
    serial: u64,
    subject: &str,
    key: &PublicKey,
    signer: &SigningKey<Sha256>,
) -> Result<Certificate, Error> {
    let name = Name::from_str(subject).map_err(failed)?;
    let info = SubjectPublicKeyInfoOwned::from_key(key.rsa().clone()).map_err(failed)?;
    let validity = Validity::from_now(VALIDITY).map_err(failed)?;
    let serial = SerialNumber::from(serial);
    let builder = CertificateBuilder::new(profile, serial, validity, name, info, signer).map_err(failed)?;
    builder.build::<Signature>().map_err(failed)
}

impl Emulator {
    /// OCID of the instance that the metadata service speaks for.
    pub(crate) fn metadata_instance(&self) -> String {
        self.ids.named_ocid("instance", "metadata")
    }

    /// The instance's identity; made on the first call.
    pub(crate) fn identity(&self) -> Result<Identity, Error> {
        if let Some(kept) = self.store.get::<Identity>(Table::Meta, b"identity")? {
            return Ok(kept);
        }
        let made = self.make_identity()?;
        // Two first calls at once: the one that is kept counts.
        self.store.write(|writer| {
            use crate::store::Read;
            if let Some(kept) = writer.get::<Identity>(Table::Meta, b"identity")? {
                return Ok(kept);
            }
            writer.put(Table::Meta, b"identity", &made)?;
            Ok(made)
        })
    }

    fn make_identity(&self) -> Result<Identity, Error> {
        let (authority, leaf) = (generate().map_err(failed)?, generate().map_err(failed)?);
        let signer = SigningKey::<Sha256>::new(authority.private);
        let issuer = "CN=PKISVC Identity Intermediate,OU=emulator";
        let above = issue(Profile::Root, self.ids.number(), issuer, &authority.public, &signer)?;
        let subject = format!(
            "CN={},OU=opc-certtype:instance,OU=opc-instance:{},OU=opc-compartment:{},OU=opc-tenant:{}",
            self.metadata_instance(),
            self.metadata_instance(),
            self.default_compartment(),
            self.tenancy()
        );
        let issuer = Name::from_str(issuer).map_err(failed)?;
        let profile = Profile::Leaf { issuer, enable_key_agreement: false, enable_key_encipherment: true };
        let below = issue(profile, self.ids.number(), &subject, &leaf.public, &signer)?;
        Ok(Identity {
            certificate: below.to_pem(LineEnding::LF).map_err(failed)?,
            private_key: private_pem(&leaf.private).map_err(failed)?,
            intermediate: above.to_pem(LineEnding::LF).map_err(failed)?,
        })
    }

    /// The holder of `<tenancy>/fed-x509/<SHA-1>` or `<tenancy>/fed-x509-sha256/<SHA-256>`, if it is the
    /// certificate that this emulator has issued.
    pub(crate) fn certificate_holder(&self, key_id: &str) -> Option<Arc<Known>> {
        let kept: Identity = self.store.get(Table::Meta, b"identity").ok()??;
        let der = Certificate::from_pem(&kept.certificate).ok()?.to_der().ok()?;
        let (owner, fingerprint) = key_id.rsplit_once('/')?;
        let (tenancy, form) = owner.rsplit_once('/')?;
        let algorithm = match form {
            "fed-x509" => &SHA1_FOR_LEGACY_USE_ONLY,
            "fed-x509-sha256" => &SHA256,
            _ => return None,
        };
        let mut hash = Context::new(algorithm);
        hash.update(&der);
        let hex: Vec<String> = hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let known = tenancy == self.tenancy() && hex.join(":").eq_ignore_ascii_case(fingerprint);
        known.then_some(())?;
        let key = RsaPrivateKey::from_pkcs8_pem(&kept.private_key).ok()?.to_public_key();
        let (tenancy, id) = (tenancy.to_owned(), self.metadata_instance());
        let principal = Arc::new(Principal { kind: PrincipalKind::Instance, tenancy, id });
        Some(Arc::new(Known { principal, key: PublicKey::new(key)? }))
    }

    /// Whether this is the instance's certificate, given as the inner lines of its PEM.
    pub(crate) fn is_own_certificate(&self, bare: &str) -> Result<bool, Error> {
        let inner = |pem: &str| pem.lines().filter(|line| !line.starts_with("-----")).collect::<String>();
        let given: String = inner(bare).split_whitespace().collect();
        Ok(inner(&self.identity()?.certificate) == given)
    }
}
