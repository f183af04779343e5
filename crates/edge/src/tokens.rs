//! Tokens for development: a key pair of our own, and what it signs.
//!
//! In production tokens come from an issuer, and only its public keys are here. For a demo or a
//! test there is none; this makes an Ed25519 key, keeps it in a directory (`key.pem`, for the owner
//! only, and `jwks.json`, which [`TokenKeys`](crate::TokenKeys) reads) and mints tokens with it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{
    SigningKey,
    pkcs8::{DecodePrivateKey, EncodePrivateKey, spki::der::pem::LineEnding},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Why a key cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum DevKeyError {
    #[error("writing or reading {path}")]
    File { path: PathBuf, source: io::Error },
    #[error("{0} is not an Ed25519 private key in PKCS #8 PEM")]
    NotAKey(PathBuf),
    #[error("the system has no randomness")]
    NoRandomness,
    #[error("signing")]
    Sign(#[source] jsonwebtoken::errors::Error),
}

/// A signing key. Its public half is [`DevKey::jwks`].
pub struct DevKey {
    signing: SigningKey,
    encoding: EncodingKey,
    kid: String,
}

impl std::fmt::Debug for DevKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DevKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// What a minted token says.
#[derive(Debug, Clone, Serialize)]
pub struct Grant<'a> {
    #[serde(rename = "iss")]
    pub issuer: &'a str,
    #[serde(rename = "aud")]
    pub audience: &'a str,
    #[serde(rename = "sub")]
    pub subject: &'a str,
    /// None: a machine's token, which names its brand in `X-Brand-Id`.
    #[serde(rename = "brand_id", skip_serializing_if = "Option::is_none")]
    pub brand: Option<&'a str>,
    /// Separated by spaces.
    pub scope: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    #[serde(flatten)]
    grant: &'a Grant<'a>,
    iat: u64,
    nbf: u64,
    exp: u64,
    jti: String,
}

impl DevKey {
    /// A new key that is in memory only.
    pub fn ephemeral() -> Result<Self, DevKeyError> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|_| DevKeyError::NoRandomness)?;
        Self::of(SigningKey::from_bytes(&secret))
    }

    /// Makes a key and keeps it in `directory`, which is made too.
    pub fn create(directory: &Path) -> Result<Self, DevKeyError> {
        let key = Self::ephemeral()?;
        fs::create_dir_all(directory).map_err(|source| file(directory, source))?;
        let path = directory.join("key.pem");
        let pem = key.pem()?;
        write_private(&path, pem.as_bytes()).map_err(|source| file(&path, source))?;
        key.write_jwks(directory)?;
        Ok(key)
    }

    /// The key that `create` has kept there; its `jwks.json` is written again if it is gone.
    pub fn load(directory: &Path) -> Result<Self, DevKeyError> {
        let path = directory.join("key.pem");
        let pem = fs::read_to_string(&path).map_err(|source| file(&path, source))?;
        let signing = SigningKey::from_pkcs8_pem(&pem).map_err(|_| DevKeyError::NotAKey(path))?;
        let key = Self::of(signing)?;
        if !directory.join("jwks.json").exists() {
            key.write_jwks(directory)?;
        }
        Ok(key)
    }

    /// The key kept there, or a new one.
    pub fn load_or_create(directory: &Path) -> Result<Self, DevKeyError> {
        if directory.join("key.pem").exists() { Self::load(directory) } else { Self::create(directory) }
    }

    fn of(signing: SigningKey) -> Result<Self, DevKeyError> {
        let der = signing.to_pkcs8_der().map_err(|_| DevKeyError::NotAKey(PathBuf::new()))?;
        let encoding = EncodingKey::from_ed_der(der.as_bytes());
        let kid = thumbprint(&public(&signing));
        Ok(Self { signing, encoding, kid })
    }

    fn pem(&self) -> Result<impl std::ops::Deref<Target = String> + use<>, DevKeyError> {
        self.signing.to_pkcs8_pem(LineEnding::LF).map_err(|_| DevKeyError::NotAKey(PathBuf::new()))
    }

    fn write_jwks(&self, directory: &Path) -> Result<(), DevKeyError> {
        let path = directory.join("jwks.json");
        fs::write(&path, self.jwks()).map_err(|source| file(&path, source))
    }

    /// The public key as a JWKS.
    pub fn jwks(&self) -> String {
        let x = public(&self.signing);
        let kid = &self.kid;
        format!(
            r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","kid":"{kid}","x":"{x}"}}]}}"#
        )
    }

    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// A token that lives from `now` (unix seconds) for `lifetime`.
    pub fn mint(&self, grant: &Grant<'_>, now: u64, lifetime: Duration) -> Result<String, DevKeyError> {
        let jti = format!("{:032x}", rand::random::<u128>());
        let claims = Claims { grant, iat: now, nbf: now, exp: now.saturating_add(lifetime.as_secs()), jti };
        self.sign(&claims)
    }

    /// A token that says whatever `claims` say: for tests of what is refused.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, DevKeyError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.clone());
        self.sign_as(&header, claims)
    }

    pub(crate) fn sign_as(&self, header: &Header, claims: &impl Serialize) -> Result<String, DevKeyError> {
        jsonwebtoken::encode(header, claims, &self.encoding).map_err(DevKeyError::Sign)
    }
}

fn public(signing: &SigningKey) -> String {
    URL_SAFE_NO_PAD.encode(signing.verifying_key().as_bytes())
}

/// RFC 7638, with the members of RFC 8037.
fn thumbprint(x: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)))
}

fn file(path: &Path, source: io::Error) -> DevKeyError {
    DevKeyError::File { path: path.to_owned(), source }
}

/// For the owner only, from its first byte on; never over a key that is there.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use io::Write as _;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_key_is_the_same_key_and_nobody_else_may_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let made = DevKey::load_or_create(directory.path()).unwrap();
        let loaded = DevKey::load_or_create(directory.path()).unwrap();
        assert_eq!(made.jwks(), loaded.jwks());
        assert_eq!(fs::read_to_string(directory.path().join("jwks.json")).unwrap(), made.jwks());
        assert!(DevKey::create(directory.path()).is_err(), "a key is never overwritten");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(directory.path().join("key.pem")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
