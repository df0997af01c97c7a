//! What functions find when OCI starts: buckets with the sample tables and pictures, and a topic.

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};

use super::target::{OCI, SendError, Target};
use super::{BUCKET, Oci, PICTURES_BUCKET, RESULTS_BUCKET, STATE_BUCKET, TOPIC};
use crate::sample::{PICTURES, SAMPLE, SAMPLE_OBJECT};
use crate::seed::escaped;

impl Oci {
    /// Makes what is missing. What an earlier run has left stays as it is.
    ///
    /// # Errors
    /// When the emulator refuses.
    pub(crate) async fn furnish(&mut self, target: &Target) -> Result<(), SendError> {
        if self.add_bucket(target, BUCKET).await? {
            self.put(target, BUCKET, (SAMPLE_OBJECT, SAMPLE), "text/csv").await?;
        }
        if self.add_bucket(target, PICTURES_BUCKET).await? {
            for picture in PICTURES {
                self.put(target, PICTURES_BUCKET, picture, "image/jpeg").await?;
            }
        }
        self.add_bucket(target, STATE_BUCKET).await?;
        self.add_bucket(target, RESULTS_BUCKET).await?;
        self.topic = Some(self.add_topic(target).await?);
        Ok(())
    }

    /// An object of the functions' bucket.
    ///
    /// # Errors
    /// When it is not there.
    pub(crate) async fn object(&self, target: &Target, name: &str) -> Result<Bytes, SendError> {
        let path = format!("{}/{BUCKET}/o/{}", self.buckets(), escaped(name));
        Ok(target.ask(Method::GET, &path, None).await?.accepted()?.into_body())
    }

    /// Names of at most 1,000 objects of the functions' bucket that begin like this.
    ///
    /// # Errors
    /// When the emulator refuses.
    pub(crate) async fn names(&self, target: &Target, prefix: &str) -> Result<Vec<String>, SendError> {
        self.names_in(target, BUCKET, prefix).await
    }

    /// The same of another bucket.
    ///
    /// # Errors
    /// When the emulator refuses.
    pub(crate) async fn names_in(&self, target: &Target, bucket: &str, prefix: &str) -> Result<Vec<String>, SendError> {
        let path = format!("{}/{bucket}/o?prefix={}", self.buckets(), escaped(prefix));
        let listed = target.ask(Method::GET, &path, None).await?.accepted()?.json();
        let objects = listed["objects"].as_array().into_iter().flatten();
        Ok(objects.filter_map(|object| object["name"].as_str().map(str::to_owned)).collect())
    }

    fn buckets(&self) -> String {
        format!("{OCI}/n/{}/b", self.emulator.namespace_of(self.emulator.tenancy()))
    }

    /// Whether it is new.
    async fn add_bucket(&self, target: &Target, name: &str) -> Result<bool, SendError> {
        let buckets = self.buckets();
        if target.get(&format!("{buckets}/{name}")).await?.is_some() {
            return Ok(false);
        }
        let details = json!({ "name": name, "compartmentId": self.emulator.default_compartment() });
        target.ask(Method::POST, &buckets, Some(&details)).await?.accepted()?;
        Ok(true)
    }

    /// Puts an object there.
    ///
    /// # Errors
    /// When the emulator refuses.
    pub(crate) async fn put(
        &self,
        target: &Target,
        bucket: &str,
        (name, bytes): (&str, &'static [u8]),
        content_type: &str,
    ) -> Result<(), SendError> {
        let object = Request::builder().method(Method::PUT).uri(format!("{}/{bucket}/o/{name}", self.buckets()));
        let object = object.header("content-type", content_type).header("content-length", bytes.len());
        let object = object.body(Body::from(bytes)).map_err(|error| SendError::Broken(error.to_string()))?;
        target.send(object).await?.accepted().map(drop)
    }

    /// Its OCID.
    async fn add_topic(&self, target: &Target) -> Result<String, SendError> {
        let topics = format!("{OCI}/20181201/topics");
        let compartment = self.emulator.default_compartment();
        let listed = target.get(&format!("{topics}?compartmentId={compartment}&name={TOPIC}")).await?;
        let id = |topic: &Value| topic["topicId"].as_str().map(str::to_owned);
        if let Some(found) = listed.as_ref().and_then(|listed| id(&listed[0])) {
            return Ok(found);
        }
        let details = json!({ "name": TOPIC, "compartmentId": compartment });
        let made = target.ask(Method::POST, &topics, Some(&details)).await?.accepted()?.json();
        id(&made).ok_or_else(|| SendError::Broken("the topic has no OCID".to_owned()))
    }
}
