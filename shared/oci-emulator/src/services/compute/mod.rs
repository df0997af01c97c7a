//! Compute: instances with a life cycle, flexible shapes, work requests.

mod actions;
mod instance;
mod launch;
mod resize;
mod shapes;
mod work;

pub(crate) use launch::seed;
pub(crate) use shapes::cores_used;

use crate::route::{Route, Service};

const INSTANCE: &str = "/instances/{id}";

/// The service.
pub(crate) const SERVICE: Service = Service {
    name: "compute",
    hosts: &["iaas"],
    bases: &["/20160918"],
    routes: &[
        Route::get("GetInstance", INSTANCE, instance::get),
        Route::get("ListInstances", "/instances", instance::list),
        Route::post("LaunchInstance", "/instances", launch::launch).repeatable(),
        Route::put("UpdateInstance", INSTANCE, resize::update).repeatable(),
        Route::post("InstanceAction", INSTANCE, actions::act).repeatable(),
        Route::delete("TerminateInstance", INSTANCE, actions::terminate),
        Route::get("ListShapes", "/shapes", shapes::list),
        Route::get("GetWorkRequest", "/workRequests/{id}", work::get),
        Route::get("ListWorkRequests", "/workRequests", work::list),
        Route::get("ListWorkRequestErrors", "/workRequests/{id}/errors", work::none),
        Route::get("ListWorkRequestLogs", "/workRequests/{id}/logs", work::none),
    ],
};
