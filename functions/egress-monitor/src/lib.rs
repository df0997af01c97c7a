//! How much of the free outbound data transfer is left, and when it ends.
//!
//! Start at [`EgressMonitor`]: a run reads usage and measurements, assesses them, claims what is to be told in its state
//! and tells it once. The core is pure: [`month`] folds rows of usage to totals, [`assess`](mod@assess) makes a report,
//! a new state and the alerts of it. The same inputs give the same bytes. Nothing that is not known is 0: it is absent,
//! with a reason.
//!
//! | module | what it is |
//! |---|---|
//! | [`settings`] | every number of the rules |
//! | [`units`] | quantities of transferred data, exactly |
//! | [`skus`] | which rows are outbound data transfer, and from where |
//! | [`period`] | the month that is paid for |
//! | [`month`] | rows to totals, in bounded memory |
//! | [`traffic`] | what network interfaces measured: nowcast and spikes |
//! | [`forecast`](mod@forecast) | what the month will come to |
//! | [`tariff`] | what is beyond the allowance, and its price |
//! | [`alerts`] | who is told what, and when not again |
//! | [`assess`](mod@assess) | all of these: from what was read to what is said |
//! | [`replay`] | what was read, recorded |
//! | [`report`] | what is said |
//! | [`render`] | for people: table, picture, page |
//! | [`series`] | recorded series |
//! | [`backtest`](mod@backtest) | forecasts of months that are over |
//! | [`commands`] | commands of the executable |

pub mod alerts;
pub mod assess;
pub mod backtest;
pub mod commands;
pub mod forecast;
pub mod month;
pub mod period;
pub mod render;
pub mod replay;
pub mod report;
pub mod series;
pub mod settings;
pub mod skus;
pub mod tariff;
pub mod traffic;
pub mod units;

mod config;
mod exact;
mod handler;
mod reply;
mod request;
mod schemas;
mod settings_document;
mod tick;

pub use config::{Beside, Config, Traffic};
pub use handler::{EgressMonitor, Parts};
pub use reply::{Outcome, Published, Reply};
pub use request::{Kind, Request};
