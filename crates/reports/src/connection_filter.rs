//! Which connections, and of which time: what the connection reports are asked with (seed 001).

use tidegauge_facts::Micros;

/// Which connections; a part that is absent holds for all. Texts are compared as they are, case included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConnectionFilter {
    /// Seed 001's `serviceName`.
    pub service: Option<String>,
    /// Seed 001's `protocolName`.
    pub protocol: Option<String>,
    /// Seed 001's `dataCenter`.
    pub data_center: Option<String>,
}

impl ConnectionFilter {
    /// Whether it asks for connections of this kind.
    #[must_use]
    pub fn admits(&self, service: &str, protocol: &str, data_center: &str) -> bool {
        let holds = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        holds(&self.service, service)
            && holds(&self.protocol, protocol)
            && holds(&self.data_center, data_center)
    }
}

/// A span of time, both ends included; an end that is absent is open. Where both are there, `from <= to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Its first instant.
    pub from: Option<Micros>,
    /// Its last instant.
    pub to: Option<Micros>,
}

impl Period {
    /// Whether the instant is inside it.
    #[must_use]
    pub fn holds(&self, at: Micros) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at <= to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_admits_what_every_part_of_it_admits() {
        assert!(ConnectionFilter::default().admits("s", "p", "d"));
        let filter =
            ConnectionFilter { service: Some("s".into()), data_center: Some("d".into()), protocol: None };
        assert!(filter.admits("s", "any", "d"));
        assert!(!filter.admits("S", "any", "d") && !filter.admits("s", "any", ""));
    }

    #[test]
    fn a_period_holds_both_its_ends_and_an_absent_end_is_open() {
        let period = |from, to| Period { from: Option::map(from, Micros), to: Option::map(to, Micros) };
        let both = period(Some(5), Some(7));
        assert_eq!([4, 5, 7, 8].map(|at| both.holds(Micros(at))), [false, true, true, false]);
        assert!(
            period(Some(5), None).holds(Micros(i64::MAX)) && period(None, Some(5)).holds(Micros(i64::MIN))
        );
    }
}
