//! However much there is, the reply stays small, and says what it leaves out.

use std::sync::atomic::{AtomicUsize, Ordering};

use causeway_cloud::object_store::memory::InMemory;
use causeway_cloud::object_store::path::Path;
use causeway_cloud::object_store::{
    self, CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult,
};
use futures_util::stream::{self, BoxStream, StreamExt};

use super::*;

/// A bucket of very many objects that are made up while they are listed.
#[derive(Debug)]
struct Endless {
    objects: u64,
    /// Listings that were begun.
    listings: AtomicUsize,
    inner: InMemory,
}

impl std::fmt::Display for Endless {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("endless")
    }
}

const CONTENT: &[u8] = b"a,b\n1,2\n";

impl Endless {
    fn new(objects: u64) -> Self {
        Self { objects, listings: AtomicUsize::new(0), inner: InMemory::new() }
    }

    fn meta(name: &str) -> ObjectMeta {
        let last_modified = Default::default();
        ObjectMeta { location: Path::from(name), last_modified, size: CONTENT.len() as u64, e_tag: None, version: None }
    }
}

#[async_trait::async_trait]
impl ObjectStore for Endless {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> object_store::Result<PutResult> {
        self.inner.put_opts(at, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        let put = self.inner.put_opts(&Path::from("one"), CONTENT.to_vec().into(), Default::default()).await;
        drop(put);
        if !at.as_ref().ends_with(".csv") {
            return self.inner.get_opts(at, options).await;
        }
        self.inner.get_opts(&Path::from("one"), options).await
    }

    fn delete_stream(
        &self,
        places: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.inner.delete_stream(places)
    }

