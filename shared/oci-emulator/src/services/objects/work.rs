//! Work requests of Object Storage: reports on copies.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Emulator;
use crate::call::Call;
use crate::clock::{rfc3339, rfc3339_ms};
use crate::error::Error;
use crate::page;
use crate::reply::{self, Reply, ReplyExt, empty};
use crate::store::{Read, Span, Table, Writer};

const PAGE: (usize, usize) = (100, 1000);

/// An object that work has to do with.
pub(super) struct Resource {
    /// `READ` or `WRITTEN`.
    pub(super) action: &'static str,
    pub(super) region: String,
    pub(super) namespace: String,
    pub(super) bucket: String,
    pub(super) object: String,
}

impl Resource {
    fn shown(&self) -> Value {
        json!({
            "actionType": self.action,
            "entityType": "object",
            "identifier": format!("{}/{}/{}", self.namespace, self.bucket, self.object),
            "entityUri": format!("/n/{}/b/{}/o/{}", self.namespace, self.bucket, self.object),
            "metadata": { "REGION": self.region, "NAMESPACE": self.namespace, "BUCKET": self.bucket, "OBJECT": self.object },
        })
    }
}

/// How work ended.
pub(super) enum Outcome {
    Completed,
    /// Code and message.
    Failed(String, String),
}

/// A report as it is stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    id: String,
    operation_type: String,
    status: String,
    compartment_id: String,
    tenancy: String,
    resources: Vec<Value>,
    percent_complete: f64,
    time_accepted: String,
    time_started: Option<String>,
    time_finished: Option<String>,
    errors: Vec<Value>,
    logs: Vec<Value>,
}

fn key(id: &str) -> Vec<u8> {
    format!("objectstorage\0{id}").into_bytes()
}

/// Starts a report.
pub(super) fn accept(
    writer: &Writer,
    id: &str,
    operation: &str,
    compartment: &str,
    resources: &[Resource],
    call: &Call,
) -> Result<(), Error> {
    let accepted = rfc3339(call.now);
    let report = Report {
        id: id.to_owned(),
        operation_type: operation.to_owned(),
        status: "IN_PROGRESS".to_owned(),
        compartment_id: compartment.to_owned(),
        tenancy: call.principal.tenancy.clone(),
        resources: resources.iter().map(Resource::shown).collect(),
        percent_complete: 0.0,
        time_started: Some(accepted.clone()),
        logs: vec![json!({ "message": "The work request has been accepted.", "timestamp": accepted })],
        time_accepted: accepted,
        time_finished: None,
        errors: Vec::new(),
    };
    Ok(writer.put(Table::WorkRequests, &key(id), &report)?)
}

/// Ends a report.
pub(super) fn finish(writer: &Writer, id: &str, now_ms: i64, outcome: Outcome) -> Result<(), Error> {
    let Some(mut report) = writer.get::<Report>(Table::WorkRequests, &key(id))? else { return Ok(()) };
    let time = rfc3339_ms(now_ms);
    match outcome {
        Outcome::Completed => {
            report.status = "COMPLETED".to_owned();
            report.percent_complete = 100.0;
        }
        Outcome::Failed(code, message) => {
            report.status = "FAILED".to_owned();
            report.errors.push(json!({ "code": code, "message": message, "timestamp": time }));
        }
    }
    report.logs.push(json!({ "message": format!("The work request is {}.", report.status), "timestamp": time }));
    report.time_finished = Some(time);
    Ok(writer.put(Table::WorkRequests, &key(id), &report)?)
}

/// Whether somebody has called the work off.
pub(super) fn is_cancelled(writer: &Writer, id: &str) -> Result<bool, Error> {
    let report: Option<Report> = writer.get(Table::WorkRequests, &key(id))?;
    Ok(report.is_none_or(|report| report.status == "CANCELED"))
}

fn find(reader: &impl Read, call: &Call) -> Result<Report, Error> {
    let report: Option<Report> = reader.get(Table::WorkRequests, &key(call.param("id")))?;
    report.filter(|report| report.tenancy == call.principal.tenancy).ok_or_else(Error::not_found)
}

fn shown(report: &Report) -> Result<Value, Error> {
    let mut shown = serde_json::to_value(report).map_err(|error| Error::internal(error.to_string()))?;
    if let Value::Object(members) = &mut shown {
        for inner in ["errors", "logs", "tenancy"] {
            members.remove(inner);
        }
    }
    Ok(shown)
}

pub(super) fn get(emulator: &Emulator, call: &Call) -> Reply {
    let report = find(&emulator.store.read()?, call)?;
    reply::json(&shown(&report)?).header("retry-after", "1")
}

pub(super) fn list(emulator: &Emulator, call: &Call) -> Reply {
    let compartment = emulator.compartment_of(call)?;
    let keep = |report: &Report| report.compartment_id == compartment;
    let span = Span::prefix(b"objectstorage\0");
    let page = page::of_table(&emulator.store.read()?, Table::WorkRequests, span, call, PAGE, keep)?;
    page.reply(|report| shown(report).unwrap_or_default())
}

pub(super) fn errors(emulator: &Emulator, call: &Call) -> Reply {
    let report = find(&emulator.store.read()?, call)?;
    page::of_list(report.errors, call, PAGE)?.reply(Clone::clone)
}

pub(super) fn logs(emulator: &Emulator, call: &Call) -> Reply {
    let report = find(&emulator.store.read()?, call)?;
    page::of_list(report.logs, call, PAGE)?.reply(Clone::clone)
}

pub(super) fn cancel(emulator: &Emulator, call: &Call) -> Reply {
    emulator.store.write(|writer| {
        let mut report = find(writer, call)?;
        if report.time_finished.is_some() {
            return Err(Error::incorrect_state("The work request has ended."));
        }
        report.status = "CANCELED".to_owned();
        report.time_finished = Some(rfc3339(call.now));
        Ok(writer.put(Table::WorkRequests, &key(&report.id), &report)?)
    })?;
    empty(StatusCode::ACCEPTED)
}
