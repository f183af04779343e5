//! What can go wrong, in words that say what to do about it.

use std::io;
use std::path::PathBuf;

use crate::search::VERSION_MIN;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error(
        "no PostgreSQL server found (PG_BIN, PATH, pg_config and the usual folders were searched): install \
         PostgreSQL {VERSION_MIN} or newer ({how}), or set PG_BIN to the folder that holds `postgres`",
        how = INSTALL_HINT
    )]
    NotFound,
    #[error(
        "PostgreSQL {found} in {bin} is too old: install PostgreSQL {VERSION_MIN} or newer ({how}), or set \
         PG_BIN to the folder that holds a newer `postgres`",
        bin = bin.display(), how = INSTALL_HINT
    )]
    TooOld { found: String, bin: PathBuf },
    #[error(
        "PG_BIN is {bin}, which does not hold postgres, initdb and pg_ctl: correct it, or unset it to search \
         the usual folders", bin = bin.display()
    )]
    BadBin { bin: PathBuf },
    #[error(
        "the data in {data} was written by PostgreSQL {wanted} but only {found} is installed: install \
         PostgreSQL {wanted}, set PG_BIN to its folder, or choose another data folder", data = data.display()
    )]
    DataVersion { data: PathBuf, wanted: u32, found: String },
    #[error(
        "installing PostgreSQL with apt-get failed: install PostgreSQL {VERSION_MIN} or newer by hand\n{output}"
    )]
    Install { output: String },
    #[error(
        "the data folder {data_dir} is in use by another run (process {holder}): stop that one first, or choose \
         another data folder", data_dir = data_dir.display()
    )]
    InUse { data_dir: PathBuf, holder: String },
    #[error(
        "cannot write in the data folder ({path}): make it writable for this user, or choose another data folder",
        path = path.display()
    )]
    Unwritable { path: PathBuf, source: io::Error },
    #[error(
        "the passwords of the data in {data_dir} are missing (its file `secrets`): put the file back, or choose \
         another data folder", data_dir = data_dir.display()
    )]
    SecretsMissing { data_dir: PathBuf },
    #[error("port {port} of 127.0.0.1 is taken: stop what listens there, or choose another port")]
    PortTaken { port: u16 },
    #[error(
        "there is no user `postgres` or `nobody` to run PostgreSQL as, and it refuses to run as root: create one"
    )]
    NoUser,
    #[error("creating the database files in {data} failed\n{output}", data = data.display())]
    Init { data: PathBuf, output: String },
    #[error("PostgreSQL stopped while it was starting; its log {log} ends with\n{tail}", log = log.display())]
    Exited { log: PathBuf, tail: String },
    #[error(
        "PostgreSQL did not answer within {seconds} s; its log {log} ends with\n{tail}", log = log.display()
    )]
    Slow { seconds: u64, log: PathBuf, tail: String },
    #[error("PostgreSQL (process {pid}) did not stop within {seconds} s: its data is safe; end it by hand")]
    StillRunning { pid: String, seconds: u64 },
    #[error("running {program} failed", program = program.display())]
    Run { program: PathBuf, source: io::Error },
    #[error("{doing}")]
    Io { doing: String, source: io::Error },
    #[error(
        "a database name is 1 to 63 lower-case letters, digits and _, and starts with a letter: {name:?} is not"
    )]
    BadName { name: String },
    #[error("asking the new server to {doing} failed")]
    Sql { doing: &'static str, source: tokio_postgres::Error },
    #[error("the task that talks to the operating system did not finish")]
    Task(#[from] tokio::task::JoinError),
}

const INSTALL_HINT: &str = "Debian, Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server; macOS: brew install postgresql@17";
