//! Tenancies, their compartments and their Object Storage namespaces.

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::Emulator;
use crate::auth::Principal;
use crate::call::Call;
use crate::error::Error;
use crate::ids;
use crate::store::Table;

/// A compartment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Compartment {
    pub(crate) id: String,
    /// OCID of the parent.
    pub(crate) compartment_id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) time_created: String,
    pub(crate) lifecycle_state: String,
    pub(crate) tenancy: String,
    pub(crate) etag: String,
}

/// A name for a compartment that is known by its OCID alone.
pub(crate) fn short_name(ocid: &str) -> String {
    let unique = ocid.rsplit('.').next().unwrap_or(ocid);
    format!("compartment-{}", &unique[unique.len().saturating_sub(8)..])
}

impl Emulator {
    /// Creates a compartment under the root of a tenancy.
    pub(crate) fn add_compartment(&self, tenancy: &str, id: &str, name: &str) -> Result<Compartment, Error> {
        if !ids::is_ocid(id, "compartment") {
            return Err(Error::invalid(format!("{id} is no OCID of a compartment")));
        }
        let compartment = Compartment {
            id: id.to_owned(),
            compartment_id: tenancy.to_owned(),
            name: name.to_owned(),
            description: name.to_owned(),
            time_created: crate::clock::rfc3339(self.clock.now()),
            lifecycle_state: "ACTIVE".to_owned(),
            tenancy: tenancy.to_owned(),
            etag: self.ids.etag(),
        };
        self.store.put(Table::Compartments, id.as_bytes(), &compartment)?;
        Ok(compartment)
    }

    /// Refuses, as OCI does, a compartment that the caller's tenancy does not have.
    pub(crate) fn check_compartment(&self, principal: &Principal, id: &str) -> Result<(), Error> {
        if id == principal.tenancy {
            return Ok(());
        }
        let known: Option<Compartment> = self.store.get(Table::Compartments, id.as_bytes())?;
        match known {
            Some(known) if known.tenancy == principal.tenancy && known.lifecycle_state == "ACTIVE" => Ok(()),
            None if self.options.adopt_compartments && ids::is_ocid(id, "compartment") => {
                self.add_compartment(&principal.tenancy, id, &short_name(id)).map(|_| ())
            }
            _ => Err(Error::not_found()),
        }
    }

    /// The query's `compartmentId`, checked.
    pub(crate) fn compartment_of<'a>(&self, call: &'a Call) -> Result<&'a str, Error> {
        let id = call.required_query("compartmentId")?;
        self.check_compartment(&call.principal, id)?;
        Ok(id)
    }

    /// The Object Storage namespace of a tenancy.
    #[must_use]
    pub fn namespace_of(&self, tenancy: &str) -> String {
        match &self.options.namespace {
            Some(namespace) if tenancy == self.inner.tenancy => namespace.clone(),
            _ => format!("ax{}", &ids::base32(digest(&SHA256, tenancy.as_bytes()).as_ref())[..10]),
        }
    }
}
