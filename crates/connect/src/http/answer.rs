//! What a server's answer says became of the records.

use std::time::Duration;

use reqwest::{StatusCode, Url};
use serde::Deserialize;

use super::body::Body;
use crate::gateway_record::Unusable;
use crate::sink::{Outcome, Refused, Trouble};

/// Longest text of a server's that is shown, in characters.
const MAX_SHOWN_CHARS: usize = 200;

#[derive(Deserialize)]
struct Answer {
    requests_processed: usize,
    requests_failed: usize,
    #[serde(default)]
    requests_repeated: usize,
    #[serde(default)]
    errors: Vec<Detail>,
}

#[derive(Deserialize)]
struct Detail {
    loc: Vec<Step>,
    msg: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Step {
    Index(usize),
    Field(String),
}

/// Reads the answer to a body that was taken.
pub(super) fn outcome(url: &Url, sent: &Body, answer: &[u8]) -> Result<Outcome, Trouble> {
    let strange =
        || Trouble::Lasting(format!("what answers at {url} is no Tidegauge server that takes requests"));
    let answer: Answer = serde_json::from_slice(answer).map_err(|_| strange())?;
    let mut refused: Vec<Refused> = Vec::new();
    for detail in &answer.errors {
        let index = detail.index().and_then(|at| sent.index(at)).ok_or_else(strange)?;
        // A record with several faults is refused for its first.
        if refused.last().is_none_or(|last| last.index != index) {
            refused.push(Refused { index, reason: detail.reason() });
        }
    }
    let is_whole = refused.len() == answer.requests_failed
        && answer.requests_processed + answer.requests_failed == sent.len()
        && answer.requests_repeated <= answer.requests_processed;
    if !is_whole {
        return Err(strange());
    }
    let repeated = answer.requests_repeated;
    Ok(Outcome { stored: answer.requests_processed - repeated, repeated, refused })
}

impl Detail {
    /// `loc` is `["body", "requests", INDEX, ...]`.
    fn index(&self) -> Option<usize> {
        match self.loc.get(2)? {
            Step::Index(index) => Some(*index),
            Step::Field(_) => None,
        }
    }

    fn reason(&self) -> Unusable {
        let field = match self.loc.last() {
            Some(Step::Field(field)) => field,
            _ => "the record",
        };
        Unusable(shown(&format!("the server refuses {field}: {}", self.msg)).into())
    }
}

/// What a status other than 200 means.
pub(super) fn status_trouble(
    url: &Url,
    status: StatusCode,
    retry_after: Option<Duration>,
    answer: &[u8],
) -> Trouble {
    let code = status.as_u16();
    let lasting = |what: &str| Trouble::Lasting(format!("the server at {url} {what} ({code})"));
    match code {
        401 => lasting("does not know the key, or it has expired or was revoked"),
        403 => lasting("does not take requests with this key: it needs the scope `ingest`"),
        404 | 405 => lasting("has no such route: it is no Tidegauge server that takes requests"),
        408 | 425 | 429 | 500.. => {
            Trouble::Passing { reason: format!("the server at {url} answers {code}"), retry_after }
        }
        _ => {
            let why = first_message(answer).map_or(String::new(), |message| format!(": {message}"));
            Trouble::Lasting(format!("the server at {url} answers {code}{why}"))
        }
    }
}

/// The sentence of an error, and not the record's texts that are echoed beside it.
fn first_message(answer: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Body {
        detail: Vec<Detail>,
    }
    let body: Body = serde_json::from_slice(answer).ok()?;
    body.detail.first().map(|detail| shown(&detail.msg))
}

fn shown(text: &str) -> String {
    text.chars().take(MAX_SHOWN_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::body::bodies;
    use super::*;
    use crate::sink::Identified;

    fn url() -> Url {
        Url::parse("http://127.0.0.1:1/api/v1/requests").unwrap()
    }

    fn sent(records: usize) -> Body {
        let record = Identified { request_id: "tyk-1".into(), record: crate::GatewayRecord::default() };
        bodies(&vec![record; records]).pop().unwrap()
    }

    #[test]
    fn a_lenient_answer_tells_which_records_were_refused_each_once() {
        let answer = br#"{"success":true,"requests_received":3,"requests_processed":2,"requests_failed":1,"message":"",
            "errors":[{"type":"x","loc":["body","requests",1,"path"],"msg":"too long","input":"secret"},
                      {"type":"y","loc":["body","requests",1,"tags",0],"msg":"no","input":"secret"}]}"#;
        let outcome = outcome(&url(), &sent(3), answer).unwrap();
        assert_eq!((outcome.stored, outcome.repeated, outcome.refused.len()), (2, 0, 1));
        assert_eq!(outcome.refused[0].index, 1);
        assert_eq!(outcome.refused[0].reason.0, "the server refuses path: too long");
    }

    #[test]
    fn an_answer_that_does_not_tell_of_every_record_is_not_believed() {
        for answer in [
            "",
            "{}",
            "[]",
            r#"{"requests_processed":2,"requests_failed":0}"#,
            r#"{"requests_processed":2,"requests_failed":1}"#,
            r#"{"requests_processed":2,"requests_failed":1,"errors":[{"loc":["body","requests",3],"msg":""}]}"#,
            r#"{"requests_processed":2,"requests_failed":1,"errors":[{"loc":["body"],"msg":""}]}"#,
            r#"{"requests_processed":3,"requests_failed":0,"requests_repeated":4}"#,
        ] {
            assert!(
                matches!(outcome(&url(), &sent(3), answer.as_bytes()), Err(Trouble::Lasting(_))),
                "{answer}"
            );
        }
    }

    #[test]
    fn a_refused_key_or_route_needs_a_person_and_an_overloaded_server_needs_time() {
        let trouble = |code: u16| status_trouble(&url(), StatusCode::from_u16(code).unwrap(), None, b"");
        for lasting in [301, 400, 401, 403, 404, 405, 415, 422] {
            assert!(matches!(trouble(lasting), Trouble::Lasting(_)), "{lasting}");
        }
        for passing in [408, 429, 500, 502, 503, 504] {
            assert!(matches!(trouble(passing), Trouble::Passing { .. }), "{passing}");
        }
    }

    #[test]
    fn a_refusal_of_the_whole_body_is_told_without_the_records_texts() {
        let answer = br#"{"detail":[{"type":"x","loc":["body"],"msg":"Field required","input":"secret"}]}"#;
        let trouble = status_trouble(&url(), StatusCode::UNPROCESSABLE_ENTITY, None, answer);
        assert_eq!(trouble.to_string(), format!("the server at {} answers 422: Field required", url()));
    }
}
