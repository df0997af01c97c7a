//! The rules as data: when a rule applies, what it advises, and what its score is made of.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figures::Agent;
use crate::discovery::RequestError;

/// Most rules of a run.
const MOST: usize = 200;
/// Longest text of a rule, in bytes.
const MAX_TEXT: usize = 500;

/// A rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// A stable name; a rule of the request takes the place of a built-in one of the same name.
    pub id: String,
    /// All of these must hold.
    pub when: Vec<Condition>,
    /// What to do, with values in braces.
    pub action: String,
    /// Why, with values in braces.
    pub rationale: String,
    /// The values in texts.
    #[serde(default)]
    pub values: BTreeMap<String, Value>,
    /// What it moves, for example `profit`.
    pub lever: String,
    /// Role that answers for it.
    pub owner: String,
    /// What it costs.
    pub cost: Cost,
    /// How long it takes.
    pub time: Time,
    /// Figures whose product is the money at stake; without any the action is not scored.
    #[serde(default)]
    pub money: Vec<Figure>,
    /// How likely the money is at stake.
    pub probability: Probability,
    /// How success is told.
    #[serde(default)]
    pub success: Option<Success>,
    /// What a scenario with it assumes; the money is then taken as a gain in profit.
    #[serde(default)]
    pub assumption: Option<String>,
}

/// A figure of an earlier result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// Whose result.
    pub agent: Agent,
    /// Where, as a JSON pointer; a step `[id=x]` is the element of a list whose `id` is `x`.
    pub pointer: String,
}

/// A condition on a figure; exactly one comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Whose result.
    pub agent: Agent,
    /// Where.
    pub pointer: String,
    /// Holds for larger numbers.
    #[serde(default)]
    pub above: Option<f64>,
    /// Holds for this number and larger ones.
    #[serde(default)]
    pub at_least: Option<f64>,
    /// Holds for smaller numbers.
    #[serde(default)]
    pub below: Option<f64>,
    /// Holds for these texts.
    #[serde(default)]
    pub one_of: Vec<String>,
}

/// A value in a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// Whose result.
    pub agent: Agent,
    /// Where.
    pub pointer: String,
    /// How it is shown.
    pub format: Format,
}

/// How a value is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// With two decimals.
    Amount,
    /// A share as a percentage.
    Percent,
    /// Without decimals.
    Count,
    /// With three decimals.
    Number,
    /// As it is.
    Text,
}

/// Where a probability comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Probability {
    /// How far an agent's result can be relied on.
    Confidence(Agent),
    /// A share.
    Share(Figure),
    /// 1 less a p-value.
    OneMinus(Figure),
}

/// How success is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Success {
    /// The measure in words.
    pub metric: String,
    /// Where it stands.
    pub figure: Figure,
    /// Where it should be; absent where no rule gives one.
    #[serde(default)]
    pub target: Option<f64>,
}

/// What an action costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cost {
    /// Hours of those who are there.
    Low,
    /// A project.
    Medium,
    /// An investment.
    High,
}

impl Cost {
    /// Its part of the effort.
    #[must_use]
    pub fn points(self) -> f64 {
        match self {
            Self::Low => 1.0,
            Self::Medium => 2.0,
            Self::High => 4.0,
        }
    }
}

/// How long an action takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Time {
    /// Up to a month.
    Weeks,
    /// Up to three months.
    Quarter,
    /// Up to a year.
    Year,
}

impl Time {
    /// Its part of the effort.
    #[must_use]
    pub fn points(self) -> f64 {
        match self {
            Self::Weeks => 1.0,
            Self::Quarter => 2.0,
            Self::Year => 4.0,
        }
    }

    /// In words.
    #[must_use]
    pub fn timeline(self) -> &'static str {
        match self {
            Self::Weeks => "within 30 days",
            Self::Quarter => "within 90 days",
            Self::Year => "within 12 months",
        }
    }

    /// Whether a decision is due at once.
    #[must_use]
    pub fn is_immediate(self) -> bool {
        self == Self::Weeks
    }
}

fn wrong(path: String, message: String) -> RequestError {
    RequestError { path, message }
}

