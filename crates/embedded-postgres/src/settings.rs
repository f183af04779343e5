//! The server's settings, each with its reason.
//!
//! They are given on the command line, which neither postgresql.conf nor `alter system` can overrule:
//! nobody turns fsync off behind our back.

use sysinfo::System;

use crate::config::Durability;
use crate::home::Home;

const MIB: u64 = 1024 * 1024;
/// The server's own cache: a quarter of the memory, as PostgreSQL's manual has it. Keys are random, so their index is
/// wanted whole; what does not fit is written out and read in again for every posting.
const CACHE_PART: u64 = 4;
/// The smallest machine this is meant for, and as much as the index of some hundred million keys.
const CACHE_MIB: std::ops::RangeInclusive<u64> = 128..=8_192;
/// For tests: there are several servers at once, with little in them.
const TEST_CACHE_MIB: u64 = 256;

const ALWAYS: &[(&str, &str)] = &[
    // Only this machine: the password is strong, but nobody else has business here.
    ("listen_addresses", "127.0.0.1"),
    ("unix_socket_permissions", "0700"),
    // Lanes, read pools, verify and a psql or two for three services; each connection costs memory.
    ("max_connections", "100"),
    // Sorts of verify's scans; there are few at once.
    ("work_mem", "16MB"),
    ("maintenance_work_mem", "128MB"),
    // A batch of 500 postings writes about half a megabyte of WAL; room for several before a flush.
    ("wal_buffers", "16MB"),
    // Each checkpoint makes every page written next a full image again: seldom is cheap.
    ("max_wal_size", "4GB"),
    ("checkpoint_timeout", "15min"),
    // The disks of today read at random as fast as in order.
    ("random_page_cost", "1.1"),
    // Statements are short: compiling them costs more than it gives.
    ("jit", "off"),
    // A long read shall not take the second core from the postings.
    ("max_parallel_workers_per_gather", "0"),
    // Times are UTC everywhere.
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    // An operator sees who waits for locks and what is slow, without a line per statement.
    ("log_lock_waits", "on"),
    ("log_min_duration_statement", "2s"),
    ("log_line_prefix", "%m [%p] %q%a "),
    // Values of statements can be personal: never in the log.
    ("log_parameter_max_length", "0"),
    ("log_parameter_max_length_on_error", "0"),
];

/// Acknowledged means on disk.
const DURABLE: &[(&str, &str)] = &[
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    // Files of the log are kept and written again: while a new one is made every commit waits, some 50 ms for 16 MB on a
    // slow disk, and after a quiet night the first rush would make them all.
    ("min_wal_size", "4GB"),
    // Pages of new rows are visited while they are fresh: after the next checkpoint that would log each of them whole.
    // Not for tests, which have many databases.
    ("autovacuum_naptime", "15s"),
    // One file per weekday, overwritten a week later: the log is bounded without an operator.
    ("logging_collector", "on"),
    ("log_filename", "postgresql-%a.log"),
    ("log_truncate_on_rotation", "on"),
    ("log_rotation_age", "1d"),
    ("log_rotation_size", "0"),
];

/// For tests: nothing outlives the process anyway.
const NOT_DURABLE: &[(&str, &str)] = &[
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    // The least WAL there is; nobody replicates a test.
    ("wal_level", "minimal"),
    ("min_wal_size", "256MB"),
    ("max_wal_senders", "0"),
];

/// The server's arguments after the program's name.
pub(crate) fn arguments(home: &Home, port: u16, durability: Durability) -> Vec<String> {
    let mut arguments = vec!["-D".to_owned(), home.data.display().to_string()];
    let mut set = |name: &str, value: &str| arguments.extend(["-c".to_owned(), format!("{name}={value}")]);
    set("port", &port.to_string());
    // Commas separate several folders and quotes keep one whole.
    set(
        "unix_socket_directories",
        &format!("\"{}\"", home.sockets.display().to_string().replace('"', "\"\"")),
    );
    set("log_directory", &home.log.display().to_string());
    let durable = match durability {
        Durability::On => DURABLE,
        Durability::Off => NOT_DURABLE,
    };
    for (name, value) in ALWAYS.iter().chain(durable) {
        set(name, value);
    }
    let cache = match durability {
        Durability::On => cache_mib(memory()),
        Durability::Off => TEST_CACHE_MIB,
    };
    set("shared_buffers", &format!("{cache}MB"));
    // The planner should know that the system's cache is there too.
    set("effective_cache_size", &format!("{}MB", 2 * cache));
    arguments
}

/// Of a machine with so many bytes of memory.
fn cache_mib(memory: u64) -> u64 {
    (memory / CACHE_PART / MIB).clamp(*CACHE_MIB.start(), *CACHE_MIB.end())
}

/// In bytes; what a container is given, where that is less than what there is.
fn memory() -> u64 {
    // A system that does not tell gets the least.
    let Ok(mut system) = System::new() else { return 0 };
    system.refresh_memory();
    let all = system.total_memory();
    system.cgroup_limits().map_or(all, |limits| limits.total_memory.min(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_a_quarter_of_the_memory_within_bounds() {
        assert_eq!(cache_mib(24 * 1024 * MIB), 6 * 1024);
        assert_eq!(cache_mib(64 * MIB), 128);
        assert_eq!(cache_mib(1024 * 1024 * MIB), 8 * 1024);
        assert!(memory() > 64 * MIB, "nothing runs this in less");
    }
}
