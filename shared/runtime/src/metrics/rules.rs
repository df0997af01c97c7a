//! What both clouds take for names and values. Where they differ, the narrower rule holds.

use std::borrow::Cow;

/// Longest name or key: EMF's libraries stop at 250 for keys, both clouds' APIs at 255 or 256 for names.
const MAX_NAME: usize = 250;
/// Longest value of a dimension: OCI's limit was 256 and is 512, CloudWatch's is 1024.
const MAX_DIMENSION_VALUE: usize = 256;
/// Dimensions of a recording. `service` is one more; OCI takes 20, CloudWatch 30.
const MAX_DIMENSIONS: usize = 19;
/// CloudWatch takes values from -2^360 to 2^360.
const MAX_VALUE: f64 = 2.348_542_582_773_833e108;

/// Members of the lines and metrics of the runtime. A metric is a member of its line, so it cannot have the
/// name of another one.
const TAKEN: [&str; 19] = [
    "call_id",
    "cold_start",
    "ColdStart",
    "correlation_id",
    "Duration",
    "Errors",
    "function_name",
    "function_request_id",
    "Invocations",
    "level",
    "message",
    "message_id",
    "MetricsDropped",
    "namespace",
    "opc_request_id",
    "service",
    "timestamp",
    "trace_id",
    "xray_trace_id",
];

/// OCI keeps `oci_` to itself; CloudWatch does so with `AWS/`, which no letter rule allows.
pub(crate) fn is_namespace(text: &str) -> bool {
    text.len() <= 255 && is_word(text, b"_") && !is_of_oracle(text)
}

pub(super) fn is_recording(name: &str, value: f64, dimensions: &[(&'static str, &str)]) -> bool {
    let is_repeated = |index: usize, key: &str| dimensions[..index].iter().any(|(other, _)| *other == key);
    let mut keys = dimensions.iter().enumerate();
    let keys_fit = keys.all(|(index, (key, _))| is_name(key) && *key != name && !is_repeated(index, key));
    is_name(name) && value.abs() <= MAX_VALUE && dimensions.len() <= MAX_DIMENSIONS && keys_fit
}

fn is_name(text: &str) -> bool {
    text.len() <= MAX_NAME && is_word(text, b"_-") && !is_of_oracle(text) && !TAKEN.contains(&text)
}

fn is_word(text: &str, more: &[u8]) -> bool {
    let is_first = text.bytes().next().is_some_and(|first| first.is_ascii_alphabetic());
    is_first && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
}

fn is_of_oracle(text: &str) -> bool {
    text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("oci_"))
}

/// The value of a dimension as both clouds take it.
pub(super) fn dimension_value(text: &str) -> Cow<'_, str> {
    let is_printable = |one: char| one.is_ascii_graphic() || one == ' ';
    if text.trim_matches(' ').is_empty() {
        Cow::Borrowed("unknown")
    } else if text.len() <= MAX_DIMENSION_VALUE && text.chars().all(is_printable) {
        Cow::Borrowed(text)
    } else {
        let printable = |one: char| if is_printable(one) { one } else { '?' };
        Cow::Owned(text.chars().take(MAX_DIMENSION_VALUE).map(printable).collect())
    }
}
