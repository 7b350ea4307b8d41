//! Bytes that start on a block boundary, as a write around the page cache needs them, and that become
//! an Arrow `Buffer` without a copy.

use std::io;

use arrow_buffer::Buffer;

/// The block that direct writes are made of: 4096 bytes, a multiple of every common sector size.
pub(crate) const BLOCK: usize = 4096;

/// A growing run of bytes whose first one stands on a block boundary in memory.
pub(crate) struct AlignedBytes {
    bytes: Vec<u8>,
    start: usize,
}

impl AlignedBytes {
    /// Room for `capacity` bytes without moving.
    pub fn with_capacity(capacity: usize) -> Self {
        let mut bytes: Vec<u8> = Vec::with_capacity(capacity + 2 * BLOCK);
        let start = bytes.as_ptr().align_offset(BLOCK).min(BLOCK);
        bytes.resize(start, 0);
        Self { bytes, start }
    }

    pub fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..]
    }

    pub fn extend(&mut self, more: &[u8]) {
        if self.bytes.capacity() - self.bytes.len() < more.len() {
            self.grow(more.len());
        }
        self.bytes.extend_from_slice(more);
    }

    /// Cuts or fills with zeros to `len` bytes.
    pub fn resize(&mut self, len: usize) {
        debug_assert!(self.start + len <= self.bytes.capacity(), "made with room for it");
        self.bytes.resize(self.start + len, 0);
    }

    /// Pads with zeros to a multiple of `align`.
    pub fn pad_to(&mut self, align: usize) {
        const ZEROS: [u8; BLOCK] = [0; BLOCK];
        let missing = self.len().next_multiple_of(align) - self.len();
        self.extend(&ZEROS[..missing]);
    }

    /// The bytes as Arrow's, not copied.
    pub fn into_buffer(self) -> Buffer {
        let start = self.start;
        Buffer::from_vec(self.bytes).slice(start)
    }

    /// Moves to twice the room: a plain `Vec` growth would lose the alignment.
    fn grow(&mut self, more: usize) {
        let mut larger = Self::with_capacity((2 * self.len()).max(self.len() + more));
        larger.bytes.extend_from_slice(self.as_slice());
        *self = larger;
    }
}

impl io::Write for &mut AlignedBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stay_on_their_boundary_while_they_grow() {
        let mut bytes = AlignedBytes::with_capacity(10);
        for i in 0..20_000_u32 {
            bytes.extend(&i.to_le_bytes());
            assert_eq!(bytes.as_slice().as_ptr() as usize % BLOCK, 0);
        }
        bytes.pad_to(BLOCK);
        assert_eq!(bytes.len() % BLOCK, 0);
        let buffer = bytes.into_buffer();
        assert_eq!(&buffer.as_slice()[4 * 777..4 * 778], 777_u32.to_le_bytes());
        assert_eq!(buffer.as_ptr() as usize % BLOCK, 0);
    }
}
