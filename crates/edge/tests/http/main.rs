//! The edge over real connections: what is sent is written out byte by byte.

mod auth;
mod bad_input;
mod bounds;
mod drain;
mod fixture;
mod routes;
