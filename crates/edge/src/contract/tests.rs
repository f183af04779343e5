use serde_json::json;

use super::*;

/// A document of one operation, `POST /v1/things/{id}`, with `extra` lines under the operation.
fn document(extra: &str) -> String {
    let lines = extra.lines().map(|line| format!("      {line}\n")).collect::<String>();
    format!(
        r##"
openapi: 3.1.0
info: {{ title: things, version: 1.0.0 }}
paths:
  /v1/things/{{id}}:
    parameters:
      - {{ name: id, in: path, required: true, schema: {{ type: string, maxLength: 5 }} }}
    post:
{lines}
components:
  parameters:
    Limit: {{ name: limit, in: query, schema: {{ type: integer, minimum: 1, maximum: 200, default: 50 }} }}
  responses:
    Error:
      description: No
      content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/Err' }} }} }}
  schemas:
    Err: {{ type: object, required: [error, message] }}
    Cents: {{ type: integer, exclusiveMinimum: 0 }}
    Entry:
      type: object
      required: [account, amount]
      properties:
        account: {{ type: string, minLength: 1 }}
        amount: {{ type: integer }}
        at: {{ type: string, format: date-time }}
        memo: {{ type: [string, 'null'] }}
    Thing:
      type: object
      required: [cents, entries]
      properties:
        cents: {{ $ref: '#/components/schemas/Cents' }}
        entries: {{ type: array, minItems: 2, maxItems: 3, items: {{ $ref: '#/components/schemas/Entry' }} }}
        'a/b~c': {{ type: string }}
        rate: {{ type: number }}
"##
    )
}

const WHOLE: &str = "\
operationId: makeThing
x-scope: write:things
parameters:
  - $ref: '#/components/parameters/Limit'
  - { name: tag, in: query, schema: { type: array, items: { type: string }, maxItems: 2 } }
  - { name: all, in: query, schema: { type: boolean } }
  - { name: who, in: query, required: true, schema: { type: string, minLength: 1 } }
  - { name: Idempotency-Key, in: header, required: true, schema: { type: string } }
requestBody:
  required: true
  content: { application/json: { schema: { $ref: '#/components/schemas/Thing' } } }
responses:
  '201': { description: Made, content: { application/json: { schema: { $ref: '#/components/schemas/Thing' } } } }
  '204': { description: Nothing }
  4XX: { $ref: '#/components/responses/Error' }
  default: { $ref: '#/components/responses/Error' }";

fn contract() -> Contract {
    Contract::parse(&document(WHOLE)).unwrap()
}

fn thing() -> Value {
    json!({"cents": 1, "entries": [{"account": "a", "amount": -1}, {"account": "b", "amount": 1}]})
}

/// The message that a body is refused with.
fn refusal(body: &Value) -> String {
    let contract = contract();
    let operation = contract.operation("makeThing").unwrap();
    match operation.read_body(body.to_string().as_bytes()) {
        Ok(read) => panic!("{read} is accepted"),
        Err(problem) => problem.message().to_owned(),
    }
}

#[test]
fn an_operation_is_compiled_with_all_that_it_says() {
    let contract = contract();
    let operation = contract.operation_at(&Method::POST, "/v1/things/{id}").unwrap();
    assert_eq!(&*operation.id, "makeThing");
    assert_eq!(operation.access, Access::Scope(crate::Scope::parse("write:things").unwrap()));
    assert_eq!(operation.body_bytes_max, BODY_BYTES_DEFAULT);
    assert!(operation.takes_body());
}

