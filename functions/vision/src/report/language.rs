//! What a text says about damage, as far as single words tell it: enough to find a text that denies what the
//! answer beside it asserts. English only, as the question asks for it; what is not understood says nothing.

use super::words::{Indicator, Word};

/// Beginnings of words that mean damage of any kind.
const ANY_DAMAGE: &[&str] = &["damag", "defect", "flaw"];

/// Beginnings of words that mean damage of one kind.
fn stems(indicator: Indicator) -> &'static [&'static str] {
    match indicator {
        Indicator::BoxDeformation => {
            &["deform", "dent", "crush", "bulg", "buckl", "warp", "collaps", "crumpl", "dint", "squash", "crease"]
        }
        Indicator::CornerDamage => &["crush", "dent", "torn", "tear", "bent", "crumpl", "fray", "squash", "ripped"],
        Indicator::Leakage => {
            &["leak", "stain", "wet", "moist", "damp", "soak", "spill", "liquid", "puddle", "drip", "seep", "ooz"]
        }
        Indicator::PackagingIntegrity => {
            &["torn", "tear", "rip", "hole", "punctur", "split", "breach", "slash", "broken", "unsealed", "gash"]
        }
    }
}

/// Words that mean the absence of damage. Behind a denial they mean damage.
const SOUND: &[&str] =
    &["intact", "undamaged", "unbroken", "pristine", "flawless", "undented", "uncrushed", "untorn", "dry"];

/// Words that deny what follows.
const DENIALS: &[&str] = &[
    "no", "not", "non", "without", "never", "neither", "nor", "cannot", "cant", "isnt", "arent", "wasnt", "doesnt",
    "dont", "didnt", "couldnt", "hasnt", "absence", "lack", "lacks", "lacking", "free", "zero", "nothing", "unable",
];

/// Words that deny what stands before them.
const DENIED_BEFORE: &[&str] = &["none", "absent", "free", "nowhere", "no"];

/// What is said to be or not to be of a damage: "dents are not visible".
const SEEN: &[&str] =
    &["visible", "seen", "observed", "present", "detected", "evident", "apparent", "found", "noted", "noticeable"];

/// Words that begin a statement of its own.
const TURNS: &[&str] = &["but", "however", "although", "though", "except", "yet", "while", "whereas", "because"];

/// Words behind a denial that make it none: "not only", "no doubt".
const AFFIRMED: &[&str] = &["only", "just", "doubt"];

/// How many words a denial reaches.
const REACH: usize = 6;

/// What a text says of a kind of damage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Says {
    /// That there is some.
    pub(super) asserts: bool,
    /// That there is none.
    pub(super) denies: bool,
}

/// What `text` says of the damage `indicator`, and of damage without a kind.
pub(super) fn says(text: &str, indicator: Indicator) -> Says {
    let words_of = |word: &str| starts(word, ANY_DAMAGE) || starts(word, stems(indicator));
    over_statements(text, words_of)
}

/// What `text` says of damage of whatever kind.
pub(super) fn says_of_any(text: &str) -> Says {
    over_statements(text, is_any_damage)
}

fn is_any_damage(word: &str) -> bool {
    starts(word, ANY_DAMAGE) || Indicator::ALL.iter().any(|indicator| starts(word, stems(*indicator)))
}

fn over_statements(text: &str, is_damage: impl Fn(&str) -> bool) -> Says {
    let mut says = Says::default();
    for statement in statements(text) {
        for (index, word) in statement.iter().enumerate() {
            let (damage, sound) = (is_damage(word), SOUND.contains(&word.as_str()));
            if !damage && !sound {
                continue;
            }
            let denied = denied_ahead(&statement, index, &is_damage) || (damage && denied_behind(&statement, index));
            if damage == denied {
                says.denies = true;
            } else {
                says.asserts = true;
            }
        }
    }
    says
}

/// Texts cut into statements, and those into words of small letters.
fn statements(text: &str) -> Vec<Vec<String>> {
    let mut statements = vec![Vec::new()];
    let text = text.to_lowercase().replace(['\'', '\u{2019}'], "");
    for sentence in text.split(['.', ';', '!', '\n']) {
        statements.push(Vec::new());
        for part in sentence.split(',') {
            add(&mut statements, part);
        }
    }
    statements
}

/// Adds what stands between two commas: to the last statement when it goes on with a list, as in "no dents, tears
/// or stains", else as a new one.
fn add(statements: &mut Vec<Vec<String>>, part: &str) {
    let words: Vec<_> = part.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    if !words.first().is_some_and(|first| ["or", "and", "nor"].contains(first) || is_any_damage(first)) {
        statements.push(Vec::new());
    }
    for word in words {
        if TURNS.contains(&word) {
            statements.push(Vec::new());
        } else if let Some(statement) = statements.last_mut() {
            statement.push(word.to_owned());
        }
    }
}

/// Whether a denial stands before the word at `index`: "no visible dents or tears".
fn denied_ahead(statement: &[String], index: usize, is_damage: &impl Fn(&str) -> bool) -> bool {
    let from = index.saturating_sub(REACH);
    let Some(offset) = statement[from..index].iter().rposition(|word| DENIALS.contains(&word.as_str())) else {
        return false;
    };
    let denial = from + offset;
    if statement.get(denial + 1).is_some_and(|next| AFFIRMED.contains(&next.as_str())) {
        return false;
    }
    // "not sealed and torn": the denial is of what stands before the "and", unless that is damage too.
    let between = &statement[denial + 1..index];
    match between.iter().position(|word| ["and", "with"].contains(&word.as_str())) {
        Some(and) => between[..and].iter().any(|word| is_damage(word)),
        None => true,
    }
}

/// Whether a denial stands behind the word at `index`: "leakage: none", "dents are not visible".
fn denied_behind(statement: &[String], index: usize) -> bool {
    let behind: Vec<_> = statement.iter().skip(index + 1).take(REACH).map(String::as_str).collect();
    let last = |word: &&str| DENIED_BEFORE.contains(word);
    match behind.as_slice() {
        [first, ..] if last(first) && *first != "no" => true,
        [only] => last(only),
        _ => behind.windows(2).any(|pair| {
            let is_denied = ["none", "absent"].contains(&pair[1]) && ["is", "are", "was", "were"].contains(&pair[0]);
            is_denied || (DENIALS.contains(&pair[0]) && SEEN.contains(&pair[1]))
        }),
    }
}

fn starts(word: &str, stems: &[&str]) -> bool {
    stems.iter().any(|stem| word.starts_with(stem))
}
