//! Settings of the flow.

use std::collections::BTreeMap;
use std::time::Duration;

use causeway_cloud::folder_of_setting;
use causeway_cloud::results::{Database, Login, ResultsAt};
use causeway_decisioning::visualization::Options;
use causeway_runtime::{Settings, Vars};

use crate::HAND_OVER;
use crate::sql::STATEMENTS;
use crate::summary::HealthAs;

/// Longest lease: a continuation that finds the lease of one that died waits for its end, and a little is left.
const LONGEST_LEASE: Duration = HAND_OVER.saturating_sub(Duration::from_secs(5));

/// How runs are carried out and where their results go.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Object with the flow; the built-in one without.
    pub definition: Option<String>,
    /// Objects or prefixes that are analysed when a request names none.
    pub data_sources: Vec<String>,
    /// Folder of the runs' parts in the function's bucket.
    pub runs_prefix: String,
    /// Folder of the runs' dashboards in the same bucket.
    pub dashboards_prefix: String,
    /// How long a run belongs to an invocation that gives no sign of life.
    pub lease: Duration,
    /// Wait before the second try of an agent.
    pub first_wait: Duration,
    /// Time that must be left to begin another stage.
    pub shortest_call: Duration,
    /// Invocations that may work on one run.
    pub max_invocations: u32,
    /// Largest request of an agent.
    pub max_request_bytes: usize,
    /// Largest reply.
    pub max_reply_bytes: usize,
    /// How `business_health` is written.
    pub health_as: HealthAs,
    /// Where results go.
    pub results: ResultsAt,
}

impl Settings for Config {
    const PREFIX: &'static str = "FLOW_";

    fn read(vars: &mut Vars) -> Self {
        let seconds = |vars: &mut Vars, name, default: u64, range, meaning| {
            Duration::from_secs(vars.number(name, default, range, meaning))
        };
        let sources = vars.optional_text(
            "FLOW_DATA_SOURCES",
            "objects or prefixes, separated by commas, that are analysed when a request names none",
        );
        let sources = sources.unwrap_or_default();
        Self {
            definition: vars
                .optional_text("FLOW_DEFINITION", "object with the flow, YAML; the built-in one when unset"),
            data_sources: sources.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect(),
            runs_prefix: prefix(
                vars,
                "FLOW_RUNS_PREFIX",
                "causeway-state/decisioning-flow-runs",
                "folder in CAUSEWAY_BUCKET where the results of single agents are kept",
            ),
            dashboards_prefix: prefix(
                vars,
                "FLOW_DASHBOARDS_PREFIX",
                &Options::default().prefix,
                "folder in CAUSEWAY_BUCKET of the dashboards, VISUALIZATION_PREFIX; that of an old run goes with it",
            ),
            lease: seconds(
                vars,
                "FLOW_LEASE_SECONDS",
                45,
                5..=LONGEST_LEASE.as_secs(),
                "seconds until a run whose invocation gives no sign of life can be resumed",
            ),
            first_wait: Duration::from_millis(vars.number(
                "FLOW_FIRST_WAIT_MILLISECONDS",
                1000,
                0..=60_000,
                "longest wait before the second try of an agent; later ones grow by backoffMultiplier",
            )),
            shortest_call: seconds(
                vars,
                "FLOW_SHORTEST_CALL_SECONDS",
                10,
                0..=300,
                "seconds that must be left of an invocation to begin another stage in it",
            ),
            max_invocations: vars.number("FLOW_MAX_INVOCATIONS", 100, 1..=10_000, "invocations for one run"),
            max_request_bytes: vars.number(
                "FLOW_MAX_REQUEST_BYTES",
                5 << 20,
                1 << 10..=6 << 20,
                "largest request of an agent, in bytes; above, results are handed on as names of objects",
            ),
            max_reply_bytes: vars.number(
                "FLOW_MAX_REPLY_BYTES",
                5 << 20,
                1 << 16..=6 << 20,
                "largest reply, in bytes; above, the results of the agents are left out",
            ),
            health_as: match vars.choice(
                "FLOW_BUSINESS_HEALTH_AS",
                &["label", "number"],
                "label",
                "how executive_summary writes business_health: a word, or the number for queries that compare it",
            ) {
                "number" => HealthAs::Number,
                _ => HealthAs::Label,
            },
            results: results(vars),
        }
    }
}

/// A folder, without a slash at its end.
fn prefix(vars: &mut Vars, name: &'static str, default: &str, meaning: &'static str) -> String {
    let text = vars.text(name, default, meaning);
    let folder = folder_of_setting(name, &text).map(str::to_owned);
    folder.unwrap_or_else(|problem| {
        vars.reject(problem);
        text
    })
}

fn results(vars: &mut Vars) -> ResultsAt {
    let place = vars.choice(
        "FLOW_RESULTS",
        &["objects", "ords", "both"],
        "objects",
        "where results go: objects of a bucket, rows of a database behind ORDS, or both",
    );
    let bucket = vars.text(
        "FLOW_RESULTS_BUCKET",
        "decisioning-results",
        "bucket of the results, the one that the flow names; a CAUSEWAY_LOCAL_ROOT stands in for it",
    );
    let prefix = prefix(vars, "FLOW_RESULTS_PREFIX", "results", "folder of the results in their bucket");
    let database = database(vars, place != "objects");
    ResultsAt { bucket, prefix, objects: place != "ords", database }
}

fn database(vars: &mut Vars, is_used: bool) -> Option<Database> {
    let url = vars.optional_text("FLOW_ORDS_URL", "REST-enabled SQL of a schema: https://<host>/ords/<schema>/_/sql");
    let secret = vars.optional_text(
        "FLOW_ORDS_SECRET",
        "vault secret with a JSON object: username and password, or client_id and client_secret",
    );
    let login = vars.choice(
        "FLOW_ORDS_LOGIN",
        &["basic", "oauth2"],
        "basic",
        "HTTP Basic with the schema's user, or OAuth 2 client credentials",
    );
    let token_url = vars.optional_text("FLOW_ORDS_TOKEN_URL", "where OAuth 2 tokens are issued: .../oauth/token");
    let members = vars.optional_text(
        "FLOW_ORDS_MEMBERS",
        "names of JSON members on this server that differ, such as {\"data_type\":\"dataType\"}",
    );
    if !is_used {
        return None;
    }
    let mut required = |name: &str, value: Option<String>| {
        if value.is_none() {
            vars.reject(format!("{name} is not set: results go to a database"));
        }
        value.unwrap_or_default()
    };
    let (url, secret) = (required("FLOW_ORDS_URL", url), required("FLOW_ORDS_SECRET", secret));
    let login = match login {
        "oauth2" => Login::ClientCredentials { token_url: required("FLOW_ORDS_TOKEN_URL", token_url) },
        _ => Login::Basic,
    };
    let members: BTreeMap<String, String> = match serde_json::from_str(members.as_deref().unwrap_or("{}")) {
        Ok(members) => members,
        Err(error) => {
            vars.reject(format!("FLOW_ORDS_MEMBERS is no JSON object of texts: {error}"));
            BTreeMap::new()
        }
    };
    Some(Database { url, login, secret, members, statements: STATEMENTS })
}
