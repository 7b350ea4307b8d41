//! The origins of all tenants' pages: a preflight names an origin and no tenant.

use std::collections::HashMap;

/// How many tenants have each origin.
#[derive(Debug, Default)]
pub struct Origins(HashMap<String, usize>);

impl Origins {
    /// A tenant has these origins instead of those.
    pub fn replace(&mut self, before: &[String], after: &[String]) {
        for origin in after {
            *self.0.entry(origin.clone()).or_default() += 1;
        }
        for origin in before {
            if let Some(tenants) = self.0.get_mut(origin) {
                *tenants -= 1;
                if *tenants == 0 {
                    self.0.remove(origin);
                }
            }
        }
    }

    /// Whether some tenant has it, or any.
    #[must_use]
    pub fn contains(&self, origin: &str) -> bool {
        self.0.contains_key(origin) || self.0.contains_key("*")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_somebodys_until_the_last_gives_it_up() {
        let (a, b) = (["https://a.example".to_owned()], ["https://b.example".to_owned()]);
        let mut origins = Origins::default();
        origins.replace(&[], &a);
        origins.replace(&[], &a);
        origins.replace(&a, &b);
        assert!(origins.contains("https://a.example") && origins.contains("https://b.example"));
        origins.replace(&a, &[]);
        assert!(!origins.contains("https://a.example"));
        assert!(!origins.contains("https://c.example"));
        origins.replace(&[], &["*".to_owned()]);
        assert!(origins.contains("https://c.example"));
    }
}
