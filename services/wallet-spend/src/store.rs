//! Rows of the `wallet` schema as values, and the reads that answer GETs and calculate.

pub(crate) mod decode;
