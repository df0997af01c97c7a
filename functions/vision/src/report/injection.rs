//! Finds words that try to direct a model. A picture may hold them, and an answer that repeats them may have
//! followed them.

/// Such words, with single blanks between them.
const PHRASES: &[&str] = &[
    "ignore the above",
    "ignore above",
    "ignore your",
    "ignore any",
    "ignore these instructions",
    "disregard all",
    "disregard your",
    "disregard the above",
    "forget previous",
    "forget your",
    "forget all",
    "forget everything",
    "new instruction",
    "new instructions",
    "follow these instructions",
    "system message",
    "developer message",
    "you are now",
    "you must report",
    "you must answer",
    "you must respond",
    "act as an",
    "as an ai",
    "as a language model",
    "respond with",
    "respond only",
    "reply with",
    "answer with",
    "output only",
    "output the following",
    "return only",
    "return the following",
    "set present",
    "set severity",
    "set score",
    "set the score",
    "set every",
    "present false",
    "severity none",
    "mark as",
    "mark this",
    "mark it as",
    "report no damage",
    "do not report",
    "do not mention",
    "dont report",
    "dont mention",
    "must not report",
    "jailbreak",
    "override instructions",
    "override the",
];

/// Such words without blanks, so that spelling them out does not hide them.
const SPELT_OUT: &[&str] = &[
    "ignoreprevious",
    "ignoreprior",
    "ignoreall",
    "disregardprevious",
    "disregardprior",
    "previousinstruction",
    "priorinstruction",
    "systemprompt",
    "promptinjection",
];

/// Signs by which chat templates mark who speaks.
const MARKS: &[&str] = &["<|im_", "<|start", "<|end", "[inst]", "<<sys>>"];

/// Whether `text` has such words.
pub(super) fn is_suspect(text: &str) -> bool {
    let text: String = text.chars().map(narrow).flat_map(char::to_lowercase).collect();
    let joined: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    let words = words(&text);
    MARKS.iter().any(|mark| text.contains(mark))
        || SPELT_OUT.iter().any(|phrase| joined.contains(phrase))
        || PHRASES.iter().any(|phrase| words.contains(&format!(" {phrase} ")))
}

/// The words with single blanks between and around them.
fn words(text: &str) -> String {
    let text = text.replace(['\'', '\u{2019}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{ad}'], "");
    let words: Vec<_> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    format!(" {} ", words.join(" "))
}

/// A letter of double width as the ordinary one.
fn narrow(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(letter as u32 - 0xfee0).unwrap_or(letter),
        other => other,
    }
}
