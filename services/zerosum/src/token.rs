//! Tokens for development: who holds the data folder's key may be anyone.
//!
//! The private key never leaves the folder; services get the public half.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use zerosum_edge::tokens::{DevKey, Grant};

use crate::config::{FolderArgs, TokenArgs};

/// Who signs these tokens, and for whom.
pub const ISSUER: &str = "zerosum";
pub const AUDIENCE: &str = "zerosum";
/// A day: services take no token that lives longer.
pub const MINUTES_MAX: u16 = 24 * 60;

/// What a token without `--scope` allows: every scope that a route asks for, and those to come.
const SCOPES: &str = "admin:* admin:cash write:cash read:cash_balance write:ledger read:ledger";

/// `zerosum token`
pub fn run(args: &TokenArgs) -> anyhow::Result<ExitCode> {
    let data_dir = &args.folder.data_dir;
    if !has_key(data_dir) {
        bail!(
            "there is no token key in {}: run `zerosum up` once, or name its data folder with --data-dir",
            data_dir.display()
        );
    }
    let key = key(data_dir)?;
    println!("{}", mint(&key, &args.brand, &args.subject, &args.scopes, args.minutes)?);
    Ok(ExitCode::SUCCESS)
}

/// `zerosum key`
pub fn print_public_keys(args: &FolderArgs) -> anyhow::Result<ExitCode> {
    println!("{}", key(&args.data_dir)?.jwks());
    Ok(ExitCode::SUCCESS)
}

/// The key of the data folder; a new one where there is none. `jwks.json` beside it is its public half.
pub fn key(data_dir: &Path) -> anyhow::Result<DevKey> {
    if !has_key(data_dir) {
        // It gets its name when it is whole: a run that is killed in between leaves no half key.
        let new = data_dir.join("key.new");
        let made = remove(&new)
            .map_err(anyhow::Error::from)
            .and_then(|()| Ok(DevKey::create(&new)?))
            .and_then(|_| Ok(fs::rename(new.join("key.pem"), data_dir.join("key.pem"))?))
            .and_then(|()| Ok(remove(&new)?));
        made.with_context(|| {
            format!(
                "cannot keep a token key in {}: choose another folder with --data-dir",
                data_dir.display()
            )
        })?;
    }
    DevKey::load(data_dir).context("the token key cannot be used")
}

fn has_key(data_dir: &Path) -> bool {
    data_dir.join("key.pem").exists()
}

fn remove(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A token for `subject` and `brand`; without scopes it allows everything of the brand.
pub fn mint(
    key: &DevKey,
    brand: &str,
    subject: &str,
    scopes: &[String],
    minutes: u16,
) -> anyhow::Result<String> {
    let scope = if scopes.is_empty() { SCOPES.to_owned() } else { scopes.join(" ") };
    let grant = Grant { issuer: ISSUER, audience: AUDIENCE, subject, brand: Some(brand), scope: &scope };
    let now = (zerosum_edge::system_clock())();
    key.mint(&grant, now, Duration::from_secs(u64::from(minutes) * 60)).context("signing a token failed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_key_and_a_half_made_one_is_made_anew() {
        let dir = tempfile::tempdir().expect("dir");
        fs::create_dir(dir.path().join("key.new")).expect("left by a killed run");
        fs::write(dir.path().join("key.new/key.pem"), "").expect("half a key");
        let first = key(dir.path()).expect("made");
        assert_eq!(key(dir.path()).expect("kept").jwks(), first.jwks());
        assert_eq!(fs::read_to_string(dir.path().join("jwks.json")).expect("for services"), first.jwks());
    }
}
