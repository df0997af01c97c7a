//! Events about objects, as functions that work on one object take them.

use super::{Event, ObjectRef};
use crate::Error;

impl Event {
    /// The object that was written.
    ///
    /// # Errors
    /// A client error (422) when the event is about no object, or about one that is not there any more.
    pub fn written_object(self) -> Result<ObjectRef, Error> {
        let Some(object) = self.object else {
            let text = format!("events of type {} name no object", self.event_type);
            return Err(Error::client(422, "unsupported_event", text));
        };
        if is_deletion(&self.event_type) {
            let text = format!("the object is gone: events of type {} cannot be served", self.event_type);
            return Err(Error::client(422, "object_deleted", text));
        }
        Ok(object)
    }
}

/// `ObjectRemoved:Delete`, `Object Deleted`, `LifecycleExpiration:Delete` and
/// `com.oraclecloud.objectstorage.deleteobject` all tell of objects that are not there any more.
fn is_deletion(event_type: &str) -> bool {
    let event_type = event_type.to_ascii_lowercase();
    event_type.contains("delete") || event_type.contains("objectremoved")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objects_that_are_there_can_be_worked_on() {
        let check = |event_type: &str, key: Option<&str>, expected: Result<&str, (u16, &str)>| {
            let object = key.map(|key| ObjectRef { key: key.to_owned(), ..ObjectRef::default() });
            let event = Event { event_type: event_type.to_owned(), object, ..Event::default() };
            let found = event.written_object().map(|object| object.key);
            let found = found.map_err(|error| (error.http_status(), error.code()));
            assert_eq!(found, expected.map(str::to_owned), "{event_type}");
        };
        let gone = Err((422, "object_deleted"));
        check("com.oraclecloud.objectstorage.createobject", Some("a.csv"), Ok("a.csv"));
        check("ObjectCreated:Put", Some("b.csv"), Ok("b.csv"));
        check("ObjectCreated:Put", None, Err((422, "unsupported_event")));
        check("com.oraclecloud.objectstorage.deleteobject", Some("a.csv"), gone);
        check("ObjectRemoved:Delete", Some("a.csv"), gone);
        check("ObjectRemoved:DeleteMarkerCreated", Some("a.csv"), gone);
        check("Object Deleted", Some("a.csv"), gone);
        check("LifecycleExpiration:Delete", Some("a.csv"), gone);
    }
}
