//! What every service's binary shares: its command line, the parts that it is made of, serving and stopping.
//!
//! It knows no route, no command and no table: a service brings those, and its own name and port.
//! Every program that links it allocates by jemalloc.

use tikv_jemallocator::Jemalloc;

mod args;
mod parts;
mod run;

pub use args::{LogFormat, ServiceArgs, TokenArgs};
pub use parts::{Parts, READ_CONNECTIONS_DEFAULT, StartError, readiness};
pub use run::{Tokens, run, stop_signal};

/// A request's memory is made and freed by whichever threads it passes. Of the C library's heaps, which are threads',
/// each grew under load for minutes, to the most that was ever used of it; together much less was used.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;
