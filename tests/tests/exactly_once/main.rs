//! Exactly once, over HTTP on a real PostgreSQL; the numbers are those of the promises.

mod keys;
mod mirrored;
mod same_event;
mod twins;
