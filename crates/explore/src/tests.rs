//! Questions asked of stores with known rows.
