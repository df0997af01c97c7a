//! The services: one module each, with a table of its operations.

pub(crate) mod compute;
pub(crate) mod dns;
pub(crate) mod federation;
pub(crate) mod functions;
pub(crate) mod genai;
pub(crate) mod health_checks;
pub(crate) mod identity;
pub(crate) mod limits;
pub(crate) mod logging;
pub(crate) mod metadata;
pub(crate) mod monitoring;
pub(crate) mod notifications;
pub(crate) mod objects;
pub(crate) mod secrets;
pub(crate) mod usage;

use bytes::Bytes;
use http::Method;

use crate::Emulator;
use crate::reply::Reply;
use crate::route::Service;

/// Every service.
pub(crate) const ALL: &[&Service] = &[
    &objects::SERVICE,
    &compute::SERVICE,
    &identity::SERVICE,
    &monitoring::SERVICE,
    &functions::SERVICE,
    &notifications::SERVICE,
    &logging::SERVICE,
    &secrets::SERVICE,
    &limits::SERVICE,
    &usage::SERVICE,
    &genai::SERVICE,
    &genai::openai::SERVICE,
    &dns::SERVICE,
    &health_checks::SERVICE,
    &federation::SERVICE,
    &metadata::SERVICE,
];

/// Admin routes of single services, such as seeds; `None` for a path that none of them has.
pub(crate) fn administer(emulator: &Emulator, method: &Method, path: &[&str], body: &Bytes) -> Option<Reply> {
    Some(match (method, path) {
        (&Method::POST, ["compute", "instances"]) => compute::seed(emulator, body),
        (&Method::POST, ["limits"]) => limits::seed(emulator, body),
        (&Method::POST, ["metrics"]) => monitoring::seed(emulator, body),
        (&Method::POST, ["usage"]) => usage::seed(emulator, body),
        (&Method::POST, ["chat"]) => genai::seed(emulator, body),
        (&Method::POST, ["secrets"]) => secrets::seed(emulator, body),
        (&Method::POST, ["zones"]) => dns::seed(emulator, body),
        (&Method::POST, ["health"]) => health_checks::seed(emulator, body),
        (&Method::POST, ["logs"]) => logging::seed(emulator, body),
        (&Method::GET, ["logs", id]) => logging::entries(emulator, id),
        (&Method::GET, ["topics", id, "messages"]) => notifications::published(emulator, id),
        _ => return None,
    })
}
