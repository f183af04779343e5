//! The texts of a command, bounded as the contract says.

use zerosum_domain::bounded_text;

bounded_text! {
    /// A user, in the caller's own terms. With `cash:user:` before it, it still fits an index entry.
    UserId, 1..=200
}
bounded_text! {
    /// What paid for a grant.
    Source, 1..=255
}
bounded_text! {
    /// Why cash was given or taken.
    Reason, 1..=255
}
bounded_text! {
    /// A remark.
    Memo, 0..=1024
}
