//! Scopes: `<action>:<resource>`, and which one satisfies which.
//!
//! A required scope is satisfied by itself, by `admin:*`, and, when its action is `read` or
//! `write`, by `manage:` of its resource. A resource contains its parts, which carry its name and
//! an underscore: `manage:cash` satisfies `read:cash_balance`. `manage` never satisfies `admin`.

use std::{fmt, sync::Arc};

/// A scope that an operation requires, parsed once at start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    text: Arc<str>,
    colon: usize,
}

/// Not of the form `<action>:<resource>`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a scope of the form action:resource")]
pub struct ScopeError(pub String);

impl Scope {
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let wrong = || ScopeError(text.to_owned());
        let colon = text.find(':').ok_or_else(wrong)?;
        let word = |word: &str| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
        };
        if word(&text[..colon]) && word(&text[colon + 1..]) {
            return Ok(Self { text: text.into(), colon });
        }
        Err(wrong())
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn action(&self) -> &str {
        &self.text[..self.colon]
    }

    fn resource(&self) -> &str {
        &self.text[self.colon + 1..]
    }

    fn is_satisfied_by(&self, granted: &str) -> bool {
        if granted == &*self.text || granted == "admin:*" {
            return true;
        }
        let Some(managed) = granted.strip_prefix("manage:") else { return false };
        matches!(self.action(), "read" | "write")
            && !managed.is_empty()
            && self
                .resource()
                .strip_prefix(managed)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What a caller has been granted. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(Arc<[Box<str>]>);

impl Scopes {
    pub fn new<T: AsRef<str>>(granted: impl IntoIterator<Item = T>) -> Self {
        Self(granted.into_iter().map(|scope| Box::from(scope.as_ref())).collect())
    }

    /// Whether these scopes allow what requires `scope`.
    pub fn satisfy(&self, scope: &Scope) -> bool {
        self.0.iter().any(|granted| scope.is_satisfied_by(granted))
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_satisfied_by_itself_its_manager_and_the_admin_of_all() {
        let table = [
            ("write:cash", "write:cash", true),
            ("write:cash", "read:cash", false),
            ("write:cash", "manage:cash", true),
            ("read:cash_balance", "manage:cash", true),
            ("read:cash_balance", "manage:cash_balance", true),
            ("read:cash_balance", "read:cash", false),
            ("read:cashier", "manage:cash", false),
            ("read:cash", "manage:cash_balance", false),
            ("admin:cash", "manage:cash", false),
            ("admin:cash", "admin:cash", true),
            ("write:cash", "admin:cash", false),
            ("write:cash", "admin:*", true),
            ("admin:cash", "admin:*", true),
            ("read:cash", "manage:*", false),
            ("read:cash", "manage:", false),
            ("read:cash", "*", false),
            ("read:cash", "", false),
        ];
        for (required, granted, expected) in table {
            let required = Scope::parse(required).unwrap();
            assert_eq!(Scopes::new([granted]).satisfy(&required), expected, "{granted} for {required}");
        }
        assert!(!Scopes::default().satisfy(&Scope::parse("read:cash").unwrap()));
    }

    #[test]
    fn what_is_not_action_and_resource_is_no_scope() {
        for text in ["", "read", ":", "read:", ":cash", "Read:cash", "read:cash extra", "a:b:c", "admin:*"] {
            assert!(Scope::parse(text).is_err(), "{text}");
        }
    }
}
