//! Proof: every promise of docs/promises.md, under every fault of its model, with a figure and its N.
//!
//! A promise is one file in [`promises`]: it sets a stage, lets clients work while things break, and then asks the
//! books and the history whether anything is wrong. The short forms run in `cargo test`; the long ones are
//! `cargo run -p zerosum-proof -- --minutes 10 --seed N`.
//!
//! Everything is real: PostgreSQL, the network (through a proxy that cuts it), the service's process (which is
//! killed), its HTTP. Zero findings in N trials only shows a rate below 3/N.

pub mod behind;
pub mod caller;
pub mod conclude;
pub mod disturb;
pub mod figure;
pub mod goodput;
pub mod load;
pub mod pairs;
pub mod points;
pub mod promises;
pub mod run;
pub mod serve;
pub mod service;
pub mod stage;

pub use figure::{Figure, Report};
pub use run::{Form, Run};
