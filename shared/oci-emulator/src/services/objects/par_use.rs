//! Requests that come by a pre-authenticated link.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::model::{Tier, object_key};
use super::par::{Par, token_key};
use super::put::texts_of;
use super::{get, list, multipart, put};
use crate::Emulator;
use crate::call::Call;
use crate::error::Error;
use crate::pending::Pending;
use crate::reply::{self, Reply};
use crate::store::{Read, Table};

fn refused() -> Error {
    Error::new(404, "NotAuthorizedOrNotFound", "PAR does not exist, has expired or does not allow this.")
}

/// The link behind the token of the path, and the key of its bucket.
fn link(emulator: &Emulator, reader: &impl Read, call: &Call) -> Result<(Par, String), Error> {
    let _ = emulator;
    let place = reader.bytes(Table::ParTokens, &token_key(call.param("token")))?.ok_or_else(refused)?;
    let bucket = super::model::bucket_key(call.param("ns"), call.param("bk"));
    let par: Par = reader.get(Table::Pars, &place)?.ok_or_else(refused)?;
    let here = place.starts_with(&object_key(&bucket, ""));
    let alive = call.now.as_millisecond() < par.expires_ms;
    (here && alive).then_some((par, bucket)).ok_or_else(refused)
}

fn readable(emulator: &Emulator, reader: &impl Read, call: &Call) -> Result<String, Error> {
    let (par, bucket) = link(emulator, reader, call)?;
    let allowed = par.access_type.reads() && par.covers(call.param("obj"));
    allowed.then_some(bucket).ok_or_else(refused)
}

fn writable(emulator: &Emulator, call: &Call, object: &str) -> Result<(), Error> {
    let (par, _) = link(emulator, &emulator.store.read()?, call)?;
    (par.access_type.writes() && par.covers(object)).then_some(()).ok_or_else(refused)
}

pub(super) fn get(emulator: &Emulator, call: &Call) -> Reply {
    let reader = emulator.store.read()?;
    let bucket = readable(emulator, &reader, call)?;
    get::read(emulator, call, &reader, &bucket, call.param("obj"))
}

pub(super) fn head(emulator: &Emulator, call: &Call) -> Reply {
    let reader = emulator.store.read()?;
    let bucket = readable(emulator, &reader, call)?;
    get::describe(call, &reader, &bucket, call.param("obj"))
}

pub(super) fn list(emulator: &Emulator, call: &Call) -> Reply {
    let reader = emulator.store.read()?;
    let (par, bucket) = link(emulator, &reader, call)?;
    let within = par.listing().ok_or_else(refused)?;
    list::list(call, &reader, &bucket, within)
}

/// An object, or with `opc-multipart: true` the start of an upload in parts.
pub(super) fn put(emulator: Emulator, call: Call, body: Pending) -> BoxFuture<'static, Reply> {
    async move {
        let object = call.param("obj").to_owned();
        writable(&emulator, &call, &object)?;
        if call.header("opc-multipart").is_none_or(|value| !value.eq_ignore_ascii_case("true")) {
            return put::store(&emulator, &call, &object, body).await;
        }
        let tier = call.header("storage-tier").map(Tier::parse).transpose()?;
        let upload = multipart::start(&emulator, &call, &object, texts_of(&call.headers)?, tier)?;
        let (token, ns, bucket) = (call.param("token"), call.param("ns"), call.param("bk"));
        let name = utf8_percent_encode(&object, NON_ALPHANUMERIC);
        let uri = format!("/p/{token}/n/{ns}/b/{bucket}/u/{name}/id/{}/", upload.id);
        reply::json(&multipart::shown_by_par(&call, &upload, &uri))
    }
    .boxed()
}

/// `<object>/id/<upload id>/<rest>`, split from the right: object names have slashes.
fn upload_place(path: &str) -> Result<(&str, &str, &str), Error> {
    let (front, rest) = path.rsplit_once('/').ok_or_else(refused)?;
    let (front, id) = front.rsplit_once('/').ok_or_else(refused)?;
    let object = front.strip_suffix("/id").ok_or_else(refused)?;
    Ok((object, id, rest))
}

pub(super) fn upload_part(emulator: Emulator, call: Call, body: Pending) -> BoxFuture<'static, Reply> {
    async move {
        let path = call.param("obj").to_owned();
        let (object, id, number) = upload_place(&path)?;
        writable(&emulator, &call, object)?;
        let number = number.parse().map_err(|_| Error::invalid("The number of a part is missing."))?;
        multipart::receive_part(&emulator, &call, object, id, number, body).await
    }
    .boxed()
}

pub(super) fn commit(emulator: &Emulator, call: &Call) -> Reply {
    let (object, id, _) = upload_place(call.param("obj"))?;
    writable(emulator, call, object)?;
    multipart::commit_all(emulator, call, object, id)
}

pub(super) fn abort(emulator: &Emulator, call: &Call) -> Reply {
    let (object, id, _) = upload_place(call.param("obj"))?;
    writable(emulator, call, object)?;
    multipart::abort_one(emulator, call, object, id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_uploads_are_split_from_the_right() {
        let check = |path: &str, expected: Option<(&str, &str, &str)>| {
            assert_eq!(upload_place(path).ok(), expected, "{path}");
        };
        check("a/b.bin/id/u1/3", Some(("a/b.bin", "u1", "3")));
        check("a/id/x/id/u1/", Some(("a/id/x", "u1", "")));
        check("a/u1/3", None);
        check("a", None);
    }
}
