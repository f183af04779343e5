//! The examples of openapi/wallet-spend.yaml: every body has one, every one keeps to its schema, and what is shown as a
//! request is one that the service takes.

use http::Method;
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value, json};

use super::{
    flow::page,
    stage::{BRAND, Stage},
};

struct Document(Value);

impl Document {
    fn read() -> Self {
        Self(serde_saphyr::from_str(zerosum_wallet_spend::api::DOCUMENT).unwrap())
    }

    fn follow<'a>(&'a self, node: &'a Value) -> &'a Value {
        match node["$ref"].as_str() {
            Some(reference) => {
                let found = self.0.pointer(reference.trim_start_matches('#'));
                self.follow(found.unwrap_or_else(|| panic!("{reference} leads nowhere")))
            }
            None => node,
        }
    }

    fn schema(&self, schema: &Value) -> Validator {
        let standalone = json!({"allOf": [schema], "components": self.0["components"]});
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .with_pattern_options(PatternOptions::regex())
            .build(&standalone)
            .unwrap()
    }

    /// The examples of a media type, by name, references followed.
    fn examples<'a>(&'a self, media: &'a Value) -> Vec<(&'a str, &'a Value)> {
        let named = media["examples"].as_object().into_iter().flatten();
        named.map(|(name, example)| (name.as_str(), &self.follow(example)["value"])).collect()
    }

    /// Every example of a media type, checked; how many there are.
    fn check(&self, at: &str, media: &Value, wrong: &mut Vec<String>) -> usize {
        let schema = self.schema(&media["schema"]);
        let examples = self.examples(media);
        for (name, example) in &examples {
            let broken = schema.iter_errors(example).map(|error| format!("{at} {name}: {error}"));
            wrong.extend(broken);
        }
        examples.len()
    }

    fn operations(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        let paths = self.0["paths"].as_object().unwrap();
        paths.iter().flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
    }
}

const JSON: &str = "application/json";

#[test]
fn every_body_has_an_example_and_every_example_keeps_to_its_schema() {
    let document = Document::read();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (_, _, operation) in document.operations() {
        let id = operation["operationId"].as_str().unwrap();
        let mut must_have = |at: String, media: Option<&Value>| {
            let Some(media) = media else { return };
            let examples = document.check(&at, media, &mut wrong);
            if examples == 0 {
                wrong.push(format!("{at}: no example"));
            }
            count += examples;
        };
        must_have(format!("{id} request"), operation.pointer("/requestBody/content/application~1json"));
        for (status, response) in operation["responses"].as_object().unwrap() {
            let content = &document.follow(response)["content"];
            must_have(format!("{id} {status}"), content.get(JSON));
        }
    }
    for (name, parameter) in document.0["components"]["parameters"].as_object().unwrap() {
        if let Some(example) = parameter.get("example") {
            count += 1;
            let schema = document.schema(&parameter["schema"]);
            wrong.extend(schema.iter_errors(example).map(|error| format!("parameter {name}: {error}")));
        }
    }
    check_schemas(&document, "", &document.0["components"]["schemas"], &mut wrong, &mut count);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{count} examples keep to their schemas");
    assert!(count > 300, "{count} examples were looked at");
}

/// Those that stand in schemas.
fn check_schemas(document: &Document, at: &str, node: &Value, wrong: &mut Vec<String>, count: &mut usize) {
    let Some(object) = node.as_object() else { return };
    if let Some(examples) = object.get("examples").and_then(Value::as_array) {
        let mut own: Map<String, Value> = object.clone();
        own.remove("examples");
        let schema = document.schema(&Value::Object(own));
        for example in examples {
            *count += 1;
            wrong.extend(schema.iter_errors(example).map(|error| format!("schema {at}: {error}")));
        }
    }
    for (key, below) in object {
        check_schemas(document, &format!("{at}/{key}"), below, wrong, count);
    }
}

#[test]
fn a_wrong_example_is_found() {
    let document = Document::read();
    let schema = json!({"$ref": "#/components/schemas/Wallet"});
    let good = page("calculate_response")["wallet"].clone();
    let mut bad = good.clone();
    bad["walletId"] = json!(217_190_201);
    for (example, broken) in [(good, 0), (bad, 1)] {
        let mut wrong = Vec::new();
        let media = json!({"schema": schema, "examples": {"one": {"value": example}}});
        assert_eq!(document.check("here", &media, &mut wrong), 1);
        assert_eq!(wrong.len(), broken, "{wrong:?}");
    }
}

#[test]
fn what_the_page_publishes_is_shown_word_for_word() {
    let document = Document::read();
    let shown = |path: &str, status: &str| {
        let pointer =
            format!("/paths/{}/post/responses/{status}/content/application~1json", path.replace('/', "~1"));
        let media = document.0.pointer(&pointer).unwrap();
        document.examples(media).into_iter().map(|(_, example)| example.clone()).collect::<Vec<_>>()
    };
    for (path, published) in [
        ("/connect/wallet/spend/calculate", "calculate_response"),
        ("/connect/wallet/spend", "spend_response"),
        ("/connect/wallet/spend/spend", "spend_response"),
        ("/connect/wallet/spend/void", "void_response"),
    ] {
        assert_eq!(shown(path, "200"), [page(published)], "{path}");
    }
}

#[tokio::test]
async fn every_request_that_is_shown_is_one_that_the_service_takes() {
    let stage = Stage::new().await;
    let document = Document::read();
    let (mut bodies, mut asked) = (0, 0);
    for (path, method, operation) in document.operations() {
        let Some(media) = operation.pointer("/requestBody/content/application~1json") else { continue };
        bodies += 1;
        let id = operation["operationId"].as_str().unwrap();
        let filled: Vec<&str> =
            path.split('/').map(|part| if part.starts_with('{') { "9" } else { part }).collect();
        let method: Method = method.to_ascii_uppercase().parse().unwrap();
        for (name, example) in document.examples(media) {
            let headers = [("x-ees-transaction-id", "none")];
            let body = example.to_string();
            let answer =
                stage.ask_as(BRAND, id, method.clone(), &filled.join("/"), body.as_bytes(), &headers).await;
            // Nothing of what it names is there, and that is all that is wrong with it.
            assert_ne!(answer.body["errorCode"], "INVALID_REQUEST", "{id} {name}: {}", answer.body);
            assert!([200, 201, 207, 404].contains(&answer.status), "{id} {name}: {}", answer.body);
            asked += 1;
        }
    }
    println!("{asked} requests of {bodies} operations were sent");
    assert!(asked >= bodies && bodies > 20, "{asked} requests of {bodies} operations");
    stage.books_hold().await;
}
