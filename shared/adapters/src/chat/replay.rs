//! Recorded answers, for tests and demonstrations: a question that was recorded gets its answer, any other none.
//!
//! A file holds all of them, `{"<digest>": {"text": ...}, ...}`; in a folder each has a file `<digest>.json`. The digest
//! is that of [`ChatQuestion::digest`].

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use causeway_cloud::chat::{ChatQuestion, ChatReply, Finish, StructuredOutput};
use causeway_oci_auth::effects::Files;
use causeway_resilience::service::Kind;
use serde::{Deserialize, Serialize};

use super::refused::{Refused, Where};
use super::wire::Wire;

const WHERE: Where = Where { service: "replay", operation: "Replay" };
/// How answers ended, in files.
const COMPLETE: &str = "complete";
const LENGTH: &str = "length";
const FILTERED: &str = "filtered";
/// Largest file of answers, and of one answer, in bytes.
const MAX_FILE: usize = 16 << 20;
const MAX_ONE: usize = super::MAX_ANSWER;

/// Answers that were recorded before.
pub(crate) struct Replay {
    name: String,
    answers: Answers,
}

enum Answers {
    Read(BTreeMap<String, Recorded>),
    Folder { folder: PathBuf, files: Arc<dyn Files> },
}

/// One answer as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recorded {
    text: String,
    model: Option<String>,
    finish: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    notices: Vec<String>,
}

impl Recorded {
    /// What of an answer is kept.
    pub(super) fn of(reply: &ChatReply) -> Self {
        Self {
            text: reply.text.clone(),
            model: Some(reply.model.clone()),
            finish: word(&reply.finish),
            prompt_tokens: reply.prompt_tokens,
            completion_tokens: reply.completion_tokens,
            notices: reply.notices.clone(),
        }
    }
}

fn word(finish: &Finish) -> Option<String> {
    match finish {
        Finish::Complete => Some(COMPLETE.to_owned()),
        Finish::Length => Some(LENGTH.to_owned()),
        Finish::Filtered => Some(FILTERED.to_owned()),
        Finish::Other(reason) => Some(reason.clone().unwrap_or_default()),
    }
}

impl Replay {
    /// A path that ends with `.json` is a file, which is read at once; any other is a folder.
    ///
    /// # Errors
    /// A sentence about a file that cannot be read.
    pub(crate) fn open(path: &Path, files: Arc<dyn Files>) -> Result<Self, String> {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let name = format!("replay/{name}");
        let is_file = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        if !is_file {
            return Ok(Self { name, answers: Answers::Folder { folder: path.to_owned(), files } });
        }
        let bytes = files.read(path, MAX_FILE).map_err(|error| format!("cannot be read: {}", error.kind()))?;
        let read = serde_json::from_slice(&bytes).map_err(|error| format!("is no file of answers: {error}"))?;
        Ok(Self { name, answers: Answers::Read(read) })
    }

    fn find(&self, digest: &str) -> Result<Option<Recorded>, Refused> {
        match &self.answers {
            Answers::Read(answers) => Ok(answers.get(digest).cloned()),
            Answers::Folder { folder, files } => {
                let unusable = |reason: String| Refused::from(WHERE.fails(Kind::BadAnswer, reason));
                let bytes = match files.read(&folder.join(format!("{digest}.json")), MAX_ONE) {
                    Ok(bytes) => bytes,
                    Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                    Err(error) => return Err(unusable(format!("{digest}.json cannot be read: {}", error.kind()))),
                };
                let read = serde_json::from_slice(&bytes);
                read.map(Some).map_err(|_| unusable(format!("{digest}.json is no answer")))
            }
        }
    }
}

#[async_trait]
impl Wire for Replay {
    fn name(&self) -> &str {
        &self.name
    }

    fn service(&self) -> &'static str {
        WHERE.service
    }

    fn forms(&self) -> &'static [StructuredOutput] {
        &[StructuredOutput::Text]
    }

    async fn once(
        &self,
        question: &ChatQuestion,
        _: Option<StructuredOutput>,
        _: Duration,
    ) -> Result<ChatReply, Refused> {
        let digest = question.digest();
        let missing = || WHERE.fails(Kind::NotFound, format!("no answer to the question {digest} is recorded"));
        let found = self.find(&digest)?.ok_or_else(missing)?;
        Ok(ChatReply {
            text: found.text,
            model: format!("replay of {}", found.model.as_deref().unwrap_or("an unnamed model")),
            finish: finish(found.finish),
            prompt_tokens: found.prompt_tokens,
            completion_tokens: found.completion_tokens,
            notices: found.notices,
            ..ChatReply::default()
        })
    }
}

fn finish(recorded: Option<String>) -> Finish {
    match recorded.as_deref() {
        None | Some(COMPLETE) => Finish::Complete,
        Some(LENGTH) => Finish::Length,
        Some(FILTERED) => Finish::Filtered,
        Some("") => Finish::Other(None),
        Some(_) => Finish::Other(recorded),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

    use std::collections::HashMap;

    use causeway_cloud::chat::Part;
    use serde_json::json;

    use super::*;

    fn question(text: &str) -> ChatQuestion {
        ChatQuestion { parts: vec![Part::Text(text.to_owned())], ..ChatQuestion::default() }
    }

    fn files(files: &[(&str, String)]) -> Arc<dyn Files> {
        let pairs = files.iter().map(|(name, content)| (PathBuf::from(name), content.clone().into_bytes()));
        Arc::new(pairs.collect::<HashMap<_, _>>())
    }

    async fn ask(replay: &Replay, text: &str) -> Result<ChatReply, Kind> {
        let asked = replay.once(&question(text), None, Duration::from_secs(1)).await;
        asked.map_err(|refused| refused.failure.kind())
    }

    #[tokio::test]
    async fn from_a_file_and_from_a_folder() {
        let digest = question("Hi?").digest();
        let answer = json!({ "text": "Hello.", "model": "m-1", "finish": "length" });
        let all = json!({ digest.as_str(): answer }).to_string();
        let (one, damaged) = (format!("dir/{digest}.json"), format!("dir/{}.json", question("Bad?").digest()));
        let files = files(&[("all.json", all), (&one, answer.to_string()), (&damaged, "{".to_owned())]);
        for (path, name) in [("all.json", "replay/all.json"), ("dir", "replay/dir")] {
            let replay = Replay::open(Path::new(path), Arc::clone(&files)).unwrap();
            assert_eq!(replay.name(), name);
            let reply = ask(&replay, "Hi?").await.unwrap();
            assert_eq!((reply.text.as_str(), reply.finish), ("Hello.", Finish::Length));
            assert_eq!(reply.model, "replay of m-1");
            assert_eq!(ask(&replay, "Ho?").await, Err(Kind::NotFound));
        }
        let folder = Replay::open(Path::new("dir"), files).unwrap();
        assert_eq!(ask(&folder, "Bad?").await, Err(Kind::BadAnswer));
    }

    #[test]
    fn a_file_that_is_none_is_told_at_once() {
        let files = files(&[("bad.json", "[]".to_owned()), ("more.json", r#"{"a":{"text":"","x":1}}"#.to_owned())]);
        for (path, reason) in [("none.json", "cannot be read"), ("bad.json", "no file"), ("more.json", "no file")] {
            let problem = Replay::open(Path::new(path), Arc::clone(&files)).err().unwrap();
            assert!(problem.contains(reason), "{path}: {problem}");
        }
    }
}
