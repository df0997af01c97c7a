//! A copy of a picture with blurred faces, as the original's second function made it.
//!
//! It is made anew at each call: the same version gives the same bytes.

use causeway_cloud::object_path;
use causeway_cloud::object_store::{Attribute, Attributes, Error as StoreError, ObjectStore, PutOptions, PutPayload};
use causeway_resilience::Deadline;
use causeway_runtime::{Error, until};

use super::object;
use crate::handler::Vision;
use crate::names::Role;
use crate::picture::{FaceMode, Settings};
use crate::reply::Blurred;

/// Quality of the copy; the original's.
const QUALITY: u8 = 95;

impl Vision {
    /// # Errors
    /// As [`Vision::look`](super). 422 for a copy of a copy.
    pub(crate) async fn blur(&self, name: &str, deadline: Deadline) -> Result<Blurred, Error> {
        if self.config.names.role(name) == Role::Blurred {
            return Err(Error::client(422, "own_blurred_copy", "this is a copy with blurred faces already"));
        }
        let objects = self.objects()?;
        let found = object::find(objects, name, self.config.picture.limits.max_bytes).await?;
        // As large as it is, and whoever stands on it is looked for.
        let settings = Settings {
            long_edge: self.config.picture.limits.max_side,
            jpeg_quality: QUALITY,
            faces: FaceMode::Blur,
            ..self.config.picture.clone()
        };
        let work = async {
            let room = self.lanes.room().await;
            let bytes = object::read(objects, &found).await?;
            self.decode(room, bytes, Some(name), found.content_type.as_deref(), &settings).await
        };
        let decoded = until(deadline, work).await.ok_or_else(|| Error::timeout("picture"))??;
        let copy = self.config.names.blurred_of(name);
        put(objects, &copy, decoded.prepared.jpeg).await?;
        Ok(self.blurred(name, copy, decoded.prepared.faces.map_or(0, |faces| faces.count), found.source))
    }

    fn blurred(&self, name: &str, copy: String, faces: usize, source: &str) -> Blurred {
        let place = &self.config.place;
        let path = match (source, &place.namespace, &place.bucket) {
            ("oci", Some(namespace), Some(bucket)) => format!("oci://{namespace}/{bucket}/{copy}"),
            ("aws", _, Some(bucket)) => format!("s3://{bucket}/{copy}"),
            _ => copy.clone(),
        };
        Blurred {
            status: "success",
            blurred_image_path: path,
            faces_detected: faces,
            original_object: name.to_owned(),
            blurred_object: copy,
            namespace: place.namespace.clone(),
            bucket: place.bucket.clone(),
            detection_method: "rustface",
        }
    }
}

/// Directories keep no content type.
async fn put(objects: &causeway_cloud::Objects, name: &str, jpeg: Vec<u8>) -> Result<(), Error> {
    let path = object_path(name).map_err(|error| Error::invalid_request(error.to_string()).at("object_name"))?;
    let attributes = Attributes::from_iter([(Attribute::ContentType, "image/jpeg")]);
    let payload = PutPayload::from(jpeg);
    let written = objects.put_opts(&path, payload.clone(), PutOptions { attributes, ..PutOptions::default() }).await;
    let written = match written {
        Err(StoreError::NotImplemented { .. }) => objects.put_opts(&path, payload, PutOptions::default()).await,
        other => other,
    };
    written.map(drop).map_err(|error| object::failed(name, error))
}
