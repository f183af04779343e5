//! Runs a program that must not outlive us.
//!
//! A shell of its own process group holds the program; its stdin is a pipe from us. When the pipe closes,
//! because we closed it or because we are gone, the shell stops the program.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::account::Account;
use crate::error::Error;

const SCRIPT: &str = include_str!("supervisor.sh");
/// Nothing here lasts long enough to make a shorter one matter, or so short that this one is felt.
const POLL: Duration = Duration::from_millis(10);

/// How the program is asked to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stop {
    /// PostgreSQL's fast shutdown: clients are cut, data is flushed. It also ends initdb.
    Interrupt,
    /// PostgreSQL's immediate shutdown: for data that is thrown away.
    Quit,
}

pub(crate) struct Program<'a> {
    pub(crate) account: Account,
    pub(crate) path: &'a Path,
    pub(crate) arguments: Vec<String>,
    /// Takes the program's stdout and stderr.
    pub(crate) output: File,
    pub(crate) stop: Stop,
    /// Goes before the program's name in the search path, where the program looks for its siblings.
    pub(crate) search_path: &'a OsStr,
}

/// The running program; dropping it lets go of the pipe and so stops the program soon after.
#[derive(Debug)]
pub(crate) struct Supervisor {
    shell: Child,
}

impl Supervisor {
    pub(crate) fn start(program: Program<'_>) -> Result<Self, Error> {
        let failed = |source| Error::Run { program: program.path.to_owned(), source };
        let stderr = program.output.try_clone().map_err(failed)?;
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "sh"]);
        command.arg(match program.stop {
            Stop::Interrupt => "INT",
            Stop::Quit => "QUIT",
        });
        command.arg(program.path).args(&program.arguments);
        // Nothing of our environment: PGDATA, PGPORT and their kin would steer the server.
        command.env_clear().env("PATH", program.search_path).env("LC_ALL", "C");
        // The root folder is there for every user; our own may not be.
        command.current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(program.output).stderr(stderr);
        let shell = program.account.applied(&mut command).spawn().map_err(failed)?;
        Ok(Self { shell })
    }

    /// Closes the pipe: the program is stopping from here on.
    pub(crate) fn ask_to_stop(&mut self) {
        drop(self.shell.stdin.take());
    }

    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.shell.try_wait().ok().flatten()
    }

    /// Waits until the program has ended; `None` after `limit`.
    pub(crate) fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        loop {
            match self.shell.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if start.elapsed() >= limit => return None,
                Ok(None) => thread::sleep(POLL),
                Err(_) => return None,
            }
        }
    }
}

/// Runs a short program to its end under the same watch, and gives its exit and what it said.
pub(crate) fn run(mut program: Program<'_>, limit: Duration) -> Result<(Option<ExitStatus>, String), Error> {
    let path = program.path.to_owned();
    let failed = |source: io::Error| Error::Run { program: path.clone(), source };
    let mut output = program.output.try_clone().map_err(failed)?;
    program.stop = Stop::Interrupt;
    let mut supervisor = Supervisor::start(program)?;
    let status = supervisor.wait(limit);
    supervisor.ask_to_stop();
    let mut text = String::new();
    io::Seek::rewind(&mut output)
        .and_then(|()| io::Read::read_to_string(&mut output, &mut text))
        .map_err(failed)?;
    Ok((status, text))
}