#[test]
fn what_a_document_leaves_out_is_an_error_at_start() {
    let scoped = "operationId: x\nx-scope: write:things\nresponses: {}\n";
    let table = [
        ("x-scope: a:b\nresponses: {}", "no operationId"),
        ("operationId: x\nresponses: {}", "no scope is declared"),
        ("operationId: x\nx-public: false\nresponses: {}", "no scope is declared"),
        ("operationId: x\nsecurity: [{bearer: []}]\nresponses: {}", "no scope is declared"),
        ("operationId: x\nsecurity: [{bearer: ['a:b', 'c:d']}]\nresponses: {}", "exactly one scope"),
        ("operationId: x\nx-scope: things\nresponses: {}", "not a scope"),
        ("operationId: x\nx-scope: [a:b]\nresponses: {}", "x-scope is one scope"),
        ("operationId: x\nx-scope: a:b", "no responses"),
        (&format!("{scoped}x-max-body-bytes: 2000000"), "x-max-body-bytes"),
        (&format!("{scoped}requestBody: {{ content: {{ text/plain: {{}} }} }}"), "application/json"),
        (
            &format!(
                "{scoped}requestBody: {{ content: {{ application/json: {{ schema: {{ $ref: '#/components/schemas/No' }} }} }} }}"
            ),
            "does not compile",
        ),
        (&format!("{scoped}parameters: [{{ $ref: '#/components/parameters/No' }}]"), "leads nowhere"),
        (
            &format!("{scoped}parameters: [{{ name: other, in: path, schema: {{}} }}]"),
            "other is not in the path",
        ),
    ];
    for (operation, why) in table {
        let error = Contract::parse(&document(operation)).expect_err(operation).to_string();
        assert!(error.contains(why), "{operation}\nfails with {error:?}, not {why:?}");
    }
    assert!(Contract::parse("paths: [").is_err());
    assert!(Contract::parse("openapi: 3.1.0").unwrap_err().to_string().contains("no paths"));
}

#[test]
fn security_with_one_scope_public_and_own_are_ways_to_declare() {
    let access = |lines: &str| {
        let contract =
            Contract::parse(&document(&format!("operationId: x\nresponses: {{}}\n{lines}"))).unwrap();
        contract.operation("x").unwrap().access.clone()
    };
    assert_eq!(access("security: [{bearer: ['read:things']}]"), access("x-scope: read:things"));
    assert_eq!(access("x-public: true"), Access::Public);
    assert_eq!(access("x-scope: key:own"), Access::Any);
}

type Change<'a> = &'a dyn Fn(&mut Value);

#[test]
fn a_violation_names_the_field_and_the_rule_and_never_the_value() {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = thing();
        change(&mut body);
        refusal(&body)
    };
    let table: [(Change<'_>, &str); 16] = [
        (&|b| b["cents"] = json!(0), "/cents: the value is less than or equal to the minimum of 0"),
        (&|b| b["cents"] = json!(-777), "/cents: "),
        (&|b| b["cents"] = json!(1.5), "/cents: the value is not of type \"integer\""),
        (&|b| b["cents"] = json!("777"), "/cents: the value is not of type \"integer\""),
        (&|b| b["cents"] = json!(null), "/cents: the value is not of type \"integer\""),
        (
            &|b| b["cents"] = json!(9_007_199_254_740_992_i64),
            "/cents: the value is greater than the maximum of",
        ),
        (&|b| b["cents"] = json!(1e300), "/cents: the value is greater than the maximum of"),
        (
            &|b| b["entries"][1]["amount"] = json!(-9_007_199_254_740_992_i64),
            "/entries/1/amount: the value is less",
        ),
        (&|b| b["entries"][1]["account"] = json!(""), "/entries/1/account: "),
        (
            &|b| b["entries"][0]["at"] = json!("2025-02-30T00:00:00Z"),
            "/entries/0/at: the value is not a \"date-time\"",
        ),
        (&|b| b["entries"] = json!([b["entries"][0]]), "/entries: the value has less than 2 items"),
        (&|b| drop(b.as_object_mut().unwrap().remove("cents")), "/cents: is required"),
        (
            &|b| drop(b["entries"][0].as_object_mut().unwrap().remove("account")),
            "/entries/0/account: is required",
        ),
        (&|b| b["a/b~c"] = json!(777), "/a~1b~0c: the value is not of type \"string\""),
        (&|b| *b = json!([777]), "the body: the value is not of type \"object\""),
        (&|b| *b = json!(777), "the body: the value is not of type \"object\""),
    ];
    for (change, expected) in table {
        let message = with(change);
        assert!(message.starts_with(expected), "{message:?} does not begin with {expected:?}");
        assert!(!message.contains("777"), "{message:?} repeats a value");
    }
}

