//! The short form of every proof. The long one is `cargo run -p zerosum-proof -- --minutes 10`. Those that need the
//! shipped program are tests of that program's package.
//!
//! Those that compare times, or whose bounds on them are tight, run alone: each uses both cores of a small machine.

use tokio::sync::RwLock;
use zerosum_proof::{Figure, Form, Run, promises};
use zerosum_testkit::schedule::Seed;

static MACHINE: RwLock<()> = RwLock::const_new(());

/// A seed that failed once is kept here, with the promise that it broke.
const KEPT: &[(u8, u64)] = &[];

fn run(seed: u64) -> Run {
    Run {
        seed: Seed(seed),
        form: Form::Short,
        program: env!("CARGO_BIN_EXE_zerosum-proof").into(),
        zerosum: None,
    }
}

async fn holds<F: Future<Output = anyhow::Result<Figure>>>(number: u8, prove: impl Fn(Run) -> F) {
    let kept = KEPT.iter().filter(|(promise, _)| *promise == number).map(|(_, seed)| *seed);
    for seed in kept.chain([u64::from(number)]) {
        let figure = prove(run(seed)).await.unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
        assert_eq!(figure.number, number);
        figure.assert_held(Seed(seed));
    }
}

macro_rules! promises {
    ($machine:ident: $($number:literal $name:ident $prove:path),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let _machine = MACHINE.$machine().await;
            holds($number, |run| async move { $prove(&run).await }).await;
        }
    )+};
}

/// Tests run in the order of their names, so none of these waits for one of the others.
mod alone {
    use super::*;

    promises! {
        write:
        18 promise_18_a_hot_account_does_not_slow_the_others promises::hot_account::prove,
        20 promise_20_a_killed_postmaster_loses_nothing_acknowledged promises::postmaster::prove,
        26 promise_26_at_ten_times_the_load_over_http_goodput_stays_and_none_is_lost promises::overload_http::prove,
        27 promise_27_slow_silent_and_stalled_connections_are_closed promises::slow_clients::prove,
        30 promise_30_deadlines_nest promises::deadlines::prove,
    }
}

mod beside_each_other {
    use super::*;

    promises! {
        read:
        0 verify_proves_the_books_while_they_are_written promises::verify_speed::prove,
        10 promise_10_a_lost_commit_acknowledgement_heals_by_retry promises::lost_ack::prove,
        11 promise_11_killed_at_every_step_then_retried_has_one_effect promises::killed::prove,
        14 promise_14_a_client_that_goes_away_leaves_nothing_half_done promises::gone::prove,
        16 promise_16_two_instances_under_all_faults_are_strictly_serializable promises::two_instances::prove,
        22 promise_22_terminated_backends_cost_a_retry promises::backends::prove,
        23 promise_23_a_silent_database_holds_nobody_past_the_deadline promises::silence::prove,
        25 promise_25_without_a_connection_it_says_when_to_come_back promises::exhausted::prove,
        28 promise_28_a_rolling_restart_loses_no_request promises::restart::prove,
    }
}
