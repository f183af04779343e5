//! Installs PostgreSQL with apt-get, for a bare machine or container where we are root.

use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Stdio};

use crate::account;
use crate::error::Error;
use crate::search::on_path;

/// Debian's package starts a server of its own on port 5432 unless this says no; we only want the programs.
const NO_SERVER_OF_ITS_OWN: &str = "/etc/postgresql-common/createcluster.d";

/// Whether it installed something; `false` where that is not ours to do.
pub(crate) fn with_apt(path: &OsStr) -> Result<bool, Error> {
    let Some(apt_get) = on_path(path, "apt-get").filter(|_| account::is_root()) else {
        return Ok(false);
    };
    eprintln!(
        "PostgreSQL is not installed: installing it with apt-get (as root, from this machine's package sources)"
    );
    // Without this file there is one server too many, which hurts nothing of ours: so its failure is let go.
    let _ = fs::create_dir_all(NO_SERVER_OF_ITS_OWN);
    let _ = fs::write(format!("{NO_SERVER_OF_ITS_OWN}/zerosum.conf"), "create_main_cluster = false\n");
    for arguments in
        [&["update", "-q"][..], &["install", "-q", "-y", "--no-install-recommends", "postgresql"]]
    {
        let output = Command::new(&apt_get)
            .args(arguments)
            .env("PATH", path)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .output()
            .map_err(|source| Error::Run { program: apt_get.clone(), source })?;
        // A package source that cannot be reached fails the update; the package may be there all the same.
        if !output.status.success() && arguments[0] == "install" {
            return Err(Error::Install { output: String::from_utf8_lossy(&output.stderr).into_owned() });
        }
    }
    Ok(true)
}
