//! Tokens that change under a running client.

use bytes::Bytes;
use causeway_oci_client::object_storage::{Attributes, Condition, GetObject};

use crate::cloud::Cloud;

#[tokio::test]
async fn a_rotated_principal_goes_on() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let storage = bucket.storage();
    storage.put("bk", "o", [Bytes::from("1")], &Attributes::default(), &Condition::None).await.unwrap();
    assert_eq!(cloud.emulator.rotate_principals().unwrap(), 1);
    let read = storage.get("bk", "o", &GetObject::default()).await.unwrap();
    assert_eq!(read.bytes(9).await.unwrap(), "1");
}

#[tokio::test]
async fn a_compartment_that_is_not_there_is_not_found() {
    let cloud = Cloud::new().await;
    let list = causeway_oci_client::compute::ListInstances::default();
    let missing = cloud.client.compute().instances("ocid1.compartment.oc1..nobody", &list);
    let error = futures_util::TryStreamExt::try_collect::<Vec<_>>(missing).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(404), Some("NotAuthorizedOrNotFound")));
}
