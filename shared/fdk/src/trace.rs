//! B3 trace context of a call. The kit only exposes it; it sends nothing itself.

use http::HeaderMap;

use crate::Config;

/// The platform's B3 headers, present when the application has tracing switched on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    /// `X-B3-TraceId`, hexadecimal.
    pub trace_id: Option<String>,
    /// `X-B3-SpanId`, hexadecimal.
    pub span_id: Option<String>,
    /// `X-B3-ParentSpanId`, hexadecimal.
    pub parent_span_id: Option<String>,
    /// `X-B3-Sampled`; true when absent, as most function kits have it.
    pub sampled: bool,
    /// `X-B3-Flags`.
    pub flags: Option<String>,
    /// Lower-case `<app>::<function>`.
    pub service_name: String,
}

impl Trace {
    /// `None` unless `OCI_TRACING_ENABLED` is on.
    pub(crate) fn read(headers: &HeaderMap, config: &Config) -> Option<Self> {
        if !config.tracing_enabled {
            return None;
        }
        let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned()).filter(|text| !text.is_empty());
        Some(Self {
            trace_id: text("x-b3-traceid"),
            span_id: text("x-b3-spanid"),
            parent_span_id: text("x-b3-parentspanid"),
            sampled: text("x-b3-sampled").is_none_or(|value| value != "0" && !value.eq_ignore_ascii_case("false")),
            flags: text("x-b3-flags"),
            service_name: config.service_name(),
        })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(enabled: bool, sampled: Option<&'static str>) -> Option<Trace> {
        let mut headers = HeaderMap::new();
        headers.insert("X-B3-TraceId", HeaderValue::from_static("abc"));
        if let Some(sampled) = sampled {
            headers.insert("x-b3-sampled", HeaderValue::from_static(sampled));
        }
        Trace::read(&headers, &Config { tracing_enabled: enabled, ..Config::default() })
    }

    #[test]
    fn only_when_enabled() {
        assert_eq!(read(false, None), None);
        let trace = read(true, None).expect("enabled");
        assert_eq!(trace.trace_id.as_deref(), Some("abc"));
        assert_eq!(trace.span_id, None);
    }

    #[test]
    fn sampled_defaults_to_true() {
        let sampled = |value| read(true, value).map(|trace| trace.sampled);
        assert_eq!(sampled(None), Some(true));
        assert_eq!(sampled(Some("1")), Some(true));
        assert_eq!(sampled(Some("0")), Some(false));
    }
}
