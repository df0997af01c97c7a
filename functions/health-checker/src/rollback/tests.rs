#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod conditions;
mod drawn;
mod laws;
mod onset;
mod standing;
mod statistics;
mod telling;
mod usual;
mod vectors;

use jiff::SignedDuration;

use super::*;
use crate::settings::Divergence;

/// Five seconds after a full minute, as a tick comes.
fn noon() -> Timestamp {
    "2026-03-11T12:00:05Z".parse().unwrap()
}

fn ago(seconds: i64) -> Timestamp {
    noon() - SignedDuration::from_secs(seconds)
}

/// Minutes that end at `now`, newest last: calls and errors of each.
fn minutes(now: Timestamp, calls: &[(u64, u64)]) -> Vec<Minute> {
    let count = calls.len() as i64;
    let end = now.as_second().div_euclid(60) * 60;
    let minute = |(index, (calls, failed)): (usize, &(u64, u64))| Minute {
        at: Timestamp::from_second(end - (count - index as i64) * 60).unwrap(),
        ok: calls - failed,
        failed: *failed,
        p95_ms: None,
    };
    calls.iter().enumerate().map(minute).collect()
}

/// One tenant for which everything is as a rollback needs it.
struct World {
    settings: Settings,
    tenant: Tenant,
    input: TenantInput,
    state: TenantState,
    component: Option<Verdict>,
}

impl World {
    fn new() -> Self {
        let tenant = Tenant { id: "acme".to_owned(), divergence: Some(Divergence::ReadOnly), ..Tenant::default() };
        let mut input = TenantInput::nothing("acme");
        input.serving = Some(Cloud::Oci);
        input.aws = Some(Vec::new());
        input.target.cutover_at = Some(ago(4 * 3600));
        input.target.probes = vec![probe(10, true), probe(40, true)];
        Self { settings: Settings::default(), tenant, input, state: TenantState::default(), component: None }
    }

    fn with(calls: &[(u64, u64)]) -> Self {
        let mut world = Self::new();
        world.input.oci = minutes(noon(), calls);
        world
    }

    fn decide(&mut self, now: Timestamp) -> (TenantReport, Vec<Told>) {
        decide(&self.input, &self.tenant, &self.settings, self.component, &mut self.state, now)
    }

    #[track_caller]
    fn check(&mut self, expected: Decision) -> Vec<ToldKind> {
        let (report, told) = self.decide(noon());
        assert_eq!(report.decision, expected, "{report:#?}");
        assert_eq!(report.triggers.len(), 6, "every trigger explains itself");
        told.into_iter().map(|told| told.kind).collect()
    }

    /// Lets a minute with these calls pass, with fresh looks at the target.
    fn minute(&mut self, index: i64, calls: u64, failed: u64) -> (TenantReport, Vec<Told>) {
        let now = noon() + SignedDuration::from_mins(index);
        self.input.oci.extend(minutes(now, &[(calls, failed)]));
        let at = now - SignedDuration::from_secs(10);
        self.input.target.probes = vec![TargetProbe { at, is_ok: true }; 2];
        self.decide(now)
    }
}

fn probe(seconds_ago: i64, is_ok: bool) -> TargetProbe {
    TargetProbe { at: ago(seconds_ago), is_ok }
}
