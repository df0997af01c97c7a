//! Making principals: a user with an API key for the command line, and resource principals in the files that
//! OCI Functions puts into a container (version 2.2). See [`crate::profile`] for the user's files.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use jiff::SignedDuration;
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, LineEnding};
use rsa::rand_core::OsRng;
use serde_json::{Map, Value, json};

use crate::Emulator;
use crate::auth::{Claims, PublicKey, TokenSigner, jwk_of};
use crate::error::Error;
use crate::profile::{Profile, UserKey};
use crate::store::Table;

const KEY_BITS: usize = 2048;
/// OCI Functions caches a token for a quarter of an hour; a token lives a little longer.
const LIFETIME: SignedDuration = SignedDuration::from_mins(20);

/// Files of a principal could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrincipalError {
    /// A file.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A key or a token.
    #[error("{0}")]
    Key(String),
}

/// The holder of a resource principal.
#[derive(Debug, Clone)]
pub struct Resource {
    /// OCID of the function or other resource.
    pub id: String,
    /// The token's `res_type`, such as `fnfunc`.
    pub kind: String,
    /// OCID of its compartment.
    pub compartment: String,
    /// How long each token is valid; 20 minutes when absent.
    pub lifetime: Option<SignedDuration>,
}

/// A resource principal's files and the variables that point to them.
#[derive(Debug, Clone)]
pub struct PrincipalFiles {
    /// The token.
    pub token: PathBuf,
    /// The private key of the token, in PEM.
    pub private_key: PathBuf,
    /// Such as `us-ashburn-1`.
    pub region: String,
}

impl PrincipalFiles {
    /// Names and values of the environment variables that OCI Functions sets.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2".to_owned()),
            ("OCI_RESOURCE_PRINCIPAL_RPST", self.token.display().to_string()),
            ("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", self.private_key.display().to_string()),
            ("OCI_RESOURCE_PRINCIPAL_REGION", self.region.clone()),
        ]
    }
}

/// A directory that rotation writes again.
#[derive(Debug, Clone)]
pub(crate) struct Minted {
    directory: PathBuf,
    resource: Resource,
}

/// A fresh key pair.
pub(crate) struct KeyPair {
    pub(crate) private: RsaPrivateKey,
    pub(crate) public: PublicKey,
}

/// Makes an RSA key pair.
pub(crate) fn generate() -> Result<KeyPair, PrincipalError> {
    let failed = |error: rsa::Error| PrincipalError::Key(error.to_string());
    let private = RsaPrivateKey::new(&mut OsRng, KEY_BITS).map_err(failed)?;
    let public = PublicKey::new(private.to_public_key());
    let public = public.ok_or_else(|| PrincipalError::Key("the new key is too small".to_owned()))?;
    Ok(KeyPair { private, public })
}

/// The private key in PKCS#8 PEM.
pub(crate) fn private_pem(key: &RsaPrivateKey) -> Result<String, PrincipalError> {
    let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|error| PrincipalError::Key(error.to_string()))?;
    Ok(pem.to_string())
}

impl Emulator {
    /// Writes the token and key of a resource principal into a directory, as `rpst` and `private.pem`.
    ///
    /// [`Emulator::rotate_principals`] replaces them later.
    ///
    /// # Errors
    ///
    /// [`PrincipalError`] when a file cannot be written or a key cannot be made.
    pub fn mint_principal(&self, directory: &Path, resource: &Resource) -> Result<PrincipalFiles, PrincipalError> {
        let files = self.write_principal(directory, resource)?;
        let mut minted = self.principals.lock().unwrap_or_else(PoisonError::into_inner);
        minted.retain(|other| other.directory != directory);
        minted.push(Minted { directory: directory.to_owned(), resource: resource.clone() });
        Ok(files)
    }

    /// Replaces the files of every principal minted so far; gives their number. Old tokens stay valid until
    /// they expire.
    ///
    /// # Errors
    ///
    /// [`PrincipalError`], for the first that fails.
    pub fn rotate_principals(&self) -> Result<usize, PrincipalError> {
        let minted = self.principals.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for Minted { directory, resource } in &minted {
            self.write_principal(directory, resource)?;
        }
        Ok(minted.len())
    }

