//! The edge over real connections: what is sent is written out byte by byte.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod auth;
mod bad_input;
mod bounds;
mod drain;
mod fixture;
mod fuzz;
mod routes;
mod telling;
