//! The object port on an S3 bucket.
//!
//! Conditional writes use S3's own `If-None-Match: *` and `If-Match`, so the state port works on it.

mod error;
mod list;
mod read;
mod upload;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, CopyMode, CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use error::{failed, unsupported};
use tokio::sync::OnceCell;

use super::Session;
use super::log::Logged;

/// Deletions under way at a time.
const DELETIONS: usize = 8;
/// Name of the store in errors.
const STORE: &str = "S3";

/// One S3 bucket. Cloning shares the client.
#[derive(Debug, Clone)]
pub struct Bucket {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    session: Session,
    client: OnceCell<Client>,
    name: String,
}

impl Bucket {
    /// The bucket `name`. Region and credentials are looked for at the first call.
    #[must_use]
    pub fn of_session(session: Session, name: impl Into<String>) -> Self {
        Self { inner: Arc::new(Inner { session, client: OnceCell::new(), name: name.into() }) }
    }

    /// With an endpoint of one's own (moto, MinIO, OCI's S3 interface) the bucket stands in the path, as its name
    /// cannot be part of that host.
    async fn client(&self) -> &Client {
        let made = self.inner.client.get_or_init(async || {
            let config = self.inner.session.config().await;
            let path_style = self.inner.session.has_own_endpoint();
            let builder = aws_sdk_s3::config::Builder::from(config).force_path_style(path_style);
            Client::from_conf(builder.interceptor(Logged).build())
        });
        made.await
    }

    fn name(&self) -> &str {
        &self.inner.name
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3 bucket {}", self.name())
    }
}

#[async_trait]
impl ObjectStore for Bucket {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let (if_match, if_none_match) = conditions(&opts.mode)?;
        let headers = Headers::of(&opts.attributes)?;
        let put = self.client().await.put_object().bucket(self.name()).key(location.as_ref());
        let put = put.set_if_match(if_match).set_if_none_match(if_none_match).body(body(&payload));
        let put = put.set_content_type(headers.content_type).set_content_encoding(headers.content_encoding);
        let put = put.set_content_language(headers.content_language).set_cache_control(headers.cache_control);
        let put = put.set_content_disposition(headers.content_disposition).set_metadata(headers.metadata);
        let done = put.send().await.map_err(|error| refused(failed(location, error), &opts.mode))?;
        Ok(PutResult { e_tag: done.e_tag, version: done.version_id, extensions: Default::default() })
    }

    async fn put_multipart_opts(&self, at: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(upload::Upload::start(self, at, &opts.attributes).await?))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if options.head {
            read::head(self, location, &options).await
        } else {
            read::get(self, location, &options).await
        }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let bucket = self.clone();
        let deletions = locations.map(move |location| {
            let bucket = bucket.clone();
            async move { bucket.delete(location?).await }
        });
        deletions.buffered(DELETIONS).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        list::all(self, prefix, None)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        list::all(self, prefix, Some(offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        list::folder(self, prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        match options.mode {
            CopyMode::Overwrite => self.copy_over(from, to).await,
            CopyMode::Create => upload::copy_new(self, from, to).await,
        }
    }
}

impl Bucket {
    /// S3 answers 204 also when there was nothing to delete.
    async fn delete(&self, location: Path) -> Result<Path> {
        let delete = self.client().await.delete_object().bucket(self.name()).key(location.as_ref());
        delete.send().await.map_err(|error| failed(&location, error))?;
        Ok(location)
    }

    async fn copy_over(&self, from: &Path, to: &Path) -> Result<()> {
        let copy = self.client().await.copy_object().bucket(self.name()).key(to.as_ref());
        let copied = copy.copy_source(self.source(from)).send().await;
        copied.map(drop).map_err(|error| failed(from, error))
    }

    /// `bucket/key` as the copy header wants it, escaped.
    fn source(&self, from: &Path) -> String {
        let key: String = from.as_ref().bytes().map(escape).collect();
        format!("{}/{key}", self.name())
    }
}

fn escape(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}

fn body(payload: &PutPayload) -> ByteStream {
    // One chunk is taken as it is; several are put together, as the signature needs the whole.
    match payload.as_ref() {
        [one] => ByteStream::from(one.clone()),
        many => ByteStream::from(many.concat()),
    }
}

/// `If-Match` and `If-None-Match` of a write.
fn conditions(mode: &PutMode) -> Result<(Option<String>, Option<String>)> {
    match mode {
        PutMode::Overwrite => Ok((None, None)),
        PutMode::Create => Ok((None, Some("*".to_owned()))),
        PutMode::Update(version) => match &version.e_tag {
            Some(e_tag) => Ok((Some(e_tag.clone()), None)),
            None => Err(unsupported("a conditional write without an ETag")),
        },
    }
}

/// What a refused condition means for the caller. S3 answers 412, or 409 when two conditional writes met, or
/// 404 when the object to replace is gone.
fn refused(error: object_store::Error, mode: &PutMode) -> object_store::Error {
    use object_store::Error::{AlreadyExists, NotFound, Precondition};
    match (error, mode) {
        (Precondition { path, source }, PutMode::Create) => AlreadyExists { path, source },
        (NotFound { path, source }, PutMode::Update(_)) => Precondition { path, source },
        (other, _) => other,
    }
}

/// Attributes as the SDK's setters take them.
#[derive(Default)]
struct Headers {
    content_type: Option<String>,
    content_encoding: Option<String>,
    content_language: Option<String>,
    content_disposition: Option<String>,
    cache_control: Option<String>,
    metadata: Option<std::collections::HashMap<String, String>>,
}

impl Headers {
    fn of(attributes: &Attributes) -> Result<Self> {
        let mut headers = Self::default();
        for (name, value) in attributes {
            let value = value.as_ref().to_owned();
            match name {
                Attribute::ContentType => headers.content_type = Some(value),
                Attribute::ContentEncoding => headers.content_encoding = Some(value),
                Attribute::ContentLanguage => headers.content_language = Some(value),
                Attribute::ContentDisposition => headers.content_disposition = Some(value),
                Attribute::CacheControl => headers.cache_control = Some(value),
                Attribute::Metadata(key) => {
                    drop(headers.metadata.get_or_insert_default().insert(key.to_string(), value));
                }
                other => return Err(unsupported(&format!("the attribute {other:?}"))),
            }
        }
        Ok(headers)
    }
}
