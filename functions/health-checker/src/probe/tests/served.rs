//! Objects of a storage that has a second side.

use std::sync::Arc;

use super::*;
use crate::sided::{First, Sided};

#[tokio::test]
async fn an_object_that_the_second_side_gave_is_no_pass() {
    for (first, expected) in [(First::Well, PASS), (First::Copied, (Verdict::Degraded, Some("second_side".to_owned())))]
    {
        let mut world = World::new();
        let sided = Sided::new(First::Well);
        world.objects = Arc::new(sided.clone());
        world.put("export.csv", b"x").await;
        sided.is(first);
        assert_eq!(look(&world, json!({"object": {"name": "export.csv"}})).await, expected, "{first:?}");
    }
}
