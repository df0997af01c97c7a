//! The private key that a resource principal is given, and its passphrase.

use std::sync::Arc;

use super::input::{Input, Whose};
use crate::key::PrivateKey;
use crate::{Effects, Error, Secret};

/// `PRIVATE_PEM` and `PRIVATE_PEM_PASSPHRASE`.
#[derive(Debug)]
pub(super) struct KeyInput {
    pem: Input,
    passphrase: Option<Input>,
}

impl KeyInput {
    /// The two are files or literals together: a passphrase that does not change cannot belong to a key that does.
    pub(super) fn find(effects: &Effects, whose: Whose) -> Result<Self, Error> {
        let pem = Input::required(effects, whose.name("PRIVATE_PEM"))?;
        let name = whose.name("PRIVATE_PEM_PASSPHRASE");
        let passphrase = match whose.text(effects, "PRIVATE_PEM_PASSPHRASE")? {
            Some(_) => Input::find(effects, name.clone())?,
            None => None,
        };
        if passphrase.as_ref().is_some_and(|passphrase| passphrase.is_file() != pem.is_file()) {
            let reason = "key and passphrase must both be paths or both literals".to_owned();
            return Err(Error::BadVariable { name, reason });
        }
        Ok(Self { pem, passphrase })
    }

    pub(super) fn is_file(&self) -> bool {
        self.pem.is_file()
    }

    pub(super) fn origin(&self) -> String {
        self.pem.origin()
    }

    pub(super) fn read(&self, effects: &Effects) -> Result<Arc<PrivateKey>, Error> {
        let pem = self.pem.read(effects, "key file")?;
        let passphrase = self.passphrase.as_ref().map(|one| read_passphrase(effects, one)).transpose()?;
        let key = PrivateKey::from_pem(pem.expose().as_bytes(), passphrase.as_ref());
        Ok(Arc::new(key.map_err(|fault| Error::BadKey { origin: self.origin(), fault })?))
    }
}

/// Spaces belong to a passphrase; the line end that editors put at the end of a file does not.
fn read_passphrase(effects: &Effects, input: &Input) -> Result<Secret, Error> {
    let passphrase = input.read(effects, "passphrase file")?;
    if !input.is_file() {
        return Ok(passphrase);
    }
    let line = passphrase.expose();
    let line = line.strip_suffix('\n').unwrap_or(line);
    Ok(Secret::from(line.strip_suffix('\r').unwrap_or(line)))
}
