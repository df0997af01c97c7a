//! Keeps answers for [`Replay`](super::Replay): one file per question in a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use causeway_cloud::ChatModel;
use causeway_cloud::chat::{ChatQuestion, ChatReply};
use causeway_resilience::{Deadline, ServiceFailure};

use super::replay::Recorded;

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
    let part = folder.join(format!("{digest}.{}.part", std::process::id()));
    fs::write(&part, text)?;
    fs::rename(&part, folder.join(format!("{digest}.json")))
}
