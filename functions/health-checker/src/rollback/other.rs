//! L3, clusters, L4, an operator's word, and L5, the burn rate.

use jiff::{SignedDuration, Timestamp};

use super::input::{ClusterReading, Escalation};
use super::trigger::{Figure, Standing, Trigger};
use crate::burn::{Burn, Pace};
use crate::health::Verdict;
use crate::settings::MoveRules;

/// L3: `below` is for how many ticks each cluster has been without its quorum.
pub(super) fn clusters(
    readings: &[ClusterReading],
    below: impl Fn(&str) -> u32,
    component: Option<(&str, Verdict)>,
    rules: &MoveRules,
) -> Trigger {
    let of = |standing, figures, why: String| Trigger::new("L3", "cluster", standing, figures, why);
    let mut figures: Vec<Figure> = Vec::new();
    for reading in readings {
        let name = format!("nodes of {} that run", reading.id);
        figures.push(Figure::new(&name, reading.running.map(f64::from), f64::from(reading.quorum)));
    }
    if let Some((name, Verdict::Fail)) = component {
        return of(Standing::Met, figures, format!("component {name} fails"));
    }
    if let Some(worst) = readings.iter().max_by_key(|reading| below(&reading.id)) {
        let ticks = below(&worst.id);
        figures.push(Figure::new("ticks without a quorum", f64::from(ticks), f64::from(rules.cluster_ticks)));
        if ticks >= rules.cluster_ticks {
            return of(Standing::Met, figures, format!("cluster {} is without its quorum", worst.id));
        }
        if ticks > 0 {
            return of(Standing::Building, figures, format!("cluster {} is without its quorum", worst.id));
        }
    }
    let is_unknown =
        matches!(component, Some((_, Verdict::Unknown))) || readings.iter().any(|reading| reading.running.is_none());
    match () {
        () if readings.is_empty() && component.is_none() => {
            of(Standing::Off, figures, "no cluster and no component is set".to_owned())
        }
        () if is_unknown => of(Standing::TooLittle, figures, "the state of a cluster is not known".to_owned()),
        () => of(Standing::Clear, figures, "every cluster has its quorum".to_owned()),
    }
}

/// L4: the newest word whose author was verified, and that was not acted upon before. `is_set` says whether there is a
/// place for such words.
pub(super) fn escalation(
    escalations: Option<&[Escalation]>,
    is_set: bool,
    is_done: impl Fn(&str) -> bool,
    now: Timestamp,
    rules: &MoveRules,
) -> Trigger {
    let of = |standing, why: String| Trigger::new("L4", "escalation", standing, Vec::new(), why);
    let escalations = match escalations {
        Some(escalations) => escalations,
        None if is_set => return of(Standing::TooLittle, "what operators have asked for could not be read".to_owned()),
        None => return of(Standing::Off, "there is no place where operators could ask for it".to_owned()),
    };
    let longest = SignedDuration::from_mins(i64::from(rules.escalation_minutes));
    let counts = |one: &&Escalation| one.at <= now && now.duration_since(one.at) <= longest && !is_done(&one.id);
    let open: Vec<&Escalation> = escalations.iter().filter(counts).collect();
    match open.iter().filter(|one| one.is_verified).max_by_key(|one| one.at) {
        Some(one) => of(Standing::Met, format!("{} asked for it at {}", plain(&one.author), one.at)),
        None if open.is_empty() => of(Standing::Clear, "nobody asked for it".to_owned()),
        None => of(Standing::TooLittle, "somebody asked for it, and who it was is not verified".to_owned()),
    }
}

fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(100).collect()
}

/// L5. It only ever asks people to look: a rate of errors that burns a budget may be far from one that is worth moving
/// for.
pub(super) fn burn(burns: &[Burn]) -> Trigger {
    let figures = burns.iter().flat_map(|burn| {
        let name = |part: &str, minutes: u32| format!("times the budget, {part} window of {minutes} min");
        [
            Figure::new(&name("long", burn.long_minutes), burn.long_rate, burn.factor),
            Figure::new(&name("short", burn.short_minutes), burn.short_rate, burn.factor),
        ]
    });
    let figures: Vec<Figure> = figures.collect();
    let suggests = |burn: &&Burn| burn.suggests_rollback && burn.pace == Pace::Burning;
    let (standing, why) = match burns.iter().find(suggests) {
        Some(burn) => (Standing::Building, burn.why.clone()),
        None if burns.iter().all(|burn| burn.pace == Pace::TooLittle) => {
            (Standing::TooLittle, "too little is measured for a burn rate".to_owned())
        }
        None => (Standing::Clear, "the budget for errors lasts".to_owned()),
    };
    Trigger::new("L5", "burn_rate", standing, figures, why)
}
