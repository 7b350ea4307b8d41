//! Files of access logs and of facts, read into a store.
