//! Commands of the executable beside those of every function.

mod decide;

use causeway_runtime::Tool;

use crate::replay::command as replay;

/// All of them.
pub(crate) fn all() -> Vec<Tool> {
    vec![Tool { command: decide::command, run: decide::run }, Tool { command: replay::command, run: replay::run }]
}
