//! Notifications: topics, subscriptions and messages. Nothing is delivered; the admin route shows what was
//! published.

mod messages;
mod subscriptions;
mod topics;

pub(crate) use messages::published;

use crate::route::{Route, Service};

const TOPIC: &str = "/topics/{id}";
const SUBSCRIPTION: &str = "/subscriptions/{id}";

/// The service.
pub(crate) const SERVICE: Service = Service {
    name: "notifications",
    hosts: &["notification"],
    bases: &["/20181201"],
    routes: &[
        Route::post("CreateTopic", "/topics", topics::create).repeatable(),
        Route::get("ListTopics", "/topics", topics::list),
        Route::get("GetTopic", TOPIC, topics::get),
        Route::put("UpdateTopic", TOPIC, topics::update),
        Route::delete("DeleteTopic", TOPIC, topics::delete),
        Route::post("PublishMessage", "/topics/{id}/messages", messages::publish),
        Route::post("CreateSubscription", "/subscriptions", subscriptions::create).repeatable(),
        Route::get("ListSubscriptions", "/subscriptions", subscriptions::list),
        Route::get("GetSubscription", SUBSCRIPTION, subscriptions::get),
        Route::put("UpdateSubscription", SUBSCRIPTION, subscriptions::update),
        Route::delete("DeleteSubscription", SUBSCRIPTION, subscriptions::delete),
    ],
};
