//! The combinations of project, service, protocol and data center that connections belong to.

use std::collections::HashMap;
use std::sync::Arc;

use super::interner::Interner;

/// One combination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The project.
    pub project: Arc<str>,
    /// Seed 001's `serviceName`.
    pub service: Arc<str>,
    /// Seed 001's `protocolName`.
    pub protocol: Arc<str>,
    /// Seed 001's `dataCenter`.
    pub data_center: Arc<str>,
}

/// Combinations by code. A code stays the combination's own until it was released as often as acquired.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// Shared with readers until it changes.
    all: Arc<Vec<Group>>,
    keys: Vec<([u32; 4], u32)>,
    codes: HashMap<[u32; 4], u32, ahash::RandomState>,
    free: Vec<u32>,
}

impl Groups {
    pub fn acquire(&mut self, texts: &mut Interner, names: [&str; 4]) -> u32 {
        let key = names.map(|name| texts.acquire(name));
        if let Some(code) = self.codes.get(&key) {
            key.iter().for_each(|code| texts.release(*code));
            self.keys[*code as usize].1 += 1;
            return *code;
        }
        let [project, service, protocol, data_center] =
            key.map(|code| texts.get(code).cloned().unwrap_or_default());
        let group = Group { project, service, protocol, data_center };
        let all = Arc::make_mut(&mut self.all);
        let code = if let Some(code) = self.free.pop() {
            all[code as usize] = group;
            self.keys[code as usize] = (key, 1);
            code
        } else {
            all.push(group);
            self.keys.push((key, 1));
            u32::try_from(all.len() - 1).unwrap_or(super::life::NONE - 1)
        };
        self.codes.insert(key, code);
        code
    }

    pub fn release(&mut self, texts: &mut Interner, code: u32) {
        let Some((key, uses)) = self.keys.get_mut(code as usize) else { return };
        *uses -= 1;
        if *uses == 0 {
            key.iter().for_each(|code| texts.release(*code));
            self.codes.remove(key);
            self.free.push(code);
        }
    }

    pub fn get(&self, code: u32) -> Option<&Group> {
        self.all.get(code as usize)
    }

    pub fn share(&self) -> Arc<Vec<Group>> {
        Arc::clone(&self.all)
    }
}
