//! The language models that the variables describe.

use std::sync::Arc;
use std::time::Duration;

use causeway_cloud::breaker::Breakers;
use causeway_cloud::{ChatModel, Ports, Problem};

use super::Connected;
use crate::chat::gate;
use crate::chat::{Bare, Entry, Key, List, NoModel, Recorder, Replay, Rules, Spec, TRY, Wire, keys, read};
use crate::choice::Cloud;
use crate::openai::Server;

/// Longest time of one try that can be set, in seconds: longer than any function lives.
const LONGEST_TRY: u64 = 3_600;
/// Folder of the breakers that processes share.
const CHAT_BREAKERS: &str = "chat-breakers";
/// Variables of the SDK that name another server than Amazon's for Bedrock.
const OWN_BEDROCK: [&str; 2] = ["AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL"];

impl Connected {
    /// # Errors
    /// Every fault of the variables.
    pub(super) fn models(&self) -> Result<Arc<dyn ChatModel>, Problem> {
        let list = self.required("CAUSEWAY_CHAT_MODEL", "name of a model, or OCID of a dedicated endpoint, or none")?;
        let bare = match self.cloud {
            Cloud::Oci => Bare::Oci,
            Cloud::Aws => Bare::Bedrock,
            Cloud::None => Bare::Nothing,
        };
        let told = |faults: Vec<String>| format!("CAUSEWAY_CHAT_MODEL: {}", faults.join("; "));
        let entries = read(&list, bare, self.flag("CAUSEWAY_CHAT_ALLOW_HTTP")?).map_err(told)?;
        if entries.iter().any(|entry| entry.spec == Spec::None) {
            return Ok(Arc::new(NoModel));
        }
        let variables = keys(&entries, self.text("CAUSEWAY_CHAT_API_KEY").is_some()).map_err(told)?;
        let made = entries.into_iter().zip(variables).map(|(entry, variable)| self.wire(entry, variable));
        let (wires, faults) = divided(made);
        if !faults.is_empty() {
            return Err(told(faults).into());
        }
        let list = List::new(wires, self.rules()?, &self.chat_breakers()?);
        self.recorded(Arc::new(list.map_err(|invalid| told(vec![invalid.to_string()]))?))
    }

    /// Those of this process, unless the deployment shares what its processes find: then in its state.
    fn chat_breakers(&self) -> Result<Breakers, Problem> {
        const NAME: &str = "CAUSEWAY_CHAT_BREAKER";
        match self.text(NAME).as_deref() {
            None | Some("process") => Ok(gate::in_process(Arc::clone(&self.effects.clock))?),
            Some("shared") => Ok(gate::shared(self.documents(CHAT_BREAKERS)?)?),
            Some(_) => Err(format!("{NAME} must be process or shared").into()),
        }
    }

    /// The same, with its answers kept where that is wanted.
    fn recorded(&self, model: Arc<dyn ChatModel>) -> Result<Arc<dyn ChatModel>, Problem> {
        const NAME: &str = "CAUSEWAY_CHAT_RECORD";
        let Some(folder) = self.text(NAME) else { return Ok(model) };
        let recorder = Recorder::new(model, folder.into());
        let recorder = recorder.map_err(|error| format!("{NAME}: the folder cannot be made: {}", error.kind()))?;
        Ok(Arc::new(recorder))
    }

    fn wire(&self, entry: Entry, variable: Option<String>) -> Result<Box<dyn Wire>, Problem> {
        let key = variable.map(|variable| self.key(&variable)).transpose()?;
        Ok(match entry.spec {
            Spec::None => return Err("none is no provider".into()),
            Spec::Oci { model, format } => self.oci()?.model(&model, format),
            Spec::OciOpenAi { model, path } => self.oci()?.openai_model(model, path, key),
            Spec::OpenAi { model, base } => Box::new(Server::new(self.effects.clone(), model, &base, key)),
            Spec::Bedrock { model, region } => {
                let endpoint = OWN_BEDROCK.iter().find_map(|name| self.text(name));
                self.aws().model(self.effects.clone(), model, region, endpoint)
            }
            Spec::Replay { path } => {
                let replay = Replay::open(&path, Arc::clone(&self.effects.files));
                Box::new(replay.map_err(|fault| format!("replay: {}: {fault}", path.display()))?)
            }
        })
    }

    fn key(&self, variable: &str) -> Result<Key, Problem> {
        let value = self.text(variable).ok_or_else(|| format!("{variable} is not set"))?;
        Key::of::<Problem>(&value, || self.secrets()).map_err(|problem| format!("{variable}: {problem}").into())
    }

    fn rules(&self) -> Result<Rules, Problem> {
        const NAME: &str = "CAUSEWAY_CHAT_TRY_SECONDS";
        let wrong = || format!("{NAME} must be a whole number from 1 to {LONGEST_TRY}");
        let seconds = |text: String| text.parse().ok().filter(|seconds| (1..=LONGEST_TRY).contains(seconds));
        let try_time = match self.text(NAME) {
            None => TRY,
            Some(text) => Duration::from_secs(seconds(text).ok_or_else(wrong)?),
        };
        Ok(Rules { clock: Arc::clone(&self.effects.clock), random: Arc::clone(&self.effects.random), try_time })
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.text(name).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(format!("{name} must be true or false").into()),
        }
    }
}

/// The providers that could be made, and the faults of those that could not.
fn divided(made: impl Iterator<Item = Result<Box<dyn Wire>, Problem>>) -> (Vec<Box<dyn Wire>>, Vec<String>) {
    let (mut wires, mut faults) = (Vec::new(), Vec::new());
    for one in made {
        match one {
            Ok(wire) => wires.push(wire),
            Err(problem) => faults.push(problem.to_string()),
        }
    }
    (wires, faults)
}

#[cfg(test)]
mod tests;
