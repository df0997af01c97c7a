//! Generative AI of the emulator, which checks every signature.

use causeway_cloud::conformance::chat::{a_form_is_kept, a_picture_is_described, about_a_picture};
use causeway_resilience::service::Kind;
use serde_json::json;
use tests::harness::{ModelServer, OciCloud, Says};

use crate::world::{World, openai, outcomes, soon, tried};

const MODEL: &str = "meta.llama-4-maverick-17b-128e-instruct-fp8";

#[tokio::test(flavor = "multi_thread")]
async fn both_routes_are_signed() {
    let cloud = OciCloud::start();
    let mut world = World::of(&cloud);
    for scheme in ["oci", "oci-openai"] {
        let model = world.model(&format!("{scheme}:{MODEL}"));
        a_picture_is_described(model.as_ref(), "1 image(s) seen. You asked: What is it?", soon()).await.unwrap();
        // The smallest JSON that fits the schema.
        a_form_is_kept(model.as_ref(), &json!({ "grey": false }), soon()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_principal_of_another_cloud_is_refused_and_the_next_answers() {
    let (cloud, other) = (OciCloud::start(), OciCloud::start());
    let server = ModelServer::start(Says::text("from elsewhere")).await;
    let mut foreign = World::of(&other);
    foreign.set("CAUSEWAY_OCI_ENDPOINT", &cloud.url);
    for scheme in ["oci", "oci-openai"] {
        let failure = foreign.model(&format!("{scheme}:{MODEL}")).ask(&about_a_picture(), soon()).await.unwrap_err();
        assert_eq!(failure.kind(), Kind::Unauthenticated, "{failure}");
        let asked =
            foreign.model(&format!("{scheme}:{MODEL},{}", openai(&server))).ask(&about_a_picture(), soon()).await;
        assert_eq!(outcomes(&asked), ["service_unauthenticated", "answered"], "{:?}", tried(&asked));
    }
}
