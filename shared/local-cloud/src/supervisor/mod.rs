//! Processes of functions: started on the first call, one call at a time each, ended when idle, overrunning
//! or out of order. Start at [`Pool`](pool::Pool).

pub(crate) mod detached;
pub(crate) mod events;
pub(crate) mod fn_wire;
pub(crate) mod fn_worker;
pub(crate) mod host;
pub(crate) mod lambda_worker;
mod memory;
pub(crate) mod pool;
pub(crate) mod process;
pub(crate) mod runtime_api;
