//! Request signatures, version 1 (Oracle's page "Request Signatures", after draft-cavage-http-signatures-08).
//!
//! Signed is the request as it is about to be sent: the URL's own text, never encoded anew, and the very header
//! values that travel. A request is changed only when its signature is complete.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use std::{sync::Arc, time::SystemTime};
//! # use causeway_oci_auth::{Snapshot, key::PrivateKey, sign::{Body, sign}};
//! # let pem = include_bytes!("../../tests/data/throw-away-session.pem");
//! # let key = Arc::new(PrivateKey::from_pem(pem, None)?);
//! # let (not_after, tenancy, compartment, region, delegation) = (None, None, None, None, None);
//! # let snapshot = Snapshot { key_id: "t/u/f".into(), key, not_after, tenancy, compartment, region, delegation };
//! let action = "https://iaas.us-ashburn-1.oraclecloud.com/20160918/instances/i1?action=STOP";
//! let mut request = http::Request::post(action).body(())?;
//! sign(&mut request, Body::None, &snapshot, SystemTime::now())?;
//! assert_eq!(request.headers()["content-length"], "0");
//! assert!(request.headers()["authorization"].is_sensitive());
//! # Ok(())
//! # }
//! ```

mod authorization;
mod fields;
mod head;
mod values;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use http::header::{AUTHORIZATION, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request};

use self::fields::Field;
use self::head::Head;
use crate::{Error, Snapshot};

/// SHA-256 of the body in base64.
pub(crate) const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-content-sha256");
/// The delegation token.
pub(crate) const OBO_TOKEN: HeaderName = HeaderName::from_static("opc-obo-token");

/// What the signature says about the body of a `POST`, `PUT` or `PATCH`. Other methods sign no body, even when
/// they carry one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Body<'a> {
    /// There is none. Signed like an empty one, as OCI demands: length 0 and the hash of nothing.
    None,
    /// These bytes, as they are sent, so after any content encoding.
    Hashed(&'a [u8]),
    /// Bytes that the caller hashed on their way, in a stream. The only way to bring a hash of one's own: a
    /// header `x-content-sha256` in the request is replaced.
    Precomputed {
        /// SHA-256 of the body.
        sha256: [u8; 32],
        /// Its length in bytes.
        len: u64,
    },
    /// Not covered by the signature. For the few operations that allow it: `PutObject` and `UploadPart` of Object
    /// Storage, `PutMessages` of Streaming. `InvokeFunction` is none of them.
    Exempt,
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("None"),
            Self::Hashed(bytes) => write!(formatter, "Hashed({} bytes)", bytes.len()),
            Self::Precomputed { len, .. } => write!(formatter, "Precomputed({len} bytes)"),
            Self::Exempt => formatter.write_str("Exempt"),
        }
    }
}

/// Signs with the headers that OCI's services ask for, see [`Signer::STANDARD`].
///
/// # Errors
/// As [`Signer::sign`].
pub fn sign<B>(request: &mut Request<B>, body: Body<'_>, snapshot: &Snapshot, now: SystemTime) -> Result<(), Error> {
    Signer::STANDARD.sign(request, body, snapshot, now)
}

/// Which headers are signed, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    generic: Cow<'static, [Field]>,
    content: Cow<'static, [Field]>,
    /// Whether `x-date` is signed in the place of `date` when the request has it.
    either_date: bool,
}

impl Signer {
    /// `date (request-target) host`, then `opc-obo-token` when the snapshot has a delegation token, then for a body
    /// `content-length content-type x-content-sha256`. A request that carries `x-date` signs that in the place of
    /// `date`, since the services look at `x-date` first.
    pub const STANDARD: Self = Self::known(fields::STANDARD);

    /// The standard without `host`: how certificates are exchanged for tokens (`POST /v1/x509`).
    pub const WITHOUT_HOST: Self = Self::known(fields::WITHOUT_HOST);

    const fn known(generic: &'static [Field]) -> Self {
        Self { generic: Cow::Borrowed(generic), content: Cow::Borrowed(fields::CONTENT), either_date: true }
    }

