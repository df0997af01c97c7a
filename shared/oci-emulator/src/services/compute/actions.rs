//! Starting, stopping, restarting and ending instances.

use super::instance::{begin_work, find, save};
use crate::Emulator;
use crate::call::Call;
use crate::error::Error;
use crate::reply::{Reply, ReplyExt, no_content};

/// The states that an action leads through, from the one it needs.
fn path(action: &str) -> Option<(&'static str, &'static [&'static str])> {
    Some(match action {
        "START" => ("STOPPED", &["STARTING", "RUNNING"]),
        "STOP" | "SOFTSTOP" => ("RUNNING", &["STOPPING", "STOPPED"]),
        "RESET" | "SOFTRESET" | "DIAGNOSTICREBOOT" | "REBOOTMIGRATE" => {
            ("RUNNING", &["STOPPING", "STARTING", "RUNNING"])
        }
        "SENDDIAGNOSTICINTERRUPT" => ("RUNNING", &["RUNNING"]),
        _ => return None,
    })
}

/// InstanceAction.
pub(super) fn act(emulator: &Emulator, call: &Call) -> Reply {
    let action = call.required_query("action")?;
    let (needed, states) = path(action).ok_or_else(|| Error::invalid(format!("There is no action {action}.")))?;
    let (instance, work) = emulator.store.write(|writer| {
        let mut instance = find(emulator, writer, call)?;
        call.check_if_match(&instance.etag)?;
        if instance.state != needed {
            let message = format!("{action} needs an instance that is {needed}; it is {}.", instance.state);
            return Err(Error::incorrect_state(message));
        }
        instance.pass_through(states, call.now.as_millisecond(), emulator.options.step_ms);
        let work = begin_work(emulator, writer, &mut instance, action, call)?;
        save(emulator, writer, &mut instance)?;
        Ok((instance, work))
    })?;
    instance.reply().header("opc-work-request-id", &work)
}

/// TerminateInstance.
pub(super) fn terminate(emulator: &Emulator, call: &Call) -> Reply {
    let work = emulator.store.write(|writer| {
        let mut instance = find(emulator, writer, call)?;
        call.check_if_match(&instance.etag)?;
        if instance.is_gone() {
            return Err(Error::incorrect_state("The instance is terminated."));
        }
        instance.pass_through(&["TERMINATING", "TERMINATED"], call.now.as_millisecond(), emulator.options.step_ms);
        let work = begin_work(emulator, writer, &mut instance, "TerminateInstance", call)?;
        save(emulator, writer, &mut instance)?;
        Ok(work)
    })?;
    no_content().header("opc-work-request-id", &work)
}