#[test]
fn what_the_document_accepts_is_accepted() {
    let contract = contract();
    let operation = contract.operation("makeThing").unwrap();
    let read =
        |text: &str| operation.read_body(text.as_bytes()).map_err(|problem| problem.message().to_owned());
    let entries = r#""entries":[{"account":"a","amount":-1.0},{"account":"b","amount":1e0,"memo":null,"at":"2025-02-22T22:31:49+00:00"}]"#;
    let body = read(&format!(r#"{{"cents":1.0,"unknown":[1,{{}}],"rate":0.1,{entries}}}"#)).unwrap();
    assert_eq!(body["cents"].as_i64(), Some(1));
    assert_eq!(body["entries"][1]["amount"].as_i64(), Some(1));
    assert_eq!(body["rate"].to_string(), "0.1");
    assert!(read(&format!(r#"{{"cents":9007199254740991,{entries}}}"#)).is_ok());
    assert_eq!(read("").unwrap_err(), "the body: is required");
    assert!(read("{} {}").unwrap_err().starts_with("the body: trailing"));
}

#[test]
fn a_query_is_typed_checked_and_completed() {
    let contract = contract();
    let operation = contract.operation("makeThing").unwrap();
    let read = |query: &str| operation.read_query(query).map_err(|problem| problem.message().to_owned());
    let place = |name: &str| operation.query.iter().position(|p| &*p.name == name).unwrap();
    let values = read("who=a+b%20c%2B&limit=7&tag=x&tag=y&all=true&unknown=%ff").unwrap();
    assert_eq!(values[place("who")], Some(json!("a b c+")));
    assert_eq!(values[place("limit")], Some(json!(7)));
    assert_eq!(values[place("tag")], Some(json!(["x", "y"])));
    assert_eq!(values[place("all")], Some(json!(true)));
    assert_eq!(read("who=1").unwrap()[place("limit")], Some(json!(50)));
    assert_eq!(read("who=1").unwrap()[place("who")], Some(json!("1")));
    let table = [
        ("", "query parameter who: is required"),
        ("who=", "query parameter who: "),
        ("who=a&who=b", "query parameter who: given more than once"),
        ("who=a&limit=0", "query parameter limit: the value is less than the minimum of 1"),
        ("who=a&limit=-1", "query parameter limit: the value is less"),
        ("who=a&limit=99999999999999999999", "query parameter limit: the value is greater"),
        ("who=a&limit=ten", "query parameter limit: the value is not of type \"integer\""),
        ("who=a&limit=", "query parameter limit: the value is not of type \"integer\""),
        ("who=a&limit=1.5", "query parameter limit: the value is not of type \"integer\""),
        ("who=a&limit=0x10", "query parameter limit: the value is not of type \"integer\""),
        ("who=a&all=yes", "query parameter all: the value is not of type \"boolean\""),
        ("who=a&tag=1&tag=2&tag=3", "query parameter tag: "),
        ("who=%00", "the query string is not UTF-8"),
        ("who=%ff", "the query string is not UTF-8"),
    ];
    for (query, expected) in table {
        let message = read(query).expect_err(query);
        assert!(message.starts_with(expected), "{query}: {message:?} does not begin with {expected:?}");
    }
}

#[test]
fn a_path_is_decoded_and_checked() {
    let contract = contract();
    let operation = contract.operation("makeThing").unwrap();
    assert_eq!(operation.read_path(&[("id", "a%20b")]).unwrap(), ["a b"]);
    assert!(
        operation.read_path(&[("id", "toolong")]).unwrap_err().message().starts_with("path parameter id: ")
    );
    assert!(operation.read_path(&[("id", "%00")]).is_err());
    assert!(operation.read_path(&[("id", "%ff")]).is_err());
}

#[test]
fn an_answer_that_the_document_does_not_know_is_found() {
    let contract = contract();
    let check = |status: u16, content_type: Option<&str>, body: &[u8]| {
        contract.check_response("makeThing", StatusCode::from_u16(status).unwrap(), content_type, body)
    };
    let json = Some("application/json; charset=utf-8");
    let good = thing().to_string();
    let error = br#"{"error":"e","message":"m"}"#;
    assert_eq!(check(201, json, good.as_bytes()), Ok(()));
    assert_eq!(check(404, json, error), Ok(()));
    assert_eq!(check(503, json, error), Ok(()));
    assert_eq!(check(204, None, b""), Ok(()));
    for (status, content_type, body, why) in [
        (201, json, &b"{}"[..], "/cents: is required"),
        (201, json, b"", "not strict JSON"),
        (201, None, good.as_bytes(), "no Content-Type"),
        (201, Some("text/plain"), good.as_bytes(), "content type"),
        (404, json, b"{}", "/error: is required"),
        (204, json, b"{}", "a body that"),
    ] {
        let found = check(status, content_type, body).expect_err(why);
        assert!(found.contains(why), "{found:?} does not say {why:?}");
    }
    assert!(contract.check_response("nothing", StatusCode::OK, None, b"").is_err());
}

#[test]
fn alternatives_say_what_each_of_them_misses() {
    let document = document(
        "operationId: x\nx-scope: a:b\nresponses: {}\nrequestBody:\n  content:\n    application/json:\n      schema:\n        \
         type: object\n        oneOf: [{ required: [points] }, { required: [money] }]",
    );
    let contract = Contract::parse(&document).unwrap();
    let operation = contract.operation("x").unwrap();
    assert_eq!(
        operation.read_body(b"{}").unwrap_err().message(),
        "the body: matches none of its alternatives (/points is required; /money is required)"
    );
    assert!(operation.read_body(br#"{"points":1,"money":1}"#).is_err());
    assert!(operation.read_body(br#"{"points":1}"#).is_ok());
    assert_eq!(operation.read_body(b"").unwrap(), Value::Null);
}

#[test]
fn a_schema_takes_along_what_its_references_lead_to() {
    let document = document(
        "operationId: x\nx-scope: a:b\nresponses: {}\nrequestBody:\n  content:\n    application/json:\n      schema:\n        \
         type: array\n        items: { $ref: '#/components/schemas/Thing' }",
    );
    let contract = Contract::parse(&document).unwrap();
    let body = json!([{"cents": 1, "entries": [{"account": "a", "amount": 1}, {"account": 5, "amount": 1}]}]);
    let operation = contract.operation("x").unwrap();
    let problem = operation.read_body(body.to_string().as_bytes()).unwrap_err();
    assert_eq!(problem.message(), "/0/entries/1/account: the value is not of type \"string\"");
}

#[test]
fn a_long_name_does_not_make_a_long_message() {
    let contract = contract();
    let operation = contract.operation("makeThing").unwrap();
    let name = "é".repeat(20_000);
    let twice = format!("{{\"{name}\":1,\"{name}\":1}}");
    assert!(operation.read_body(twice.as_bytes()).unwrap_err().message().len() < 1_000);
    let mut body = thing();
    body["entries"][0]["account"] = json!(vec![0; 20_000]);
    assert!(refusal(&body).len() < 1_000);
    let closed = document(
        "operationId: x\nx-scope: a:b\nresponses: {}\nrequestBody:\n  content:\n    application/json:\n      schema:\n        \
         additionalProperties: { type: string }",
    );
    let contract = Contract::parse(&closed).unwrap();
    let body = json!({ (name): 5 }).to_string();
    let problem = contract.operation("x").unwrap().read_body(body.as_bytes()).unwrap_err();
    assert!(problem.message().len() < 2_000, "{}", problem.message().len());
}
