//! Damage to a good file, as an input says.

/// Bytes of one damage: its kind, its place and its size.
const STEP: usize = 5;

/// The file after each damage that `steps` tells of, five bytes each.
pub(crate) fn damaged(file: &[u8], steps: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    for step in steps.chunks_exact(STEP) {
        let [kind, low, middle, high, value] = *step else { break };
        let at = u32::from_le_bytes([low, middle, high, 0]) as usize % (file.len() + 1);
        let end = (at + usize::from(value)).min(file.len());
        match kind % 6 {
            0 => file.truncate(at),
            1 => _ = file.drain(at..end),
            2 => _ = file.splice(at..at, vec![0; usize::from(value)]),
            3 => {
                let moved = file[at..end].to_vec();
                file.extend_from_slice(&moved);
            }
            4 if at < file.len() => file[at] = value,
            _ if at < file.len() => file[at] ^= 1 << (value % 8),
            _ => {}
        }
    }
    file
}
