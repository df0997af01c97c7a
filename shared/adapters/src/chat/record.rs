//! Keeps answers for [`Replay`](super::Replay): one file per question in a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use causeway_cloud::ChatModel;
use causeway_cloud::chat::{ChatQuestion, ChatReply};
use causeway_resilience::{Deadline, ServiceFailure};

use super::replay::Recorded;

/// Number of the next unfinished file of this process.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A model whose answers are kept.
pub(crate) struct Recorder {
    model: Arc<dyn ChatModel>,
    folder: PathBuf,
}

impl Recorder {
    /// # Errors
    /// A folder that cannot be made.
    pub(crate) fn new(model: Arc<dyn ChatModel>, folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self { model, folder })
    }
}

#[async_trait]
impl ChatModel for Recorder {
    fn name(&self) -> &str {
        self.model.name()
    }

    /// An answer that cannot be kept is an answer all the same.
    async fn ask(&self, question: &ChatQuestion, deadline: Deadline) -> Result<ChatReply, ServiceFailure> {
        let reply = self.model.ask(question, deadline).await?;
        if let Err(error) = write(&self.folder, &question.digest(), &Recorded::of(&reply)) {
            tracing::warn!(kind = %error.kind(), "an answer of the language model could not be kept");
        }
        Ok(reply)
    }
}

/// Under another name first, so that nobody reads a half.
fn write(folder: &Path, digest: &str, recorded: &Recorded) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(recorded)?;
    // One for each answer: equal questions may be answered at the same time.
    let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let part = folder.join(format!("{digest}.{process}.{number}.part"));
    let kept = fs::write(&part, text).and_then(|()| fs::rename(&part, folder.join(format!("{digest}.json"))));
    if kept.is_err() {
        // Nothing reads it; that it stays is told by the error that comes first.
        let _ = fs::remove_file(&part);
    }
    kept
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn equal_questions_at_once_do_not_disturb_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let recorded = Recorded::of(&ChatReply { text: "x".repeat(1 << 16), ..ChatReply::default() });
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..16).for_each(|_| write(folder.path(), "digest", &recorded).unwrap()));
            }
        });
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["digest.json"]);
        let kept = fs::read(folder.path().join("digest.json")).unwrap();
        assert_eq!(kept, serde_json::to_vec_pretty(&recorded).unwrap());
    }

    #[test]
    fn what_cannot_be_kept_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("digest.json")).unwrap();
        assert!(write(folder.path(), "digest", &Recorded::of(&ChatReply::default())).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
