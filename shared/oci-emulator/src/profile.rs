//! A user's API key and the profile that Oracle's command line and SDKs read.

use std::path::{Path, PathBuf};
use std::{fmt, fs};

use rsa::RsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey, LineEnding};

use crate::auth::PublicKey;
use crate::principals::{PrincipalError, generate, make_directory, private_pem, replace};

const PUBLIC: &str = "key_public.pem";
/// The line that tells an API key from other keys.
const LABEL: &str = "OCI_API_KEY\n";

/// A fresh key of a user, good for nothing but an emulator.
#[derive(Clone)]
pub struct UserKey {
    /// PKCS#8 PEM, with the label line `OCI_API_KEY` that Oracle's command line asks for.
    pub private_pem: String,
    /// PEM, for [`Emulator::register_key`](crate::Emulator::register_key) and the admin route `keys`.
    pub public_pem: String,
    /// MD5 of the public key in hex with colons.
    pub fingerprint: String,
}

impl fmt::Debug for UserKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserKey({})", self.fingerprint)
    }
}

impl UserKey {
    /// Makes an RSA key of 2,048 bits.
    ///
    /// # Errors
    ///
    /// [`PrincipalError::Key`], when there is no randomness.
    pub fn generate() -> Result<Self, PrincipalError> {
        let pair = generate()?;
        let public = pair.public.rsa().to_public_key_pem(LineEnding::LF);
        Ok(Self {
            private_pem: private_pem(&pair.private)? + LABEL,
            public_pem: public.map_err(|error| PrincipalError::Key(error.to_string()))?,
            fingerprint: pair.public.fingerprint(),
        })
    }
}

/// Who a profile is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// OCID.
    pub user: String,
    /// OCID.
    pub tenancy: String,
    /// Such as `us-ashburn-1`.
    pub region: String,
}

impl Profile {
    /// Writes `config`, `key.pem` and `key_public.pem`, which only their owner can read; gives the path of `config`.
    ///
    /// # Errors
    ///
    /// [`PrincipalError::File`].
    pub fn write(&self, directory: &Path, key: &UserKey) -> Result<PathBuf, PrincipalError> {
        let directory = &make_directory(directory)?;
        let key_file = directory.join("key.pem");
        replace(&key_file, key.private_pem.as_bytes())?;
        replace(&directory.join(PUBLIC), key.public_pem.as_bytes())?;
        let config = directory.join("config");
        replace(&config, self.text(&key.fingerprint, &key_file).as_bytes())?;
        Ok(config)
    }

    /// The key of an earlier [`Profile::write`], if the directory holds a whole one for the same user.
    #[must_use]
    pub fn read(&self, directory: &Path) -> Option<UserKey> {
        let directory = directory.canonicalize().ok()?;
        let file = |name: &str| fs::read_to_string(directory.join(name)).ok();
        let (private_pem, public_pem) = (file("key.pem")?, file(PUBLIC)?);
        let private = RsaPrivateKey::from_pkcs8_pem(private_pem.strip_suffix(LABEL)?).ok()?;
        let public = PublicKey::from_pem(&public_pem).filter(|public| *public.rsa() == private.to_public_key())?;
        let fingerprint = public.fingerprint();
        let same = file("config")? == self.text(&fingerprint, &directory.join("key.pem"));
        same.then_some(UserKey { private_pem, public_pem, fingerprint })
    }

    /// Writes `oci_cli_rc`, with which Oracle's command line needs no `--compartment-id`.
    ///
    /// # Errors
    ///
    /// [`PrincipalError::File`].
    pub fn write_defaults(&self, directory: &Path, compartment: &str) -> Result<PathBuf, PrincipalError> {
        let file = make_directory(directory)?.join("oci_cli_rc");
        let text = format!("[DEFAULT]\ncompartment-id={compartment}\n");
        replace(&file, text.as_bytes())?;
        Ok(file)
    }

    fn text(&self, fingerprint: &str, key_file: &Path) -> String {
        let Self { user, tenancy, region } = self;
        let key_file = key_file.display();
        format!(
            "[DEFAULT]\nuser={user}\nfingerprint={fingerprint}\ntenancy={tenancy}\nregion={region}\nkey_file={key_file}\n"
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_profile_is_read_back_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let text = |name: &str| name.to_owned();
        let profile = Profile { user: text("u"), tenancy: text("t"), region: text("r") };
        assert!(profile.read(directory.path()).is_none());
        let key = UserKey::generate().unwrap();
        profile.write(directory.path(), &key).unwrap();
        assert_eq!(profile.read(directory.path()).unwrap().fingerprint, key.fingerprint);
        for name in ["config", "key.pem", PUBLIC] {
            let path = directory.path().join(name);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
            let content = fs::read_to_string(&path).unwrap();
            fs::write(&path, "damaged").unwrap();
            assert!(profile.read(directory.path()).is_none(), "{name}");
            fs::write(&path, content).unwrap();
        }
        assert!(Profile { user: text("other"), ..profile.clone() }.read(directory.path()).is_none());
        assert!(profile.read(directory.path()).is_some());
        assert!(!format!("{key:?}").contains("PRIVATE"));
    }
}
