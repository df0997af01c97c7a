//! Scripts: answers that are kept ready for requests that look a certain way.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{Answer, by_rule};
use super::request::Chat;
use crate::Emulator;
use crate::call::parse_json;
use crate::documents;
use crate::error::Error;
use crate::reply::{self, Reply};

const KIND: &str = "chatscript";

/// A script. Absent conditions fit every request.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Script {
    #[serde(default)]
    id: String,
    /// Order among the scripts; the lowest that fits answers.
    #[serde(default)]
    order: i64,
    model: Option<String>,
    /// Part of what is said in any message.
    contains: Option<String>,
    /// Number of images.
    images: Option<usize>,
    /// The answers, one after the other; the last one stays.
    replies: Vec<ScriptReply>,
    #[serde(default)]
    used: usize,
}

/// One answer: a text, JSON that is sent as text, or a refusal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ScriptReply {
    text: Option<String>,
    json: Option<Value>,
    tool_calls: Option<Value>,
    status: Option<u16>,
    code: Option<String>,
}

impl Script {
    fn fits(&self, chat: &Chat) -> bool {
        self.model.as_ref().is_none_or(|model| *model == chat.model)
            && self.contains.as_ref().is_none_or(|part| chat.all_text().contains(part.as_str()))
            && self.images.is_none_or(|images| images == chat.images())
    }
}

/// The answer to a request.
pub(super) fn answer(emulator: &Emulator, chat: &Chat) -> Result<Answer, Error> {
    let mut fitting = documents::all(&emulator.store.read()?, KIND, |script: &Script| script.fits(chat))?;
    fitting.sort_by_key(|script| script.order);
    let Some(script) = fitting.into_iter().next() else {
        return Ok(Answer::new(chat, by_rule(chat), None));
    };
    let reply = emulator.store.write(|writer| {
        let mut script: Script = documents::get(writer, KIND, &script.id)?;
        let turn = script.used.min(script.replies.len().saturating_sub(1));
        let reply = script.replies.get(turn).cloned();
        script.used += 1;
        documents::put(writer, KIND, &script.id, &script)?;
        reply.ok_or_else(|| Error::internal("The script has no reply."))
    })?;
    if let Some(status) = reply.status {
        let code =
            reply.code.unwrap_or_else(|| if status == 429 { "TooManyRequests" } else { "InternalServerError" }.into());
        return Err(Error::new(status, code, reply.text.unwrap_or_else(|| "The script refuses.".to_owned())));
    }
    let text = reply.text.or_else(|| reply.json.map(|json| json.to_string())).unwrap_or_default();
    Ok(Answer::new(chat, text, reply.tool_calls))
}

/// Adds scripts by the admin route.
pub(crate) fn seed(emulator: &Emulator, body: &[u8]) -> Reply {
    let mut scripts: Vec<Script> = parse_json(body)?;
    if scripts.iter().any(|script| script.replies.is_empty()) {
        return Err(Error::invalid("A script has at least one reply."));
    }
    emulator.store.write(|writer| {
        for script in &mut scripts {
            script.id = emulator.ids.ocid(KIND);
            if script.order == 0 {
                script.order = i64::try_from(emulator.ids.number()).unwrap_or(i64::MAX);
            }
            documents::put(writer, KIND, &script.id, script)?;
        }
        Ok(())
    })?;
    reply::json(&json!({ "ids": scripts.iter().map(|script| &script.id).collect::<Vec<_>>() }))
}