    /// Lists of one's own, taken as they are: `generic` for every request, `content` for those whose body is signed.
    /// Names are header names, or `(request-target)`.
    ///
    /// # Errors
    /// [`Error::Unsignable`] for an empty generic list, a name twice, or what is no name.
    pub fn new(generic: &[&str], content: &[&str]) -> Result<Self, Error> {
        let (generic, content) = (fields::parse(generic)?, fields::parse(content)?);
        if generic.is_empty() {
            return Err(unsignable("the list of signed headers is empty"));
        }
        fields::unique(&generic, &content)?;
        Ok(Self { generic: generic.into(), content: content.into(), either_date: false })
    }

    /// Signs a request for sending it now. Adds what is missing of the signed headers: `date`, `host`, and
    /// `content-type: application/json` for a body. Sets `content-length`, `x-content-sha256`, `opc-obo-token`
    /// and `authorization`, whatever stood there. An existing `host` wins over the URL's authority, as it does on
    /// the wire.
    ///
    /// # Errors
    /// [`Error::Unsignable`], which names the header and never its value: a method that OCI does not know, a header
    /// that is missing, twice there or not visible ASCII, a URL without host, with user information or with a target
    /// that is not visible ASCII. [`Error::BadKey`] when the key is damaged. The request is unchanged then.
    pub fn sign<B>(
        &self,
        request: &mut Request<B>,
        body: Body<'_>,
        snapshot: &Snapshot,
        now: SystemTime,
    ) -> Result<(), Error> {
        let x_date = self.either_date && request.headers().contains_key(fields::X_DATE);
        let head = Head::new(request.method(), request.uri(), request.headers(), x_date);
        let changes = self.changes(head, body, snapshot, now)?;
        changes.commit(request.headers_mut());
        Ok(())
    }

    fn changes(
        &self,
        mut head: Head<'_>,
        body: Body<'_>,
        snapshot: &Snapshot,
        now: SystemTime,
    ) -> Result<Changes, Error> {
        let takes_body = takes_body(head.method)?;
        let signs_body = takes_body && body != Body::Exempt;
        let fields = Fields { signer: self, obo: snapshot.delegation.is_some(), content: signs_body };
        head.add_date(&fields, now)?;
        head.add_host()?;
        if let Some(token) = &snapshot.delegation {
            head.set(OBO_TOKEN, values::secret(token.expose()).ok_or_else(|| bad_value(OBO_TOKEN.as_str()))?);
        }
        if signs_body {
            head.set_content(body);
        }
        let message = authorization::message(&head, &fields)?;
        let signature = snapshot.key.sign(message.as_bytes())?;
        let authorization = authorization::header(&head, &fields, snapshot.key_id.expose(), &signature)?;
        head.set(AUTHORIZATION, authorization);
        Ok(Changes { set: head.into_added(), remove_hash: takes_body && !signs_body })
    }
}

/// The fields of one signature.
struct Fields<'a> {
    signer: &'a Signer,
    obo: bool,
    content: bool,
}

impl Fields<'_> {
    fn iter(&self) -> impl Iterator<Item = &Field> {
        let generic = self.signer.generic.iter();
        let obo = self.obo && !self.signer.generic.contains(&fields::OBO[0]);
        let content = if self.content { &*self.signer.content } else { &[] };
        generic.chain(if obo { fields::OBO } else { &[] }).chain(content)
    }
}

/// What a signature changes in a request.
struct Changes {
    set: Vec<(HeaderName, HeaderValue)>,
    /// An unsigned hash would have to be signed.
    remove_hash: bool,
}

impl Changes {
    fn commit(self, headers: &mut HeaderMap) {
        headers.reserve(self.set.len());
        for (name, value) in self.set {
            headers.insert(name, value);
        }
        if self.remove_hash {
            headers.remove(CONTENT_SHA256);
        }
    }
}

fn takes_body(method: &Method) -> Result<bool, Error> {
    match *method {
        Method::GET | Method::HEAD | Method::DELETE => Ok(false),
        Method::POST | Method::PUT | Method::PATCH => Ok(true),
        _ => Err(unsignable("the method is none of GET, HEAD, DELETE, POST, PUT and PATCH")),
    }
}

fn unsignable(reason: impl Into<String>) -> Error {
    Error::Unsignable(reason.into())
}

/// Names the header only: its value may be a token.
fn bad_value(name: &str) -> Error {
    unsignable(format!("header {name} is not visible ASCII"))
}
