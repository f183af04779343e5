//! What the services are compared with, on the same server in the same run.

pub mod arrays;
pub mod pgbench;
