//! What the ports promise holds on two sides as on one, and never on both.

use std::sync::Arc;
use std::time::Duration;

use causeway_cloud::Objects;
use causeway_cloud::conformance;
use causeway_cloud::state::lease::{Acquired, acquire};
use causeway_cloud::state::{Documents, StateError};
use object_store::path::Path;
use object_store::{Error, ObjectStoreExt, PutMode};

use super::super::{Holds, Pair};
use super::stage::{Health, Stage, put, read, text, write};

use Health::{Out, Well};

#[tokio::test]
async fn the_ports_keep_their_promises_on_either_side() {
    for holds in [Holds::Data, Holds::State] {
        let stage = Stage::new();
        conformance::all(&stage.process(holds)).await.unwrap();
        let objects: Objects = Arc::new(stage.process(holds));
        conformance::state::all(&objects, "on-the-first").await.unwrap();
        conformance::state::all(&objects, "side2.on-the-second").await.unwrap();
    }
}

/// Writers that see different sides fail: whatever they see, a name is had once.
#[tokio::test]
async fn a_name_is_never_had_on_both_sides() {
    let healths = [(Well, Well), (Well, Out), (Out, Well), (Out, Out)];
    for holds in [Holds::Data, Holds::State] {
        for name in ["claims/a", "claims/side2.a"] {
            for one in healths {
                for other in healths {
                    let stage = Stage::new();
                    let mut had = 0;
                    for (first, second) in [one, other, (Well, Well)] {
                        stage.sides(first, second);
                        had += u32::from(put(&stage.process(holds), name, "x", PutMode::Create).await.is_ok());
                    }
                    assert_eq!(had, 1, "{holds:?} {name} {one:?} {other:?}");
                    let places = stage.first.names().await.len() + stage.second.names().await.len();
                    assert_eq!(places, 1, "{holds:?} {name} {one:?} {other:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_lease_waits_for_its_side_and_a_new_name_does_not() {
    let stage = Stage::new();
    let documents = |process: Pair| {
        let clock = Arc::clone(&stage.clock) as Arc<dyn causeway_cloud::state::Clock>;
        Documents::new(Arc::new(process), "state", clock)
    };
    let take = async |process: Pair, name: &str| acquire(&documents(process), name, "x", Duration::from_secs(60)).await;
    let Ok(Acquired::Held(mut lease)) = take(stage.process(Holds::State), "run").await else { panic!("not held") };
    stage.sides(Out, Well);
    let holder = documents(stage.process(Holds::State));
    assert!(matches!(lease.renew(&holder, Duration::from_secs(60)).await, Err(StateError::Store(_))));
    stage.pass(61);
    assert!(matches!(take(stage.process(Holds::State), "run").await, Err(StateError::Store(_))), "out is not free");
    let Ok(Acquired::Held(_)) = take(stage.process(Holds::State), "side2.run").await else { panic!("not held") };
    stage.sides(Well, Well);
    let Ok(Acquired::Held(next)) = take(stage.process(Holds::State), "run").await else { panic!("not held") };
    assert_eq!(next.epoch(), lease.epoch() + 1);
    assert!(matches!(take(stage.process(Holds::State), "side2.run").await, Ok(Acquired::Busy { .. })));
}

#[tokio::test]
async fn documents_have_no_other_answers() {
    let stage = Stage::new();
    stage.first.has("a", "1").await;
    stage.second.has("copy/a", "0").await;
    let process = stage.process(Holds::State);
    assert_eq!(text(&process, "a").await.unwrap(), "1");
    stage.sides(Out, Well);
    assert!(matches!(read(&process, "a").await.unwrap_err(), Error::Generic { .. }));
    write(&process, "a", "2").await.unwrap_err();
    process.delete(&Path::from("a")).await.unwrap_err();
    assert_eq!((stage.first.text("a").await.as_deref(), stage.second.names().await.len()), (Some("1"), 1));
}

#[tokio::test]
async fn names_of_different_sides_are_not_copied_into_each_other() {
    let stage = Stage::new();
    let process = stage.data();
    write(&process, "a", "1").await.unwrap();
    let copied = process.copy(&Path::from("a"), &Path::from("side2.a")).await;
    assert!(matches!(copied.unwrap_err(), Error::NotSupported { .. }));
    process.copy(&Path::from("a"), &Path::from("b")).await.unwrap();
    assert_eq!(text(&process, "b").await.unwrap(), "1");
    assert_eq!(process.to_string(), stage.first.to_string(), "the name of the data is that of the first side");
}
