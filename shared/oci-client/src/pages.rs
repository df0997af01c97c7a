//! Lists that come in pages, as streams: one page is in memory at a time.

use causeway_oci_auth::encode::Query;
use causeway_oci_auth::page::{Pages, next_page};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::answer::Answer;
use crate::ask::Ask;

/// What a list's answer looks like.
#[derive(Deserialize)]
#[serde(untagged)]
enum Listed<T> {
    Plain(Vec<T>),
    Wrapped { items: Vec<T> },
}

/// All items of a list whose answers have `opc-next-page`. `ask` makes the request without its query.
pub(crate) fn by_header<T, F>(query: Query, ask: F) -> BoxStream<'static, Result<T, Error>>
where
    T: DeserializeOwned + Send + 'static,
    F: Fn() -> Ask + Send + Sync + 'static,
{
    turned(query, ask, |answer| {
        Ok(match answer.json()? {
            Listed::Plain(items) | Listed::Wrapped { items } => items,
        })
    })
}

/// As [`by_header`], with the items read from each answer by `read`.
pub(crate) fn turned<T, F, R>(query: Query, ask: F, read: R) -> BoxStream<'static, Result<T, Error>>
where
    T: Send + 'static,
    F: Fn() -> Ask + Send + Sync + 'static,
    R: Fn(&Answer) -> Result<Vec<T>, Error> + Send + Sync + 'static,
{
    struct Walk<F, R> {
        pages: Pages,
        query: Query,
        ask: F,
        read: R,
    }
    let first = Some(Walk { pages: Pages::default(), query, ask, read });
    let pages = stream::try_unfold(first, async |walk| {
        let Some(mut walk) = walk else { return Ok::<_, Error>(None) };
        let query = walk.query.clone().maybe("page", walk.pages.token());
        let answer = (walk.ask)().query(&query).send().await?;
        let items = (walk.read)(&answer)?;
        let more = walk.pages.turn(next_page(answer.headers())).map_err(|error| answer.unusable(error.to_string()))?;
        Ok(Some((stream::iter(items.into_iter().map(Ok)), more.then_some(walk))))
    });
    pages.try_flatten().fuse().boxed()
}
