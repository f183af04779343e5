//! Many callers at once, and what they were told.

use std::{collections::BTreeMap, future::Future};

use futures_util::{StreamExt, stream};

use crate::Answer;

/// Runs `jobs`, at most `clients` at a time, and answers what they answered, in their order.
pub async fn crowd<J, F>(
    clients: usize,
    jobs: impl IntoIterator<Item = J>,
    run: impl Fn(J) -> F,
) -> Vec<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    stream::iter(jobs)
        .map(|job| {
            // Tasks of their own, so that they use every core.
            let job = tokio::spawn(run(job));
            async move { job.await.expect("a client's task") }
        })
        .buffered(clients)
        .collect()
        .await
}

/// How many answers had which status.
pub fn by_status<'a>(answers: impl IntoIterator<Item = &'a Answer>) -> BTreeMap<u16, usize> {
    let mut count = BTreeMap::new();
    for answer in answers {
        *count.entry(answer.status).or_default() += 1;
    }
    count
}
