//! Version 2.2: the platform hands over a token and a key, as files that it replaces or as literals. This is what
//! OCI Functions uses. Needs no network.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use super::input::{Input, Whose};
use super::key_input::KeyInput;
use crate::cache::{Rules, Source};
use crate::key::PrivateKey;
use crate::principals::settle::{Pair, blocking, settled};
use crate::token::{Token, TokenError};
use crate::{Effects, Error, Snapshot};

/// A refresh reads token, key and token again. When the token changed meanwhile, or its claim `jwk` names another
/// key, the two files are of different pairs and are read again after a short pause. Without `jwk`, a pair of which
/// only one half is new counts as torn, and a new one must come to rest. Credentials that are still valid stay in use
/// until a whole pair is there.
#[derive(Debug)]
pub(super) struct Injected(Arc<Given>);

#[derive(Debug)]
struct Given {
    token: Input,
    key: KeyInput,
    region: Option<String>,
}

impl Injected {
    /// From `OCI_RESOURCE_PRINCIPAL_RPST`, `_PRIVATE_PEM`, `_PRIVATE_PEM_PASSPHRASE` and `_REGION`. Files are read
    /// when credentials are asked for.
    pub(super) fn find(effects: &Effects, whose: Whose) -> Result<Self, Error> {
        let token = Input::required(effects, whose.name("RPST"))?;
        let (key, region) = (KeyInput::find(effects, whose)?, whose.region(effects)?);
        Ok(Self(Arc::new(Given { token, key, region })))
    }
}

/// Name of the provider.
const NAME: &str = "resource_principal_2.2";

#[async_trait]
impl Source for Injected {
    fn rules(&self) -> Rules {
        Rules {
            // Files cost nothing, and one that comes late should be seen soon.
            longest_pause: Duration::from_secs(1),
            mints: false,
            ..Rules::of(NAME)
        }
    }

    async fn load(&self, effects: &Effects, old: Option<&Arc<Snapshot>>) -> Result<Snapshot, Error> {
        let (given, reader) = (Arc::clone(&self.0), effects.clone());
        let read = move || given.pair(&reader);
        if self.0.token.is_file() || self.0.key.is_file() {
            return settled(effects, NAME, old, read).await;
        }
        Ok(blocking(NAME, read).await?.snapshot)
    }
}

impl Given {
    fn pair(&self, effects: &Effects) -> Result<Pair, Error> {
        let token = self.read_token(effects)?;
        let key = self.key.read(effects)?;
        if self.token.is_file() && self.read_token(effects)?.text() != token.text() {
            return Err(self.bad_token(TokenError::Malformed("it changed while it was read")));
        }
        let named = token.names(&key);
        if named == Some(false) {
            return Err(Error::KeyMismatch { key: self.key.origin(), token: self.token.origin() });
        }
        // A half that cannot change cannot be of another pair than before.
        let sure = named.is_some() || !self.key.is_file() || !self.token.is_file();
        Ok(Pair { snapshot: self.snapshot(&token, key, effects.clock.now())?, sure })
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
