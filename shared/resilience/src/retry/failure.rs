//! How a try failed, and what that says about its effect.

use std::time::Duration;

/// How one try failed. A transport error or an answer is translated into this at one place of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The request did not leave: name lookup, connection or TLS handshake failed.
    NeverSent,
    /// No answer in time.
    Timeout {
        /// Whether any byte of the request had left, or may have left.
        sent: bool,
    },
    /// The connection broke when the request had left, or the answer was cut.
    Broken,
    /// An answer that says no.
    Status {
        /// HTTP status.
        status: u16,
        /// Error code of the body, such as `IncorrectState`.
        code: Option<String>,
        /// What the `Retry-After` header asks for.
        retry_after: Option<Duration>,
    },
    /// A circuit breaker kept the request back.
    CircuitOpen {
        /// When the breaker may let something through.
        retry_after: Option<Duration>,
    },
}

impl Failure {
    /// An answer without a code.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Status { status, code: None, retry_after: None }
    }

    /// Adds the error code of the body; without effect on what is not an answer.
    #[must_use]
    pub fn with_code(mut self, error_code: impl Into<String>) -> Self {
        if let Self::Status { code, .. } = &mut self {
            *code = Some(error_code.into());
        }
        self
    }

    /// Adds when to come back; without effect where nobody can have said so.
    #[must_use]
    pub fn with_retry_after(mut self, after: Option<Duration>) -> Self {
        if let Self::Status { retry_after, .. } | Self::CircuitOpen { retry_after } = &mut self {
            *retry_after = after;
        }
        self
    }

    /// When the server, or the breaker, said to come back.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } | Self::CircuitOpen { retry_after } => *retry_after,
            Self::NeverSent | Self::Timeout { .. } | Self::Broken => None,
        }
    }

    /// Whether the server asked to slow down: 429, or 503 with S3's code `SlowDown`.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        match self {
            Self::Status { status: 429, .. } => true,
            Self::Status { status: 503, code, .. } => code.as_deref() == Some("SlowDown"),
            _ => false,
        }
    }

    /// Whether it is certain that the request had no effect.
    ///
    /// Certain are: a request that never left; 409, which could not be done in the present state (RFC 9110, section
    /// 15.5.10); 429, which was one too many (RFC 6585, section 4); 503 with `Retry-After` or the code `SlowDown`, by
    /// which the service itself says that it is not serving (RFC 9110, section 10.2.3). A bare 503 is not: proxies,
    /// Envoy among them, also answer so when the connection behind them breaks after they passed the request on.
    #[must_use]
    pub fn had_no_effect(&self) -> bool {
        match self {
            Self::NeverSent | Self::Timeout { sent: false } | Self::CircuitOpen { .. } => true,
            Self::Timeout { sent: true } | Self::Broken => false,
            Self::Status { status: 409 | 429, .. } => true,
            Self::Status { status: 503, retry_after, .. } => retry_after.is_some() || self.is_throttled(),
            Self::Status { .. } => false,
        }
    }
}

/// What happens when the same request arrives twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// The same as once: reads, PUT of a whole object, DELETE.
    Idempotent,
    /// The service recognises the second by a token that every try carries, as OCI does with `opc-retry-token`
    /// for 24 hours.
    WithRetryToken,
    /// It happens twice. Only failures without effect are tried again.
    NotIdempotent,
}

impl Idempotency {
    /// Whether a try may follow this failure.
    #[must_use]
    pub fn permits(self, failure: &Failure) -> bool {
        match self {
            Self::Idempotent | Self::WithRetryToken => true,
            Self::NotIdempotent => failure.had_no_effect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_certain_to_have_had_no_effect() {
        let soon = Some(Duration::from_secs(1));
        for (failure, certain) in [
            (Failure::NeverSent, true),
            (Failure::Timeout { sent: false }, true),
            (Failure::Timeout { sent: true }, false),
            (Failure::Broken, false),
            (Failure::CircuitOpen { retry_after: None }, true),
            (Failure::status(409).with_code("IncorrectState"), true),
            (Failure::status(429), true),
            (Failure::status(503), false),
            (Failure::status(503).with_retry_after(soon), true),
            (Failure::status(503).with_code("SlowDown"), true),
            (Failure::status(500).with_retry_after(soon), false),
            (Failure::status(502), false),
            (Failure::status(504), false),
        ] {
            assert_eq!(failure.had_no_effect(), certain, "{failure:?}");
            assert_eq!(Idempotency::NotIdempotent.permits(&failure), certain, "{failure:?}");
            assert!(Idempotency::Idempotent.permits(&failure) && Idempotency::WithRetryToken.permits(&failure));
        }
    }

    #[test]
    fn additions_to_what_is_no_answer_are_dropped() {
        let failure = Failure::Broken.with_code("x").with_retry_after(Some(Duration::ZERO));
        assert_eq!((failure.retry_after(), failure), (None, Failure::Broken));
    }

    #[test]
    fn throttled() {
        for (failure, expected) in [
            (Failure::status(429), true),
            (Failure::status(503), false),
            (Failure::status(503).with_code("SlowDown"), true),
            (Failure::status(500).with_code("SlowDown"), false),
            (Failure::NeverSent, false),
        ] {
            assert_eq!(failure.is_throttled(), expected, "{failure:?}");
        }
    }
}
