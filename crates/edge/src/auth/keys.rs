//! The public keys that tokens are verified with: a JWKS, or one PEM.
//!
//! Each key is bound to one algorithm, taken from the key itself and never from a token, so that a
//! token cannot choose how it is checked. Only EdDSA, ES256 and RS256 exist here: `none` and shared
//! secrets (HS*) cannot be configured at all.

use std::{collections::HashMap, path::Path};

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse},
};

/// RFC 7518, section 3.3: RSA keys below 2048 bits must not be used.
const RSA_MODULUS_BYTES_MIN: usize = 256;

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("reading the token keys {path}")]
    Read { path: String, source: std::io::Error },
    #[error("the token keys are not a JWKS")]
    NotJwks(#[source] serde_json::Error),
    #[error("the key {kid:?} of the JWKS cannot be used")]
    BadKey { kid: String, source: jsonwebtoken::errors::Error },
    #[error("the key {0:?} of the JWKS is a shared secret, which tokens are never verified with")]
    SharedSecret(String),
    #[error("the RSA key {0:?} of the JWKS has fewer than 2048 bits")]
    ShortRsa(String),
    #[error("two keys of the JWKS are called {0:?}")]
    SameKid(String),
    #[error("the PEM is neither an Ed25519, a P-256 nor an RSA public key")]
    NotPem,
    #[error("there is no key that tokens could be verified with")]
    Empty,
}

#[derive(Debug, Clone)]
pub(super) struct VerifyingKey {
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// The keys of an issuer, by `kid`.
#[derive(Debug, Clone)]
pub struct TokenKeys {
    by_kid: HashMap<String, VerifyingKey>,
    /// From a PEM, which has no kid: the only key, used for every token whatever kid it names.
    only: Option<VerifyingKey>,
}

impl TokenKeys {
    /// Reads a JWKS (it starts with a brace) or a PEM file.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| KeyError::Read { path: path.display().to_string(), source })?;
        Self::parse(&text)
    }

    /// A JWKS (it starts with a brace) or a PEM.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if text.trim_start().starts_with('{') { Self::from_jwks(text) } else { Self::from_pem(text) }
    }

    /// Keys for encryption, without a kid, and of kinds that we do not verify with are passed over.
    pub fn from_jwks(text: &str) -> Result<Self, KeyError> {
        let set: JwkSet = serde_json::from_str(text).map_err(KeyError::NotJwks)?;
        let mut by_kid = HashMap::new();
        for jwk in &set.keys {
            let Some(kid) = jwk.common.key_id.clone() else { continue };
            if matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption)) {
                continue;
            }
            let Some(algorithm) = algorithm_of(jwk, &kid)? else { continue };
            let key =
                DecodingKey::from_jwk(jwk).map_err(|source| KeyError::BadKey { kid: kid.clone(), source })?;
            if by_kid.insert(kid.clone(), VerifyingKey { algorithm, key }).is_some() {
                return Err(KeyError::SameKid(kid));
            }
        }
        if by_kid.is_empty() {
            return Err(KeyError::Empty);
        }
        Ok(Self { by_kid, only: None })
    }

    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let pem = text.as_bytes();
        let (algorithm, key) = DecodingKey::from_ed_pem(pem)
            .map(|key| (Algorithm::EdDSA, key))
            .or_else(|_| DecodingKey::from_ec_pem(pem).map(|key| (Algorithm::ES256, key)))
            .or_else(|_| DecodingKey::from_rsa_pem(pem).map(|key| (Algorithm::RS256, key)))
            .map_err(|_| KeyError::NotPem)?;
        Ok(Self { by_kid: HashMap::new(), only: Some(VerifyingKey { algorithm, key }) })
    }

    pub(super) fn find(&self, kid: Option<&str>) -> Option<&VerifyingKey> {
        self.only.as_ref().or_else(|| self.by_kid.get(kid?))
    }
}

/// The one algorithm that a key is for; `None` for kinds that we do not verify with.
fn algorithm_of(jwk: &Jwk, kid: &str) -> Result<Option<Algorithm>, KeyError> {
    let (algorithm, stated) = match &jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(p) if p.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        AlgorithmParameters::EllipticCurve(p) if p.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::RSA(p) => {
            use base64::Engine as _;
            let modulus = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&p.n).unwrap_or_default();
            if modulus.iter().skip_while(|byte| **byte == 0).count() < RSA_MODULUS_BYTES_MIN {
                return Err(KeyError::ShortRsa(kid.to_owned()));
            }
            (Algorithm::RS256, KeyAlgorithm::RS256)
        }
        AlgorithmParameters::OctetKey(_) => return Err(KeyError::SharedSecret(kid.to_owned())),
        _ => return Ok(None),
    };
    // A key that says it is for another algorithm (PS256, say) is not used for this one.
    Ok(jwk.common.key_algorithm.is_none_or(|alg| alg == stated).then_some(algorithm))
}
