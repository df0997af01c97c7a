//! Pre-authenticated requests: links that work without a signature.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::model::{Access, check_object_name, object_key};
use crate::Emulator;
use crate::call::Call;
use crate::clock::rfc3339_ms;
use crate::error::Error;
use crate::page;
use crate::reply::{self, Reply, ReplyExt, no_content};
use crate::store::{Read, Span, Table};

const PAGE: (usize, usize) = (1000, 1000);
/// What stays as it is in a link; slashes in names do too.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// What a link allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum AccessType {
    ObjectRead,
    ObjectWrite,
    ObjectReadWrite,
    AnyObjectRead,
    AnyObjectWrite,
    AnyObjectReadWrite,
}

impl AccessType {
    fn any(self) -> bool {
        matches!(self, Self::AnyObjectRead | Self::AnyObjectWrite | Self::AnyObjectReadWrite)
    }

    pub(super) fn reads(self) -> bool {
        !matches!(self, Self::ObjectWrite | Self::AnyObjectWrite)
    }

    pub(super) fn writes(self) -> bool {
        !matches!(self, Self::ObjectRead | Self::AnyObjectRead)
    }
}

/// A link as it is stored; the token is not.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Par {
    id: String,
    name: String,
    pub(super) access_type: AccessType,
    object_name: Option<String>,
    bucket_listing_action: Option<String>,
    pub(super) expires_ms: i64,
    created_ms: i64,
}

impl Par {
    /// Whether the link is for this object; with `Any...` its name is a prefix.
    pub(super) fn covers(&self, object: &str) -> bool {
        match &self.object_name {
            Some(prefix) if self.access_type.any() => object.starts_with(prefix.as_str()),
            Some(name) => name == object,
            None => self.access_type.any(),
        }
    }

    /// The prefix that may be listed, if listing is allowed.
    pub(super) fn listing(&self) -> Option<&str> {
        let listed = self.bucket_listing_action.as_deref() == Some("ListObjects");
        listed.then(|| self.object_name.as_deref().unwrap_or_default())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    name: Option<String>,
    access_type: Option<AccessType>,
    object_name: Option<String>,
    bucket_listing_action: Option<String>,
    time_expires: Option<Timestamp>,
}

/// CreatePreauthenticatedRequest.
pub(super) fn create(emulator: &Emulator, call: &Call) -> Reply {
    let details: Details = call.json()?;
    let par = checked(emulator, call, details)?;
    let token = new_token()?;
    emulator.store.write(|writer| {
        let (bucket, _) = emulator.bucket(writer, call, Access::Manage)?;
        let key = object_key(&bucket, &par.id);
        writer.put(Table::Pars, &key, &par)?;
        Ok(writer.put_bytes(Table::ParTokens, &token_key(&token), &key)?)
    })?;
    let object = par.object_name.as_deref().filter(|_| !par.access_type.any()).unwrap_or_default();
    let object = utf8_percent_encode(object, PLAIN);
    let uri = format!("/p/{token}/n/{}/b/{}/o/{object}", call.param("ns"), call.param("bk"));
    let mut shown = shown(&par);
    shown["fullPath"] = format!("{}{uri}", call.base_url).into();
    shown["accessUri"] = uri.into();
    reply::json(&shown)
}

fn checked(emulator: &Emulator, call: &Call, details: Details) -> Result<Par, Error> {
    let access_type = details.access_type.ok_or_else(|| Error::missing("accessType"))?;
    let expires = details.time_expires.ok_or_else(|| Error::missing("timeExpires"))?;
    if expires <= call.now {
        return Err(Error::invalid("timeExpires must be in the future."));
    }
    match &details.object_name {
        Some(name) if !access_type.any() => check_object_name(name)?,
        None if !access_type.any() => return Err(Error::missing("objectName")),
        _ => {}
    }
    match details.bucket_listing_action.as_deref() {
        None | Some("Deny") => {}
        Some("ListObjects") if access_type.any() && access_type.reads() => {}
        _ => return Err(Error::invalid("Only AnyObjectRead and AnyObjectReadWrite can list objects.")),
    }
    Ok(Par {
        id: emulator.ids.etag(),
        name: details.name.filter(|name| !name.is_empty()).ok_or_else(|| Error::missing("name"))?,
        access_type,
        object_name: details.object_name.filter(|name| !name.is_empty()),
        bucket_listing_action: details.bucket_listing_action,
        expires_ms: expires.as_millisecond(),
        created_ms: call.now.as_millisecond(),
    })
}

fn new_token() -> Result<String, Error> {
    let mut bytes = [0; 48];
    let made = SystemRandom::new().fill(&mut bytes);
    made.map_err(|_| Error::internal("There is no source of random numbers."))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Tokens are kept hashed, like passwords: they are shown once.
pub(super) fn token_key(token: &str) -> Vec<u8> {
    digest(&SHA256, token.as_bytes()).as_ref().to_vec()
}

fn shown(par: &Par) -> Value {
    json!({
        "id": par.id,
        "name": par.name,
        "accessType": par.access_type,
        "objectName": par.object_name,
        "bucketListingAction": par.bucket_listing_action,
        "timeExpires": rfc3339_ms(par.expires_ms),
        "timeCreated": rfc3339_ms(par.created_ms),
    })
}

/// ListPreauthenticatedRequests.
pub(super) fn list(emulator: &Emulator, call: &Call) -> Reply {
    let reader = emulator.store.read()?;
    let (bucket, _) = emulator.bucket(&reader, call, Access::Manage)?;
    let prefix = call.query("objectNamePrefix").unwrap_or_default();
    let keep = |par: &Par| par.object_name.as_deref().unwrap_or_default().starts_with(prefix);
    let span = Span::prefix(&object_key(&bucket, ""));
    page::of_table(&reader, Table::Pars, span, call, PAGE, keep)?.reply(shown)
}

fn missing() -> Error {
    Error::new(404, "NotAuthorizedOrNotFound", "The pre-authenticated request does not exist.")
}

/// GetPreauthenticatedRequest.
pub(super) fn get(emulator: &Emulator, call: &Call) -> Reply {
    let reader = emulator.store.read()?;
    let (bucket, _) = emulator.bucket(&reader, call, Access::Manage)?;
    let par: Option<Par> = reader.get(Table::Pars, &object_key(&bucket, call.param("par")))?;
    reply::json(&shown(&par.ok_or_else(missing)?)).maybe("opc-next-page", None)
}

/// DeletePreauthenticatedRequest; its token leads nowhere from then on.
pub(super) fn delete(emulator: &Emulator, call: &Call) -> Reply {
    emulator.store.write(|writer| {
        let (bucket, _) = emulator.bucket(writer, call, Access::Manage)?;
        let deleted = writer.delete(Table::Pars, &object_key(&bucket, call.param("par")))?;
        deleted.then_some(()).ok_or_else(missing)
    })?;
    no_content()
}
