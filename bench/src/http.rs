//! HTTP/1.1 for a load generator: one request at a time over a kept connection, parsed no further than needed.
//!
//! It shares two cores with what it measures, so it does the least that is right: a request is bytes that its
//! maker has rendered, an answer is a status and a body of the stated length. A server that answers in another
//! way (chunked, without a length) is an error here, not a case.

mod connection;
mod request;
mod signed;
mod template;

pub use connection::{Answer, Connection};
pub use request::Head;
use request::digits;
pub use signed::Signer;
pub use template::{Layout, Slot, Template};
