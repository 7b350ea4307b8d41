//! The country of an address.
