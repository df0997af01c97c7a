//! DNS: records, and policies that steer traffic.

use causeway_oci_auth::encode::Query;
use causeway_oci_auth::endpoint::Service;
use http::Method;
use serde::{Deserialize, Serialize};

use crate::ask::Ask;
use crate::site::Site;
use crate::{Client, Error};

/// Calls of DNS.
#[derive(Debug, Clone)]
pub struct Dns {
    client: Client,
}

impl Client {
    /// DNS.
    #[must_use]
    pub fn dns(&self) -> Dns {
        Dns { client: self.clone() }
    }
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The name, such as `api.example.com`.
    pub domain: String,
    /// Such as `A`.
    pub rtype: String,
    /// Such as an address.
    pub rdata: String,
    /// How long it may be kept, in seconds.
    #[serde(rename = "ttl")]
    pub ttl_seconds: u32,
}

/// All records of one name and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordSet {
    /// The records.
    pub items: Vec<Record>,
    /// For conditional changes.
    pub etag: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Items {
    items: Vec<Record>,
}

/// One possible answer of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SteeringAnswer {
    /// Its name.
    pub name: String,
    /// `A`, `AAAA` or `CNAME`.
    pub rtype: String,
    /// Such as an address.
    pub rdata: String,
    /// Its group, by which rules choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// Whether it is taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_disabled: Option<bool>,
}

/// One step of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ruleType", rename_all = "UPPERCASE")]
pub enum SteeringRule {
    /// Keeps answers for which a condition holds.
    #[serde(rename_all = "camelCase")]
    Filter {
        /// Conditions.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        default_answer_data: Vec<Keep>,
    },
    /// Keeps answers that are healthy.
    Health {},
    /// Chooses by weights.
    #[serde(rename_all = "camelCase")]
    Weighted {
        /// Weights.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        default_answer_data: Vec<Rank>,
    },
    /// Chooses the lowest value first.
    #[serde(rename_all = "camelCase")]
    Priority {
        /// Ranks.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        default_answer_data: Vec<Rank>,
    },
    /// Keeps the first so many.
    #[serde(rename_all = "camelCase")]
    Limit {
        /// How many.
        default_count: Option<u32>,
    },
}

/// A condition of a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Keep {
    /// Such as `answer.isDisabled != true`; all answers when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_condition: Option<String>,
    /// Whether such answers stay.
    pub should_keep: bool,
}

/// A weight from 0 to 255, or a rank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rank {
    /// Such as `answer.pool == 'oci'`; all answers when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_condition: Option<String>,
    /// How much, or which place.
    pub value: u8,
}

/// A policy to be made or put in the place of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewSteeringPolicy {
    /// OCID of its compartment.
    pub compartment_id: String,
    /// The name for people.
    pub display_name: String,
    /// How long answers may be kept, in seconds; 30 when absent.
    #[serde(rename = "ttl", skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u32>,
    /// OCID of the monitor that says what is healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_monitor_id: Option<String>,
    /// `FAILOVER`, `LOAD_BALANCE`, `ROUTE_BY_GEO`, `CUSTOM` and others.
    pub template: String,
    /// Possible answers.
    pub answers: Vec<SteeringAnswer>,
    /// Steps, in their order.
    pub rules: Vec<SteeringRule>,
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SteeringPolicy {
    /// OCID.
    pub id: String,
    /// OCID of its compartment.
    pub compartment_id: String,
    /// The name for people.
    pub display_name: String,
    /// How long answers may be kept, in seconds.
    #[serde(rename = "ttl")]
    pub ttl_seconds: Option<u32>,
    /// OCID of the monitor that says what is healthy.
    pub health_check_monitor_id: Option<String>,
    /// Such as `LOAD_BALANCE`.
    pub template: Option<String>,
    /// Possible answers.
    #[serde(default)]
    pub answers: Vec<SteeringAnswer>,
    /// Steps as the service has them; there are more kinds than [`SteeringRule`].
    #[serde(default)]
    pub rules: Vec<serde_json::Value>,
    /// Such as `ACTIVE`.
    pub lifecycle_state: Option<String>,
    /// For conditional changes; a header of the answer.
    #[serde(skip)]
    pub etag: Option<String>,
}

/// That a policy answers for a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SteeringAttachment {
    /// OCID of the policy.
    pub steering_policy_id: String,
    /// OCID of the zone.
    pub zone_id: String,
    /// The name.
    pub domain_name: String,
}

