//! How fast questions are answered: figures to read, by hand.
