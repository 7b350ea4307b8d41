//! Inputs like those of a corpus, and a little wrong: bytes changed, cut, doubled, and parts of two inputs joined.

/// Bytes and tokens at which parsers take turns.
const TOKENS: &[&[u8]] = &[
    b"\0",
    b"\x01",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"-",
    b"0",
    b"9",
    b"e",
    b".",
    b"/",
    b"%",
    b"&",
    b"=",
    b";",
    b" ",
    b"\n",
    b"null",
    b"true",
    b"\\u0000",
    b"\\ud800",
    b"1e999",
    b"NaN",
    b"9223372036854775808",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0\0\0\0\0",
    b"\xed\xa0\x80",
    b"\xc3\xa9",
];
/// Most changes of one input.
const MAX_CHANGES: usize = 4;

/// Makes inputs.
pub(crate) struct Mutator<'c> {
    corpus: &'c [Vec<u8>],
    state: u64,
}

impl<'c> Mutator<'c> {
    /// The name is the seed: what is made depends on it and on the corpus alone.
    pub fn new(name: &str, corpus: &'c [Vec<u8>]) -> Self {
        let state = name.bytes().fold(0x9e37_79b9_7f4a_7c15, |state: u64, byte| {
            (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self { corpus, state }
    }

    /// The next input, of at most `most` bytes.
    pub fn input(&mut self, most: usize) -> Vec<u8> {
        let mut input = self.seed().to_vec();
        for _ in 0..=self.below(MAX_CHANGES) {
            self.change(&mut input);
        }
        input.truncate(most);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let end = at + self.below(input.len() - at + 1);
        match self.below(6) {
            0 => _ = input.drain(at..end),
            1 => {
                let doubled = input[at..end].to_vec();
                input.splice(at..at, doubled);
            }
            2 => {
                let token = TOKENS[self.below(TOKENS.len())];
                input.splice(at..at, token.iter().copied());
            }
            3 => {
                let other = self.seed();
                let from = self.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            4 if at < input.len() => input[at] ^= 1 << self.below(8),
            5 if at < input.len() => input[at] = self.next() as u8,
            _ => input.truncate(at),
        }
    }

    fn seed(&mut self) -> &'c [u8] {
        &self.corpus[self.below(self.corpus.len())]
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_inputs_are_made_every_time_and_none_is_too_long() {
        let corpus = [b"{\"a\":1}".to_vec(), Vec::new(), vec![b'x'; 100]];
        let made = || {
            let mut mutator = Mutator::new("track", &corpus);
            (0..1000).map(|_| mutator.input(64)).collect::<Vec<_>>()
        };
        let inputs = made();
        assert_eq!(inputs, made());
        assert!(inputs.iter().all(|input| input.len() <= 64));
        let distinct: std::collections::HashSet<_> = inputs.iter().collect();
        assert!(distinct.len() > 500, "{}", distinct.len());
    }
}
