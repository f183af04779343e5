//! The Idempotency-Key of a request, between the HTTP edge and the ledger's engine.
//!
//! The engine stores an answer under (brand, scope, key) in the commit that makes its effect; this
//! crate says what these are for an HTTP call, and how the engine's faults read in HTTP.
//! It has no store and no state: nothing here could disagree with the ledger.
//!
//! - the key: [`IdempotencyKey`], the header `Idempotency-Key`, or a reference of the body;
//! - the scope: [`scope`], service and caller, so that another caller's key is another key (and the
//!   brand leads, so that another brand's is too);
//! - the content: [`Fingerprint`], so that the same key with another request is refused.
//!
//! ```
//! use zerosum_edge::{Call, Problem, Reply};
//! use zerosum_idempotency as idempotency;
//!
//! # struct App; struct Done { body: String } enum Refused { Insufficient }
//! # impl App { async fn submit(&self, _: zerosum_ledger::Key) -> Result<(Result<Done, Refused>, bool), zerosum_ledger::Fault> { unimplemented!() } }
//! # fn render(_: Result<Done, Refused>) -> Result<Reply, Problem> { unimplemented!() }
//! async fn spend(app: App, call: Call) -> Result<Reply, Problem> {
//!     let key = idempotency::required(&call, "cash")?;   // before anything is handed to the engine
//!     // … parse the body, make the command …
//!     let (outcome, replayed) = app.submit(key).await.map_err(idempotency::problem)?;
//!     idempotency::mark(render(outcome), replayed)       // one pure function, first answer and replay
//! }
//! ```

mod fault;
mod fingerprint;
mod key;
mod lookup;

pub use fault::{problem, read_problem};
pub use fingerprint::Fingerprint;
pub use key::{IdempotencyKey, KEY_HEADER, mark, optional, reference, reference_of, required, scope};
pub use lookup::lookup;

/// What the engine stores an answer under.
pub use zerosum_ledger::{Key, KeyLifetime};
