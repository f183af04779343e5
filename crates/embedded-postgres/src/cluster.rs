//! The database files: made once, whole or not at all, and freed from a run that is still in them.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::config::Durability;
use crate::error::Error;
use crate::home::Home;
use crate::search::Binaries;
use crate::secrets::{SUPERUSER, Secrets, random_hex, write_private};
use crate::supervisor::{self, Program, Stop};

/// initdb takes about a second; a slow disk that flushes every file may take a minute.
const INIT_LIMIT: Duration = Duration::from_secs(180);
/// A fast shutdown flushes at most the dirty part of shared_buffers (256 MB).
pub(crate) const STOP_LIMIT: Duration = Duration::from_secs(60);

/// Creates the database files if there are none. A run that is killed half-way leaves nothing that
/// looks finished: the files get their place by a rename.
pub(crate) fn create(
    home: &Home,
    binaries: &Binaries,
    secrets: &Secrets,
    durability: Durability,
) -> Result<(), Error> {
    remove_half_made(home);
    // A name of its own: initdb of a run that was just killed may still be clearing its folder away.
    let half_done = home.data.with_extension(format!("new-{}", random_hex::<4>()?));
    let doing = |doing: &str, source| Error::Io { doing: format!("{doing} {}", half_done.display()), source };
    let password_file = home.log.join(format!("password-{}", random_hex::<6>()?));
    write_private(&password_file, &secrets.superuser)
        .map_err(|source| Error::Unwritable { path: password_file.clone(), source })?;
    home.account.own(&password_file)?;
    let mut arguments: Vec<String> = [
        "--encoding=UTF8",
        // Byte order: the same on every machine and version, and the fastest.
        "--no-locale",
        "--data-checksums",
        "--auth-host=scram-sha-256",
        "--auth-local=scram-sha-256",
    ]
    .map(str::to_owned)
    .into();
    arguments.push(format!("--username={SUPERUSER}"));
    arguments.push(format!("--pwfile={}", password_file.display()));
    arguments.push(format!("--pgdata={}", half_done.display()));
    if durability == Durability::Off {
        arguments.push("--no-sync".to_owned());
    }
    let outcome = run(home, binaries, "initdb", arguments, INIT_LIMIT);
    fs::remove_file(&password_file).map_err(|source| doing("removing the password file of", source))?;
    let (succeeded, output) = outcome?;
    if !succeeded {
        return Err(Error::Init { data: home.data.clone(), output });
    }
    fs::rename(&half_done, &home.data).map_err(|source| doing("renaming", source))?;
    if let Some(parent) = home.data.parent() {
        File::open(parent).and_then(|dir| dir.sync_all()).map_err(|source| doing("flushing", source))?;
    }
    Ok(())
}

/// Clears away what killed runs have left. What cannot be removed is only in the way of the disk.
fn remove_half_made(home: &Home) {
    let entries = home.data.parent().and_then(|parent| fs::read_dir(parent).ok());
    for entry in entries.into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("data.new-") {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Stops a server that is still in these files. The lock says that its owner is gone: what is left is
/// stopping, or was left alone when its watcher was killed as well.
pub(crate) fn stop_survivor(home: &Home, binaries: &Binaries) -> Result<(), Error> {
    let pid_file = home.data.join("postmaster.pid");
    let Ok(text) = fs::read_to_string(&pid_file) else { return Ok(()) };
    let Some(pid) = text.lines().next().and_then(|line| line.trim().parse::<i32>().ok()) else {
        return Ok(());
    };
    match command_line(pid) {
        None => Ok(()), // Dead: PostgreSQL takes the file away by itself.
        Some(line) if line.contains(&*home.data.to_string_lossy()) => {
            let seconds = STOP_LIMIT.as_secs();
            let arguments = ["stop", "--wait", "--silent", "--mode=fast"].map(str::to_owned);
            let mut arguments: Vec<String> = arguments.into();
            arguments.push(format!("--timeout={seconds}"));
            arguments.push(format!("--pgdata={}", home.data.display()));
            // It fails where the server stops by itself just now, too, and it takes the missing file for the end
            // of a process that is still on its way out: so wait for the process.
            let begun = Instant::now();
            run(home, binaries, "pg_ctl", arguments, STOP_LIMIT + Duration::from_secs(5))?;
            while command_line(pid).is_some_and(|line| line.contains(&*home.data.to_string_lossy())) {
                if begun.elapsed() > STOP_LIMIT {
                    return Err(Error::StillRunning { pid: pid.to_string(), seconds });
                }
                thread::sleep(Duration::from_millis(20));
            }
            Ok(())
        }
        // The number belongs to another program by now (after a reboot, say), which PostgreSQL would
        // take for a running server.
        Some(_) => fs::remove_file(&pid_file).map_err(|source| Error::Io {
            doing: "removing a stale postmaster.pid failed".to_owned(),
            source,
        }),
    }
}

/// Whether the server says of itself that it takes connections: the eighth line of its postmaster.pid.
pub(crate) fn says_ready(home: &Home) -> bool {
    fs::read_to_string(home.data.join("postmaster.pid"))
        .is_ok_and(|text| text.lines().nth(7).is_some_and(|status| status.trim() == "ready"))
}

/// The command line of a running process: from /proc, or else from `ps`.
fn command_line(pid: i32) -> Option<String> {
    if Path::new("/proc/self/cmdline").exists() {
        let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let line = String::from_utf8_lossy(&bytes).replace('\0', " ");
        return (!line.is_empty()).then_some(line); // A zombie has none.
    }
    let output = Command::new("ps").args(["-o", "args=", "-p"]).arg(pid.to_string()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn run(
    home: &Home,
    binaries: &Binaries,
    name: &str,
    arguments: Vec<String>,
    limit: Duration,
) -> Result<(bool, String), Error> {
    let path = binaries.program(name);
    let program = Program {
        account: home.account,
        path: &path,
        arguments,
        output: log_file(home, name)?,
        stop: Stop::Interrupt,
        search_path: &search_path(binaries),
    };
    let (status, output) = supervisor::run(program, limit)?;
    Ok((status.is_some_and(|status| status.success()), output))
}

/// A new, empty log of what a program says outside the server's own log.
pub(crate) fn log_file(home: &Home, name: &str) -> Result<File, Error> {
    let path = home.log.join(format!("{name}.log"));
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .map_err(|source| Error::Unwritable { path, source })
}

/// Where the server's programs look for each other and for `sh`.
pub(crate) fn search_path(binaries: &Binaries) -> OsString {
    let mut path = binaries.dir.clone().into_os_string();
    path.push(":/usr/local/bin:/usr/bin:/bin");
    path
}
