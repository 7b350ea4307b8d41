//! Exploring (spec section 8): typed queries and SQL over what the caller may see.
//!
//! Promise: an answer that ends well is whole; one that cannot be written to its end is cut. A caller who goes away ends
//! the work. What may be asked, and of whose rows, is for `crates/explore`. Errors are problems (RFC 9457).

mod accept;
mod answer;
mod described;
mod failure;
mod question;
mod routes;

pub use self::described::described;
pub use self::routes::routes;
