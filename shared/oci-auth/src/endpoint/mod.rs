//! Endpoints: where the services of a region are, and what overrides them.

mod origin;
mod overrides;
mod service;

pub use origin::{origin, url};
pub use service::Service;

use crate::region::label::is_label;
use crate::region::{Region, Regions};
use crate::{Effects, Error};
use overrides::Overrides;

/// Stands in a template for the namespace and a dot.
const NAMESPACE: &str = "{namespaceName+Dot}";
const FUNCTIONS_VERSION: &str = "CAUSEWAY_OCI_FUNCTIONS_API_VERSION";
const REALM_TEMPLATES: &str = "OCI_REALM_SPECIFIC_SERVICE_ENDPOINT_TEMPLATE_ENABLED";
const DUAL_STACK: &str = "OCI_DUAL_STACK_ENDPOINT_ENABLED";

/// Finds the base URL of a service.
///
/// | variable | effect |
/// |---|---|
/// | `CAUSEWAY_OCI_ENDPOINT_OBJECT_STORAGE`, ... | endpoint of that [`Service`] |
/// | `CAUSEWAY_OCI_ENDPOINT` | one endpoint for all services, such as an emulator's |
/// | `OCI_SDK_AUTH_CLIENT_REGION_URL`, `OCI_CLI_FEDERATION_ENDPOINT` | endpoint of [`Service::Auth`] |
/// | `OCI_CLI_ENDPOINT` | endpoint of all other services |
/// | `OCI_REALM_SPECIFIC_SERVICE_ENDPOINT_TEMPLATE_ENABLED` | `true`: the namespace is in Object Storage's host name |
/// | `OCI_DUAL_STACK_ENDPOINT_ENABLED` | `true`: names that resolve to IPv6 as well |
/// | `CAUSEWAY_OCI_FUNCTIONS_API_VERSION` | API version of Functions, default `20181201` |
///
/// An earlier line wins over a later one. Endpoints in variables are checked by [`origin`].
#[derive(Debug, Clone)]
pub struct Endpoints {
    regions: Regions,
    overrides: Overrides,
    realm_templates: bool,
    dual_stack: bool,
    functions_base: Option<String>,
}

impl Endpoints {
    /// Reads the variables.
    ///
    /// # Errors
    ///
    /// [`Error::BadVariable`] for an endpoint or a version that cannot be used.
    pub fn new(effects: Effects) -> Result<Self, Error> {
        Ok(Self {
            overrides: Overrides::read(&effects)?,
            realm_templates: switch(&effects, REALM_TEMPLATES)?,
            dual_stack: switch(&effects, DUAL_STACK)?,
            functions_base: functions_base(&effects)?,
            regions: Regions::new(effects),
        })
    }

    /// The regions that are resolved with; its clones share what is learnt.
    #[must_use]
    pub const fn regions(&self) -> &Regions {
        &self.regions
    }

    /// Base URL of a service, API version included, without a slash at its end. `region` may be a name, a short
    /// code or a complete domain; it is not looked at when the service's endpoint is overridden.
    ///
    /// # Errors
    ///
    /// As [`Regions::resolve`].
    pub fn url(&self, service: Service, region: &str) -> Result<String, Error> {
        Ok(self.template(service, region)?.replace(NAMESPACE, ""))
    }

    /// Base URL of Object Storage for calls about one namespace. Differs from [`url`](Self::url) with realm-specific
    /// host names only, which have the namespace in them.
    ///
    /// # Errors
    ///
    /// As [`url`](Self::url), and [`Error::BadEndpoint`] when the namespace is needed and cannot be part of a host
    /// name.
    pub fn object_storage(&self, region: &str, namespace: &str) -> Result<String, Error> {
        let template = self.template(Service::ObjectStorage, region)?;
        if template.contains(NAMESPACE) && !is_label(namespace) {
            let reason = "the namespace cannot be part of a host name".to_owned();
            return Err(Error::BadEndpoint { endpoint: template, reason });
        }
        Ok(template.replace(NAMESPACE, &format!("{namespace}.")))
    }

    /// The URL as Oracle's SDKs print it: with `{namespaceName+Dot}` where the namespace and a dot may stand.
    ///
    /// # Errors
    ///
    /// As [`url`](Self::url).
    pub fn template(&self, service: Service, region: &str) -> Result<String, Error> {
        let base = self.base_path(service);
        if let Some(origin) = self.overrides.of(service) {
            return Ok(format!("{origin}{base}"));
        }
        let host = self.host(service, &self.regions.resolve(region)?);
        Ok(format!("https://{host}{base}"))
    }

    /// Base URL for calls to an endpoint that a service names: `invokeEndpoint` of a function, `messagesEndpoint`
    /// of a stream or queue.
    ///
    /// # Errors
    ///
    /// [`Error::BadEndpoint`], as [`origin`].
    pub fn member(&self, service: Service, endpoint: &str) -> Result<String, Error> {
        Ok(format!("{}{}", origin(endpoint)?, self.base_path(service)))
    }

    /// API version of the service as a path, such as `/20160918`; empty for Object Storage and Auth.
    #[must_use]
    pub fn base_path(&self, service: Service) -> &str {
        let version = self.functions_base.as_deref().filter(|_| service == Service::Functions);
        version.unwrap_or(service.form().base)
    }

    /// Whether a variable decides where the service is.
    #[must_use]
    pub fn is_overridden(&self, service: Service) -> bool {
        self.overrides.of(service).is_some()
    }

    fn host(&self, service: Service, region: &Region) -> String {
        let (form, id, domain) = (service.form(), &region.id, &region.domain);
        if region.is_complete_domain() {
            return format!("{}.{id}", service.host_before_domain());
        }
        let dual = self.dual_stack && form.dual_stack;
        // Only Object Storage has such a template, and only in this realm.
        let realm_template = self.realm_templates && region.realm_key.as_deref() == Some("oc1");
        if realm_template && service == Service::ObjectStorage {
            let dual = if dual { "ds." } else { "" };
            return format!("{NAMESPACE}objectstorage.{id}.{dual}oci.customer-oci.com");
        }
        let family = if dual { "ds.oci." } else { form.family };
        format!("{}.{id}.{family}{domain}", form.host)
    }
}

/// `true` in any case is on, everything else is off: so read Oracle's SDKs their switches.
fn switch(effects: &Effects, name: &str) -> Result<bool, Error> {
    let value = effects.text(name)?.unwrap_or_default();
    let value = value.trim();
    if !value.is_empty() && !["true", "false"].iter().any(|known| value.eq_ignore_ascii_case(known)) {
        tracing::warn!(name, "neither true nor false: taken as false");
    }
    Ok(value.eq_ignore_ascii_case("true"))
}

fn functions_base(effects: &Effects) -> Result<Option<String>, Error> {
    let version = effects.text(FUNCTIONS_VERSION)?.unwrap_or_default();
    let version = version.trim();
    if version.is_empty() {
        return Ok(None);
    }
    if version.len() == 8 && version.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Some(format!("/{version}")));
    }
    let reason = "not a date of eight digits, such as 20181201".to_owned();
    Err(Error::BadVariable { name: FUNCTIONS_VERSION.to_owned(), reason })
}

#[cfg(test)]
mod tests;
