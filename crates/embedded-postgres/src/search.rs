//! Finds the server's programs.
//!
//! Order: `PG_BIN`, then PATH, pg_config, and the usual folders of Debian, Fedora and Homebrew, newest first.
//! The first that is new enough wins; where data exists already, the first of the data's own version.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::config::Search;
use crate::error::Error;
use crate::install;

/// The oldest major version that the ledger's SQL is written for.
pub const VERSION_MIN: u32 = 15;

/// A folder with `postgres`, `initdb` and `pg_ctl` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binaries {
    pub(crate) dir: PathBuf,
    pub(crate) major: u32,
    /// As the program says it, for people: `15.14`.
    pub(crate) version: String,
}

impl Binaries {
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// The programs to use; `data_major` is the version that wrote existing data.
pub(crate) fn find(search: &Search, data: &Path, data_major: Option<u32>) -> Result<Binaries, Error> {
    let mut found = candidates(search)?;
    if !found.iter().any(|bin| bin.major >= VERSION_MIN) && search.pg_bin.is_none() && search.install {
        // An old server may be what is there; apt may still offer a new one.
        if install::with_apt(&search.path)? {
            found = candidates(search)?;
        }
    }
    choose(found, data, data_major)
}

fn choose(found: Vec<Binaries>, data: &Path, data_major: Option<u32>) -> Result<Binaries, Error> {
    let newest = found.iter().max_by_key(|bin| bin.major).cloned().ok_or(Error::NotFound)?;
    if newest.major < VERSION_MIN {
        return Err(Error::TooOld { found: newest.version, bin: newest.dir });
    }
    let fits = |bin: &Binaries| match data_major {
        Some(major) => bin.major == major,
        None => bin.major >= VERSION_MIN,
    };
    found.into_iter().find(fits).ok_or_else(|| Error::DataVersion {
        data: data.to_owned(),
        wanted: data_major.unwrap_or(VERSION_MIN),
        found: newest.version,
    })
}

fn candidates(search: &Search) -> Result<Vec<Binaries>, Error> {
    if let Some(dir) = &search.pg_bin {
        let bin = inspect(dir).ok_or_else(|| Error::BadBin { bin: dir.clone() })?;
        return Ok(vec![bin]);
    }
    let mut found: Vec<Binaries> = Vec::new();
    let dirs = std::env::split_paths(&search.path).chain(pg_config(&search.path)).chain(usual_dirs());
    for bin in dirs.filter_map(|dir| inspect(&dir)) {
        if !found.contains(&bin) {
            found.push(bin);
        }
    }
    Ok(found)
}

/// What `dir` holds, if it holds a whole server. Links are followed: a lone link to `postgres` in
/// /usr/local/bin stands for the folder it points into.
fn inspect(dir: &Path) -> Option<Binaries> {
    let postgres = fs::canonicalize(dir.join("postgres")).ok()?;
    let dir = postgres.parent()?.to_owned();
    if !["initdb", "pg_ctl"].iter().all(|name| dir.join(name).is_file()) {
        return None;
    }
    let output = Command::new(&postgres).arg("--version").stdin(Stdio::null()).output().ok()?;
    let (major, version) = parse_version(std::str::from_utf8(&output.stdout).ok()?)?;
    Some(Binaries { dir, major, version })
}

/// `postgres (PostgreSQL) 15.14 (Debian …)` → (15, "15.14"); `18beta1` → (18, "18beta1").
fn parse_version(line: &str) -> Option<(u32, String)> {
    let version = line.split_once("(PostgreSQL)")?.1.split_whitespace().next()?;
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    Some((version[..digits].parse().ok()?, version.to_owned()))
}

fn pg_config(path: &OsStr) -> Option<PathBuf> {
    let program = on_path(path, "pg_config")?;
    let output = Command::new(program).arg("--bindir").stdin(Stdio::null()).output().ok()?;
    Some(PathBuf::from(std::str::from_utf8(&output.stdout).ok()?.trim()))
}

/// The first file called `name` on the search path.
pub(crate) fn on_path(path: &OsStr, name: &str) -> Option<PathBuf> {
    std::env::split_paths(path).map(|dir| dir.join(name)).find(|program| program.is_file())
}

fn usual_dirs() -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    dirs.extend(versioned("/usr/lib/postgresql", "", "bin")); // Debian
    dirs.extend(versioned("/usr", "pgsql-", "bin")); // Fedora, packages of postgresql.org
    dirs.push(PathBuf::from("/usr/bin")); // Fedora's own package
    for homebrew in ["/opt/homebrew/opt", "/usr/local/opt"] {
        dirs.extend(versioned(homebrew, "postgresql@", "bin"));
        dirs.push(Path::new(homebrew).join("postgresql/bin"));
    }
    dirs
}

