//! Ways to look at something.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::Otherwise;

/// How something is looked at. Bodies are read up to 64 KiB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// An HTTP request that reads.
    Http(HttpProbe),
    /// A connection that is opened and closed.
    Tcp(TcpProbe),
    /// The certificate of a server.
    TlsExpiry(TlsProbe),
    /// A name and its addresses.
    Dns(DnsProbe),
    /// A metric of the cloud.
    OciMetric(MetricProbe),
    /// An object of the bucket.
    Object(ObjectProbe),
    /// A command that a service carries out, by an HTTP POST of JSON, such as a query of a database.
    Command(Call),
}

/// An HTTP request that reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpProbe {
    /// `http://` or `https://`, without user or password.
    pub url: String,
    /// Default `get`.
    #[serde(default)]
    pub method: Method,
    /// Headers that are no secrets.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Headers whose values are secrets: by name, the vault's OCID, name or ARN of the secret.
    #[serde(default)]
    pub secret_headers: BTreeMap<String, String>,
    /// How many redirects are followed, 0 to 5. Default 0: a redirect is an answer like any other.
    #[serde(default)]
    pub follow_redirects: u8,
    /// What the answer has to be.
    #[serde(default)]
    pub expect: Expect,
}

/// A command over HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// As that of an HTTP probe.
    pub url: String,
    /// What is sent, as JSON.
    pub body: Value,
    /// Headers that are no secrets.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// As those of an HTTP probe.
    #[serde(default)]
    pub secret_headers: BTreeMap<String, String>,
    /// What the answer has to be.
    #[serde(default)]
    pub expect: Expect,
}

/// A method that changes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// GET.
    #[default]
    Get,
    /// HEAD.
    Head,
}

/// What an answer has to be. Without anything its status must be from 200 to 299.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Expect {
    /// Statuses that are good, such as `204` or `200-299`.
    pub status: Vec<StatusRange>,
    /// What the body, as JSON, has to say. All of them have to hold.
    pub json: Vec<Condition>,
    /// A longer response time in milliseconds is a failure.
    pub fail_above_ms: Option<u32>,
    /// A longer response time in milliseconds is degraded.
    pub degraded_above_ms: Option<u32>,
    /// A certificate that ends sooner, in hours, is a failure.
    pub fail_below_certificate_hours: Option<u32>,
    /// A certificate that ends sooner, in hours, is degraded.
    pub degraded_below_certificate_hours: Option<u32>,
}

/// What JSON has to say at a path. Every node that the path selects has to agree, and it has to select one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Condition {
    /// JSONPath as in RFC 9535, such as `$.status`.
    pub path: String,
    /// The value has to be this.
    pub equals: Option<Value>,
    /// The value must not be this.
    pub differs: Option<Value>,
    /// A number that is not smaller.
    pub at_least: Option<f64>,
    /// A number that is not larger.
    pub at_most: Option<f64>,
    /// Whether there has to be anything at all; `false`: there must be nothing.
    pub exists: Option<bool>,
    /// What it means when it does not hold. Default `fail`.
    pub otherwise: Otherwise,
}

/// A connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TcpProbe {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// A longer time to connect, in milliseconds, is degraded.
    #[serde(default)]
    pub degraded_above_ms: Option<u32>,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsProbe {
    /// Name of the server.
    pub host: String,
    /// Port. Default 443.
    #[serde(default = "https")]
    pub port: u16,
    /// Ends sooner, in hours: a failure. Default 0.
    #[serde(default)]
    pub fail_below_hours: u32,
    /// Ends sooner, in hours: degraded. Default 336, two weeks.
    #[serde(default = "two_weeks")]
    pub degraded_below_hours: u32,
}

/// A name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DnsProbe {
    /// The name, without a port.
    pub name: String,
    /// Addresses that have to be among those that come.
    #[serde(default)]
    pub includes: Vec<IpAddr>,
    /// Fewest addresses. Default 1.
    #[serde(default = "one")]
    pub min_addresses: u32,
}

/// A metric: the newest value of a window is compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MetricProbe {
    /// Such as `oci_computeagent`.
    pub namespace: String,
    /// Such as `CpuUtilization`.
    pub metric: String,
    /// Only series with these dimensions; where several remain, the worst counts.
    #[serde(default)]
    pub dimensions: BTreeMap<String, String>,
    /// OCID of the compartment; that of the function when absent.
    #[serde(default)]
    pub compartment: Option<String>,
    /// A newest value that is older, in minutes, is no value. Default 5.
    #[serde(default = "five")]
    pub max_age_minutes: u32,
    /// A larger value is a failure.
    #[serde(default)]
    pub fail_above: Option<f64>,
    /// A smaller value is a failure.
    #[serde(default)]
    pub fail_below: Option<f64>,
    /// A larger value is degraded.
    #[serde(default)]
    pub degraded_above: Option<f64>,
    /// A smaller value is degraded.
    #[serde(default)]
    pub degraded_below: Option<f64>,
}

/// An object: that it is there, how old it is, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectProbe {
    /// Name in the function's bucket.
    pub name: String,
    /// An older one, in minutes, is a failure.
    #[serde(default)]
    pub max_age_minutes: Option<u32>,
    /// SHA-256 of its content, in hex; only for objects of at most 64 KiB.
    #[serde(default)]
    pub sha256: Option<String>,
}

fn https() -> u16 {
    443
}

fn two_weeks() -> u32 {
    336
}

fn one() -> u32 {
    1
}

fn five() -> u32 {
    5
}

impl Default for Expect {
    fn default() -> Self {
        Self {
            status: vec![StatusRange { first: 200, last: 299 }],
            json: Vec::new(),
            fail_above_ms: None,
            degraded_above_ms: None,
            fail_below_certificate_hours: None,
            degraded_below_certificate_hours: None,
        }
    }
}

/// Statuses from the first to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRange {
    /// The first.
    pub first: u16,
    /// The last.
    pub last: u16,
}

impl StatusRange {
    /// Whether it has this one.
    #[must_use]
    pub fn has(self, status: u16) -> bool {
        (self.first..=self.last).contains(&status)
    }
}

impl fmt::Display for StatusRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{}-{}", self.first, self.last) }
    }
}

impl FromStr for StatusRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no status such as 204 and no range such as 200-299");
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let number = |text: &str| text.trim().parse::<u16>().map_err(|_| wrong());
        let range = Self { first: number(first)?, last: number(last)? };
        let is_status = |status: u16| (100..=599).contains(&status);
        if range.first <= range.last && is_status(range.first) && is_status(range.last) {
            Ok(range)
        } else {
            Err(wrong())
        }
    }
}

impl Serialize for StatusRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StatusRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RangeVisitor)
    }
}

struct RangeVisitor;

impl Visitor<'_> for RangeVisitor {
    type Value = StatusRange;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a status such as 204 or a range such as 200-299")
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<StatusRange, E> {
        value.to_string().parse().map_err(E::custom)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<StatusRange, E> {
        value.parse().map_err(E::custom)
    }
}

impl JsonSchema for StatusRange {
    fn schema_name() -> Cow<'static, str> {
        "StatusRange".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A status such as 204, or a range such as 200-299.",
            "anyOf": [
                { "type": "integer", "minimum": 100, "maximum": 599 },
                { "type": "string", "pattern": "^[1-5][0-9]{2}(-[1-5][0-9]{2})?$" },
            ],
        })
    }
}
