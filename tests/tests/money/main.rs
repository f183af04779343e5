//! Money, over HTTP on a real PostgreSQL; the numbers are those of the promises.

mod bank;
mod deadlocks;
mod holds;
mod lots;
mod once;
mod overdraft;
mod overflow;
mod points;
mod posted_rows;
