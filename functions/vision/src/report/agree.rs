//! Several answers to the same question become one. What most of them do not agree upon is not known.

use super::cross_check::{Checked, Settled};
use super::issue::{self, Issue};
use super::observed::Indicators;
use super::words::{Indicator, Severity, Tri, Word};

/// One answer, and how far the answers agree.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Agreed {
    /// The answer.
    pub(super) checked: Checked,
    /// Share of those asked for that agree on each kind of damage; `None` when one was asked for.
    pub(super) agreement: Indicators<Option<f64>>,
    /// Mean share over the kinds of damage and the visibility; `None` when one was asked for.
    pub(super) overall: Option<f64>,
}

/// Makes one answer of those that came of `asked`; `None` when none came.
///
/// A finding needs more than half of the answers that were asked for, so that a missing one counts against it. Of
/// the severities that the majority saw, the worst counts.
pub(super) fn agree(answers: &[Checked], asked: u32) -> Option<Agreed> {
    let asked = asked.max(u32::try_from(answers.len()).unwrap_or(u32::MAX));
    if asked == 1 {
        let checked = answers.first()?.clone();
        return Some(Agreed { checked, agreement: Indicators::default(), overall: None });
    }
    let visible = vote(&answers.iter().map(|answer| answer.package_visible), asked);
    let votes = Indicators::from_fn(|indicator| {
        vote(&answers.iter().map(|answer| answer.indicators.get(indicator).present), asked)
    });
    let mut checked = nearest(answers, &votes)?.clone();
    checked.issues = all_issues(answers, asked);
    checked.injection_suspected = answers.iter().any(|answer| answer.injection_suspected);
    checked.package_visible = visible.winner;
    checked.indicators =
        Indicators::from_fn(|indicator| settle(indicator, answers, *votes.get(indicator), &mut checked.issues));
    if visible.is_open() {
        checked.issues.push(Issue::new(issue::ANSWERS_DISAGREE, "on whether a package can be seen"));
    }
    let agreement = Indicators::from_fn(|indicator| Some(votes.get(indicator).share));
    let shares = votes.iter().map(|(_, vote)| vote.share).sum::<f64>() + visible.share;
    Some(Agreed { checked, agreement, overall: Some(shares / (Indicator::ALL.len() + 1) as f64) })
}

#[derive(Debug, Clone, Copy)]
struct Vote {
    winner: Tri,
    share: f64,
    clash: bool,
}

impl Vote {
    fn is_open(self) -> bool {
        self.clash || self.winner == Tri::Unknown
    }
}

fn vote(answers: &(impl Iterator<Item = Tri> + Clone), asked: u32) -> Vote {
    let count = |wanted: Tri| answers.clone().filter(|answer| *answer == wanted).count() as f64;
    let (yes, no, unknown) = (count(Tri::Yes), count(Tri::No), count(Tri::Unknown));
    let half = f64::from(asked) / 2.0;
    let winner = if yes > half {
        Tri::Yes
    } else if no > half {
        Tri::No
    } else {
        Tri::Unknown
    };
    Vote { winner, share: yes.max(no).max(unknown) / f64::from(asked), clash: yes > 0.0 && no > 0.0 }
}

fn settle(indicator: Indicator, answers: &[Checked], vote: Vote, issues: &mut Vec<Issue>) -> Settled {
    if vote.clash {
        issues.push(Issue::new(issue::ANSWERS_DISAGREE, format!("on {}", indicator.word())));
    }
    let settled = answers.iter().map(|answer| *answer.indicators.get(indicator));
    let mut side = settled.filter(|settled| settled.present == vote.winner);
    match vote.winner {
        Tri::Unknown if vote.clash => Settled { set_aside: Some(issue::ANSWERS_DISAGREE), ..Settled::UNKNOWN },
        Tri::Unknown => side.next().unwrap_or(Settled::UNKNOWN),
        Tri::No => Settled { present: Tri::No, severity: Severity::None, set_aside: None },
        Tri::Yes => {
            let severity = Severity::worst(side.map(|settled| settled.severity));
            Settled { present: Tri::Yes, severity, set_aside: None }
        }
    }
}

/// The answer that agrees with the most votes; the first of them.
fn nearest<'a>(answers: &'a [Checked], votes: &Indicators<Vote>) -> Option<&'a Checked> {
    let misses = |answer: &&Checked| {
        votes.iter().filter(|(indicator, vote)| answer.indicators.get(*indicator).present != vote.winner).count()
    };
    answers.iter().min_by_key(misses)
}

/// The issues of all answers, each once.
fn all_issues(answers: &[Checked], asked: u32) -> Vec<Issue> {
    let mut issues: Vec<Issue> = Vec::new();
    for issue in answers.iter().flat_map(|answer| &answer.issues) {
        if !issues.contains(issue) {
            issues.push(issue.clone());
        }
    }
    if answers.len() < asked as usize {
        let detail = format!("{} of {asked} answers could be read", answers.len());
        issues.push(Issue::new(issue::ANSWERS_MISSING, detail));
    }
    issues
}
