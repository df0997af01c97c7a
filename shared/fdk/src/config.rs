//! What the platform tells a function through its environment.

use std::fmt;
use std::path::PathBuf;

/// Longest path that fits a socket address, without the terminating zero.
const MAX_SOCKET_PATH: usize = 107;

/// A wrong or missing platform variable. The process should exit non-zero with this message.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    /// `FN_FORMAT` names a format other than `http-stream`.
    #[error("FN_FORMAT is {0:?}; only \"http-stream\" is supported")]
    Format(String),
    /// `FN_LISTENER` is not set.
    #[error("FN_LISTENER is not set; it must be unix:<path of the socket to create>")]
    ListenerMissing,
    /// `FN_LISTENER` is not a Unix socket address.
    #[error("FN_LISTENER is {0:?}; it must be unix:<path of the socket to create>")]
    ListenerScheme(String),
    /// The path is longer than a socket address can hold.
    #[error("FN_LISTENER names a path of {0} bytes; a Unix socket path has at most {MAX_SOCKET_PATH}")]
    ListenerTooLong(usize),
    /// A limit of ours is not a number of bytes.
    #[error("{name} is {text:?}; it must be a number of bytes")]
    Limit {
        /// The variable.
        name: &'static str,
        /// Its text.
        text: String,
    },
}

/// Log framing: a line that ties log output to the caller's request (contract: both streams, before
/// user output, only when the header is there and not empty).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFrame {
    /// Name printed before the `=` (`FN_LOGFRAME_NAME`).
    pub name: String,
    /// Request header whose value is printed (`FN_LOGFRAME_HDR`).
    pub header: String,
}

/// The platform's variables, read once at start.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// Path at which the socket must appear (`FN_LISTENER` without `unix:`).
    pub listener: PathBuf,
    /// `FN_APP_ID`: a ULID on open-source Fn, an OCID on OCI.
    pub app_id: Option<String>,
    /// `FN_FN_ID`.
    pub fn_id: Option<String>,
    /// `FN_APP_NAME`, set by OCI only.
    pub app_name: Option<String>,
    /// `FN_FN_NAME`, set by OCI only.
    pub fn_name: Option<String>,
    /// `FN_MEMORY` in MB.
    pub memory_mb: Option<u64>,
    /// Log framing, when both of its variables are set.
    pub log_frame: Option<LogFrame>,
    /// `OCI_TRACING_ENABLED` is `1` or `true`.
    pub tracing_enabled: bool,
    /// `OCI_TRACE_COLLECTOR_URL`: a Zipkin v2 span endpoint with its key. Treat it as a secret.
    pub trace_collector_url: Option<String>,
    /// Largest response body in bytes that is sent; larger ones become 502. `FDK_MAX_RESPONSE_BYTES`,
    /// else 6 MiB where OCI's variables are present, else unlimited. OCI's own figure is not published.
    pub max_response_bytes: Option<usize>,
    /// Largest request body in bytes that reaches a handler (`FDK_MAX_REQUEST_BYTES`), else unlimited:
    /// OCI refuses bodies over 6 MB itself, open-source Fn has a server setting.
    pub max_request_bytes: Option<usize>,
}

const OCI_MAX_RESPONSE_BYTES: usize = 6 * 1024 * 1024;

impl Config {
    /// Reads the process environment.
    ///
    /// # Errors
    /// The first platform variable that is missing or wrong.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// Reads variables through `lookup`, which tests replace by a map.
    ///
    /// # Errors
    /// The first platform variable that is missing or wrong.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let text = |name: &str| lookup(name).filter(|value| !value.is_empty());
        check_format(text("FN_FORMAT"))?;
        let on_oci = text("OCI_RESOURCE_PRINCIPAL_VERSION").or_else(|| text("OCI_REGION_METADATA")).is_some();
        let bytes = |name| text(name).map(|text| parse_bytes(name, text)).transpose();
        Ok(Self {
            listener: listener_path(text("FN_LISTENER"))?,
            app_id: text("FN_APP_ID"),
            fn_id: text("FN_FN_ID"),
            app_name: text("FN_APP_NAME"),
            fn_name: text("FN_FN_NAME"),
            memory_mb: text("FN_MEMORY").and_then(|value| value.parse().ok()),
            log_frame: text("FN_LOGFRAME_NAME")
                .zip(text("FN_LOGFRAME_HDR"))
                .map(|(name, header)| LogFrame { name, header }),
            tracing_enabled: text("OCI_TRACING_ENABLED").is_some_and(|value| is_true(&value)),
            trace_collector_url: text("OCI_TRACE_COLLECTOR_URL"),
            max_response_bytes: bytes("FDK_MAX_RESPONSE_BYTES")?.or(on_oci.then_some(OCI_MAX_RESPONSE_BYTES)),
            max_request_bytes: bytes("FDK_MAX_REQUEST_BYTES")?,
        })
    }

    /// The service name of trace spans: lower-case `<app>::<function>`, as all function kits write it.
    #[must_use]
    pub fn service_name(&self) -> String {
        let part = |name: &Option<String>| name.as_deref().unwrap_or("unknown").to_ascii_lowercase();
        format!("{}::{}", part(&self.app_name), part(&self.fn_name))
    }
}

