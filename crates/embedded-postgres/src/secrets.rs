//! The passwords of a server: made once, kept beside its data, never shown.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::Error;
use crate::home::Home;

/// The role that services log in as; what it may do comes from the groups it is granted.
pub const APP_ROLE: &str = "zerosum";
/// The role that owns the database.
pub(crate) const SUPERUSER: &str = "postgres";
/// 192 bits: beyond guessing, and still a short line in a URL.
const PASSWORD_BYTES: usize = 24;
const FILE: &str = "secrets";

/// Hexadecimal, so that they stand in URLs and SQL as they are. No `Debug`: they are never printed.
#[derive(Clone)]
pub(crate) struct Secrets {
    pub(crate) superuser: String,
    pub(crate) app: String,
}

impl Secrets {
    /// The passwords of existing data, or new ones where there is no data yet (a run that was killed before
    /// it made any data may have left some, which nothing uses).
    pub(crate) fn open(home: &Home, data_exists: bool) -> Result<Self, Error> {
        if data_exists {
            return Self::read(&home.base);
        }
        let path = home.base.join(FILE);
        let secrets =
            Self { superuser: random_hex::<PASSWORD_BYTES>()?, app: random_hex::<PASSWORD_BYTES>()? };
        let text = format!("{SUPERUSER}={}\n{APP_ROLE}={}\n", secrets.superuser, secrets.app);
        write_private(&path, &text).map_err(|source| Error::Unwritable { path, source })?;
        Ok(secrets)
    }

    /// The passwords of the data below `base`.
    pub(crate) fn read(base: &Path) -> Result<Self, Error> {
        let path = base.join(FILE);
        let missing = || Error::SecretsMissing { data_dir: base.to_owned() };
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).ok_or_else(missing),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Err(missing()),
            Err(source) => Err(Error::Unwritable { path, source }),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let of = |role: &str| {
            text.lines()
                .find_map(|line| line.split_once('=').filter(|(name, _)| *name == role).map(|(_, it)| it))
        };
        let hex =
            |it: &str| it.len() == 2 * PASSWORD_BYTES && it.bytes().all(|byte| byte.is_ascii_hexdigit());
        let (superuser, app) = (of(SUPERUSER)?, of(APP_ROLE)?);
        (hex(superuser) && hex(app)).then(|| Self { superuser: superuser.to_owned(), app: app.to_owned() })
    }
}

/// Writes a file that only this user can read; on disk when this returns, and under its name all at once.
pub fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    // A left-over of a killed run may have another mode.
    let _ = fs::remove_file(&new);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

pub(crate) fn random_hex<const BYTES: usize>() -> Result<String, Error> {
    let mut bytes = [0_u8; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| Error::Io {
        doing: "asking for random bytes failed".to_owned(),
        source: io::Error::other(error.to_string()),
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_file_of_passwords_is_not_believed() {
        let good = format!("{SUPERUSER}={0}\n{APP_ROLE}={0}\n", "ab".repeat(PASSWORD_BYTES));
        assert!(Secrets::parse(&good).is_some());
        assert!(Secrets::parse(&good[..good.len() - 3]).is_none());
        assert!(Secrets::parse("").is_none());
    }
}
