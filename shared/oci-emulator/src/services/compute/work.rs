//! Work requests of Compute.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::instance::Instance;
use crate::Emulator;
use crate::call::Call;
use crate::clock::rfc3339_ms;
use crate::documents;
use crate::error::Error;
use crate::page;
use crate::reply::{self, Reply, ReplyExt};
use crate::store::Writer;

const KIND: &str = "coreservicesworkrequest";
const PAGE: (usize, usize) = (100, 1000);

#[derive(Debug, Serialize, Deserialize)]
struct Work {
    id: String,
    operation: String,
    compartment: String,
    instance: String,
    start_ms: i64,
    end_ms: i64,
}

/// Starts a work request on an instance that ends at a known time.
pub(super) fn start(
    emulator: &Emulator,
    writer: &Writer,
    operation: &str,
    instance: &Instance,
    start_ms: i64,
    end_ms: i64,
) -> Result<String, Error> {
    let work = Work {
        id: emulator.ids.ocid(KIND),
        operation: operation.to_owned(),
        compartment: instance.compartment.clone(),
        instance: instance.id.clone(),
        start_ms,
        end_ms,
    };
    documents::put(writer, KIND, &work.id, &work)?;
    Ok(work.id)
}

impl Work {
    fn show(&self, now_ms: i64) -> Value {
        let done = self.end_ms <= now_ms;
        let part = (now_ms - self.start_ms) as f64 / (self.end_ms - self.start_ms).max(1) as f64;
        json!({
            "id": self.id,
            "operationType": self.operation,
            "status": if done { "SUCCEEDED" } else { "IN_PROGRESS" },
            "compartmentId": self.compartment,
            "resources": [{
                "actionType": if done { "UPDATED" } else { "IN_PROGRESS" },
                "entityType": "instance",
                "identifier": self.instance,
                "entityUri": format!("/20160918/instances/{}", self.instance),
            }],
            "percentComplete": if done { 100.0 } else { (part * 100.0).clamp(0.0, 99.0).floor() },
            "timeAccepted": rfc3339_ms(self.start_ms),
            "timeStarted": rfc3339_ms(self.start_ms),
            "timeFinished": done.then(|| rfc3339_ms(self.end_ms)),
        })
    }
}

fn find(emulator: &Emulator, call: &Call) -> Result<Work, Error> {
    let work: Work = documents::get(&emulator.store.read()?, KIND, call.param("id"))?;
    emulator.check_compartment(&call.principal, &work.compartment)?;
    Ok(work)
}

pub(super) fn get(emulator: &Emulator, call: &Call) -> Reply {
    reply::json(&find(emulator, call)?.show(call.now.as_millisecond())).header("retry-after", "1")
}

pub(super) fn list(emulator: &Emulator, call: &Call) -> Reply {
    let compartment = emulator.compartment_of(call)?;
    let keep =
        |work: &Work| work.compartment == compartment && call.query("resourceId").is_none_or(|id| id == work.instance);
    let page = documents::page(emulator, call, KIND, PAGE, keep)?;
    page.reply(|work| work.show(call.now.as_millisecond()))
}

/// Errors and logs: there are none, since nothing here fails after it is accepted.
pub(super) fn none(emulator: &Emulator, call: &Call) -> Reply {
    find(emulator, call)?;
    page::of_list(Vec::<Value>::new(), call, PAGE)?.reply(Clone::clone)
}
