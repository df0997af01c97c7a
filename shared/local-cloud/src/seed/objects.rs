//! Objects: where their bytes come from, and putting them into a bucket.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use md5::{Digest, Md5};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::io::AsyncReadExt;

use super::format::Object;
use super::input;
use super::report::Outcome;
use crate::oci::target::{OCI, SendError, Target};

const CHUNK: usize = 256 * 1024;
/// Files of one directory, at most.
const MAX_FILES: usize = 100_000;

/// An object to put.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Upload {
    pub(super) name: String,
    content: Content,
    content_type: Option<String>,
    metadata: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Content {
    Bytes(Bytes),
    File(PathBuf),
}

/// The objects that an entry stands for.
///
/// # Errors
/// What is missing or too much, or a file that is not there.
pub(super) fn uploads(object: &Object, directory: &Path) -> Result<Vec<Upload>, String> {
    let Object { name, text, json, base64, file, directory: folder, prefix, content_type, metadata } = object;
    let given = [text.is_some(), json.is_some(), base64.is_some(), file.is_some(), folder.is_some()];
    if given.iter().filter(|given| **given).count() != 1 {
        return Err("expected exactly one of text, json, base64, file and directory".to_owned());
    }
    let upload = |name: String, content, usual: Option<&str>| Upload {
        name,
        content,
        content_type: content_type.clone().or_else(|| usual.map(str::to_owned)),
        metadata: metadata.clone(),
    };
    if let Some(folder) = folder {
        if name.is_some() {
            return Err("a directory has a prefix in place of a name".to_owned());
        }
        let prefix = prefix.as_deref().unwrap_or_default();
        let files = files_below(&directory.join(folder))?;
        return Ok(files
            .into_iter()
            .map(|(name, path)| upload(format!("{prefix}{name}"), Content::File(path), None))
            .collect());
    }
    let name = name.clone().ok_or("missing field `name`")?;
    if prefix.is_some() {
        return Err("prefix goes with directory".to_owned());
    }
    let (content, usual) = match (text, json, base64, file) {
        (Some(text), ..) => (Content::Bytes(text.clone().into()), Some("text/plain")),
        (_, Some(json), ..) => (Content::Bytes(json.to_string().into()), Some("application/json")),
        (_, _, Some(text), _) => {
            let bytes = BASE64.decode(text).map_err(|error| format!("base64: {error}"))?;
            (Content::Bytes(bytes.into()), None)
        }
        (.., Some(file)) => (Content::File(readable(directory.join(file))?), None),
        _ => return Err("no content".to_owned()),
    };
    Ok(vec![upload(name, content, usual)])
}

fn readable(path: PathBuf) -> Result<PathBuf, String> {
    match input::open(&path) {
        Ok(_) => Ok(path),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// All files with their names below the directory, in order. Links are not followed out of it.
fn files_below(root: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let broken = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let (mut found, mut waiting) = (Vec::new(), vec![root.to_owned()]);
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(&directory).map_err(|error| broken(&directory, error))? {
            let entry = entry.map_err(|error| broken(&directory, error))?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(|error| broken(&entry.path(), error))?);
            if kind.is_dir() {
                waiting.push(path);
            } else if kind.is_file() {
                let below = path.strip_prefix(root).ok().and_then(Path::to_str);
                let name = below.ok_or_else(|| format!("{}: expected a name in UTF-8", path.display()))?.to_owned();
                found.push((name, path));
            }
            if found.len() > MAX_FILES {
                return Err(format!("{}: expected at most {MAX_FILES} files", root.display()));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Puts an object into a bucket, unless the same one is there.
///
/// # Errors
/// When the file cannot be read or the bucket refuses it.
pub(super) async fn put(target: &Target, bucket: &str, upload: &Upload) -> Result<Outcome, SendError> {
    let path = format!("{OCI}{bucket}/o/{}", escaped(&upload.name));
    let broken = |text: String| SendError::Broken(text);
    let (md5, length) = upload.content.digest().map_err(|error| broken(upload.content.explain(&error)))?;
    let head = target.ask(Method::HEAD, &path, None).await?;
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let same_type = upload.content_type.as_deref().is_none_or(|wanted| header("content-type") == Some(wanted));
    let same_metadata = upload.metadata.iter().all(|(name, value)| header(&meta_name(name)) == Some(value));
    let present = head.status.is_success();
    if present && header("content-md5") == Some(&md5) && same_type && same_metadata {
        return Ok(Outcome::Unchanged);
    }
    let mut request = Request::builder().method(Method::PUT).uri(&path).header("content-length", length);
    request = request.header("content-md5", &md5);
    let sent = upload.content_type.iter().map(|kind| ("content-type".to_owned(), kind));
    for (name, value) in sent.chain(upload.metadata.iter().map(|(name, value)| (meta_name(name), value))) {
        let name = HeaderName::try_from(name.clone()).map_err(|_| broken(format!("{name} is no header")))?;
        let value = HeaderValue::try_from(value).map_err(|_| broken(format!("no header can carry the {name}")))?;
        request = request.header(name, value);
    }
    let body = upload.content.body().await.map_err(|error| broken(upload.content.explain(&error)))?;
    let request = request.body(body).map_err(|error| broken(error.to_string()))?;
    let answer = target.send(request).await?.accepted()?;
    debug_assert_eq!(answer.status, StatusCode::OK);
    Ok(if present { Outcome::Changed } else { Outcome::New })
}

fn meta_name(name: &str) -> String {
    format!("opc-meta-{}", name.to_ascii_lowercase())
}

/// Every name as one segment of a path.
pub(crate) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

impl Content {
    fn explain(&self, error: &std::io::Error) -> String {
        match self {
            Self::Bytes(_) => error.to_string(),
            Self::File(path) => format!("{}: {error}", path.display()),
        }
    }

    /// MD5 in base64, and the length.
    fn digest(&self) -> std::io::Result<(String, u64)> {
        let mut md5 = Md5::new();
        let mut length = 0;
        match self {
            Self::Bytes(bytes) => {
                md5.update(bytes);
                length = bytes.len() as u64;
            }
            Self::File(path) => {
                let (mut file, mut chunk) = (input::open(path)?, vec![0; CHUNK]);
                loop {
                    let count = file.read(&mut chunk)?;
                    if count == 0 {
                        break;
                    }
                    md5.update(&chunk[..count]);
                    length += count as u64;
                }
            }
        }
        Ok((BASE64.encode(md5.finalize()), length))
    }

    async fn body(&self) -> std::io::Result<Body> {
        match self {
            Self::Bytes(bytes) => Ok(Body::from(bytes.clone())),
            Self::File(path) => {
                let file = tokio::fs::File::from_std(input::open(path)?);
                let chunks = stream::try_unfold(file, async |mut file| {
                    let mut chunk = vec![0; CHUNK];
                    let count = file.read(&mut chunk).await?;
                    chunk.truncate(count);
                    Ok::<_, std::io::Error>((count > 0).then(|| (Bytes::from(chunk), file)))
                });
                Ok(Body::from_stream(chunks))
            }
        }
    }
}