/// The built-in rules, with those of a request in their place or after them.
///
/// # Errors
///
/// [`RequestError`] for a rule of the request that cannot be used.
pub fn rules(own: &[Rule]) -> Result<Vec<Rule>, RequestError> {
    let mut rules: Vec<Rule> = serde_json::from_str(include_str!("rules.json"))
        .map_err(|error| wrong("rules".to_owned(), format!("the built-in rules cannot be read: {error}")))?;
    let mut seen = BTreeSet::new();
    for (place, rule) in own.iter().enumerate() {
        let path = format!("config.rules[{place}]");
        rule.check().map_err(|message| wrong(path.clone(), message))?;
        if !seen.insert(rule.id.as_str()) {
            return Err(wrong(path, "repeats the name of another rule".to_owned()));
        }
        match rules.iter_mut().find(|built_in| built_in.id == rule.id) {
            Some(built_in) => *built_in = rule.clone(),
            None => rules.push(rule.clone()),
        }
    }
    if rules.len() > MOST {
        return Err(wrong("config.rules".to_owned(), format!("makes more than {MOST} rules")));
    }
    Ok(rules)
}

impl Rule {
    /// Why the rule cannot be used.
    fn check(&self) -> Result<(), String> {
        let texts = [&self.id, &self.action, &self.rationale, &self.lever, &self.owner];
        if let Some(text) = texts.iter().find(|text| text.is_empty() || text.len() > MAX_TEXT) {
            return Err(format!("has a text of {} bytes; 1 to {MAX_TEXT} are possible", text.len()));
        }
        if self.when.is_empty() {
            return Err("has no condition".to_owned());
        }
        for condition in &self.when {
            let numbers = [condition.above, condition.at_least, condition.below];
            let comparisons = numbers.iter().flatten().count() + usize::from(!condition.one_of.is_empty());
            if comparisons != 1 || numbers.iter().flatten().any(|bound| !bound.is_finite()) {
                return Err("has a condition without exactly one comparison".to_owned());
            }
        }
        for name in placeholders(&self.action).chain(placeholders(&self.rationale)) {
            if !self.values.contains_key(name) {
                return Err("has a text with a value that is not listed".to_owned());
            }
        }
        match self.pointers().iter().any(|pointer| !pointer.starts_with('/')) {
            true => Err("has a pointer that does not begin with a slash".to_owned()),
            false => Ok(()),
        }
    }

    fn pointers(&self) -> Vec<&str> {
        let conditions = self.when.iter().map(|condition| condition.pointer.as_str());
        let values = self.values.values().map(|value| value.pointer.as_str());
        let money = self.money.iter().map(|figure| figure.pointer.as_str());
        let probability = match &self.probability {
            Probability::Confidence(_) => None,
            Probability::Share(figure) | Probability::OneMinus(figure) => Some(figure.pointer.as_str()),
        };
        let success = self.success.iter().map(|success| success.figure.pointer.as_str());
        conditions.chain(values).chain(money).chain(probability).chain(success).collect()
    }
}

/// The names in braces.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_rules_can_be_used() {
        let rules = rules(&[]).unwrap();
        for rule in &rules {
            assert_eq!(rule.check(), Ok(()), "{}", rule.id);
            let used: Vec<&str> = placeholders(&rule.action).chain(placeholders(&rule.rationale)).collect();
            assert!(rule.values.keys().all(|name| used.contains(&name.as_str())), "{}", rule.id);
        }
        let mut names: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), rules.len());
    }

    fn own(change: impl Fn(&mut Rule)) -> Result<usize, String> {
        let mut rule = rules(&[]).unwrap().swap_remove(0);
        change(&mut rule);
        rules(&[rule]).map(|rules| rules.len()).map_err(|error| format!("{}: {}", error.path, error.message))
    }

    #[test]
    fn rules_of_a_request_are_checked() {
        let built_in = rules(&[]).unwrap().len();
        assert_eq!(own(|_| ()), Ok(built_in));
        assert_eq!(own(|rule| rule.id = "own".to_owned()), Ok(built_in + 1));
        let fails = |change: fn(&mut Rule), part: &str| {
            let message = own(change).unwrap_err();
            assert!(message.starts_with("config.rules[0]: ") && message.contains(part), "{message}");
        };
        fails(|rule| rule.when.clear(), "no condition");
        fails(|rule| rule.when[0].above = Some(f64::NAN), "exactly one comparison");
        fails(|rule| rule.action = "Do {this}.".to_owned(), "not listed");
        fails(|rule| rule.when[0].pointer = "x".to_owned(), "slash");
        fails(|rule| rule.owner.clear(), "0 bytes");
    }
}
