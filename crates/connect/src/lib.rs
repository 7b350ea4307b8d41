//! Records that an API gateway leaves in Redis, handed on to Tidegauge until they are durable.
