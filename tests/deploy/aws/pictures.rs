//! Which objects of the bucket call `vision`.

use serde_json::json;

use super::template;

/// Every picture that the function knows by its name calls it, whatever the case of its ending; so does one without. Its own
/// results in the folder do too, and are answered `ignored` (`Names::role`), copies with blurred faces lie outside.
#[test]
fn everything_in_the_folder_of_pictures_is_told() {
    let Some(template) = template() else { return };
    let buckets = template.all("AWS::S3::Bucket");
    let notified = buckets.values().find(|bucket| bucket["BucketName"] == "dec-example-causeway").expect("the bucket");
    let told = notified["NotificationConfiguration"]["LambdaConfigurations"].as_array().expect("notifications");
    assert_eq!(told.len(), 1, "two of one folder would overlap: {told:?}");
    assert_eq!(told[0]["Event"], "s3:ObjectCreated:*");
    assert_eq!(told[0]["Filter"], json!({ "S3Key": { "Rules": [{ "Name": "prefix", "Value": "deliveries/" }] } }));
    assert_eq!(template.function_of(&told[0]["Function"]), "vision");
    let function = template.functions()["vision"].1;
    let variables = &function["Environment"]["Variables"];
    assert_eq!(
        (&variables["DELIVERY_PREFIX"], &variables["VISION_BLURRED_PREFIX"]),
        (&json!("deliveries"), &json!("blurred"))
    );
}
