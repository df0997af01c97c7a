//! What Kubernetes gives every pod: the token of its service account and the authority of its cluster.

use std::path::PathBuf;

use bytes::Bytes;
use http::HeaderValue;

use crate::effects::MAX_FILE;
use crate::token::{Token, TokenError};
use crate::{Effects, Error};

const TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
const AUTHORITY: &str = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";

/// Where the files of the service account are.
pub(super) struct Account {
    token: PathBuf,
    authority: PathBuf,
}

impl Account {
    pub(super) fn find(effects: &Effects) -> Result<Self, Error> {
        let authority = effects.text("OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH")?.filter(|path| !path.is_empty());
        let authority = authority.map_or_else(|| AUTHORITY.into(), PathBuf::from);
        Ok(Self { token: TOKEN.into(), authority })
    }

    /// The `Authorization` of the pod. Kubernetes replaces the token about once an hour, so it is read each time.
    pub(super) fn bearer(&self, effects: &Effects) -> Result<HeaderValue, Error> {
        let origin = || self.token.display().to_string();
        let bad = |fault| Error::BadToken { origin: origin(), fault };
        let text = effects.read_text("service account token", &self.token)?;
        let token = Token::parse(&text).map_err(bad)?;
        let not_after = token.not_after().map_err(bad)?;
        if let Ok(ago) = effects.clock.now().duration_since(not_after) {
            return Err(Error::Expired { origin: origin(), ago });
        }
        let mut value = HeaderValue::try_from(format!("Bearer {}", token.text().expose()))
            .map_err(|_| bad(TokenError::Malformed("no header can hold it")))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// PEM of the certificates that the cluster's server certificate is signed with.
    pub(super) fn authority(&self, effects: &Effects) -> Result<Bytes, Error> {
        let (what, path) = ("certificate authority", self.authority.clone());
        let read = effects.files.read(&path, MAX_FILE).map(Bytes::from);
        read.map_err(|error| Error::Unreadable { what, path, kind: error.kind() })
    }
}
