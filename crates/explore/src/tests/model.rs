//! SQL's answers beside those of a slow, obvious model, over rows in several segments and hot parts.
