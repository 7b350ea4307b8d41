//! A vector in chunks that are shared until they are written.
//!
//! Promise: a clone is cheap, and never changes. A reader goes through a million lives while the commit
//! thread goes on; what it writes meanwhile costs a copy of one chunk.

use std::sync::Arc;

const CHUNK: usize = 4096;

/// A vector of small values.
#[derive(Debug, Clone)]
pub(crate) struct Chunks<T> {
    chunks: Vec<Arc<Vec<T>>>,
    length: usize,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), length: 0 }
    }
}

impl<T: Copy> Chunks<T> {
    pub fn len(&self) -> usize {
        self.length
    }

    pub fn push(&mut self, value: T) {
        if self.length.is_multiple_of(CHUNK) {
            self.chunks.push(Arc::new(Vec::with_capacity(if self.length == 0 { 4 } else { CHUNK })));
        }
        if let Some(last) = self.chunks.last_mut() {
            Arc::make_mut(last).push(value);
            self.length += 1;
        }
    }

    pub fn get(&self, index: usize) -> T {
        self.chunks[index / CHUNK][index % CHUNK]
    }

    pub fn set(&mut self, index: usize, value: T) {
        Arc::make_mut(&mut self.chunks[index / CHUNK])[index % CHUNK] = value;
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }
}