    /// Makes a user with an API key and writes a configuration for Oracle's command line and SDKs; gives the
    /// path of the file.
    ///
    /// # Errors
    ///
    /// [`PrincipalError`] when a file cannot be written or a key cannot be made.
    pub fn write_cli_config(&self, directory: &Path) -> Result<PathBuf, PrincipalError> {
        let key = UserKey::generate()?;
        let user = self.developer();
        self.register_key(self.tenancy(), &user, &key.public_pem).map_err(PrincipalError::Key)?;
        let profile = Profile { user, tenancy: self.tenancy().to_owned(), region: self.region().to_owned() };
        profile.write(directory, &key)
    }

    fn write_principal(&self, directory: &Path, resource: &Resource) -> Result<PrincipalFiles, PrincipalError> {
        let pair = generate()?;
        let lifetime = resource.lifetime.unwrap_or(LIFETIME);
        let token = self.resource_token(&pair.public, resource, lifetime)?;
        // Only an absolute path is taken for a path in the variables.
        let directory = &make_directory(directory)?;
        let files = PrincipalFiles {
            token: directory.join("rpst"),
            private_key: directory.join("private.pem"),
            region: self.region().to_owned(),
        };
        // Readers take the key first, as Oracle's SDKs do; the two files are never one step.
        replace(&files.private_key, private_pem(&pair.private)?.as_bytes())?;
        replace(&files.token, token.as_bytes())?;
        Ok(files)
    }

    /// A session token for a resource, with the claims of OCI's own.
    pub(crate) fn resource_token(
        &self,
        key: &PublicKey,
        resource: &Resource,
        lifetime: SignedDuration,
    ) -> Result<String, PrincipalError> {
        let claims = json!({
            "res_type": resource.kind,
            "res_id": resource.id,
            "res_tenant": self.tenancy(),
            "res_compartment": resource.compartment,
            "opc-compartment": resource.compartment,
            "opc-tenant": self.tenancy(),
            "ttype": "res",
        });
        self.token("resource", &resource.id, key, lifetime, &claims)
    }

    /// A session token for any principal.
    pub(crate) fn token(
        &self,
        ptype: &str,
        subject: &str,
        key: &PublicKey,
        lifetime: SignedDuration,
        more: &Value,
    ) -> Result<String, PrincipalError> {
        let now = self.clock.gate_now();
        let mut other = more.as_object().cloned().unwrap_or_else(Map::new);
        other.insert("iss".to_owned(), "authService.oracle.com".into());
        other.insert("aud".to_owned(), "oci".into());
        other.insert("jti".to_owned(), self.ids.etag().into());
        let claims = Claims {
            sub: subject.to_owned(),
            ptype: ptype.to_owned(),
            tenant: self.tenancy().to_owned(),
            iat: now.as_second(),
            exp: now.as_second().saturating_add(lifetime.as_secs()),
            jwk: jwk_of(key),
            other,
        };
        let signer = self.token_signer().map_err(|error| PrincipalError::Key(error.message))?;
        signer.sign(&claims).ok_or_else(|| PrincipalError::Key("the token could not be signed".to_owned()))
    }

    /// The signer of tokens; its key is made once and kept, so that tokens outlive a restart.
    pub(crate) fn token_signer(&self) -> Result<&TokenSigner, Error> {
        if let Some(signer) = self.signer.get() {
            return Ok(signer);
        }
        // One key only: a second one would be forgotten, and with it the tokens that it signed.
        let _turn = self.principals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signer) = self.signer.get() {
            return Ok(signer);
        }
        let failed = |_| Error::internal("The key for tokens could not be made.");
        let pkcs8: Vec<u8> = match self.store.get(Table::Meta, b"token-key")? {
            Some(kept) => kept,
            None => {
                let pair = generate().map_err(failed)?;
                let der = pair.private.to_pkcs8_der().map_err(|error| Error::internal(error.to_string()))?;
                self.store.put(Table::Meta, b"token-key", &der.as_bytes())?;
                der.as_bytes().to_vec()
            }
        };
        let signer = TokenSigner::new(&pkcs8).ok_or_else(|| Error::internal("The key for tokens is damaged."))?;
        Ok(self.signer.get_or_init(|| signer))
    }
}

/// Creates a directory and gives its absolute path.
pub(crate) fn make_directory(directory: &Path) -> Result<PathBuf, PrincipalError> {
    let made = fs::create_dir_all(directory).and_then(|()| directory.canonicalize());
    made.map_err(|source| PrincipalError::File { path: directory.to_owned(), source })
}

/// Writes a file for its owner alone, and in one step: a reader sees the old or the new one.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), PrincipalError> {
    let write = || {
        let directory = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(content)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|source| PrincipalError::File { path: path.to_owned(), source })
}
