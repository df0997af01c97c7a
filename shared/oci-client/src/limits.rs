//! Limits of services and what is left of them.

use causeway_oci_auth::encode::Query;
use causeway_oci_auth::endpoint::Service;
use futures_util::stream::BoxStream;
use http::Method;
use serde::Deserialize;

use crate::site::Site;
use crate::{Client, Error, pages};

/// Calls of Limits.
#[derive(Debug, Clone)]
pub struct Limits {
    client: Client,
}

impl Client {
    /// Limits.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits { client: self.clone() }
    }
}

/// How much of a limit is used. Limits without this information answer with nothing.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Availability {
    /// Used, whole.
    pub used: Option<i64>,
    /// Left, whole.
    pub available: Option<i64>,
    /// Used, with fractions.
    pub fractional_usage: Option<f64>,
    /// Left, with fractions.
    pub fractional_availability: Option<f64>,
    /// Quota of the compartment, when there is one.
    pub effective_quota_value: Option<f64>,
}

/// A limit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LimitValue {
    /// Its name, such as `vcn-count`.
    pub name: String,
    /// `GLOBAL`, `REGION` or `AD`.
    pub scope_type: Option<String>,
    /// Full name of the availability domain, such as `Uocm:US-ASHBURN-AD-1`.
    pub availability_domain: Option<String>,
    /// How much there may be.
    pub value: Option<i64>,
}

impl Limits {
    /// `GetResourceAvailability`. The compartment is that of the tenancy for most limits; `availability_domain`, by
    /// its full name, is for limits of that scope.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn availability(
        &self,
        service: &str,
        limit: &str,
        compartment_id: &str,
        availability_domain: Option<&str>,
    ) -> Result<Availability, Error> {
        let query = Query::new().text("compartmentId", compartment_id);
        let query = query.maybe("availabilityDomain", availability_domain);
        let ask = self.client.ask(Site::Known(Service::Limits), "GetResourceAvailability", Method::GET);
        let path = "/services/{s}/limits/{l}/resourceAvailability";
        ask.path(path, &[("s", service), ("l", limit)]).query(&query).send().await?.json()
    }

    /// `ListLimitValues` of a service, with one name if given.
    #[must_use]
    pub fn values(
        &self,
        compartment_id: &str,
        service: &str,
        name: Option<&str>,
    ) -> BoxStream<'static, Result<LimitValue, Error>> {
        let query = Query::new().text("compartmentId", compartment_id).text("serviceName", service);
        let client = self.client.clone();
        pages::by_header(query.maybe("name", name), move || {
            client.ask(Site::Known(Service::Limits), "ListLimitValues", Method::GET).path("/limitValues", &[])
        })
    }
}
