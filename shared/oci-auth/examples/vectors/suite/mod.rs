//! What the vectors check. Shared by the example `vectors` and the test of the same name.
//!
//! The format is that of vectors recorded from Oracle's Python SDK: `keys`, `cases`, and per case `id`, `group`,
//! input and expectation. Where the SDK does something by accident a case says in `recommended` what is right; that
//! decides then.

mod answers;
mod call;
mod case;
mod client;
mod config;
mod encode;
mod endpoint;
mod flow;
mod key;
mod keys;
mod order;
mod outcome;
mod principal;
mod report;
mod retry;
mod signing;
mod stub;
mod wire;

pub(crate) use report::Report;
use serde_json::Value;

use case::{Case, Check};
use keys::Keys;
use order::Ordered;

/// Runs all cases of a file.
///
/// # Errors
/// When it is no such file.
pub(crate) fn run(file: &[u8]) -> Result<Report, String> {
    let orders = order::read(file)?;
    let file: Value = serde_json::from_slice(file).map_err(|error| format!("not JSON: {error}"))?;
    let file = case::expand(file)?;
    let cases = file.get("cases").and_then(Value::as_array).filter(|cases| !cases.is_empty());
    let cases = cases.ok_or("no cases in it")?;
    let keys = Keys::new(&file);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    Ok(runtime.block_on(all(cases, &orders, &keys)))
}

async fn all(cases: &[Value], orders: &[Ordered], keys: &Keys<'_>) -> Report {
    let mut report = Report::default();
    for (value, order) in cases.iter().zip(orders) {
        let case = Case::new(value);
        let check = check(&case, keys, order).await;
        report.add(case.group(), case.id(), check);
    }
    report
}

async fn check(case: &Case<'_>, keys: &Keys<'_>, order: &Ordered) -> Check {
    match case.group() {
        "signing" => signing::check(case, keys),
        "fingerprint" => key::fingerprint(case, keys),
        "key" => key::load(case, keys),
        "client" => client::check(case, keys),
        "encode" => encode::check(case, order),
        "config" => config::check(case, keys).await,
        "instance_principal" | "resource_principal_flow" => flow::check(case, keys).await,
        "endpoint" => endpoint::check(case),
        "resource_principal" => principal::check(case).await,
        "retry" => retry::check(case),
        "call" | "error_body" => call::check(case, keys.any()?).await,
        "pagination" => call::pages(case, keys.any()?).await,
        other => Err(format!("unknown group {other:?}")),
    }
}
