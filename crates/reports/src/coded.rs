//! Values as small numbers: rows of one code have the same value, whatever type it has.
//!
//! Codes are of one batch; the hash that stands behind each is the same in every batch of a report. It has 128
//! bits of two random keys, so that two values that meet in one are not to be expected, nor to be made.

use std::hash::{BuildHasherDefault, Hasher};

use ahash::RandomState;
use arrow_array::Array as _;
use hashbrown::{HashMap, HashSet};

use crate::values::Values;

/// A value's hash.
pub(crate) type Print = u128;
/// What is known by values' hashes.
pub(crate) type PrintMap<V> = HashMap<Print, V, BuildHasherDefault<AsItIs>>;
/// Values' hashes. To copy one set into another, reserve its room first: the order of the one fills the other's
/// places in a row.
pub(crate) type PrintSet = HashSet<Print, BuildHasherDefault<AsItIs>>;

/// A hash of a hash is itself.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, bytes: &[u8]) {
        // Only hashes are hashed; whatever else came would still be told apart by comparing.
        self.0 = bytes.iter().fold(self.0, |so_far, byte| so_far.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u128(&mut self, print: Print) {
        self.0 = print as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Makes the hashes of one report.
#[derive(Debug, Clone)]
pub(crate) struct Printer {
    low: RandomState,
    high: RandomState,
}

impl Printer {
    /// The hash of what is unknown. An empty text is unknown too.
    pub const UNKNOWN: Print = 0;

    pub fn new() -> Self {
        Self { low: RandomState::new(), high: RandomState::new() }
    }

    #[inline]
    pub fn text(&self, text: &str) -> Print {
        if text.is_empty() { Self::UNKNOWN } else { self.bytes(text.as_bytes()) }
    }

    /// Of a number; `kind` keeps numbers of different types apart.
    fn number(&self, kind: u8, number: i64) -> Print {
        let mut bytes = [kind; 9];
        bytes[1..].copy_from_slice(&number.to_le_bytes());
        self.bytes(&bytes)
    }

    /// Of several values in their order.
    pub fn all(&self, prints: &[Print]) -> Print {
        let join = |state: &RandomState| u128::from(state.hash_one(prints));
        join(&self.high) << 64 | join(&self.low)
    }

    #[inline]
    fn bytes(&self, bytes: &[u8]) -> Print {
        u128::from(self.high.hash_one(bytes)) << 64 | u128::from(self.low.hash_one(bytes))
    }

    pub fn value(&self, values: &Values<'_>, row: usize) -> Print {
        match values {
            Values::Missing => Self::UNKNOWN,
            Values::Labels { .. } | Values::Texts(_) => {
                values.text(row).map_or(Self::UNKNOWN, |t| self.text(t))
            }
            Values::Ints(_) => values.int(row).map_or(Self::UNKNOWN, |number| self.number(1, number)),
            Values::Instants(_) => values.int(row).map_or(Self::UNKNOWN, |number| self.number(2, number)),
            Values::Floats(_) => values.float(row).map_or(Self::UNKNOWN, |number| {
                // 0 and -0 are one number.
                self.number(3, (number + 0.0).to_bits().cast_signed())
            }),
            Values::Flags(_) => values.flag(row).map_or(Self::UNKNOWN, |flag| self.number(4, flag.into())),
        }
    }
}

/// A column's codes, and the hash behind each.
#[derive(Debug, Default)]
pub(crate) struct Coded {
    pub codes: Vec<u32>,
    pub prints: Vec<Print>,
}

/// Gives codes to hashes.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    known: PrintMap<u32>,
    prints: Vec<Print>,
}

impl Codes {
    #[inline]
    pub fn code(&mut self, print: Print) -> u32 {
        *self.known.entry(print).or_insert_with(|| {
            self.prints.push(print);
            self.prints.len() as u32 - 1
        })
    }

    /// The codes of a column's values, and of what is unknown.
    pub fn of(&mut self, printer: &Printer, values: &Values<'_>, rows: usize) -> Vec<u32> {
        match values {
            Values::Missing => vec![self.code(Printer::UNKNOWN); rows],
            Values::Labels { keys, texts } => {
                let by_key: Vec<u32> =
                    (0..texts.len()).map(|key| self.code(printer.text(texts.value(key)))).collect();
                let keys_of_rows = keys.keys().values();
                if keys.null_count() == 0 {
                    return keys_of_rows.iter().map(|key| by_key[*key as usize]).collect();
                }
                let unknown = self.code(Printer::UNKNOWN);
                let rows = keys_of_rows.iter().enumerate();
                rows.map(|(row, key)| if keys.is_valid(row) { by_key[*key as usize] } else { unknown })
                    .collect()
            }
            _ => (0..rows).map(|row| self.code(printer.value(values, row))).collect(),
        }
    }

    pub fn coded(self, codes: Vec<u32>) -> Coded {
        Coded { codes, prints: self.prints }
    }
}

impl Coded {
    /// The code of a text; none when no row has it.
    pub fn code_of(&self, print: Print) -> Option<u32> {
        self.prints.iter().position(|known| *known == print).map(|code| code as u32)
    }

    /// One code for each pair of codes that occurs.
    pub fn paired(
        first: Vec<u32>,
        first_count: usize,
        second: &[u32],
        second_count: usize,
    ) -> (Vec<u32>, usize) {
        const UNSEEN: u32 = u32::MAX;
        /// Pairs that are looked up in a table, not in a map.
        const TABLE_PAIRS: usize = 1 << 20;
        let mut count = 0;
        let mut next = || {
            count += 1;
            count - 1
        };
        let mut codes = first;
        if first_count.saturating_mul(second_count) <= TABLE_PAIRS {
            let mut table = vec![UNSEEN; first_count * second_count];
            for (code, second) in codes.iter_mut().zip(second) {
                let pair = &mut table[*code as usize * second_count + *second as usize];
                if *pair == UNSEEN {
                    *pair = next();
                }
                *code = *pair;
            }
        } else {
            let mut table: HashMap<u64, u32, RandomState> = HashMap::default();
            for (code, second) in codes.iter_mut().zip(second) {
                *code = *table.entry(u64::from(*code) << 32 | u64::from(*second)).or_insert_with(&mut next);
            }
        }
        (codes, count as usize)
    }
}
