//! Promise 33: which tokens are refused, each for its own reason, and which are taken.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::{Value, json};

use super::*;
use crate::tokens::{DevKey, Grant};

const NOW: u64 = 1_800_000_000;

struct Setup {
    key: DevKey,
    tokens: BearerTokens,
    now: Arc<AtomicU64>,
}

fn setup() -> Setup {
    let key = DevKey::ephemeral().unwrap();
    let now = Arc::new(AtomicU64::new(NOW));
    let clock = Arc::clone(&now);
    let mut config = BearerConfig::new("https://issuer.example", "zerosum");
    config.cache_entries_max = 3;
    let keys = TokenKeys::from_jwks(&key.jwks()).unwrap();
    let tokens = BearerTokens::with_clock(config, keys, Arc::new(move || clock.load(Ordering::SeqCst)));
    Setup { key, tokens, now }
}

fn claims() -> Value {
    json!({
        "iss": "https://issuer.example", "aud": "zerosum", "sub": "till-7", "brand_id": "acme",
        "iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 600, "jti": "t-1", "scope": "read:cash write:cash",
    })
}

fn with(change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Value {
    let mut claims = claims();
    change(claims.as_object_mut().unwrap());
    claims
}

impl Setup {
    fn ask(&self, headers: &[(&'static str, &str)]) -> Result<Principal, Problem> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let body = Bytes::new();
        self.tokens.principal(&Credentials { method: &Method::GET, target: "/", headers: &map, body: &body })
    }

    fn ask_with(&self, token: &str) -> Result<Principal, Problem> {
        self.ask(&[("authorization", &format!("Bearer {token}"))])
    }

    fn refusal(&self, token: &str) -> String {
        let problem = self.ask_with(token).expect_err(token);
        assert!(problem.is(Kind::InvalidToken), "{problem:?}");
        problem.message().to_owned()
    }

    fn sign(&self, claims: &Value) -> String {
        self.key.sign(claims).unwrap()
    }
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[test]
fn a_good_token_names_its_caller() {
    let setup = setup();
    let caller = setup.ask_with(&setup.sign(&claims())).unwrap();
    assert_eq!((&*caller.brand, &*caller.subject), ("acme", "till-7"));
    assert_eq!(caller.scopes.iter().collect::<Vec<_>>(), ["read:cash", "write:cash"]);
    let grant = Grant {
        issuer: "https://issuer.example",
        audience: "zerosum",
        subject: "dev",
        brand: None,
        scope: "admin:*",
    };
    let minted = setup.key.mint(&grant, NOW, Duration::from_secs(60)).unwrap();
    let caller =
        setup.ask(&[("authorization", &format!("bearer  {minted}")), ("x-brand-id", "other")]).unwrap();
    assert_eq!((&*caller.brand, &*caller.subject), ("other", "dev"));
}

#[test]
fn claims_that_are_missing_or_wrong_are_refused() {
    let setup = setup();
    let table: [(&str, Value); 24] = [
        ("missing", with(|c| drop(c.remove("iss")))),
        ("missing", with(|c| drop(c.remove("aud")))),
        ("refused", with(|c| drop(c.remove("exp")))),
        ("refused", with(|c| drop(c.remove("sub")))),
        ("issuer", with(|c| drop(c.insert("iss".into(), json!("https://other.example"))))),
        ("audience", with(|c| drop(c.insert("aud".into(), json!("other"))))),
        ("audience", with(|c| drop(c.insert("aud".into(), json!(["other", "another"]))))),
        ("refused", with(|c| drop(c.insert("aud".into(), json!([]))))),
        ("expired", with(|c| drop(c.insert("exp".into(), json!(NOW - 30))))),
        ("expired", with(|c| drop(c.insert("exp".into(), json!(0))))),
        ("read", with(|c| drop(c.insert("exp".into(), json!("9999999999"))))),
        ("read", with(|c| drop(c.insert("exp".into(), json!(-1))))),
        ("read", with(|c| drop(c.insert("exp".into(), json!(null))))),
        ("not valid yet", with(|c| drop(c.insert("nbf".into(), json!(NOW + 31))))),
        ("in the future", with(|c| drop(c.insert("iat".into(), json!(NOW + 31))))),
        ("longer", with(|c| drop(c.insert("exp".into(), json!(NOW + 86_400 + 1))))),
        ("longer", with(|c| drop(c.insert("iat".into(), json!(NOW - 86_400))))),
        (
            "longer",
            with(|c| {
                c.remove("iat");
                c.remove("nbf");
                c.insert("exp".into(), json!(NOW + 86_401));
            }),
        ),
        ("longer", with(|c| drop(c.insert("exp".into(), json!(u64::MAX))))),
        ("sub", with(|c| drop(c.insert("sub".into(), json!(""))))),
        ("sub", with(|c| drop(c.insert("sub".into(), json!("a\nb"))))),
        ("sub", with(|c| drop(c.insert("sub".into(), json!("s".repeat(201)))))),
        ("brand_id", with(|c| drop(c.insert("brand_id".into(), json!(""))))),
        ("brand_id", with(|c| drop(c.insert("brand_id".into(), json!("b".repeat(65)))))),
    ];
    for (why, claims) in table {
        let message = setup.refusal(&setup.sign(&claims));
        assert!(message.contains(why), "{claims} is refused with {message:?}, not {why:?}");
    }
}

#[test]
fn clocks_may_be_thirty_seconds_apart_and_no_more() {
    let setup = setup();
    assert!(setup.ask_with(&setup.sign(&with(|c| drop(c.insert("exp".into(), json!(NOW - 29)))))).is_ok());
    assert!(setup.ask_with(&setup.sign(&with(|c| drop(c.insert("nbf".into(), json!(NOW + 30)))))).is_ok());
    assert!(
        setup.ask_with(&setup.sign(&with(|c| drop(c.insert("exp".into(), json!(1_800_000_600.5)))))).is_ok()
    );
}

#[test]
fn a_token_cannot_choose_how_it_is_checked() {
    let setup = setup();
    let good = setup.sign(&claims());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let kid = setup.key.kid();
    let payload = part(&claims());
    for (header, signature) in [
        (json!({"alg": "none", "kid": kid}), ""),
        (json!({"alg": "None", "kid": kid}), ""),
        (json!({"alg": "none"}), ""),
        (json!({"alg": "RS256", "kid": kid}), signature),
        (json!({"alg": "ES256", "kid": kid}), signature),
        (json!({"alg": "EdDSA", "kid": "unknown"}), signature),
        (json!({"alg": "EdDSA"}), signature),
        (json!({"alg": "EdDSA", "kid": kid}), ""),
        (json!({"alg": "EdDSA", "kid": kid, "typ": "other"}), signature),
        (json!({"kid": kid}), signature),
    ] {
        setup.refusal(&format!("{}.{payload}.{signature}", part(&header)));
    }
    // The public key as a shared secret: the classic confusion.
    let mut confused = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    confused.kid = Some(kid.to_owned());
    for secret in [setup.key.jwks(), kid.to_owned()] {
        let secret = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
        setup.refusal(&jsonwebtoken::encode(&confused, &claims(), &secret).unwrap());
    }
    // Signed by the right key, and yet meant for somebody who understands more.
    let mut critical = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA);
    critical.kid = Some(kid.to_owned());
    critical.crit = Some(vec!["b64".to_owned()]);
    setup.refusal(&setup.key.sign_as(&critical, &claims()).unwrap());
    // Another key under the same kid.
    let other = DevKey::ephemeral().unwrap().sign(&claims()).unwrap();
    setup.refusal(&format!("{signed}.{}", other.rsplit_once('.').unwrap().1));
    setup.refusal(&other);
}

#[test]
fn one_flipped_bit_anywhere_in_a_token_is_refused() {
    let setup = setup();
    let good = setup.sign(&claims());
    for i in 0..good.len() {
        let mut bad = good.clone().into_bytes();
        bad[i] ^= 1;
        let Ok(bad) = String::from_utf8(bad) else { continue };
        if bad.bytes().all(|b| b.is_ascii_graphic()) {
            setup.refusal(&bad);
        }
    }
    assert!(setup.ask_with(&good).is_ok());
}

#[test]
fn headers_that_are_missing_repeated_or_of_another_scheme_are_refused() {
    let setup = setup();
    let good = setup.sign(&claims());
    let bearer = format!("Bearer {good}");
    assert!(setup.ask(&[]).unwrap_err().is(Kind::Unauthenticated));
    assert!(setup.ask(&[("authorization", "Basic YTpi")]).unwrap_err().is(Kind::Unauthenticated));
    assert!(setup.ask(&[("authorization", "Bearer")]).unwrap_err().is(Kind::Unauthenticated));
    assert!(setup.ask(&[("authorization", &good)]).unwrap_err().is(Kind::Unauthenticated));
    assert!(setup.ask(&[("authorization", "Bearer  ")]).unwrap_err().is(Kind::InvalidToken));
    let twice = setup.ask(&[("authorization", &bearer), ("authorization", &bearer)]).unwrap_err();
    assert!(twice.is(Kind::Invalid));
    setup.refusal(&"x".repeat(TOKEN_BYTES_MAX + 1));
    for garbage in ["a", "a.b", "a.b.c", "..", "a.b.c.d", "\u{7e}"] {
        setup.refusal(garbage);
    }
    assert_eq!(header::AUTHORIZATION, "authorization");
}

#[test]
fn the_brand_is_the_claims_or_where_there_is_none_the_headers() {
    let setup = setup();
    let claimed = format!("Bearer {}", setup.sign(&claims()));
    let machine = format!("Bearer {}", setup.sign(&with(|c| drop(c.remove("brand_id")))));
    let ask = |token: &str, brand: Option<&str>| {
        let mut headers = vec![("authorization", token)];
        headers.extend(brand.map(|brand| ("x-brand-id", brand)));
        setup.ask(&headers).map(|caller| caller.brand.to_string())
    };
    assert_eq!(ask(&claimed, None).unwrap(), "acme");
    assert_eq!(ask(&claimed, Some("acme")).unwrap(), "acme");
    assert!(ask(&claimed, Some("other")).unwrap_err().is(Kind::Forbidden));
    assert!(ask(&claimed, Some("ACME")).unwrap_err().is(Kind::Forbidden));
    assert_eq!(ask(&machine, Some("other")).unwrap(), "other");
    assert!(ask(&machine, None).unwrap_err().is(Kind::Forbidden));
    assert!(ask(&machine, Some("")).unwrap_err().is(Kind::Invalid));
    assert!(ask(&machine, Some("two words")).unwrap_err().is(Kind::Invalid));
    assert!(ask(&machine, Some(&"b".repeat(65))).unwrap_err().is(Kind::Invalid));
}

#[test]
fn scopes_are_read_from_every_claim_that_issuers_use() {
    let setup = setup();
    for claim in [
        ("scope", json!("a:b c:d")),
        ("scopes", json!(["a:b", "c:d"])),
        ("scp", json!("a:b c:d")),
        ("scp", json!(["a:b", "c:d"])),
    ] {
        let token = setup.sign(&with(|c| {
            c.remove("scope");
            c.insert(claim.0.to_owned(), claim.1.clone());
        }));
        let caller = setup.ask_with(&token).unwrap();
        assert_eq!(caller.scopes.iter().collect::<Vec<_>>(), ["a:b", "c:d"], "{claim:?}");
    }
    let none = setup.ask_with(&setup.sign(&with(|c| drop(c.remove("scope"))))).unwrap();
    assert_eq!(none.scopes.iter().count(), 0);
}

#[test]
fn a_cached_token_still_expires() {
    let setup = setup();
    let token = setup.sign(&claims());
    assert!(setup.ask_with(&token).is_ok());
    setup.now.store(NOW + 629, Ordering::SeqCst);
    assert!(setup.ask_with(&token).is_ok());
    setup.now.store(NOW + 630, Ordering::SeqCst);
    assert!(setup.refusal(&token).contains("expired"));
}

#[test]
fn keys_and_tokens_that_are_withdrawn_count_no_more_cached_or_not() {
    let setup = setup();
    let token = setup.sign(&claims());
    assert!(setup.ask_with(&token).is_ok());
    let next = DevKey::ephemeral().unwrap();
    setup.tokens.replace_keys(TokenKeys::from_jwks(&next.jwks()).unwrap());
    assert!(setup.refusal(&token).contains("key"));
    let token = next.sign(&claims()).unwrap();
    assert!(setup.ask_with(&token).is_ok());
    setup.tokens.replace_revoked(["t-1".to_owned()]);
    assert!(setup.refusal(&token).contains("revoked"));
    setup.tokens.replace_revoked([]);
    assert!(setup.ask_with(&token).is_ok());
}

#[test]
fn the_cache_is_bounded() {
    let setup = setup();
    for i in 0..10 {
        let token = setup.sign(&with(|c| drop(c.insert("jti".into(), json!(i.to_string())))));
        assert!(setup.ask_with(&token).is_ok());
        assert!(setup.tokens.epoch.read().unwrap().cache.len() <= 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_file_that_changes_is_read_again_and_a_bad_one_is_not_taken() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("jwks.json");
    let setup = setup();
    std::fs::write(&path, setup.key.jwks()).unwrap();
    let token = setup.sign(&claims());
    let next = DevKey::ephemeral().unwrap();
    let watch = setup.tokens.reload_keys_from(&path, Duration::from_secs(30));
    let change = async {
        tokio::time::sleep(Duration::from_secs(31)).await;
        std::fs::write(&path, "{\"keys\":[]}").unwrap();
        tokio::time::sleep(Duration::from_secs(31)).await;
        assert!(setup.ask_with(&token).is_ok());
        std::fs::write(&path, next.jwks()).unwrap();
        // File reads are not on the paused clock.
        for _ in 0..200 {
            tokio::time::sleep(Duration::from_secs(31)).await;
            if setup.ask_with(&token).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the new keys were never read");
    };
    tokio::select! { () = watch => {}, () = change => {} }
}

#[test]
fn keys_that_prove_nothing_are_not_taken() {
    let secret = r#"{"keys":[{"kty":"oct","kid":"s","k":"c2VjcmV0"}]}"#;
    assert!(matches!(TokenKeys::from_jwks(secret), Err(KeyError::SharedSecret(_))));
    let short = format!(
        r#"{{"keys":[{{"kty":"RSA","kid":"r","e":"AQAB","n":"{}"}}]}}"#,
        URL_SAFE_NO_PAD.encode([255; 128])
    );
    assert!(matches!(TokenKeys::from_jwks(&short), Err(KeyError::ShortRsa(_))));
    assert!(matches!(TokenKeys::from_jwks(r#"{"keys":[]}"#), Err(KeyError::Empty)));
    assert!(matches!(TokenKeys::from_jwks("{"), Err(KeyError::NotJwks(_))));
    assert!(matches!(TokenKeys::from_pem("-----BEGIN"), Err(KeyError::NotPem)));
    let jwks = DevKey::ephemeral().unwrap().jwks();
    let twice = jwks.replace("]}", &format!(",{}", jwks.trim_start_matches(r#"{"keys":["#)));
    assert!(matches!(TokenKeys::from_jwks(&twice), Err(KeyError::SameKid(_))));
    assert!(matches!(TokenKeys::from_jwks(&jwks.replace("\"EdDSA\"", "\"RS256\"")), Err(KeyError::Empty)));
    assert!(matches!(TokenKeys::from_jwks(&jwks.replace("\"sig\"", "\"enc\"")), Err(KeyError::Empty)));
}

/// Keys and tokens of another maker (OpenSSL), at [`NOW`]; their private halves were thrown away.
#[test]
fn every_algorithm_of_the_list_is_verified_and_no_other() {
    let foreign: Value = serde_json::from_str(include_str!("tests/foreign.json")).unwrap();
    let tokens = |keys| {
        let config = BearerConfig::new("https://issuer.example", "zerosum");
        BearerTokens::with_clock(config, keys, Arc::new(|| NOW))
    };
    let token = |name: &str| foreign["tokens"][name].as_str().unwrap();
    let jwks = tokens(TokenKeys::parse(&foreign["jwks"].to_string()).unwrap());
    for name in ["ES256", "RS256"] {
        assert_eq!(&*jwks.verify(token(name)).unwrap().subject, "till-7", "{name}");
    }
    for name in ["EdDSA", "ES256 by RSA kid", "PS256"] {
        assert!(jwks.verify(token(name)).unwrap_err().is(Kind::InvalidToken), "{name}");
    }
    for (pem, good) in [("ec", "ES256"), ("rsa", "RS256"), ("ed", "EdDSA")] {
        let keys = tokens(TokenKeys::parse(foreign["pem"][pem].as_str().unwrap()).unwrap());
        for name in ["ES256", "RS256", "EdDSA", "PS256"] {
            assert_eq!(keys.verify(token(name)).is_ok(), name == good, "{name} with the PEM {pem}");
        }
    }
}
