//! Agents that behave as a test says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use causeway_cloud::Invoker;
use causeway_cloud::invoker::{Call, Outcome};
use causeway_cloud::object_store::ObjectStoreExt;
use causeway_cloud::object_store::memory::InMemory;
use causeway_cloud::object_store::path::Path;
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Fate;

/// How an agent behaves.
#[derive(Debug, Clone)]
pub(in crate::tests) enum Behaviour {
    /// It answers with this.
    Answers(Value),
    /// It takes so long, also when nobody waits for it any more, then answers. Meanwhile it says that it is at work.
    Takes(Duration, Value),
    /// Its first answer gets lost on a connection that stays open; its work is done.
    IsLost(Value),
    /// It fails so often, then answers.
    Fails(usize, Value),
    /// It says so often that an earlier call is still being carried out, then answers.
    IsAtWork(usize, Value),
    /// The platform has no such function.
    Missing,
}

/// The agents. Those that answer at once work at every call.
pub(in crate::tests) struct Agents {
    fate: Arc<Fate>,
    kept: InMemory,
    behaviours: Mutex<BTreeMap<String, Behaviour>>,
    /// When the work for a run's stage was begun, where it takes time.
    begun: Mutex<BTreeMap<(String, String), Instant>>,
    /// Requests by function, in order.
    pub(in crate::tests) calls: Mutex<Vec<(String, Value)>>,
    /// How often the work of a function for a run's stage was done.
    pub(in crate::tests) work: Mutex<BTreeMap<(String, String, String), usize>>,
    /// Functions that were called although their result was kept.
    pub(in crate::tests) in_vain: Mutex<Vec<String>>,
}

impl Agents {
    pub(super) fn new(fate: Arc<Fate>, kept: InMemory) -> Self {
        Self {
            fate,
            kept,
            behaviours: Mutex::default(),
            begun: Mutex::default(),
            calls: Mutex::default(),
            work: Mutex::default(),
            in_vain: Mutex::default(),
        }
    }

    /// Waits for work of so much time that this call begins; whether it is done, which it is not when another call has
    /// begun it and it goes on.
    async fn takes(&self, name: &str, request: &Value, time: Duration) -> bool {
        let key = (name.to_owned(), request["run_id"].to_string());
        let begun = self.begun.lock().unwrap().get(&key).copied();
        let Some(begun) = begun else {
            self.begun.lock().unwrap().insert(key, Instant::now());
            self.work(name, request);
            tokio::time::sleep(time).await;
            return true;
        };
        begun.elapsed() >= time
    }

    pub(in crate::tests) fn set(&self, agent: &str, behaviour: Behaviour) {
        self.behaviours.lock().unwrap().insert(format!("{agent}-agent"), behaviour);
    }

    pub(in crate::tests) fn called(&self) -> Vec<String> {
        self.calls.lock().unwrap().iter().map(|(name, _)| name.clone()).collect()
    }

    fn calls_so_far(&self, name: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|(called, _)| called == name).count()
    }

    fn work(&self, name: &str, request: &Value) {
        let text = |member: &str| request[member].as_str().unwrap_or_default().to_owned();
        let key = (name.to_owned(), text("run_id"), text("stage"));
        *self.work.lock().unwrap().entry(key).or_default() += 1;
    }

    async fn note(&self, name: &str, request: &Value) {
        let text = |member: &str| request[member].as_str().unwrap_or_default().to_owned();
        let (run, stage, agent) = (text("run_id"), text("stage"), name.trim_end_matches("-agent"));
        let result = format!("causeway-state/decisioning-flow-runs/{run}/stages/{stage}/{agent}.json");
        if self.kept.head(&Path::from(result)).await.is_ok() {
            self.in_vain.lock().unwrap().push(name.to_owned());
        }
        self.calls.lock().unwrap().push((name.to_owned(), request.clone()));
    }
}

fn answered(answer: &Value) -> Outcome {
    Outcome::Answered { body: Bytes::from(answer.to_string()), call_id: None }
}

fn in_progress() -> Outcome {
    let error = json!({"kind": "client", "code": "in_progress", "message": "wait", "retryable": true});
    answered(&json!({ "error": error }))
}

fn unavailable() -> ServiceFailure {
    ServiceFailure::new(Kind::Unavailable, "functions", "InvokeFunction", "connection reset").with_unknown_effect(true)
}

#[async_trait]
impl Invoker for Agents {
    async fn invoke(&self, name: &str, call: &Call, _: Deadline) -> Result<Outcome, ServiceFailure> {
        let step = self.fate.step();
        if !step.happens {
            return Err(unavailable());
        }
        let request: Value = serde_json::from_slice(&call.payload).unwrap();
        self.note(name, &request).await;
        if call.is_detached {
            return if step.answers { Ok(Outcome::Accepted { call_id: None }) } else { Err(unavailable()) };
        }
        assert!(call.is_idempotent, "an agent may be asked twice");
        let behaviour = self.behaviours.lock().unwrap().get(name).cloned();
        let answer = match behaviour {
            Some(Behaviour::Missing) | None => {
                return Err(ServiceFailure::new(Kind::NotFound, "functions", "ListFunctions", "no such function"));
            }
            Some(Behaviour::Fails(times, _)) if self.calls_so_far(name) <= times => {
                let message = "out of memory".to_owned();
                return Ok(Outcome::Failed { code: "http_502".to_owned(), message, call_id: None });
            }
            Some(Behaviour::IsAtWork(times, _)) if self.calls_so_far(name) <= times => {
                return Ok(in_progress());
            }
            Some(Behaviour::Takes(time, answer)) => {
                if !self.takes(name, &request, time).await {
                    return Ok(in_progress());
                }
                return if step.answers { Ok(answered(&answer)) } else { Err(unavailable()) };
            }
            Some(Behaviour::IsLost(_)) if self.calls_so_far(name) == 1 => {
                self.work(name, &request);
                return std::future::pending().await;
            }
            Some(Behaviour::IsLost(answer)) => return Ok(answered(&answer)),
            Some(Behaviour::Answers(answer) | Behaviour::Fails(_, answer) | Behaviour::IsAtWork(_, answer)) => answer,
        };
        self.work(name, &request);
        if !step.answers {
            return Err(unavailable());
        }
        Ok(answered(&answer))
    }
}
