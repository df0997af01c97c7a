//! The S3 adapter against moto: the object port's own suite and `object_store`'s.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::Client;
use causeway_adapters::aws::objects::Bucket;
use causeway_adapters::aws::{Session, http_client};
use causeway_oci_auth::effects::{HttpClient, SystemEnvironment, SystemFiles};
use object_store::integration;

use crate::moto::Moto;

/// A fresh bucket on a moto server.
async fn bucket(moto: &Moto, name: &str) -> Bucket {
    let http = HttpClient::new(&SystemEnvironment, &SystemFiles).expect("a client");
    let credentials = Credentials::new("throw-away", "throw-away", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(moto.url())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client(http.services()))
        .build();
    let of_s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
    Client::from_conf(of_s3).create_bucket().bucket(name).send().await.expect("a bucket");
    Bucket::of_session(Session::of(config), name)
}

#[tokio::test]
async fn the_s3_adapter_keeps_the_promises_of_the_object_port() {
    let Some(moto) = Moto::start() else { return };
    let store = bucket(&moto, "port").await;
    causeway_cloud::conformance::all(&store).await.unwrap();
}

#[tokio::test]
async fn the_s3_adapter_passes_the_suite_of_object_store() {
    let Some(moto) = Moto::start() else { return };
    integration::put_get_delete_list(&bucket(&moto, "delete").await).await;
    integration::put_get_attributes(&bucket(&moto, "attributes").await).await;
    integration::get_opts(&bucket(&moto, "get").await).await;
    integration::put_opts(&bucket(&moto, "put").await, true).await;
    integration::stream_get(&bucket(&moto, "stream").await).await;
    integration::list_uses_directories_correctly(&bucket(&moto, "directories").await).await;
    integration::list_with_delimiter(&bucket(&moto, "delimiter").await).await;
    integration::list_with_offset_exclusivity(&bucket(&moto, "offset").await).await;
    integration::rename_and_copy(&bucket(&moto, "rename").await).await;
    integration::copy_if_not_exists(&bucket(&moto, "copy").await).await;
    integration::copy_rename_nonexistent_object(&bucket(&moto, "nothing").await).await;
    integration::multipart_out_of_order(&bucket(&moto, "order").await).await;
    integration::multipart_race_condition(&bucket(&moto, "race").await, true).await;
}
