//! The token that is exchanged: it says who the workload is, to an identity domain that trusts its issuer.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;

use super::settings::first;
use crate::{Effects, Error, Secret};

const FILE: [&str; 2] = ["CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN_FILE", "OCI_WORKLOAD_IDENTITY_TOKEN_PATH"];
const HERE: [&str; 1] = ["CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN"];

/// A source of subject tokens. It is asked before each exchange, so it may give short-lived ones: an adapter for AWS
/// would call `sts:GetWebIdentityToken` here.
#[async_trait]
pub trait SubjectToken: fmt::Debug + Send + Sync {
    /// Where the tokens come from, for messages.
    fn origin(&self) -> String;

    /// A token that is valid now.
    ///
    /// # Errors
    /// When there is none; why.
    async fn token(&self) -> Result<Secret, Error>;
}

/// What the variables say: a file (`CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN_FILE`, or the Terraform provider's
/// `OCI_WORKLOAD_IDENTITY_TOKEN_PATH`), which is read each time, or the token itself
/// (`CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN`). `None` when neither is set. `AWS_WEB_IDENTITY_TOKEN_FILE` is not looked
/// at: that token is for AWS, and whoever means it to be shown to Oracle says so by naming the file.
///
/// # Errors
/// [`Error::BadVariable`], also when both are set.
pub(super) fn from_environment(effects: &Effects) -> Result<Option<Arc<dyn SubjectToken>>, Error> {
    match (first(effects, &FILE)?, first(effects, &HERE)?) {
        (Some((name, _)), Some((other, _))) => {
            Err(Error::BadVariable { name: name.to_owned(), reason: format!("{other} is set as well") })
        }
        (Some((_, path)), None) => Ok(Some(Arc::new(TokenFile::new(effects.clone(), PathBuf::from(path))))),
        (None, Some((name, token))) => Ok(Some(Arc::new(Literal { name, token: Secret::new(token) }))),
        (None, None) => Ok(None),
    }
}

/// Names of the variables that may be set, for messages.
pub(super) fn names() -> String {
    format!("{} or {}", FILE[0], HERE[0])
}

/// A file that somebody keeps fresh, as Kubernetes and GitHub's runners do.
#[derive(Debug)]
pub struct TokenFile {
    effects: Effects,
    path: PathBuf,
}

impl TokenFile {
    /// The file is read at each exchange.
    #[must_use]
    pub fn new(effects: Effects, path: PathBuf) -> Self {
        Self { effects, path }
    }
}

#[async_trait]
impl SubjectToken for TokenFile {
    fn origin(&self) -> String {
        self.path.display().to_string()
    }

    async fn token(&self) -> Result<Secret, Error> {
        Ok(Secret::from(self.effects.read_text("subject token file", &self.path)?.trim()))
    }
}

#[derive(Debug)]
struct Literal {
    name: &'static str,
    token: Secret,
}

#[async_trait]
impl SubjectToken for Literal {
    fn origin(&self) -> String {
        self.name.to_owned()
    }

    async fn token(&self) -> Result<Secret, Error> {
        Ok(self.token.clone())
    }
}
