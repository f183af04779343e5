//! The texts of a command. Each is bounded as the contract says and holds no U+0000, which PostgreSQL cannot keep.

use std::sync::Arc;

use zerosum_domain::Invalid;

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $min:literal..=$max:literal, $rule:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                // Counted as JSON Schema counts: in characters.
                let length = text.chars().take($max + 1).count();
                if !($min..=$max).contains(&length) || text.contains('\0') {
                    return Err(Invalid::because($rule));
                }
                Ok(Self(text.into()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The same text, shared.
            pub fn shared(&self) -> Arc<str> {
                self.0.clone()
            }
        }
    };
}

text! {
    /// A user, in the caller's own terms. With `cash:user:` before it, it still fits an index entry.
    UserId, 1..=200, "must have 1 to 200 characters and no U+0000"
}
text! {
    /// What paid for a grant.
    Source, 1..=255, "must have 1 to 255 characters and no U+0000"
}
text! {
    /// Why cash was given or taken.
    Reason, 1..=255, "must have 1 to 255 characters and no U+0000"
}
text! {
    /// A remark.
    Memo, 0..=1024, "must have at most 1024 characters and no U+0000"
}
