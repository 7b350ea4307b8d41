use super::*;

fn take(table: Table, name: &str, value: Value<'static>) -> Result<Option<Taken<'static>>, String> {
    let columns = Columns::of(table);
    let place = columns.place(name).unwrap();
    columns.list[place].take(value).map_err(|reason| reason.to_string())
}

#[test]
fn values_are_converted_where_nothing_is_lost() {
    let text = |text: &'static str| Value::Text(Cow::Borrowed(text));
    assert_eq!(take(Table::Events, "int1", text("-5")), Ok(Some(Taken::Int(-5))));
    assert_eq!(take(Table::Events, "int1", Value::Float(7.0)), Ok(Some(Taken::Int(7))));
    assert_eq!(take(Table::Events, "user_id", Value::Int(7)), Ok(Some(Taken::Text("7".into()))));
    assert_eq!(take(Table::Events, "stateful", text("FALSE")), Ok(Some(Taken::Flag(false))));
    assert_eq!(take(Table::Sessions, "latitude", text("1.5")), Ok(Some(Taken::Float(1.5))));
    assert_eq!(take(Table::Events, "user_id", Value::Null), Ok(None));
    let tags = Ok(Some(Taken::Texts(vec!["a".into(), "b,c".into()])));
    assert_eq!(take(Table::Requests, "tags", text(r#"["a","b,c"]"#)), tags);
}

#[test]
fn what_the_doors_make_of_a_value_that_is_none_holds_here_too() {
    let text = |text: &'static str| Value::Text(Cow::Borrowed(text));
    for (table, name, value, taken) in [
        (Table::Requests, "response_code", Value::Int(0), None),
        (Table::Requests, "response_code", text("000"), None),
        (Table::Requests, "response_code", Value::Int(-1), Some(Taken::Int(-1))),
        (Table::Requests, "bytes_in", Value::Int(-1), None),
        (Table::Connections, "bytes_out", Value::Int(0), Some(Taken::Int(0))),
        (Table::Requests, "alias", text(""), None),
        (Table::Requests, "tags", Value::Texts(Vec::new()), None),
        (Table::Requests, "ip", text(""), None),
        (Table::Requests, "ip", text("2001:DB8:0::1"), Some(Taken::Text("2001:db8::1".into()))),
        (Table::Events, "user_id", text(""), Some(Taken::Text("".into()))),
        (Table::Events, "str1", text("a\n\tb"), Some(Taken::Text("a\n\tb".into()))),
    ] {
        assert_eq!(take(table, name, value), Ok(taken), "{name}");
    }
    for (table, name, value, reason) in [
        (Table::Requests, "response_code", Value::Int(99), "is not -1, 0 or within 100 to 999"),
        (Table::Requests, "content_length", Value::Int(-2), "is not within -1 to 9007199254740992"),
        (Table::Requests, "path", text(""), "is empty"),
        (Table::Events, "event_id", text(""), "is empty"),
        (Table::Connections, "data_center", text(""), "is empty"),
        (Table::Requests, "ip", text("010.0.0.1"), "is no IP address"),
        (Table::Sessions, "ip", text("a.example"), "is no IP address"),
        (Table::Events, "user_agent", text("a\nb"), "holds a control character"),
        (Table::Requests, "tags", text("[\"a\\tb\"]"), "holds a control character"),
    ] {
        assert_eq!(take(table, name, value), Err(format!("{name} {reason}")));
    }
}

#[test]
fn what_would_lose_something_is_refused_with_its_column() {
    let text = |text: &'static str| Value::Text(Cow::Borrowed(text));
    for (table, name, value, reason) in [
        (Table::Events, "int1", Value::Float(7.5), "int1 is no whole number"),
        (Table::Events, "user_id", Value::Float(7.5), "user_id is no text"),
        (Table::Events, "user_id", text("a\0"), "user_id holds a control character"),
        (
            Table::Events,
            "event_time",
            Value::Int(5),
            "event_time is no instant such as 2024-01-15T10:00:00.000Z",
        ),
        (
            Table::Events,
            "tenant_id",
            text("a b"),
            "tenant_id is not 1 to 128 characters of A-Z a-z 0-9 _ - . :",
        ),
        (Table::Events, "properties", text("[1]"), "properties is no JSON object"),
        (Table::Requests, "request_time", Value::Int(-1), "request_time is not within 0 to 4294967295"),
        (Table::Requests, "tags", text("a"), "tags is no list of texts"),
        (Table::Sessions, "latitude", text("NaN"), "latitude is no number"),
    ] {
        assert_eq!(take(table, name, value).unwrap_err(), reason);
    }
    let long = Value::Text("x".repeat(101).into());
    assert_eq!(
        take(Table::Events, "event_name", long).unwrap_err(),
        "event_name is longer than 100 characters"
    );
}
