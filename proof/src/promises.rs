//! One file for each promise, or for those that one run proves together.

pub mod backends;
pub mod deadlines;
pub mod disk_full;
pub mod exhausted;
pub mod gone;
pub mod hot_account;
pub mod killed;
pub mod lost_ack;
pub mod overload;
pub mod overload_http;
pub mod planted;
pub mod postmaster;
pub mod restart;
pub mod shipped;
pub mod silence;
pub mod slow_clients;
pub mod two_instances;
pub mod verify_speed;

use crate::{Figure, Run};

/// Every proof of `only` (all, when it is empty), in the order of its promise. A proof that cannot be run is a
/// promise that was not proven.
pub async fn all(run: &Run, only: &[u8], mut each: impl FnMut(&Figure)) -> Vec<Figure> {
    let mut figures = Vec::new();
    macro_rules! prove {
        ($($number:literal $prove:path),+ $(,)?) => {$(
            if only.is_empty() || only.contains(&$number) {
                let figure = $prove(run).await.unwrap_or_else(|error| {
                    let mut figure = Figure::begin($number, stringify!($prove), "nothing: it could not be run");
                    figure.find(format!("{error:#}"));
                    figure.end(0)
                });
                each(&figure);
                figures.push(figure);
            }
        )+};
    }
    prove! {
        0 planted::prove,
        0 verify_speed::prove,
        10 lost_ack::prove,
        11 killed::prove,
        11 shipped::prove,
        14 gone::prove,
        16 two_instances::prove,
        18 hot_account::prove,
        20 postmaster::prove,
        22 backends::prove,
        23 silence::prove,
        24 disk_full::prove,
        25 exhausted::prove,
        26 overload::prove,
        26 overload_http::prove,
        27 slow_clients::prove,
        28 restart::prove,
        30 deadlines::prove,
    }
    figures
}
