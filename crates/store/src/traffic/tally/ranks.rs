//! Texts as numbers that sort as they do: the texts of some batches, and their columns in these numbers.

use std::collections::HashMap;

use ahash::RandomState;
use arrow_array::cast::AsArray as _;
use arrow_array::types::Int32Type;
use arrow_array::{DictionaryArray, RecordBatch};

use crate::read::OptionalInts;

/// The response codes as texts.
pub(super) struct Codes(HashMap<i64, String>);

impl Codes {
    pub fn of(batches: &[RecordBatch]) -> Self {
        let mut codes = HashMap::from([(0, "0".to_owned())]);
        for batch in batches {
            let column = OptionalInts::of(batch, "response_code");
            let mut last = 0;
            for code in (0..batch.num_rows()).filter_map(|row| column.get(row)) {
                if code != last {
                    codes.entry(code).or_insert_with(|| code.to_string());
                    last = code;
                }
            }
        }
        Self(codes)
    }

    /// A batch's codes as ranks.
    pub fn column<'b>(&self, batch: &'b RecordBatch, texts: &Ranks<'_>) -> CodeColumn<'b> {
        let ranks = self.0.iter().map(|(code, text)| (*code, texts.rank(text)));
        CodeColumn { codes: OptionalInts::of(batch, "response_code"), ranks: ranks.collect() }
    }
}

/// A batch's response codes as ranks; what is unknown is 0.
pub(super) struct CodeColumn<'b> {
    codes: OptionalInts<'b>,
    ranks: HashMap<i64, u32, RandomState>,
}

impl CodeColumn<'_> {
    pub fn rank(&self, row: usize) -> u32 {
        self.ranks[&self.codes.get(row).unwrap_or(0)]
    }
}

/// Texts, and their places in their order.
pub(super) struct Ranks<'a> {
    texts: Vec<&'a str>,
    ranks: HashMap<&'a str, u32, RandomState>,
    /// The rank of the empty text.
    pub none: u32,
}

const TEXT_COLUMNS: [&str; 8] =
    ["tenant_id", "project_id", "api_id", "path", "api_key", "alias", "oauth_id", "api_name"];

impl<'a> Ranks<'a> {
    pub fn of(batches: &'a [RecordBatch], codes: &'a Codes) -> Self {
        let mut ranks: HashMap<&str, u32, RandomState> = HashMap::default();
        ranks.insert("", 0);
        for code in codes.0.values() {
            ranks.insert(code, 0);
        }
        for dictionary in
            batches.iter().flat_map(|batch| TEXT_COLUMNS.iter().filter_map(|name| labels(batch, name)))
        {
            let values = dictionary.values().as_string::<i32>();
            for text in values {
                ranks.insert(text.unwrap_or_default(), 0);
            }
        }
        let mut texts: Vec<&str> = ranks.keys().copied().collect();
        texts.sort_unstable();
        for (rank, text) in (0..).zip(&texts) {
            ranks.insert(text, rank);
        }
        let none = ranks[""];
        Self { texts, ranks, none }
    }

    pub fn text(&self, rank: u32) -> &'a str {
        self.texts[rank as usize]
    }

    pub fn rank(&self, text: &str) -> u32 {
        self.ranks.get(text).copied().unwrap_or(self.none)
    }

    pub fn column<'b>(&self, batch: &'b RecordBatch, name: &str) -> RankColumn<'b> {
        let labels = labels(batch, name);
        let values = labels.map(|labels| labels.values().as_string::<i32>());
        let ranks = values.into_iter().flatten().map(|text| self.rank(text.unwrap_or_default()));
        RankColumn { labels, ranks: ranks.collect(), none: self.none }
    }
}

/// A column of a batch as ranks; what is unknown is the empty text.
pub(super) struct RankColumn<'b> {
    labels: Option<&'b DictionaryArray<Int32Type>>,
    ranks: Vec<u32>,
    none: u32,
}

impl RankColumn<'_> {
    pub fn rank(&self, row: usize) -> u32 {
        self.labels.and_then(|labels| labels.key(row)).map_or(self.none, |code| self.ranks[code])
    }
}

fn labels<'b>(batch: &'b RecordBatch, name: &str) -> Option<&'b DictionaryArray<Int32Type>> {
    let column = batch.column_by_name(name)?;
    // Invariant: these columns are dictionaries of text in frames and segments alike.
    column.as_dictionary_opt::<Int32Type>().filter(|labels| labels.values().as_string_opt::<i32>().is_some())
}
