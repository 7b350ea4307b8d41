//! What the platform's own client, `@ombori/grid-signals` on npm, sends: events, sessions, descriptions of clients.
//!
//! Promise: whatever that client can send is stored; what is refused is refused with the field's name, and
//! nothing of it is stored. The key in the path is never shown again. The decisions stand in `docs/api/signals.md`.

mod answers;
mod contact;
mod described;
mod fields;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod instant;
mod record;
mod routes;
mod rows;
mod scalar;
#[cfg(test)]
mod tests;
mod value;

pub(super) use described::described;
pub(super) use routes::routes;
