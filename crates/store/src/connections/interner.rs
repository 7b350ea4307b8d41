//! Texts that many connections share, each kept once and counted: users, keys, services, addresses.

use std::sync::Arc;

use ahash::RandomState;
use hashbrown::HashTable;

/// Texts by code. A code stays the text's own until it was released as often as it was acquired.
#[derive(Debug, Default)]
pub(super) struct Interner {
    entries: Vec<(Arc<str>, u32)>,
    index: HashTable<u32>,
    free: Vec<u32>,
    hasher: RandomState,
}

impl Interner {
    /// The text's code; one more place uses it.
    pub fn acquire(&mut self, text: &str) -> u32 {
        if let Some(code) = self.find(text) {
            self.entries[code as usize].1 += 1;
            return code;
        }
        let entry = (Arc::from(text), 1);
        let code = if let Some(code) = self.free.pop() {
            self.entries[code as usize] = entry;
            code
        } else {
            self.entries.push(entry);
            u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX - 1)
        };
        let (entries, hasher) = (&self.entries, &self.hasher);
        let hash = hasher.hash_one(text);
        self.index.insert_unique(hash, code, |code| hasher.hash_one(&*entries[*code as usize].0));
        code
    }

    /// One place fewer uses it.
    pub fn release(&mut self, code: u32) {
        let Some((text, uses)) = self.entries.get_mut(code as usize) else { return };
        *uses -= 1;
        if *uses == 0 {
            let hash = self.hasher.hash_one(&**text);
            if let Ok(entry) = self.index.find_entry(hash, |other| *other == code) {
                entry.remove();
            }
            *text = Arc::from("");
            self.free.push(code);
        }
    }

    pub fn find(&self, text: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(text);
        self.index.find(hash, |code| &*self.entries[*code as usize].0 == text).copied()
    }

    /// The text of a code in use.
    pub fn get(&self, code: u32) -> Option<&Arc<str>> {
        self.entries.get(code as usize).map(|(text, _)| text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_code_until_nobody_uses_it_and_then_another_gets_it() {
        let mut texts = Interner::default();
        let a = texts.acquire("a");
        assert_eq!(texts.acquire("a"), a);
        let b = texts.acquire("b");
        texts.release(a);
        assert_eq!((texts.find("a"), texts.find("b")), (Some(a), Some(b)));
        texts.release(a);
        assert_eq!(texts.find("a"), None);
        assert_eq!(texts.acquire("c"), a);
        assert_eq!(texts.get(a).map(|text| &**text), Some("c"));
    }
}
