//! What a condition comes to.

use serde_json::Value;

use super::{Comparator, Condition, Operand, Path, Step};

/// What a condition comes to.
///
/// A comparison with something absent, or of things that have no order, is unknown, and so is whatever depends on it:
/// `NOT` of unknown is unknown, `AND` is no when one side is no, `OR` is yes when one side is yes (Kleene's logic). A
/// stage whose condition is unknown is not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Yes,
    /// It does not hold.
    No,
    /// Nobody can say; why, in words.
    Unknown(String),
}

impl Condition {
    /// Evaluates over `result`, which gives an agent's result; `None` for an agent without one.
    pub fn verdict<'a>(&'a self, result: &dyn Fn(&str) -> Option<&'a Value>) -> Verdict {
        match self {
            Self::Always => Verdict::Yes,
            Self::Never => Verdict::No,
            Self::Compare { left, comparator, right } => compare(left, *comparator, right, result),
            Self::Not(inner) => match inner.verdict(result) {
                Verdict::Yes => Verdict::No,
                Verdict::No => Verdict::Yes,
                unknown => unknown,
            },
            Self::All(parts) => decide(parts, &Verdict::No, Verdict::Yes, result),
            Self::Any(parts) => decide(parts, &Verdict::Yes, Verdict::No, result),
        }
    }
}

/// One part that is `decisive` decides; else the first unknown; else `otherwise`.
fn decide<'a>(
    parts: &'a [Condition],
    decisive: &Verdict,
    otherwise: Verdict,
    result: &dyn Fn(&str) -> Option<&'a Value>,
) -> Verdict {
    let verdicts: Vec<_> = parts.iter().map(|part| part.verdict(result)).collect();
    if verdicts.contains(decisive) {
        return decisive.clone();
    }
    verdicts.into_iter().find(|verdict| matches!(verdict, Verdict::Unknown(_))).unwrap_or(otherwise)
}

fn compare<'a>(
    left: &'a Operand,
    comparator: Comparator,
    right: &'a Operand,
    result: &dyn Fn(&str) -> Option<&'a Value>,
) -> Verdict {
    let (one, other) = match (value(left, result), value(right, result)) {
        (Ok(one), Ok(other)) => (one, other),
        (Err(absent), _) | (_, Err(absent)) => return Verdict::Unknown(format!("{absent} is absent")),
    };
    let holds = match comparator {
        Comparator::Equal => Some(is_equal(one, other)),
        Comparator::NotEqual => Some(!is_equal(one, other)),
        Comparator::Less => ordered(one, other, |one, other| one < other),
        Comparator::AtMost => ordered(one, other, |one, other| one <= other),
        Comparator::Greater => ordered(one, other, |one, other| one > other),
        Comparator::AtLeast => ordered(one, other, |one, other| one >= other),
    };
    match holds {
        Some(true) => Verdict::Yes,
        Some(false) => Verdict::No,
        None => Verdict::Unknown(format!("{} is not compared by size with {}", shown(left), shown(right))),
    }
}

/// Numbers are equal by value, whatever their form: 80 and 80.0 are.
fn is_equal(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

fn ordered(one: &Value, other: &Value, holds: fn(f64, f64) -> bool) -> Option<bool> {
    Some(holds(one.as_f64()?, other.as_f64()?))
}

fn value<'a>(operand: &'a Operand, result: &dyn Fn(&str) -> Option<&'a Value>) -> Result<&'a Value, &'a Path> {
    match operand {
        Operand::Literal(value) => Ok(value),
        Operand::Path(path) => result(&path.agent).and_then(|value| walk(value, &path.steps)).ok_or(path),
    }
}

fn walk<'a>(mut value: &'a Value, steps: &[Step]) -> Option<&'a Value> {
    for step in steps {
        value = match step {
            Step::Member(name) => value.get(name)?,
            Step::Index(index) => value.get(index)?,
        };
    }
    Some(value)
}

fn shown(operand: &Operand) -> String {
    match operand {
        Operand::Literal(value) => value.to_string(),
        Operand::Path(path) => path.to_string(),
    }
}
