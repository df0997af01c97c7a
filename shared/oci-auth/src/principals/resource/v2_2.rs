//! Version 2.2: the platform hands over a token and a key, as files that it replaces or as literals. This is what
//! OCI Functions uses. Needs no network.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use super::input::{Input, Whose};
use super::key_input::KeyInput;
use crate::cache::Source;
use crate::key::PrivateKey;
use crate::token::{Token, TokenError};
use crate::{Effects, Error, Snapshot};

/// Waits before the files are read again, in milliseconds. Token and key are two files: for a moment they may be
/// of two pairs, half written or absent.
const SETTLE: [u64; 5] = [5, 10, 20, 40, 80];

/// A refresh reads token, key and token again. When the token changed meanwhile, or its claim `jwk` names another
/// key, the two files are of different pairs and are read again after a short pause. Credentials that are still
/// valid stay in use until a whole pair is there.
#[derive(Debug)]
pub(super) struct Injected {
    token: Input,
    key: KeyInput,
    region: Option<String>,
}

impl Injected {
    /// From `OCI_RESOURCE_PRINCIPAL_RPST`, `_PRIVATE_PEM`, `_PRIVATE_PEM_PASSPHRASE` and `_REGION`. Files are read
    /// when credentials are asked for.
    pub(super) fn find(effects: &Effects, whose: Whose) -> Result<Self, Error> {
        let token = Input::required(effects, whose.name("RPST"))?;
        Ok(Self { token, key: KeyInput::find(effects, whose)?, region: whose.region(effects)? })
    }
}

#[async_trait]
impl Source for Injected {
    const NAME: &'static str = "resource_principal_2.2";
    /// Files cost nothing, and one that comes late should be seen soon.
    const LONGEST_PAUSE: Duration = Duration::from_secs(1);
    const MINTS: bool = false;

    async fn load(&self, effects: &Effects, _: Option<&Arc<Snapshot>>) -> Result<Snapshot, Error> {
        let mut pair = self.pair(effects);
        let pauses = if self.token.is_file() || self.key.is_file() { &SETTLE[..] } else { &[] };
        for pause in pauses {
            if pair.is_err() {
                effects.clock.sleep(Duration::from_millis(*pause)).await;
                pair = self.pair(effects);
            }
        }
        pair
    }
}

impl Injected {
    fn pair(&self, effects: &Effects) -> Result<Snapshot, Error> {
        let token = self.read_token(effects)?;
        let key = self.key.read(effects)?;
        if self.token.is_file() && self.read_token(effects)?.text() != token.text() {
            return Err(self.bad_token(TokenError::Malformed("it changed while it was read")));
        }
        if token.names(&key) == Some(false) {
            return Err(Error::KeyMismatch { key: self.key.origin(), token: self.token.origin() });
        }
        self.snapshot(&token, key, effects.clock.now())
    }

    fn read_token(&self, effects: &Effects) -> Result<Token, Error> {
        let text = self.token.read(effects, "token file")?;
        Token::parse(text.expose()).map_err(|fault| self.bad_token(fault))
    }

    fn bad_token(&self, fault: TokenError) -> Error {
        Error::BadToken { origin: self.token.origin(), fault }
    }

    fn snapshot(&self, token: &Token, key: Arc<PrivateKey>, now: SystemTime) -> Result<Snapshot, Error> {
        let not_after = token.not_after().map_err(|fault| self.bad_token(fault))?;
        if let Ok(ago) = now.duration_since(not_after) {
            return Err(Error::Expired { origin: self.token.origin(), ago });
        }
        Ok(Snapshot {
            key_id: token.key_id(),
            key,
            not_after: Some(not_after),
            tenancy: token.tenancy(),
            compartment: token.compartment(),
            region: self.region.clone(),
            delegation: None,
        })
    }
}