/// `parent/<prefix><number>/<below>`, highest number first.
fn versioned(parent: &str, prefix: &str, below: &str) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((number, entry.path().join(below)))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, dir)| dir).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bin(major: u32) -> Binaries {
        Binaries { dir: format!("/pg/{major}/bin").into(), major, version: format!("{major}.1") }
    }

    #[test]
    fn versions_are_read_as_the_server_prints_them() {
        let parsed = |line| parse_version(line).map(|(major, _)| major);
        assert_eq!(parsed("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some(15));
        assert_eq!(parsed("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(parsed("postgres (PostgreSQL) 9.6.24\n"), Some(9));
        assert_eq!(parsed("something else"), None);
    }

    #[test]
    fn an_old_server_is_named_in_the_error() {
        let error = choose(vec![bin(13)], Path::new("/data"), None).expect_err("too old");
        assert!(error.to_string().contains("PostgreSQL 13.1 in /pg/13/bin is too old"), "{error}");
    }

    #[test]
    fn an_old_server_is_passed_over_for_a_newer_one() {
        assert_eq!(choose(vec![bin(13), bin(16)], Path::new("/data"), None).expect("found"), bin(16));
    }

    #[test]
    fn existing_data_asks_for_its_own_version() {
        let both = || vec![bin(17), bin(15)];
        assert_eq!(choose(both(), Path::new("/data"), Some(15)).expect("found"), bin(15));
        let error = choose(both(), Path::new("/data"), Some(16)).expect_err("no 16");
        assert!(error.to_string().contains("written by PostgreSQL 16"), "{error}");
    }

    #[test]
    fn nothing_found_says_what_to_install() {
        let error = choose(Vec::new(), Path::new("/data"), None).expect_err("nothing");
        assert!(error.to_string().contains("apt-get install postgresql"), "{error}");
    }

    #[test]
    fn what_pg_bin_names_is_asked_for_its_version_and_refused_by_it() {
        let dir = tempfile::tempdir().expect("dir");
        // Written by another process: a file that this one holds open, in any thread's fork, cannot be run.
        let write = r#"for name in postgres initdb pg_ctl; do
            printf '#!/bin/sh\necho "postgres (PostgreSQL) 14.9"\n' >"$1/$name" && chmod +x "$1/$name"
        done"#;
        let written = Command::new("sh").args(["-c", write, "sh"]).arg(dir.path()).status().expect("run sh");
        assert!(written.success());
        let path = std::ffi::OsString::new();
        let search = Search { pg_bin: Some(dir.path().to_owned()), path, install: false };
        let error = find(&search, Path::new("/data"), None).expect_err("too old");
        assert!(matches!(&error, Error::TooOld { found, .. } if found == "14.9"), "{error}");
    }

    #[test]
    fn a_wrong_pg_bin_is_an_error_and_not_a_search() {
        let search =
            Search { pg_bin: Some("/nonexistent".into()), path: std::ffi::OsString::new(), install: false };
        assert!(matches!(candidates(&search), Err(Error::BadBin { .. })));
    }
}
