//! `tidegauge connect tyk` into a real server.
