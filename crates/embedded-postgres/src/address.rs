//! Where a server answers, and the passwords to log in with.

use std::fmt;
use std::fs;
use std::path::Path;

use crate::error::Error;
use crate::secrets::{APP_ROLE, SUPERUSER, Secrets};

/// The addresses of a running server. `Debug` leaves the passwords out.
#[derive(Clone)]
pub struct Address {
    pub(crate) port: u16,
    pub(crate) secrets: Secrets,
}

impl Address {
    /// The addresses of the server that another process runs on `data_dir`; `None` while none is running.
    pub fn of_running(data_dir: &Path) -> Result<Option<Self>, Error> {
        let Ok(text) = fs::read_to_string(data_dir.join("postgres/data/postmaster.pid")) else {
            return Ok(None);
        };
        // The file's lines, in order: process, data folder, start time, port.
        let Some(port) = text.lines().nth(3).and_then(|line| line.trim().parse().ok()) else {
            return Ok(None);
        };
        Ok(Some(Self { port, secrets: Secrets::read(data_dir)? }))
    }

    /// The address of `database` for the superuser: for migrations, and for making databases.
    pub fn url(&self, database: &str) -> String {
        self.of(SUPERUSER, &self.secrets.superuser, database)
    }

    /// The address of `database` for the role that services log in as ([`APP_ROLE`]).
    pub fn app_url(&self, database: &str) -> String {
        self.of(APP_ROLE, &self.secrets.app, database)
    }

    fn of(&self, role: &str, password: &str, database: &str) -> String {
        format!("postgresql://{role}:{password}@127.0.0.1:{}/{database}", self.port)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("port", &self.port).finish_non_exhaustive()
    }
}
