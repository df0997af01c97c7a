//! Certificates of instances: who the instance is, read from its own certificate, which is not verified here.

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use sha1::{Digest, Sha1};
use x509_cert::der::asn1::{Ia5StringRef, ObjectIdentifier, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use x509_cert::der::{Any, Decode, Encode, Tag, Tagged};

use crate::fingerprint;
use crate::key::{PrivateKey, pem};

/// Organisational unit (X.520).
const UNIT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.11");

/// Why a text is no certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// No PEM block `CERTIFICATE` in it.
    #[error("no certificate in PEM form")]
    NoCertificate,
    /// A certificate whose content is damaged.
    #[error("the certificate is damaged")]
    Malformed,
    /// More text than a certificate has.
    #[error("more than {} KiB: this is no certificate", pem::MAX_TEXT / 1024)]
    Oversize,
}

/// An X.509 certificate.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    content: x509_cert::TbsCertificate,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Certificate").field("sha256", &self.sha256_fingerprint()).finish_non_exhaustive()
    }
}

impl Certificate {
    /// The first certificate of a PEM text; what stands around it is skipped.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, CertificateError> {
        if pem.len() > pem::MAX_TEXT {
            return Err(CertificateError::Oversize);
        }
        let block =
            pem::blocks(pem).find(|block| block.label == b"CERTIFICATE").ok_or(CertificateError::NoCertificate)?;
        let der = block.der().ok_or(CertificateError::Malformed)?.to_vec();
        let certificate = x509_cert::Certificate::from_der(&der).map_err(|_| CertificateError::Malformed)?;
        Ok(Self { der, content: certificate.tbs_certificate })
    }

    /// Tenancy OCID: the subject's organisational unit that starts `opc-tenant:`, or `opc-identity:` as older
    /// certificates have it.
    #[must_use]
    pub fn tenancy(&self) -> Option<String> {
        let units: Vec<_> = self.units().collect();
        let named = |prefix| units.iter().find_map(|unit| unit.strip_prefix(prefix));
        named("opc-tenant:").or_else(|| named("opc-identity:")).map(str::to_owned)
    }

    fn units(&self) -> impl Iterator<Item = String> {
        let attributes = self.content.subject.0.iter().flat_map(|name| name.0.iter());
        attributes.filter(|attribute| attribute.oid == UNIT).filter_map(|attribute| text(&attribute.value))
    }

    /// Whether its public key is this key's.
    #[must_use]
    pub fn names(&self, key: &PrivateKey) -> bool {
        self.content.subject_public_key_info.to_der().is_ok_and(|spki| spki == key.spki_der())
    }

    /// When it runs out.
    #[must_use]
    pub fn not_after(&self) -> SystemTime {
        self.content.validity.not_after.to_system_time()
    }

    /// SHA-1 of the DER form, upper-case hex pairs joined by colons: key ids `fed-x509`.
    #[must_use]
    pub fn sha1_fingerprint(&self) -> String {
        fingerprint::upper(&Sha1::digest(&self.der))
    }

    /// SHA-256 of the DER form, lower-case hex pairs joined by colons: key ids `fed-x509-sha256`.
    #[must_use]
    pub fn sha256_fingerprint(&self) -> String {
        fingerprint::lower(digest(&SHA256, &self.der).as_ref())
    }

    /// As federation wants it: base64 of the DER form, no armour, one line.
    #[must_use]
    pub fn body(&self) -> String {
        STANDARD.encode(&self.der)
    }
}

/// The text of a directory string in the encodings that certificates use.
fn text(value: &Any) -> Option<String> {
    let text = match value.tag() {
        Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>().ok()?.as_str().to_owned(),
        Tag::PrintableString => value.decode_as::<PrintableStringRef<'_>>().ok()?.as_str().to_owned(),
        Tag::Ia5String => value.decode_as::<Ia5StringRef<'_>>().ok()?.as_str().to_owned(),
        Tag::TeletexString => value.decode_as::<TeletexStringRef<'_>>().ok()?.as_str().to_owned(),
        _ => return None,
    };
    Some(text)
}
