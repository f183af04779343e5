//! Removes a temporary folder when we are done with it, or gone.
//!
//! A shell of its own waits on a pipe from us, so that a killed process leaves no folder behind either.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::account::Account;
use crate::error::Error;

const SCRIPT: &str = include_str!("janitor.sh");

/// Dropping it closes the pipe: the folder goes as soon as the server has gone.
#[derive(Debug)]
pub(crate) struct Janitor {
    shell: Child,
}

impl Janitor {
    /// Will remove `folder`, which must belong to `account`, when the server of `pid_file` has ended.
    pub(crate) fn hire(account: Account, pid_file: &Path, folder: &Path) -> Result<Self, Error> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "sh"]).args([pid_file, folder]);
        command.current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let shell = account
            .applied(&mut command)
            .spawn()
            .map_err(|source| Error::Run { program: PathBuf::from("sh"), source })?;
        Ok(Self { shell })
    }

    /// Waits until the folder is gone; blocking. The server must have ended.
    pub(crate) fn finish(mut self) {
        // `wait` closes the pipe first. A folder that cannot be removed is no reason to fail a stop.
        let _ = self.shell.wait();
    }
}
