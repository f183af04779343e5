//! What every service's binary shares: its command line, the parts that it is made of, serving and stopping.
//!
//! It knows no route, no command and no table: a service brings those, and its own name and port.

mod args;
mod parts;
mod run;

pub use args::{LogFormat, ServiceArgs, TokenArgs};
pub use parts::{Parts, READ_CONNECTIONS_DEFAULT, StartError, readiness};
pub use run::{Tokens, run, stop_signal};
