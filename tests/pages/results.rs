//! A dashboard of the sample orders, written by the visualization agent as a process.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use causeway_cloud::Objects;
use causeway_cloud::local::Store;
use causeway_decisioning::{decision, discovery, intelligence, strategy};
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::harness::{Request, Spec, programs};

const SUPERSTORE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/local-cloud/data/superstore");

/// The folder of a run's files.
pub(crate) struct Written {
    folder: PathBuf,
    _bucket: TempDir,
}

impl Written {
    pub(crate) fn page(&self) -> PathBuf {
        self.folder.join("dashboard.html")
    }

    pub(crate) fn export(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.folder.join("export.json")).unwrap()).unwrap()
    }
}

/// What the other agents say of the sample orders.
pub(crate) fn results() -> &'static Value {
    static RESULTS: OnceLock<Value> = OnceLock::new();
    RESULTS.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(Arc::new(Store::open(SUPERSTORE).unwrap()), "superstore.csv"))
    })
}

/// Has the four agents before the dashboard's work on a table of a store.
pub(crate) async fn run(objects: Objects, table: &str) -> Value {
    let clock = &Timestamp::now;
    let request = serde_json::from_value(json!({ "data_sources": [table] })).unwrap();
    let found = discovery::survey(&objects, &request, &discovery::Limits::default(), clock, None).await.unwrap();
    let request = json!({ "data_sources": [table], "catalogue": { "result": &found } });
    let (request, limits) = (serde_json::from_value(request).unwrap(), intelligence::Limits::default());
    let analysed = intelligence::analyse(&objects, &request, &limits, clock, None).await.unwrap();
    let request = serde_json::from_value(json!({ "discovery": &found, "intelligence": &analysed })).unwrap();
    let planned = strategy::plan::plan(&objects, &request, &limits, clock, None).await.unwrap();
    let inputs = json!({ "discovery": &found, "intelligence": &analysed, "strategy": &planned });
    let request: decision::Request = serde_json::from_value(inputs.clone()).unwrap();
    let decided = decision::synthesise::synthesise(&objects, &request, clock).await.unwrap();
    let mut all = inputs;
    all["decision"] = serde_json::to_value(&decided).unwrap();
    all
}

/// Has the agent write the dashboard of these results.
pub(crate) fn write(inputs: &Value) -> Written {
    let bucket = tempfile::tempdir().unwrap();
    let root = bucket.path().to_str().unwrap();
    let agent = Spec::new(&programs::function("visualization-agent")).env("CAUSEWAY_LOCAL_ROOT", root).start();
    let body = json!({ "run_id": "sample", "inputs": inputs }).to_string();
    let reply = agent.call(&Request::call(body).header("Content-Type", "application/json"));
    assert_eq!(reply.status, 200, "{}", agent.stderr());
    let reply = reply.json();
    assert_eq!(reply["agent_name"], "visualization", "{reply}");
    let folder = bucket.path().join("dashboards/sample");
    assert!(folder.join("dashboard.html").is_file(), "{reply}");
    Written { folder, _bucket: bucket }
}

/// The dashboard of the sample orders; written once for all tests.
pub(crate) fn sample() -> &'static Written {
    static SAMPLE: OnceLock<Written> = OnceLock::new();
    SAMPLE.get_or_init(|| write(results()))
}

/// Where pictures are left for people.
pub(crate) fn gallery() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