/// Leaves out the trace collector's URL, which holds a key.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listener", &self.listener)
            .field("app_id", &self.app_id)
            .field("fn_id", &self.fn_id)
            .field("app_name", &self.app_name)
            .field("fn_name", &self.fn_name)
            .field("memory_mb", &self.memory_mb)
            .field("log_frame", &self.log_frame)
            .field("tracing_enabled", &self.tracing_enabled)
            .field("max_response_bytes", &self.max_response_bytes)
            .field("max_request_bytes", &self.max_request_bytes)
            .finish_non_exhaustive()
    }
}

fn parse_bytes(name: &'static str, text: String) -> Result<usize, ConfigError> {
    text.trim().parse().map_err(|_| ConfigError::Limit { name, text })
}

fn is_true(value: &str) -> bool {
    value == "1" || value.eq_ignore_ascii_case("true")
}

fn check_format(format: Option<String>) -> Result<(), ConfigError> {
    match format {
        Some(format) if format != "http-stream" => Err(ConfigError::Format(format)),
        _ => Ok(()),
    }
}

fn listener_path(listener: Option<String>) -> Result<PathBuf, ConfigError> {
    let listener = listener.ok_or(ConfigError::ListenerMissing)?;
    let path = listener.strip_prefix("unix:").filter(|path| !path.is_empty());
    // unix:///tmp/x and unix:/tmp/x name the same file.
    let path = path.map(|path| path.strip_prefix("//").filter(|rest| rest.starts_with('/')).unwrap_or(path));
    match path {
        None => Err(ConfigError::ListenerScheme(listener)),
        Some(path) if path.len() > MAX_SOCKET_PATH => Err(ConfigError::ListenerTooLong(path.len())),
        Some(path) => Ok(PathBuf::from(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_lookup(|name| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn listener_forms() {
        let path = |listener: &str| config(&[("FN_LISTENER", listener)]).map(|config| config.listener);
        assert_eq!(path("unix:/tmp/iofs/lsnr.sock"), Ok("/tmp/iofs/lsnr.sock".into()));
        assert_eq!(path("unix:///tmp/iofs/lsnr.sock"), Ok("/tmp/iofs/lsnr.sock".into()));
        assert_eq!(path("tcp:127.0.0.1:1"), Err(ConfigError::ListenerScheme("tcp:127.0.0.1:1".into())));
        assert_eq!(path("unix:"), Err(ConfigError::ListenerScheme("unix:".into())));
        assert_eq!(path(""), Err(ConfigError::ListenerMissing));
        let long = |n: usize| format!("unix:/{}", "a".repeat(n - 1));
        assert!(path(&long(107)).is_ok());
        assert_eq!(path(&long(108)), Err(ConfigError::ListenerTooLong(108)));
    }

    #[test]
    fn format_must_be_http_stream_or_unset() {
        let format = |value: &str| config(&[("FN_FORMAT", value), ("FN_LISTENER", "unix:/s")]).map(|_| ());
        assert_eq!(format("http-stream"), Ok(()));
        assert_eq!(format(""), Ok(()));
        assert_eq!(format("json"), Err(ConfigError::Format("json".into())));
    }

    #[test]
    fn response_limit_follows_the_platform() {
        let limit = |vars: &[(&str, &str)]| {
            config(&[&[("FN_LISTENER", "unix:/s")], vars].concat()).map(|config| config.max_response_bytes)
        };
        assert_eq!(limit(&[]), Ok(None));
        assert_eq!(limit(&[("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")]), Ok(Some(6_291_456)));
        let both = [("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2"), ("FDK_MAX_RESPONSE_BYTES", "10")];
        assert_eq!(limit(&both), Ok(Some(10)));
    }

    #[test]
    fn a_wrong_limit_is_an_error_and_the_collectors_key_does_not_show() {
        let vars = [("FN_LISTENER", "unix:/s"), ("FDK_MAX_RESPONSE_BYTES", "6MB")];
        let expected = ConfigError::Limit { name: "FDK_MAX_RESPONSE_BYTES", text: "6MB".into() };
        assert_eq!(config(&vars), Err(expected));
        let vars = [("FN_LISTENER", "unix:/s"), ("OCI_TRACE_COLLECTOR_URL", "https://apm?dataKey=abc")];
        assert!(!format!("{:?}", config(&vars)).contains("abc"));
    }

    #[test]
    fn framing_and_tracing_need_both_parts() {
        let config = config(&[
            ("FN_LISTENER", "unix:/s"),
            ("FN_LOGFRAME_NAME", "call"),
            ("OCI_TRACING_ENABLED", "1"),
            ("FN_APP_NAME", "Shop"),
            ("FN_FN_NAME", "Pay"),
        ]);
        let config = config.expect("valid");
        assert_eq!(config.log_frame, None);
        assert!(config.tracing_enabled);
        assert_eq!(config.service_name(), "shop::pay");
    }
}
