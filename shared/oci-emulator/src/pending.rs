//! A request body that nobody has asked for yet.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;

/// A body that a handler takes when it wants it. Until then the client may still wait for `100 Continue`, and
/// whoever refuses the request can still hear the client out.
#[derive(Clone)]
pub(crate) struct Pending {
    body: Arc<Mutex<Option<Body>>>,
}

impl Pending {
    pub(crate) fn new(body: Body) -> Self {
        Self { body: Arc::new(Mutex::new(Some(body))) }
    }

    /// The body; an empty one if it has been taken.
    pub(crate) fn take(&self) -> Body {
        self.body.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }
}
