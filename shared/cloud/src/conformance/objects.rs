//! The object port. Each check writes below a prefix of its own.

use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutResult, UpdateVersion};

use super::{Finding, expect};

/// Runs every check against a store.
///
/// # Errors
///
/// The first finding.
pub async fn all(store: &dyn ObjectStore) -> Finding {
    whole_object(store).await?;
    ranges(store).await?;
    head(store).await?;
    listing(store).await?;
    folders(store).await?;
    missing(store).await?;
    created_once(store).await?;
    replaced_if_unchanged(store).await
}

/// A conditional creation fails when the object exists and leaves it as it was.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn created_once(store: &dyn ObjectStore) -> Finding {
    let _ = store.delete(&Path::from("created/a.txt")).await;
    put_as(store, "created/a.txt", "first", PutMode::Create).await.map_err(say)?;
    match put_as(store, "created/a.txt", "second", PutMode::Create).await {
        Err(Error::AlreadyExists { .. }) => {}
        other => return Err(format!("a second creation gave {other:?}")),
    }
    let read = text(store, "created/a.txt").await?;
    expect(read == "first", || format!("a refused creation left {read:?}"))
}

/// A conditional replacement works on the version that was written or read last and on no other, also within
/// one tick of the store's clock. Contents differ, as some stores derive the version from the content.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn replaced_if_unchanged(store: &dyn ObjectStore) -> Finding {
    let name = "replaced/a.txt";
    put(store, name, "0").await?;
    let meta = store.head(&Path::from(name)).await.map_err(say)?;
    let mut past = vec![UpdateVersion { e_tag: meta.e_tag, version: meta.version }];
    for round in 0..8 {
        let current = past[past.len() - 1].clone();
        let content = format!("{}", round + 1);
        let done = put_as(store, name, &content, PutMode::Update(current)).await.map_err(say)?;
        for stale in &past {
            match put_as(store, name, "x", PutMode::Update(stale.clone())).await {
                Err(Error::Precondition { .. }) => {}
                other => return Err(format!("round {round}: a stale version gave {other:?}")),
            }
        }
        past.push(UpdateVersion { e_tag: done.e_tag, version: done.version });
    }
    store.delete(&Path::from(name)).await.map_err(say)?;
    match put_as(store, name, "x", PutMode::Update(past[past.len() - 1].clone())).await {
        Err(Error::Precondition { .. } | Error::NotFound { .. }) => {}
        other => return Err(format!("the replacement of a deleted object gave {other:?}")),
    }
    match store.head(&Path::from(name)).await {
        Err(Error::NotFound { .. }) => Ok(()),
        other => Err(format!("a refused replacement left {other:?}")),
    }
}

/// An object reads back as it was written, also after an overwrite.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn whole_object(store: &dyn ObjectStore) -> Finding {
    for content in ["first", "second, longer", ""] {
        put(store, "whole/a.txt", content).await?;
        let read = text(store, "whole/a.txt").await?;
        expect(read == content, || format!("wrote {content:?}, read {read:?}"))?;
    }
    Ok(())
}

/// A byte range gives exactly those bytes, and one past the end is an error or what is left.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn ranges(store: &dyn ObjectStore) -> Finding {
    put(store, "ranges/a.txt", "0123456789").await?;
    let part = store.get_range(&Path::from("ranges/a.txt"), 3..7).await.map_err(say)?;
    expect(part.as_ref() == b"3456", || format!("bytes 3..7 were {part:?}"))
}

/// Metadata carries the size and the location.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn head(store: &dyn ObjectStore) -> Finding {
    put(store, "head/a.txt", "12345").await?;
    let meta = store.head(&Path::from("head/a.txt")).await.map_err(say)?;
    expect(meta.size == 5, || format!("size was {}", meta.size))?;
    expect(meta.location == Path::from("head/a.txt"), || format!("location was {}", meta.location))
}

/// A listing is recursive, holds whole segments only and nothing of other prefixes.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn listing(store: &dyn ObjectStore) -> Finding {
    for name in ["list/a.txt", "list/deep/b.txt", "listing/c.txt"] {
        put(store, name, name).await?;
    }
    let prefix = Path::from("list");
    let found: Vec<_> = store.list(Some(&prefix)).try_collect().await.map_err(say)?;
    let mut names: Vec<String> = found.into_iter().map(|m| m.location.to_string()).collect();
    names.sort();
    expect(names == ["list/a.txt", "list/deep/b.txt"], || format!("listed {names:?}"))
}

/// With a delimiter, deeper objects show as folders.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn folders(store: &dyn ObjectStore) -> Finding {
    for name in ["folders/a.txt", "folders/x/b.txt", "folders/x/c.txt", "folders/y/d.txt"] {
        put(store, name, name).await?;
    }
    let found = store.list_with_delimiter(Some(&Path::from("folders"))).await.map_err(say)?;
    let folders: Vec<&str> = found.common_prefixes.iter().map(AsRef::as_ref).collect();
    expect(folders == ["folders/x", "folders/y"], || format!("folders were {folders:?}"))?;
    expect(found.objects.len() == 1, || format!("{} objects at the top", found.objects.len()))
}

/// What is not there is `NotFound`, and a deleted object is gone.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn missing(store: &dyn ObjectStore) -> Finding {
    put(store, "missing/a.txt", "x").await?;
    store.delete(&Path::from("missing/a.txt")).await.map_err(say)?;
    match store.get(&Path::from("missing/a.txt")).await {
        Err(Error::NotFound { .. }) => Ok(()),
        Err(other) => Err(format!("a missing object gave {other}")),
        Ok(_) => Err("a deleted object was still readable".to_owned()),
    }
}

async fn put(store: &dyn ObjectStore, name: &str, content: &str) -> Finding {
    let payload = content.to_owned().into();
    store.put(&Path::from(name), payload).await.map(drop).map_err(say)
}

async fn put_as(store: &dyn ObjectStore, name: &str, content: &str, mode: PutMode) -> object_store::Result<PutResult> {
    let options = PutOptions { mode, ..PutOptions::default() };
    store.put_opts(&Path::from(name), content.to_owned().into(), options).await
}

async fn text(store: &dyn ObjectStore, name: &str) -> Result<String, String> {
    let found = store.get(&Path::from(name)).await.map_err(say)?;
    let bytes = found.bytes().await.map_err(say)?;
    String::from_utf8(bytes.to_vec()).map_err(|e| e.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
fn say(error: Error) -> String {
    error.to_string()
}
