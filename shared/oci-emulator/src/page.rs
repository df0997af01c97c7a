//! Pages of lists in the style of `opc-next-page`.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::Call;
use crate::error::Error;
use crate::reply::{Reply, ReplyExt, json};
use crate::store::{Read, Reader, Span, Table};

/// The key after which the wanted page starts.
pub(crate) fn start(call: &Call) -> Result<Option<Vec<u8>>, Error> {
    let decode = |page: &str| {
        let key = BASE64_URL_SAFE_NO_PAD.decode(page).ok().and_then(|key| key.strip_prefix(b"p1:").map(<[u8]>::to_vec));
        key.ok_or_else(|| Error::invalid("The page token is not valid."))
    };
    call.query("page").map(decode).transpose()
}

/// The token of the page after this key.
pub(crate) fn token(last: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode([b"p1:", last].concat())
}

/// Entries of a page and the token of the next one.
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

impl<T> Page<T> {
    /// The page as a JSON array with the token in its header.
    pub(crate) fn reply<S: Serialize>(&self, show: impl Fn(&T) -> S) -> Reply {
        let shown: Vec<S> = self.items.iter().map(show).collect();
        json(&shown).maybe("opc-next-page", self.next.as_deref())
    }
}

/// A page of the entries of a span that pass the filter.
pub(crate) fn of_table<T: DeserializeOwned>(
    reader: &Reader,
    table: Table,
    span: Span,
    call: &Call,
    (default, most): (usize, usize),
    keep: impl Fn(&T) -> bool,
) -> Result<Page<T>, Error> {
    let limit = call.limit(default, most)?;
    let span = match start(call)? {
        Some(after) => span.starting_after(&after),
        None => span,
    };
    let mut found = reader.list(table, &span, limit.saturating_add(1), keep)?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(key, _)| token(key));
    Ok(Page { items: found.into_iter().map(|(_, item)| item).collect(), next })
}

/// A page of a list that is already in memory, in its order.
pub(crate) fn of_list<T>(items: Vec<T>, call: &Call, (default, most): (usize, usize)) -> Result<Page<T>, Error> {
    let limit = call.limit(default, most)?;
    let skipped = match start(call)? {
        Some(position) => {
            let position = std::str::from_utf8(&position).ok().and_then(|text| text.parse::<usize>().ok());
            position.ok_or_else(|| Error::invalid("The page token is not valid."))?
        }
        None => 0,
    };
    let total = items.len();
    let items: Vec<T> = items.into_iter().skip(skipped).take(limit).collect();
    let end = skipped.saturating_add(items.len());
    Ok(Page { items, next: (end < total).then(|| token(end.to_string().as_bytes())) })
}