/// The steps of a cutover by weights between two pools: disabled answers are dropped, then unhealthy ones when there
/// is a monitor, then the pools are weighed, and one answer stays.
#[must_use]
pub fn weighted(pools: &[(&str, u8)], has_monitor: bool) -> Vec<SteeringRule> {
    let keep = Keep { answer_condition: Some("answer.isDisabled != true".to_owned()), should_keep: true };
    let rank =
        |(pool, value): &(&str, u8)| Rank { answer_condition: Some(format!("answer.pool == '{pool}'")), value: *value };
    let filter = SteeringRule::Filter { default_answer_data: vec![keep] };
    let weighted = SteeringRule::Weighted { default_answer_data: pools.iter().map(rank).collect() };
    let health = has_monitor.then_some(SteeringRule::Health {});
    let limit = SteeringRule::Limit { default_count: Some(1) };
    [Some(filter), health, Some(weighted), Some(limit)].into_iter().flatten().collect()
}

const RECORDS: &str = "/zones/{z}/records/{d}/{t}";
const POLICY: &str = "/steeringPolicies/{p}";

impl Dns {
    /// `GetRRSet`: all pages. `zone` is a name or an OCID.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn records(&self, zone: &str, domain: &str, rtype: &str) -> Result<RecordSet, Error> {
        let mut found = RecordSet { items: Vec::new(), etag: None };
        let mut pages = causeway_oci_auth::page::Pages::default();
        loop {
            let ask = self.ask("GetRRSet", Method::GET).path(RECORDS, &[("z", zone), ("d", domain), ("t", rtype)]);
            let answer = ask.query(&Query::new().maybe("page", pages.token())).send().await?;
            found.items.extend(answer.json::<Items>()?.items);
            found.etag = answer.text("etag");
            let next = causeway_oci_auth::page::next_page(answer.headers());
            if !pages.turn(next).map_err(|error| answer.unusable(error.to_string()))? {
                return Ok(found);
            }
        }
    }

    /// `UpdateRRSet`: puts these records in the place of all of that name and type.
    ///
    /// # Errors
    /// [`Error`]; 412 when the etag is another.
    pub async fn replace_records(
        &self,
        zone: &str,
        (domain, rtype): (&str, &str),
        records: &[Record],
        if_match: Option<&str>,
    ) -> Result<RecordSet, Error> {
        let ask = self.ask("UpdateRRSet", Method::PUT).path(RECORDS, &[("z", zone), ("d", domain), ("t", rtype)]);
        let ask = ask.header("if-match", if_match).json(&Items { items: records.to_vec() });
        let answer = ask.send().await?;
        Ok(RecordSet { items: answer.json::<Items>()?.items, etag: answer.text("etag") })
    }

    /// `CreateSteeringPolicy`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn create_policy(&self, policy: &NewSteeringPolicy) -> Result<SteeringPolicy, Error> {
        let ask = self.ask("CreateSteeringPolicy", Method::POST).path("/steeringPolicies", &[]);
        with_etag(&ask.retry_token().json(policy).send().await?)
    }

    /// `GetSteeringPolicy`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn policy(&self, id: &str) -> Result<SteeringPolicy, Error> {
        with_etag(&self.ask("GetSteeringPolicy", Method::GET).path(POLICY, &[("p", id)]).send().await?)
    }

    /// `UpdateSteeringPolicy`, only while its etag is the given one.
    ///
    /// # Errors
    /// [`Error`]; 412 when it has changed.
    pub async fn update_policy(
        &self,
        id: &str,
        policy: &NewSteeringPolicy,
        if_match: Option<&str>,
    ) -> Result<SteeringPolicy, Error> {
        let ask = self.ask("UpdateSteeringPolicy", Method::PUT).path(POLICY, &[("p", id)]);
        with_etag(&ask.header("if-match", if_match).json(policy).send().await?)
    }

    /// `CreateSteeringPolicyAttachment`: the OCID of the attachment, when the service says it.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn attach_policy(&self, attachment: &SteeringAttachment) -> Result<Option<String>, Error> {
        #[derive(Deserialize)]
        struct Made {
            id: Option<String>,
        }
        let ask = self.ask("CreateSteeringPolicyAttachment", Method::POST).path("/steeringPolicyAttachments", &[]);
        let answer = ask.retry_token().json(attachment).send().await?;
        Ok(answer.maybe_json::<Made>()?.and_then(|made| made.id))
    }

    fn ask(&self, operation: &'static str, method: Method) -> Ask {
        self.client.ask(Site::Known(Service::Dns), operation, method)
    }
}

fn with_etag(answer: &crate::answer::Answer) -> Result<SteeringPolicy, Error> {
    Ok(SteeringPolicy { etag: answer.text("etag"), ..answer.json()? })
}
