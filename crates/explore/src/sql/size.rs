//! How large a statement is, before anything is planned: planning cannot be interrupted.
//!
//! Its text is bounded, and so is what it comes to when all that it names is written out: a query that is named twice is worked
//! out twice, so that a short text can stand for a plan without end.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{ObjectName, Query, Statement, Visit as _, Visitor};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::ExploreError;

/// Bytes of a statement.
pub const MAX_SQL_BYTES: usize = 256 * 1024;
/// Words, numbers and signs of a statement.
pub const MAX_SQL_TOKENS: usize = 20_000;
/// Signs and words of a statement that put two expressions together: planning takes the square of how many stand in a row.
pub const MAX_SQL_OPERATORS: usize = 500;
/// Tables that a statement reads, with those of the queries that it names, as often as it names them.
pub const MAX_SQL_TABLES: usize = 32;

/// Whether so long a text is looked at.
pub(super) fn check_text(text: &str) -> Result<(), ExploreError> {
    at_most(text.len(), MAX_SQL_BYTES, "bytes")
}

/// Whether so many words are read.
pub(super) fn check_tokens(tokens: &[TokenWithSpan]) -> Result<(), ExploreError> {
    let count = |is: fn(&Token) -> bool| tokens.iter().filter(|token| is(&token.token)).count();
    at_most(count(|token| !matches!(token, Token::Whitespace(_))), MAX_SQL_TOKENS, "words and signs")?;
    at_most(count(is_operator), MAX_SQL_OPERATORS, "operators (IN takes a list of any length)")
}

/// Whether so much is planned.
pub(super) fn check_tables(statement: &Statement) -> Result<(), ExploreError> {
    let mut tables = Tables::default();
    let _ = statement.visit(&mut tables);
    at_most(tables.all, MAX_SQL_TABLES, "tables, with those of the queries that it names")
}

fn at_most(found: usize, most: usize, what: &str) -> Result<(), ExploreError> {
    match found <= most {
        true => Ok(()),
        false => Err(ExploreError::bad(format!("the statement has more than {most} {what}"))),
    }
}

fn is_operator(token: &Token) -> bool {
    use Keyword::{
        AND, BETWEEN, CASE, ESCAPE, EXCEPT, FILTER, ILIKE, INTERSECT, IS, JOIN, LIKE, NOT, OR, SELECT, UNION,
        WHEN,
    };
    const WORDS: [Keyword; 16] = [
        AND, BETWEEN, CASE, ESCAPE, EXCEPT, FILTER, ILIKE, INTERSECT, IS, JOIN, LIKE, NOT, OR, SELECT, UNION,
        WHEN,
    ];
    match token {
        Token::Word(word) => WORDS.contains(&word.keyword),
        Token::Number(..)
        | Token::Char(_)
        | Token::SingleQuotedString(_)
        | Token::EscapedStringLiteral(_)
        | Token::UnicodeStringLiteral(_)
        | Token::DollarQuotedString(_)
        | Token::NationalStringLiteral(_)
        | Token::HexStringLiteral(_)
        | Token::Placeholder(_)
        | Token::Comma
        | Token::Whitespace(_)
        | Token::Period
        | Token::LParen
        | Token::RParen
        | Token::SemiColon
        | Token::EOF => false,
        _ => true,
    }
}

/// Counts tables. Names of queries hold from where they are given on, whatever the scope: rather too many than too few.
#[derive(Default)]
struct Tables {
    all: usize,
    /// What each query that is being gone through has come to so far.
    open: Vec<usize>,
    /// The queries that have a name, by where they lie.
    named: HashMap<*const Query, String>,
    /// What stands for each name.
    known: HashMap<String, usize>,
}

impl Visitor for Tables {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for named in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.named.insert(&raw const *named.query, named.alias.name.value.to_lowercase());
        }
        self.open.push(0);
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        // By the name itself, however it is quoted.
        let name = relation.0.last().and_then(|part| part.as_ident()).map(|name| name.value.to_lowercase());
        let known = name.and_then(|name| self.known.get(&name));
        if let Some(open) = self.open.last_mut() {
            *open = open.saturating_add(known.copied().unwrap_or(1));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let tables = self.open.pop().unwrap_or_default().max(1);
        match (self.named.remove(&std::ptr::from_ref(query)), self.open.last_mut()) {
            (Some(name), _) => {
                let known = self.known.entry(name).or_default();
                *known = tables.max(*known);
            }
            (None, Some(open)) => *open = open.saturating_add(tables),
            (None, None) => {}
        }
        self.all = self.all.max(tables);
        ControlFlow::Continue(())
    }
}