    /// Backwards, so that the first ones in name order come last.
    fn list(&self, _: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.listings.fetch_add(1, Ordering::Relaxed);
        stream::iter((0..self.objects).rev().map(|n| Ok(Self::meta(&format!("day/{n:09}.csv"))))).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[test]
fn a_bucket_of_a_million_objects_gives_a_small_reply() {
    let objects: Objects = Arc::new(Endless::new(1_000_000));
    let result = run_with(&objects, &Request::default(), &Limits { max_objects: 5, ..Limits::default() });
    let coverage = &result.data["coverage"];
    assert_eq!((&coverage["objects_listed"], &coverage["deferred_count"]), (&1_000_000.into(), &999_995.into()));
    let deferred = coverage["deferred"].as_array().unwrap();
    assert_eq!((deferred.len(), deferred[0].as_str()), (100, Some("day/000000005.csv")));
    assert_eq!(
        coverage["omitted"],
        serde_json::json!([{"list": "/coverage/deferred", "shown": 100, "total": 999_995}])
    );
    assert_eq!((result.status, codes(&result)), (Status::Partial, vec!["object_limit".to_owned()]));
    let tables = result.data["tables"].as_array().unwrap();
    let read: Vec<&str> = tables.iter().map(|t| t["object"].as_str().unwrap()).collect();
    assert_eq!(read[..2], ["day/000000000.csv", "day/000000001.csv"], "the first in name order, whatever came first");
    assert!(serde_json::to_string(&result).unwrap().len() < 50_000);
}

#[test]
fn sources_within_others_are_listed_once() {
    let endless = Arc::new(Endless::new(500));
    let objects: Objects = endless.clone();
    let sources = ["day", "day/000000001.csv", "day", "day/x"];
    let request = Request { data_sources: sources.map(str::to_owned).to_vec(), ..Request::default() };
    let result = run_with(&objects, &request, &Limits { max_objects: 3, ..Limits::default() });
    assert_eq!(result.data["coverage"]["objects_listed"], 500);
    // One for `day`, one to see whether there is anything below `day/x`.
    assert_eq!(endless.listings.load(Ordering::Relaxed), 2);
    let missing = store(&[("day/a.csv", b"a,b\n1,2\n")]);
    let request = Request { data_sources: vec!["day".to_owned(), "day/night".to_owned()], ..Request::default() };
    let result = run_with(&missing, &request, &Limits::default());
    assert_eq!(
        (result.data["issues"][0]["object"].as_str(), codes(&result)[0].as_str()),
        (Some("day/night"), "nothing_found")
    );
}

/// Tables with a column that is a quarter empty each, which gives alerts and recommendations.
fn wide(tables: usize, columns: usize) -> Objects {
    let names: Vec<String> = (0..columns).map(|c| format!("customer_{c}")).collect();
    let rows: String = (0..8)
        .map(|row| {
            let cells =
                (0..columns).map(|c| if (row + c) % 4 == 0 { String::new() } else { format!("v{}", (row + c) % 3) });
            cells.collect::<Vec<_>>().join(",") + "\n"
        })
        .collect();
    let content = format!("{}\n{rows}", names.join(","));
    let objects: Vec<String> = (0..tables).map(|t| format!("t{t:04}.csv")).collect();
    store(&objects.iter().map(|name| (name.as_str(), content.as_bytes())).collect::<Vec<_>>())
}

fn omitted(result: &Answer) -> Vec<(&str, u64, u64)> {
    let list = result.data["coverage"]["omitted"].as_array().unwrap().iter();
    let number = |value: &Value| value.as_u64().unwrap();
    list.map(|o| (o["list"].as_str().unwrap(), number(&o["shown"]), number(&o["total"]))).collect()
}

fn pointers_resolve(result: &Answer) {
    for (list, statements) in [("evidence", &result.insights), ("recommendation_evidence", &result.recommendations)] {
        let evidence = result.data[list].as_array().unwrap();
        assert_eq!(evidence.len(), statements.len());
        for pointer in evidence.iter().flat_map(|e| e.as_array().unwrap()) {
            assert!(result.data.pointer(pointer.as_str().unwrap()).is_some(), "{pointer}");
        }
    }
}

#[test]
fn many_or_wide_tables_are_shortened_to_fit() {
    for (tables, columns, max_reply_bytes) in
        [(30, 20, 200_000), (30, 20, 90_000), (1, 900, 100_000), (40, 3, 60_000), (40, 3, 20_000), (5, 5, 1)]
    {
        let limits = Limits { max_reply_bytes, ..Limits::default() };
        let result = run_with(&wide(tables, columns), &Request::default(), &limits);
        let size = serde_json::to_string(&result).unwrap().len();
        let what = format!("{tables} tables of {columns} in {max_reply_bytes}: {size} {:?}", omitted(&result));
        // The frame around the lists alone takes a few thousand.
        assert!(size <= max_reply_bytes.max(14_000), "{what}");
        assert_eq!(result.status, Status::Partial, "{what}");
        assert_eq!(result.data["data_ecosystem"]["total_entities"], tables, "{what}");
        let shown = result.data["tables"].as_array().unwrap();
        let total = (tables * columns) as u64;
        let kept: u64 = shown.iter().map(|t| t["columns"].as_array().unwrap().len() as u64).sum();
        assert!(omitted(&result).contains(&("/tables/*/quality/columns", 0, total)), "{what}");
        assert!(kept == total || omitted(&result).contains(&("/tables/*/columns", kept, total)), "{what}");
        assert!(shown.iter().all(|t| t["column_count"] == columns), "{what}");
        pointers_resolve(&result);
    }
}

#[test]
fn room_is_shared_so_that_no_table_starves() {
    let row = |count: usize| (0..count).map(|c| format!("v{c}")).collect::<Vec<_>>().join(",");
    let csv = |count: usize| format!("{}\n{}\n", row(count), row(count));
    let objects =
        store(&[("a_wide.csv", csv(500).as_bytes()), ("b.csv", csv(4).as_bytes()), ("c.csv", csv(4).as_bytes())]);
    let result = run_with(&objects, &Request::default(), &Limits { max_reply_bytes: 80_000, ..Limits::default() });
    let kept: Vec<usize> =
        result.data["tables"].as_array().unwrap().iter().map(|t| t["columns"].as_array().unwrap().len()).collect();
    assert!(kept[0] > 50 && kept[0] < 500 && kept[1..] == [4, 4], "{kept:?}");
}

#[test]
fn the_columns_of_all_tables_together_have_an_end() {
    let result = run_with(&wide(10, 10), &Request::default(), &Limits { max_total_columns: 35, ..Limits::default() });
    assert_eq!((result.status, codes(&result)), (Status::Partial, vec!["column_limit".to_owned()]));
    assert_eq!(
        (&result.data["coverage"]["tables_profiled"], &result.data["coverage"]["deferred_count"]),
        (&4.into(), &6.into())
    );
}

#[test]
fn frequent_issues_are_counted_and_do_not_hide_rare_ones() {
    let ragged: Vec<String> = (0..80).map(|t| format!("t{t:04}.csv")).collect();
    let mut objects: Vec<(&str, &[u8])> = ragged.iter().map(|name| (name.as_str(), &b"a,b\n1,2\n3\n"[..])).collect();
    objects.push(("z.csv", b""));
    let result = run(&objects);
    let codes = codes(&result);
    assert_eq!(codes.iter().filter(|code| *code == "ragged_rows").count(), 50);
    assert!(codes.contains(&"empty_object".to_owned()));
    assert_eq!(result.data["coverage"]["issue_counts"], serde_json::json!({"empty_object": 1, "ragged_rows": 80}));
    assert!(omitted(&result).contains(&("/issues", 51, 81)), "{:?}", omitted(&result));
}

#[test]
fn what_fits_is_whole() {
    let result = run_with(&wide(3, 5), &Request::default(), &Limits::default());
    assert_eq!((result.status, omitted(&result)), (Status::Success, Vec::new()));
}
