//! Other people's programs drive ours. Each test says so and skips when its program is not there, and
//! fails in that case on CI.

mod lambda_emulator;
mod rie;
