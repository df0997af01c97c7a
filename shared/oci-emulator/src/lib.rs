//! Oracle Cloud's services for tests and local runs, good enough that Oracle's own command line and SDKs
//! work with them unmodified.
//!
//! One server answers for all services of one region, on any host name. Requests must be signed as OCI
//! demands; what OCI refuses is refused with OCI's status and code. State lives in memory, or in a directory
//! that survives restarts and `kill -9`. Time can be set and advanced, and faults come on demand, both by
//! [admin routes](Emulator::handle) under `/_causeway/`.
//!
//! Start from [`Emulator::open`]; serve with [`Emulator::serve`] or merge [`Emulator::router`].
//!
//! # Services
//!
//! Object Storage, Compute instances, Monitoring (post, query, list), Usage, Generative AI chat, Functions,
//! Notifications, Logging ingestion, Secrets, Limits, DNS records and steering, Health Checks, the basics of
//! Identity, the federation endpoints of Auth, and the instance metadata service.
//!
//! # Admin routes
//!
//! Below `/_causeway/`, in JSON, unsigned; requests that a browser marks as coming from another site are
//! refused.
//!
//! | route | does |
//! |---|---|
//! | `GET about` | region, tenancy, namespace, default compartment, user, functions |
//! | any `oci/<path>` | the operation at that path, as an administrator of the home tenancy and without faults |
//! | `GET`, `PUT`, `DELETE clock` | show; `{now, advanceSeconds, stop, gateSkewSeconds}`; back to real time |
//! | `GET`, `POST`, `DELETE faults[/id]` | [`Fault`]s in force |
//! | `GET`, `POST`, `DELETE keys[/id]` | `{tenancy, user, publicKey}`: public keys of users |
//! | `POST compartments` | `{id, name, tenancy}` |
//! | `POST principals/rotate` | new tokens and keys in the directories of [`Emulator::mint_principal`] |
//! | `POST compute/instances` | a running instance, in the shape of LaunchInstance, with an `id` if wanted |
//! | `POST metrics` | the body of PostMetricData, for any namespace and age |
//! | `POST usage` | rows with `lagHours` and `corrections: [{afterHours, computedQuantity}]` |
//! | `POST chat` | scripts: `[{model, contains, images, order, replies: [{text, json, toolCalls, status, code}]}]` |
//! | `POST secrets` | `{name, value, vaultId, pending, timeOfExpiry}`: a secret or its next version |
//! | `POST limits` | `{service, name, scopeType, availabilityDomain, value, used}` |
//! | `POST zones` | `{name}`: a DNS zone |
//! | `POST health` | `{target, isHealthy, statusCode, errorCategory}`: what probes find |
//! | `POST logs`, `GET logs/<id>` | a log; its entries |
//! | `GET topics/<id>/messages` | what was published |
//!
//! With the header `x-causeway-seed: <part> <digest>` a request is carried out once: when the same part comes
//! with the same digest again, the answer is 204.
//!
//! # What it does not do
//!
//! It has no IAM policies (every principal may do everything within its own tenancy), no encryption at rest,
//! no TLS, no replication, one region only, and no S3 or Swift interface. Messages and health probes go
//! nowhere and no model runs. Statistics that lag in OCI are exact here. Log entries and messages are kept
//! until the state is thrown away. Rate limits of single services come from [`Fault`]s, except that of topics.

mod admin;
mod auth;
mod call;
mod clock;
mod cut;
mod dispatch;
mod documents;
mod emulator;
mod error;
mod faults;
mod glob;
mod identity_certificate;
mod ids;
mod invoker;
mod jobs;
mod marks;
mod page;
mod pending;
mod principals;
mod profile;
mod regions;
mod reply;
mod retries;
mod route;
mod serve;
mod services;
mod store;
mod tenancy;
mod trusted;

pub use clock::{Clock, ClockSetting, WallClock};
pub use emulator::{Emulator, OpenError, Options};
pub use faults::Fault;
pub use invoker::{FunctionCall, FunctionInfo, FunctionReply, InvokeFailure, Invoker};
pub use principals::{PrincipalError, PrincipalFiles, Resource};
pub use profile::{Profile, UserKey};
pub use store::{Place, Safety, StoreError};
