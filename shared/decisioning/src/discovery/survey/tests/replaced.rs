//! Objects that are replaced while they are read, on storages of one side and of two.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use causeway_cloud::object_store::memory::InMemory;
use causeway_cloud::object_store::path::Path;
use causeway_cloud::object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectStore, ObjectStoreExt, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};
use futures_util::stream::BoxStream;

use causeway_resilience::fallback::{Link, ServedBy};

use super::parquet_files::file_of;
use super::*;

/// A storage whose object becomes another before one of the reads.
#[derive(Debug)]
struct Turning {
    inner: InMemory,
    reads: AtomicUsize,
    /// Before which read, counted from 0, it becomes what.
    next: Mutex<Option<(usize, Vec<u8>)>>,
    /// Who answers the reads, in turn; the last one from then on.
    links: Vec<Link>,
}

impl fmt::Display for Turning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("turning")
    }
}

#[async_trait]
impl ObjectStore for Turning {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(at, payload, options).await
    }

    async fn put_multipart_opts(&self, at: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        let read = self.reads.fetch_add(1, Ordering::SeqCst);
        let next = self.next.lock().unwrap().take_if(|(before, _)| *before == read);
        if let Some((_, bytes)) = next {
            self.inner.put(at, bytes.into()).await?;
        }
        let link = self.links[read.min(self.links.len() - 1)];
        let mut found = self.inner.get_opts(at, options).await?;
        if link != Link::Primary {
            found.meta.e_tag = None;
        }
        found.extensions.insert(ServedBy { link, name: "turning".to_owned(), age_ms: None });
        Ok(found)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// More than is read at first.
fn csv(cell: char) -> Vec<u8> {
    let rows = (0..40_000).map(|row| format!("{row},{cell}\n"));
    format!("number,letter\n{}", rows.collect::<String>()).into_bytes()
}

/// What is found of an object that becomes another before that read.
fn found(before: &[u8], after: &[u8], links: &[Link], turn: Option<usize>) -> Answer {
    let inner = InMemory::new();
    block_on(inner.put(&Path::from("a"), before.to_vec().into())).unwrap();
    let next = Mutex::new(turn.map(|turn| (turn, after.to_vec())));
    let objects: Objects = Arc::new(Turning { inner, reads: AtomicUsize::new(0), next, links: links.to_vec() });
    run_with(&objects, &Request::default(), &Limits::default())
}

fn check(before: &[u8], after: &[u8], links: &[Link], turn: Option<usize>, expected: &[&str]) {
    let answer = found(before, after, links, turn);
    assert_eq!(codes(&answer), expected, "{links:?} {turn:?}");
    assert_eq!(answer.status == Status::Success, expected.is_empty(), "{links:?} {turn:?}");
}

const FIRST: &[Link] = &[Link::Primary];
const COPY: &[Link] = &[Link::Secondary];

#[test]
fn a_csv_that_is_replaced_between_two_reads_is_told_and_not_mixed() {
    let (a, b) = (csv('a'), csv('b'));
    check(&a, &b, FIRST, None, &[]);
    check(&a, &b, FIRST, Some(1), &["object_changed"]);
    let mixed = found(&a, &b, FIRST, Some(1));
    let letters = column(&mixed, 0, "letter");
    assert_eq!(letters["distinct"]["value"], 1, "nothing of the other was used: {letters}");
    // Longer or shorter than when it was listed: what was asked for is not all there is, or more.
    check(&a, &[csv('b'), csv('c')].concat(), FIRST, Some(0), &["object_changed"]);
    // Of the same size nobody can tell; but all of it is of one version.
    check(&a, &b, FIRST, Some(0), &[]);
}

#[test]
fn a_parquet_file_that_is_replaced_is_told_at_any_of_its_reads() {
    let file = file_of(&[1000, 2000]);
    for turn in 1..4 {
        let answer = found(&file, &file, FIRST, Some(turn));
        assert!(codes(&answer).contains(&"object_changed".to_owned()), "{turn}: {:?}", codes(&answer));
        assert_ne!(answer.status, Status::Success);
    }
    check(&file, &file, FIRST, None, &[]);
}

#[test]
fn a_read_that_began_on_one_side_does_not_end_on_the_other() {
    let (a, b) = (csv('a'), csv('b'));
    check(&a, &b, COPY, None, &["read_from_copy"]);
    check(&a, &b, COPY, Some(1), &["read_from_copy", "object_changed"]);
    check(&a, &b, &[Link::Secondary, Link::Primary], None, &["read_from_copy", "object_changed"]);
    check(&a, &b, &[Link::Primary, Link::Secondary], None, &["object_changed"]);
}
