//! Where lanes run.

use std::thread;

use futures_util::future::join_all;
use tokio::{runtime::Builder, task::LocalSet};

/// Runs the lanes on a thread of their own, which ends with the last of them.
///
/// # Panics
/// If the operating system gives no thread: at start-up, when there is nothing to lose.
#[expect(clippy::expect_used, reason = "a service without lanes cannot start")]
pub(super) fn run(
    sweep: impl Future<Output = ()> + Send + 'static,
    lanes: Vec<impl Future<Output = ()> + Send + 'static>,
) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime of one thread");
    let running = move || {
        runtime.block_on(LocalSet::new().run_until(async move {
            let _sweep = tokio::task::spawn_local(sweep);
            let lanes = lanes.into_iter().map(tokio::task::spawn_local);
            // A lane that panicked has dropped its queue, and its callers are told so.
            let _ended = join_all(lanes).await;
        }));
    };
    let _detached = thread::Builder::new().name("lanes".to_owned()).spawn(running).expect("a thread");
}
