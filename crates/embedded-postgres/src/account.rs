//! The operating system's user that the server runs as.
//!
//! Invariant: never root. As root we become `postgres`, or `nobody` where that does not exist, or whoever
//! already owns the data.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::Error;

/// Who runs the server: `None` inside means "as ourselves".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account(Option<Ids>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ids {
    uid: u32,
    gid: u32,
}

impl Account {
    /// The user for data in `data`, which need not exist yet.
    pub(crate) fn for_data(data: &Path) -> Result<Self, Error> {
        if !is_root() {
            return Ok(Self(None));
        }
        // Data made by an ordinary user stays that user's, so that both may run it.
        if let Ok(meta) = data.metadata()
            && meta.uid() != 0
        {
            return Ok(Self(Some(Ids { uid: meta.uid(), gid: meta.gid() })));
        }
        let ids = ["postgres", "nobody"].into_iter().find_map(look_up).ok_or(Error::NoUser)?;
        Ok(Self(Some(ids)))
    }

    /// Makes `command` run as this user, without our supplementary groups (the standard library drops
    /// them when root changes the user).
    pub(crate) fn applied(self, command: &mut Command) -> &mut Command {
        match self.0 {
            Some(ids) => command.uid(ids.uid).gid(ids.gid),
            None => command,
        }
    }

    /// Gives `path` to this user.
    pub(crate) fn own(self, path: &Path) -> Result<(), Error> {
        let Some(ids) = self.0 else { return Ok(()) };
        chown(path, Some(ids.uid), Some(ids.gid))
            .map_err(|source| Error::Unwritable { path: path.to_owned(), source })
    }

    /// Whether this user may create files in `dir`, which asks for a way through every folder above it.
    pub(crate) fn can_use(self, dir: &Path) -> bool {
        if self.0.is_none() {
            return true;
        }
        let mut command = Command::new("sh");
        command.args(["-c", r#"test -w "$1" && test -x "$1""#, "sh"]).arg(dir);
        command.current_dir("/").stdin(Stdio::null()).stderr(Stdio::null());
        self.applied(&mut command).status().is_ok_and(|status| status.success())
    }
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Asks `id`, which knows directory services too, rather than reading /etc/passwd.
fn look_up(user: &str) -> Option<Ids> {
    let ask = |flag: &str| -> Option<u32> {
        let output = Command::new("id").args([flag, user]).stderr(Stdio::null()).output().ok()?;
        std::str::from_utf8(&output.stdout).ok()?.trim().parse().ok()
    };
    Some(Ids { uid: ask("-u")?, gid: ask("-g")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_user_is_not_found() {
        assert_eq!(look_up("no-such-user-here"), None);
    }

    #[test]
    fn the_server_never_runs_as_root() {
        let account = Account::for_data(Path::new("/nonexistent")).expect("an account");
        assert_eq!(account.0.is_some(), is_root());
        assert!(account.0.is_none_or(|ids| ids.uid != 0));
    }
}
