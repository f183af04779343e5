//! The folders of a server, who owns them, and the lock that keeps two runs apart.
//!
//! ```text
//! <data dir>/secrets            the passwords, 0600
//! <data dir>/postgres/          the server's home: a folder of the server's user, 0700
//!                    /lock      held for as long as a Server lives
//!                    /data/     PGDATA
//!                    /log/      the server's log
//! ```
//! Started as root from below a folder that the server's user may not pass (/root, say), the home is
//! below /var/lib instead and `<data dir>/postgres` is a link to it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::config::{Config, Durability};
use crate::error::Error;
use crate::janitor::Janitor;
use crate::secrets;

/// Where homes go that cannot be where the data folder is.
const HOMES_ELSEWHERE: &str = "/var/lib/zerosum";
/// A unix socket's path has room for 103 bytes on macOS (107 on Linux); the socket's own name takes 20.
const SOCKET_DIR_BYTES_MAX: usize = 80;
/// Two runs of all our tests at once had at most 1.5 GB of files.
const MEMORY_ROOM_MIN: u64 = 6 << 30;

#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) base: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) sockets: PathBuf,
    pub(crate) account: Account,
    /// What goes when the server has stopped.
    rubbish: Option<PathBuf>,
    /// Dropping it lets the next run in.
    _lock: File,
}

impl Home {
    /// Makes what is missing and takes the lock.
    pub(crate) fn open(config: &Config) -> Result<Self, Error> {
        let (base, account) = if config.temporary {
            let account = Account::for_data(Path::new(""))?;
            (temporary_base(account, config.durability)?, account)
        } else {
            kept_base(&config.data_dir)?
        };
        let home = server_home(&base, account)?;
        let lock = lock(&home, &base)?;
        let log = home.join("log");
        make_dir(&log, 0o700)?;
        account.own(&log)?;
        let mut rubbish = config.temporary.then(|| base.clone());
        let mut sockets = home.join("run");
        if sockets.as_os_str().len() > SOCKET_DIR_BYTES_MAX {
            sockets = new_temporary(Path::new("/tmp"))?;
            rubbish.get_or_insert(sockets.clone());
        } else {
            make_dir(&sockets, 0o700)?;
        }
        account.own(&sockets)?;
        Ok(Self { data: home.join("data"), base, log, sockets, account, rubbish, _lock: lock })
    }

    /// Sees to it that what is temporary here goes with us. To be kept as long as the server.
    pub(crate) fn hire_janitor(&self) -> Result<Option<Janitor>, Error> {
        let hire = |folder: &PathBuf| Janitor::hire(self.account, &self.data.join("postmaster.pid"), folder);
        self.rubbish.as_ref().map(hire).transpose()
    }

    /// The major version that wrote the data, or `None` before there is any.
    pub(crate) fn data_major(&self) -> Result<Option<u32>, Error> {
        match fs::read_to_string(self.data.join("PG_VERSION")) {
            Ok(text) => Ok(text.trim().parse().ok()),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Unwritable { path: self.data.clone(), source }),
        }
    }
}

fn kept_base(data_dir: &Path) -> Result<(PathBuf, Account), Error> {
    // The server's user must be able to pass through; the files inside have modes of their own.
    make_dir(data_dir, 0o711)?;
    let base = fs::canonicalize(data_dir)
        .map_err(|source| Error::Unwritable { path: data_dir.to_owned(), source })?;
    let account = Account::for_data(&base.join("postgres/data"))?;
    Ok((base, account))
}

/// A new folder that belongs to the server's user, so that its supervisor can remove it.
fn temporary_base(account: Account, durability: Durability) -> Result<PathBuf, Error> {
    let wanted = match durability {
        Durability::Off => memory_dir(),
        Durability::On => None,
    };
    let wanted = wanted.unwrap_or_else(std::env::temp_dir);
    // Sockets are to fit below it too, so that one removal takes everything.
    let short =
        wanted.as_os_str().len() + "/zerosum-pg-0123456789ab/postgres/run".len() <= SOCKET_DIR_BYTES_MAX;
    let parent = if short && account.can_use(&wanted) { wanted } else { PathBuf::from("/tmp") };
    let base = new_temporary(&parent)?;
    account.own(&base)?;
    Ok(base)
}

/// A folder that is no disk, if it has room and nobody has said where temporary files shall be: most of what tests ask of
/// a disk is the files of new databases.
fn memory_dir() -> Option<PathBuf> {
    let dir = Path::new("/dev/shm");
    if std::env::var_os("TMPDIR").is_some() {
        return None;
    }
    let room = rustix::fs::statvfs(dir).ok()?;
    (room.f_bavail.checked_mul(room.f_frsize)? >= MEMORY_ROOM_MIN).then(|| dir.to_owned())
}

fn new_temporary(parent: &Path) -> Result<PathBuf, Error> {
    let path = parent.join(format!("zerosum-pg-{}", secrets::random_hex::<6>()?));
    // Not "create all": the name is new, or somebody waits for us.
    DirBuilder::new()
        .mode(0o700)
        .create(&path)
        .map_err(|source| Error::Unwritable { path: path.clone(), source })?;
    fs::canonicalize(&path).map_err(|source| Error::Unwritable { path, source })
}

fn server_home(base: &Path, account: Account) -> Result<PathBuf, Error> {
    let wanted = base.join("postgres");
    let home = match fs::read_link(&wanted) {
        Ok(target) => target,
        Err(_) => wanted.clone(),
    };
    make_dir(&home, 0o700)?;
    account.own(&home)?;
    if account.can_use(&home) {
        return Ok(home);
    }
    let elsewhere = Path::new(HOMES_ELSEWHERE).join(secrets::random_hex::<8>()?);
    make_dir(Path::new(HOMES_ELSEWHERE), 0o711)?;
    make_dir(&elsewhere, 0o700)?;
    account.own(&elsewhere)?;
    fs::remove_dir(&wanted)
        .and_then(|()| symlink(&elsewhere, &wanted))
        .map_err(|source| Error::Unwritable { path: wanted, source })?;
    Ok(elsewhere)
}

/// The kernel drops the lock when the process ends, however it ends: so it is never stale.
fn lock(home: &Path, base: &Path) -> Result<File, Error> {
    let path = home.join("lock");
    let unwritable = |source| Error::Unwritable { path: path.clone(), source };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(unwritable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Only words for the error: an unreadable number is no reason to hide the error itself.
            let _ = file.read_to_string(&mut holder);
            let holder =
                if holder.trim().is_empty() { "unknown".to_owned() } else { holder.trim().to_owned() };
            return Err(Error::InUse { data_dir: base.to_owned(), holder });
        }
        Err(TryLockError::Error(source)) => return Err(unwritable(source)),
    }
    file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(unwritable)?;
    Ok(file)
}

fn make_dir(path: &Path, mode: u32) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .map_err(|source| Error::Unwritable { path: path.to_owned(), source })
}
