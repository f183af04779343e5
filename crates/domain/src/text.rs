//! Rule-bound texts of the services: bounded in characters, as JSON Schema counts them, and without U+0000, which
//! PostgreSQL cannot keep.

/// Declares a text type: `Name, min..=max`. Its one constructor is `parse`; its rule is in the error.
///
/// ```
/// zerosum_domain::bounded_text! {
///     /// Why cash was given or taken.
///     Reason, 1..=255
/// }
///
/// assert_eq!(Reason::parse("purchase").unwrap().as_str(), "purchase");
/// assert_eq!(Reason::parse("").unwrap_err().rule(), "must have 1 to 255 characters and no U+0000");
/// ```
#[macro_export]
macro_rules! bounded_text {
    ($(#[$doc:meta])* $name:ident, $min:literal..=$max:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(::std::sync::Arc<str>);

        impl $name {
            pub fn parse(text: &str) -> ::core::result::Result<Self, $crate::Invalid> {
                // No further than one past the bound, however long the text is.
                let length = text.chars().take($max + 1).count();
                if !($min..=$max).contains(&length) || text.contains('\0') {
                    return Err($crate::Invalid::because(::core::concat!(
                        "must have ", $min, " to ", $max, " characters and no U+0000"
                    )));
                }
                Ok(Self(text.into()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The same text, shared.
            pub fn shared(&self) -> ::std::sync::Arc<str> {
                self.0.clone()
            }
        }
    };
}

#[cfg(test)]
mod tests {
    crate::bounded_text! {
        /// A text of a test.
        Short, 1..=64
    }
    crate::bounded_text! {
        /// A text that may be empty.
        Remark, 0..=2
    }

    #[test]
    fn a_text_keeps_to_its_bounds_in_characters() {
        assert_eq!(Short::parse(&"é".repeat(64)).unwrap().as_str().len(), 128);
        for bad in [String::new(), "é".repeat(65), "a\0b".to_owned()] {
            assert!(Short::parse(&bad).is_err(), "{bad:?}");
        }
        assert_eq!(&*Short::parse("a").unwrap().shared(), "a");
        let empty = Remark::parse("").unwrap();
        assert_eq!((empty.as_str(), &*empty.shared()), ("", ""));
    }
}
