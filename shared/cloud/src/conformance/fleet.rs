//! The fleet port, with one running machine of a flexible shape.

use std::time::Duration;

use causeway_resilience::Deadline;
use causeway_resilience::service::Kind;
use futures_util::TryStreamExt;

use super::{Finding, expect, refused, works};
use crate::Fleet;
use crate::fleet::{Machine, MachineState, Resize, Selector, Shape, Size, WorkState};
use crate::state::Clock;

/// Looks at work under way, and the pause between two of them.
const LOOKS: u32 = 200;
const PAUSE: Duration = Duration::from_millis(100);

/// What the test has prepared.
#[derive(Clone)]
pub struct Prepared<'a> {
    /// Id of a running machine that may be resized to 4 OCPUs and 32 GB and is not that large.
    pub machine: &'a str,
    /// An id in the same form of a machine that is not there.
    pub missing: &'a str,
    /// A tag that this machine alone has.
    pub tag: (&'a str, &'a str),
    /// For the wait.
    pub clock: &'a dyn Clock,
    /// Of each call.
    pub deadline: Deadline,
}

/// Runs every check.
///
/// # Errors
///
/// The first finding.
pub async fn all(fleet: &dyn Fleet, prepared: &Prepared<'_>) -> Finding {
    a_machine_is_found(fleet, prepared).await?;
    what_is_not_as_expected_stays(fleet, prepared).await?;
    a_resize_is_done(fleet, prepared).await
}

/// A machine is found by its tags and by its id, alike; its shape has bounds; another id is not found.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn a_machine_is_found(fleet: &dyn Fleet, prepared: &Prepared<'_>) -> Finding {
    let machine = works("asking", fleet.machine(prepared.machine, prepared.deadline).await)?;
    expect(machine.state == MachineState::Running && machine.etag.is_some(), || format!("{machine:?}"))?;
    let tagged =
        |value: &str| Selector { tags: [(prepared.tag.0.to_owned(), value.to_owned())].into(), ..Selector::default() };
    let found: Vec<Machine> =
        works("listing", fleet.machines(&tagged(prepared.tag.1), prepared.deadline).try_collect().await)?;
    let same = Machine { etag: None, ..machine.clone() };
    let alike = matches!(&found[..], [one] if Machine { etag: None, ..one.clone() } == same);
    expect(alike, || format!("by its tags {found:?}, by its id {same:?}"))?;
    let none: Vec<Machine> = works("listing", fleet.machines(&tagged("other"), prepared.deadline).try_collect().await)?;
    expect(none.is_empty(), || format!("{} machines have a tag that nobody has", none.len()))?;
    let shapes: Vec<Shape> = works("shapes", fleet.shapes(None, prepared.deadline).try_collect().await)?;
    let shape = shapes.iter().find(|shape| shape.name == machine.shape).ok_or("its shape is not listed")?;
    expect(shape.is_flexible == Some(true) && shape.max_ocpus.is_some(), || format!("{shape:?}"))?;
    let gone = fleet.machine(prepared.missing, prepared.deadline).await;
    refused("asking for no machine", gone, &[Kind::NotFound]).map(drop)
}

/// A machine that has changed meanwhile, or would have to be restarted and must not, stays as it is.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn what_is_not_as_expected_stays(fleet: &dyn Fleet, prepared: &Prepared<'_>) -> Finding {
    let before = works("asking", fleet.machine(prepared.machine, prepared.deadline).await)?;
    let stale = Resize { if_match: Some("stale".to_owned()), ..larger(prepared, true) };
    refused("a stale resize", fleet.resize(&stale, prepared.deadline).await, &[Kind::Conflict])?;
    let gentle = larger(prepared, false);
    refused("a resize without a restart", fleet.resize(&gentle, prepared.deadline).await, &[Kind::Conflict])?;
    let gone = Resize { id: prepared.missing.to_owned(), ..larger(prepared, true) };
    refused("a resize of no machine", fleet.resize(&gone, prepared.deadline).await, &[Kind::NotFound])?;
    let after = works("asking", fleet.machine(prepared.machine, prepared.deadline).await)?;
    expect(after.size == before.size, || format!("{:?} became {:?}", before.size, after.size))
}

/// A resize is accepted, its work ends, and the machine runs with the new size.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn a_resize_is_done(fleet: &dyn Fleet, prepared: &Prepared<'_>) -> Finding {
    let before = works("asking", fleet.machine(prepared.machine, prepared.deadline).await)?;
    let resize = Resize { if_match: before.etag, ..larger(prepared, true) };
    let accepted = works("a resize", fleet.resize(&resize, prepared.deadline).await)?;
    let number = accepted.work.ok_or("a resize without a number of its work")?;
    for _ in 0..LOOKS {
        let work = works("asking for the work", fleet.work(&number, prepared.deadline).await)?;
        match work.state {
            WorkState::Succeeded => {
                let after = works("asking", fleet.machine(prepared.machine, prepared.deadline).await)?;
                let is_done = after.size == Some(resize.size) && after.state == MachineState::Running;
                return expect(is_done, || format!("after the work: {after:?}"));
            }
            WorkState::Failed => return Err("the work failed".to_owned()),
            _ => prepared.clock.sleep(PAUSE).await,
        }
    }
    Err("the work does not end".to_owned())
}

fn larger(prepared: &Prepared<'_>, may_restart: bool) -> Resize {
    let size = Size { ocpus: 4.0, memory_gb: 32.0 };
    let id = prepared.machine.to_owned();
    Resize { id, size, baseline: None, if_match: None, retry_token: None, may_restart }
}
