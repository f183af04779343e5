//! Promises of the program that is shipped: the short form of those proofs that need it. The long one is
//! `cargo run -p zerosum-proof -- --minutes 10`.

use zerosum_proof::{Figure, Form, Run, promises};
use zerosum_testkit::schedule::Seed;

async fn holds<F: Future<Output = anyhow::Result<Figure>>>(seed: u64, prove: impl Fn(Run) -> F) {
    let zerosum = env!("CARGO_BIN_EXE_zerosum");
    let run = Run {
        seed: Seed(seed),
        form: Form::Short,
        // It is not this program that is killed here.
        program: zerosum.into(),
        zerosum: Some(zerosum.into()),
    };
    prove(run).await.unwrap_or_else(|error| panic!("seed {seed}: {error:#}")).assert_held(Seed(seed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_finds_every_planted_fault() {
    holds(0, |run| async move { promises::planted::prove(&run).await }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_11_the_shipped_program_killed_under_load_loses_nothing_acknowledged() {
    holds(11, |run| async move { promises::shipped::prove(&run).await }).await;
}
