//! Calls that do not wait for each other.

use std::future::Future;

use futures_util::stream::{self, StreamExt};

/// What comes of each, in their order. They begin in their order too, at most `most` of them are under way at once, and
/// one that takes long holds up none of the others.
pub(crate) async fn at_once<F: Future>(calls: Vec<F>, most: usize) -> Vec<F::Output> {
    let numbered = calls.into_iter().enumerate().map(|(number, call)| async move { (number, call.await) });
    let mut answers: Vec<_> = stream::iter(numbered).buffer_unordered(most.max(1)).collect().await;
    answers.sort_unstable_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_that_takes_long_holds_up_no_other() {
        let began = tokio::time::Instant::now();
        let call = |seconds| async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            seconds
        };
        let answers = at_once([9, 1, 2, 3, 1, 2].map(call).into(), 2).await;
        assert_eq!((answers, began.elapsed().as_secs()), (vec![9, 1, 2, 3, 1, 2], 9));
    }
}
