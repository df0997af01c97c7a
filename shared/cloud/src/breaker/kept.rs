//! Answers of earlier, in the memory of one process.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use crate::state::UnixMillis;

/// An answer and when it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept<T> {
    /// The answer.
    pub value: T,
    /// Milliseconds since 1970.
    pub at_unix_ms: UnixMillis,
}

/// The last answers by key, at most so many; the one that was kept first goes first.
#[derive(Debug)]
pub struct Answers<T> {
    most: usize,
    held: Mutex<Held<T>>,
}

#[derive(Debug)]
struct Held<T> {
    answers: BTreeMap<String, Kept<T>>,
    order: VecDeque<String>,
}

impl<T: Clone> Answers<T> {
    /// Room for so many.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, held: Mutex::new(Held { answers: BTreeMap::new(), order: VecDeque::new() }) }
    }

    /// Keeps an answer that was given at this moment.
    pub fn keep(&self, key: &str, value: T, at_unix_ms: UnixMillis) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.answers.insert(key.to_owned(), Kept { value, at_unix_ms }).is_none() {
            held.order.push_back(key.to_owned());
        }
        while held.order.len() > self.most {
            if let Some(oldest) = held.order.pop_front() {
                held.answers.remove(&oldest);
            }
        }
    }

    /// The answer of this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Kept<T>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).answers.get(key).cloned()
    }
}
