//! Logging ingestion. Entries are read back by the admin route.

use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Emulator;
use crate::call::{Call, parse_json};
use crate::clock::rfc3339;
use crate::documents;
use crate::error::Error;
use crate::ids;
use crate::reply::{self, Reply, empty};
use crate::route::{Route, Service};
use crate::store::{Read, Span, Table};

const KIND: &str = "log";
/// Bytes of one entry.
const MAX_ENTRY: usize = 1024 * 1024;

/// The service.
pub(crate) const SERVICE: Service = Service {
    name: "logging",
    hosts: &["ingestion.logging"],
    bases: &["/20200831"],
    routes: &[Route::post("PutLogs", "/logs/{id}/actions/push", push).max_body(10 * 1024 * 1024)],
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    specversion: String,
    log_entry_batches: Vec<Batch>,
}

#[derive(Deserialize)]
struct Batch {
    source: String,
    #[serde(rename = "type")]
    kind: String,
    subject: Option<String>,
    defaultlogentrytime: Timestamp,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    data: String,
    time: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct Log {
    id: String,
    tenancy: String,
}

fn push(emulator: &Emulator, call: &Call) -> Reply {
    let log = call.param("id");
    check_log(emulator, call, log)?;
    let details: Details = call.json()?;
    if details.specversion != "1.0" {
        return Err(Error::invalid("specversion must be 1.0."));
    }
    let entries =
        || details.log_entry_batches.iter().flat_map(|batch| batch.entries.iter().map(move |one| (batch, one)));
    if entries().next().is_none() {
        return Err(Error::invalid("There is no log entry."));
    }
    if entries().any(|(_, entry)| entry.data.len() > MAX_ENTRY || entry.id.is_empty()) {
        return Err(Error::invalid("A log entry has an id and at most 1 MB of data."));
    }
    emulator.store.write(|writer| {
        for (batch, entry) in entries() {
            let kept = json!({
                "id": entry.id,
                "data": entry.data,
                "time": rfc3339(entry.time.unwrap_or(batch.defaultlogentrytime)),
                "source": batch.source,
                "type": batch.kind,
                "subject": batch.subject,
            });
            let key = [log.as_bytes(), &[0], &emulator.ids.number().to_be_bytes()].concat();
            writer.put(Table::LogEntries, &key, &kept)?;
        }
        Ok(())
    })?;
    empty(StatusCode::OK)
}

fn check_log(emulator: &Emulator, call: &Call, log: &str) -> Result<(), Error> {
    let known: Option<Log> = documents::find(&emulator.store.read()?, KIND, log)?;
    let own = known.is_some_and(|known| known.tenancy == call.principal.tenancy);
    let adopted = emulator.options.adopt_compartments && ids::is_ocid(log, "log");
    (own || adopted).then_some(()).ok_or_else(Error::not_found)
}

/// Creates a log by the admin route.
pub(crate) fn seed(emulator: &Emulator, body: &[u8]) -> Reply {
    let wanted: Value = parse_json(body)?;
    let id = wanted["id"].as_str().map_or_else(|| emulator.ids.ocid("log"), str::to_owned);
    if !ids::is_ocid(&id, "log") {
        return Err(Error::invalid(format!("{id} is no OCID of a log.")));
    }
    let log = Log { id: id.clone(), tenancy: emulator.tenancy().to_owned() };
    emulator.store.write(|writer| Ok(documents::put(writer, KIND, &id, &log)?))?;
    reply::json(&json!({ "id": id }))
}

/// The entries of a log, by the admin route.
pub(crate) fn entries(emulator: &Emulator, log: &str) -> Reply {
    let span = Span::prefix(&[log.as_bytes(), &[0]].concat());
    let found: Vec<(_, Value)> = emulator.store.read()?.list(Table::LogEntries, &span, 10_000, |_| true)?;
    reply::json(&found.into_iter().map(|(_, entry)| entry).collect::<Vec<_>>())
}
