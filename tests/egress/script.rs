//! A Usage API that says what a test wants, in front of the emulator's.

use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::response::Response;
use serde_json::Value;

/// An answer: status, token of the next page, body.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) next: Option<String>,
    pub(crate) body: String,
}

/// What becomes of a question, by its body and the token of the page; `None` leaves it to the emulator.
pub(crate) type Says = Box<dyn Fn(&Value, Option<&str>) -> Option<Answer> + Send + Sync>;

#[derive(Default)]
pub(crate) struct Script {
    says: Mutex<Option<Says>>,
    asked: Mutex<usize>,
}

impl Answer {
    /// A success.
    pub(crate) fn of(body: &Value) -> Self {
        Self { status: 200, next: None, body: body.to_string() }
    }

    pub(crate) fn then(self, next: &str) -> Self {
        Self { next: Some(next.to_owned()), ..self }
    }
}

impl Script {
    pub(crate) fn set(&self, says: impl Fn(&Value, Option<&str>) -> Option<Answer> + Send + Sync + 'static) {
        *self.lock() = Some(Box::new(says));
    }

    /// The emulator answers again.
    pub(crate) fn end(&self) {
        *self.lock() = None;
    }

    /// Questions that were answered from here.
    pub(crate) fn asked(&self) -> usize {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Says>> {
        self.says.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The scripted answer, or the request as it was.
    pub(crate) async fn take(&self, request: Request) -> Result<Response<Body>, Request> {
        if !request.uri().path().ends_with("/20200107/usage") || self.lock().is_none() {
            return Err(request);
        }
        let (parts, body) = request.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        let question: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let page = query.split('&').find_map(|pair| pair.strip_prefix("page="));
        let said = self.lock().as_ref().and_then(|says| says(&question, page));
        let Some(answer) = said else { return Err(Request::from_parts(parts, bytes.into())) };
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        let response = Response::builder().status(answer.status).header("content-type", "application/json");
        let response = response.header("opc-request-id", "scripted");
        let response = match &answer.next {
            Some(next) => response.header("opc-next-page", HeaderValue::from_bytes(next.as_bytes()).unwrap()),
            None => response,
        };
        Ok(response.body(Body::from(answer.body)).unwrap())
    }
}
