//! What a caller may choose about its server.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// How a server is found, where it keeps its data, and how it runs.
#[derive(Debug, Clone)]
pub struct Config {
    pub(crate) data_dir: PathBuf,
    pub(crate) port: Option<u16>,
    pub(crate) durability: Durability,
    pub(crate) temporary: bool,
    pub(crate) search: Search,
}

impl Config {
    /// A server whose data stays in `data_dir` between runs.
    pub fn kept(data_dir: impl AsRef<Path>) -> Self {
        Self {
            data_dir: data_dir.as_ref().to_owned(),
            port: None,
            durability: Durability::On,
            temporary: false,
            search: Search::default(),
        }
    }

    /// A server in a new folder below the system's temporary folder.
    /// The folder goes when the server does, even when this process was killed.
    pub fn temporary() -> Self {
        Self { temporary: true, ..Self::kept(PathBuf::new()) }
    }

    /// The TCP port on 127.0.0.1. Without it, or with 0, a free one is taken.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = (port != 0).then_some(port);
        self
    }

    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    #[must_use]
    pub fn search(mut self, search: Search) -> Self {
        self.search = search;
        self
    }
}

/// Whether a commit survives a crash of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// fsync, synchronous_commit and full_page_writes are on, and cannot be turned off by `alter system`.
    On,
    /// For tests of anything but durability: nothing is flushed, and a temporary server is in memory where there is room.
    Off,
}

/// Where to look for the server's programs.
#[derive(Debug, Clone)]
pub struct Search {
    /// The folder with `postgres` in it. When set, nothing else is looked at.
    pub pg_bin: Option<PathBuf>,
    /// The search path for programs.
    pub path: OsString,
    /// Whether PostgreSQL may be installed with apt-get when it is missing and we are root.
    pub install: bool,
}

impl Search {
    /// `PG_BIN` and `PATH` of this process: the one place of this crate that reads the environment.
    pub fn from_env() -> Self {
        Self {
            pg_bin: std::env::var_os("PG_BIN").filter(|dir| !dir.is_empty()).map(PathBuf::from),
            path: std::env::var_os("PATH").unwrap_or_default(),
            install: true,
        }
    }
}

impl Default for Search {
    fn default() -> Self {
        Self::from_env()
    }
}
