//! Two lists as one.

use std::pin::Pin;

use futures_util::stream::{self, BoxStream, Peekable, StreamExt};
use object_store::path::Path;
use object_store::{ObjectMeta, Result};

type Listed = BoxStream<'static, Result<ObjectMeta>>;

/// Both in the order of names, as far as each of them is; of one name that both have, the second list's.
pub(super) fn merged(one: Listed, other: Listed) -> Listed {
    let both = (Box::pin(one.peekable()), Box::pin(other.peekable()));
    stream::unfold(both, async |(mut one, mut other)| {
        let next = next(one.as_mut(), other.as_mut()).await?;
        Some((next, (one, other)))
    })
    .boxed()
}

async fn next(
    mut one: Pin<&mut Peekable<Listed>>,
    mut other: Pin<&mut Peekable<Listed>>,
) -> Option<Result<ObjectMeta>> {
    let names = (name(one.as_mut().peek().await), name(other.as_mut().peek().await));
    match names {
        (Some(first), Some(second)) if first < second => one.next().await,
        (Some(first), Some(second)) => {
            if first == second {
                one.next().await;
            }
            other.next().await
        }
        (_, None) => one.next().await,
        (None, Some(_)) => other.next().await,
    }
}

/// Before all names for an error, which is told at once.
fn name(item: Option<&Result<ObjectMeta>>) -> Option<Path> {
    item.map(|item| item.as_ref().map(|meta| meta.location.clone()).unwrap_or_default())
}
