//! A service answers 401 to signed calls, once and for ever.

use bytes::Bytes;
use causeway_oci_auth::call::Call;
use causeway_oci_auth::principals::resource;
use http::Request;

use crate::stub::{BEGIN, FEDERATION, FIRST, SECOND, World, answer, given, ok, rpst, status};
use crate::{machine, seconds};

const SERVICE: &str = "GET https://objectstorage.us-phoenix-1.oraclecloud.com/n";

fn request() -> Request<Bytes> {
    Request::get("https://objectstorage.us-phoenix-1.oraclecloud.com/n").body(Bytes::new()).unwrap()
}

/// Key ids of the calls to the service, in turn.
fn key_ids(world: &World) -> Vec<String> {
    let calls = world.web.seen().into_iter().filter(|seen| seen.uri.contains("objectstorage"));
    calls
        .map(|seen| seen.header("authorization").split('"').find(|part| part.starts_with("ST$")).unwrap().to_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_401_once_is_mended_by_new_credentials() {
    let (world, provider) = machine();
    world.web.on(SERVICE, &[status(401), ok("\"ns\"")]);
    let effects = world.effects();
    let answer = Call::new(&effects, &*provider, "object storage").send(&request()).await.unwrap();
    assert_eq!(answer.body(), "\"ns\"");
    let expected = [("one", BEGIN + 1200), ("two", BEGIN + 2400)].map(|(name, end)| format!("ST${}", given(name, end)));
    assert_eq!(key_ids(&world), expected);
}

#[tokio::test(start_paused = true)]
async fn a_401_for_ever_is_told_and_does_not_make_tokens_by_the_dozen() {
    let (world, provider) = machine();
    let tokens: Vec<_> = (0..200).map(|number| answer(&format!("token {number}"), BEGIN + 1200)).collect();
    world.web.on(FEDERATION, &tokens);
    world.web.on(SERVICE, &[status(401)]);
    let effects = world.effects();
    let call = Call::new(&effects, &*provider, "object storage");
    let refused = call.send(&request()).await.unwrap_err().to_string();
    assert_eq!(refused, "object storage answered 401 TestCode (opc-request-id test/request/id) to try 1");
    assert_eq!((world.web.count(SERVICE), world.web.count(FEDERATION)), (2, 2));
    for _ in 0..240 {
        assert!(call.send(&request()).await.is_err());
        tokio::time::sleep(seconds(1) / 4).await;
    }
    let made = world.web.count(FEDERATION);
    assert!(made <= 8, "{made} tokens in a minute of refusals");
}

#[tokio::test(start_paused = true)]
async fn a_401_with_a_failing_federation_names_both() {
    let (world, provider) = machine();
    provider.snapshot().await.unwrap();
    world.web.on(FEDERATION, &[status(403)]);
    world.web.on(SERVICE, &[status(401)]);
    let effects = world.effects();
    let refused = Call::new(&effects, &*provider, "object storage").send(&request()).await.unwrap_err().to_string();
    assert_eq!(
        refused,
        "object storage answered 401 TestCode (opc-request-id test/request/id) to try 1; \
         federation answered 403 TestCode (opc-request-id test/request/id)"
    );
    assert_eq!(world.web.count(SERVICE), 1);
}

#[tokio::test(start_paused = true)]
async fn files_that_did_not_change_make_a_401_final_and_changed_ones_mend_it() {
    let world = World::new(&[
        ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2"),
        ("OCI_RESOURCE_PRINCIPAL_RPST", "/creds/rpst"),
        ("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", "/creds/private.pem"),
    ]);
    world.drive.put("/creds/rpst", &rpst("one", FIRST, BEGIN + 1200));
    world.drive.put("/creds/private.pem", FIRST);
    let provider = resource::from_environment(&world.effects()).unwrap();
    world.web.on(SERVICE, &[status(401), status(401), ok("{}")]);
    let effects = world.effects();
    let call = Call::new(&effects, &*provider, "object storage");
    assert!(call.send(&request()).await.is_err());
    assert_eq!(world.web.count(SERVICE), 1, "the same credentials are not tried again");
    tokio::time::sleep(seconds(1)).await;
    world.drive.put("/creds/rpst", &rpst("two", SECOND, BEGIN + 2400));
    world.drive.put("/creds/private.pem", SECOND);
    assert!(call.send(&request()).await.is_ok());
    assert_eq!(key_ids(&world)[2], format!("ST${}", rpst("two", SECOND, BEGIN + 2400)));
}
