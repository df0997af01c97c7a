//! DNS: zones, their record sets, and steering policies. Nothing is resolved.

mod records;
mod steering;
mod zones;

pub(crate) use zones::seed;

use crate::route::{Route, Service};

const ZONE: &str = "/zones/{zone}";
const RRSET: &str = "/zones/{zone}/records/{domain}/{rtype}";
const POLICY: &str = "/steeringPolicies/{id}";
const ATTACHMENT: &str = "/steeringPolicyAttachments/{id}";

/// The service.
pub(crate) const SERVICE: Service = Service {
    name: "dns",
    hosts: &["dns"],
    bases: &["/20180115"],
    routes: &[
        Route::get("ListZones", "/zones", zones::list),
        Route::post("CreateZone", "/zones", zones::create).repeatable(),
        Route::get("GetZone", ZONE, zones::get),
        Route::delete("DeleteZone", ZONE, zones::delete),
        Route::get("GetZoneRecords", "/zones/{zone}/records", zones::records),
        Route::get("GetDomainRecords", "/zones/{zone}/records/{domain}", zones::records),
        Route::get("GetRRSet", RRSET, records::get),
        Route::put("UpdateRRSet", RRSET, records::put),
        Route::patch("PatchRRSet", RRSET, records::patch),
        Route::delete("DeleteRRSet", RRSET, records::delete),
        Route::post("CreateSteeringPolicy", "/steeringPolicies", steering::create).repeatable(),
        Route::get("ListSteeringPolicies", "/steeringPolicies", steering::list),
        Route::get("GetSteeringPolicy", POLICY, steering::get),
        Route::put("UpdateSteeringPolicy", POLICY, steering::update),
        Route::delete("DeleteSteeringPolicy", POLICY, steering::delete),
        Route::post("CreateSteeringPolicyAttachment", "/steeringPolicyAttachments", steering::attach).repeatable(),
        Route::get("ListSteeringPolicyAttachments", "/steeringPolicyAttachments", steering::attachments),
        Route::get("GetSteeringPolicyAttachment", ATTACHMENT, steering::attachment),
        Route::delete("DeleteSteeringPolicyAttachment", ATTACHMENT, steering::detach),
    ],
};
