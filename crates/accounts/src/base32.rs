//! Lower-case Crockford base32, most significant bit first, as keys and key ids are written.
//!
//! Promise: `encode` fills exactly the characters it is given, padding the last bits with zeros. Nothing
//! is ever decoded: keys are compared as text.

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const BITS_PER_CHAR: usize = 5;

/// The first `N` characters of `bytes` in base32.
pub(crate) fn encode<const N: usize>(bytes: &[u8]) -> [u8; N] {
    debug_assert_eq!((bytes.len() * 8).div_ceil(BITS_PER_CHAR), N, "as many characters as the bytes need");
    std::array::from_fn(|i| {
        let bit = i * BITS_PER_CHAR;
        let byte = |at: usize| u16::from(bytes.get(at).copied().unwrap_or(0));
        let window = byte(bit / 8) << 8 | byte(bit / 8 + 1);
        ALPHABET[usize::from(window >> (16 - BITS_PER_CHAR - bit % 8) & 31)]
    })
}

/// True when every byte of `text` is a character that [`encode`] writes.
pub(crate) fn is_base32(text: &[u8]) -> bool {
    text.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'z') && !matches!(b, b'i' | b'l' | b'o' | b'u'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_come_out() {
        // RFC 4648's vectors, in Crockford's alphabet.
        assert_eq!(&encode::<2>(b"f"), b"cr");
        assert_eq!(&encode::<8>(b"fooba"), b"csqpyrk1");
        assert_eq!(&encode::<7>(&[0xff; 4]), b"zzzzzzr");
        assert_eq!(&encode::<16>(&[0; 10]), b"0000000000000000");
    }

    #[test]
    fn the_alphabet_is_what_is_recognised() {
        let recognised: Vec<u8> = (0..=255).filter(|b| is_base32(&[*b])).collect();
        assert_eq!(recognised, ALPHABET);
    }
}
