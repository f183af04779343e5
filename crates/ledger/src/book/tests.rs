//! The book alone, without a database.
