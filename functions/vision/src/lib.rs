//! Describes delivery photographs and reports damage, and never calls missing evidence good.
//!
//! Trigger: an event of an object store, a direct or HTTP call with a [`Request`], or `vision batch` on the command line.
//! A picture is bounded before it is read and again before it is decoded, measured by rules, and shown to a model only when
//! it is good enough; the model gets one question with one form for the answer, and its answer is checked before it
//! counts. The result stands beside the picture, once for each version of it. Whatever fails ends in `Review`.
//!
//! | module | what it is |
//! |---|---|
//! | [`picture`] | what a file is, decoded within limits, measured and made ready to be sent |
//! | [`report`] | what a model is asked, how its answer is checked, scored and told |
//! | [`names`] | which object is a picture, a result, a copy |

pub mod names;
pub mod picture;
pub mod report;

mod batch;
mod config;
mod handler;
mod inline;
mod measure;
mod port;
mod reply;
mod request;
mod run;
mod sheet;
mod unread;

pub use config::{Config, Keeping, Place};
pub use handler::{Parts, Vision};
pub use port::Port;
pub use reply::{
    AlertState, Answer, Batch, BatchStatus, Blurred, Document, Extracted, Failure, Ignored, Item, ItemStatus, LeftOut,
    ObjectFacts, PictureFacts, Reply,
};
pub use request::{Expectations, MAX_INLINE_BYTES, Operation, Request, TestType};

#[cfg(test)]
mod tests;
