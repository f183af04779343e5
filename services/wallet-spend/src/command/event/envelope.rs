//! The published envelope, and what of it only its call knows.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{AtomicOperation, Told};
use crate::{
    command::{answer::body, case::Case, done::Done},
    view::{EmptyMap, micros},
};

/// The version of the envelope that consumers know.
const API_VERSION: &str = "7.6";

type Text<'a> = Cow<'a, str>;

/// What an envelope says that neither the outcome of its call nor the event's name does. The brand's settings are
/// here because they may be others when the event is sent.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Facts<'a> {
    id: Text<'a>,
    at: Timestamp,
    environment: Text<'a>,
    subsystem: Text<'a>,
    unit: Text<'a>,
    unit_name: Text<'a>,
    client: Text<'a>,
    client_name: Text<'a>,
    ip: Text<'a>,
    call: Text<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    external: Option<Text<'a>>,
    resource: Text<'a>,
    method: Text<'a>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    custom: Vec<(Text<'a>, Text<'a>)>,
    body: Body<'a>,
}

/// A request's body, as sent. In JSON it is the object that it is, byte for byte, instead of a text in which each of its
/// quotes is escaped; anything else is a text.
#[derive(Debug)]
struct Body<'a>(Text<'a>);

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let object = serde_json::from_str::<&RawValue>(&self.0).ok();
        // What stands around a value is no part of it.
        match object.filter(|object| object.get().len() == self.0.len() && self.0.starts_with('{')) {
            Some(object) => object.serialize(serializer),
            None => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Body<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Box::<RawValue>::deserialize(deserializer)?;
        if value.get().starts_with('{') {
            return Ok(Self(Text::Owned(value.get().to_owned())));
        }
        let text = serde_json::from_str(value.get()).map_err(serde::de::Error::custom)?;
        Ok(Self(Text::Owned(text)))
    }
}

impl<'a> Facts<'a> {
    /// Of the call that is being decided, with an id for its event.
    pub fn of(case: &'a mut Case<'_, '_>) -> Facts<'a> {
        let id = case.context.id().hyphenated().to_string();
        let at = case.now();
        let (call, brand) = (case.call, &case.brand);
        Facts {
            id: id.into(),
            at,
            environment: brand.environment_type.as_str().into(),
            subsystem: brand.subsystem_id.as_str().into(),
            unit: brand.unit_id.as_str().into(),
            unit_name: brand.unit_name.as_str().into(),
            client: (&*call.client_id).into(),
            client_name: (&*call.client_name).into(),
            ip: (&*call.caller_ip).into(),
            call: (&*call.id).into(),
            external: call.external_id.as_deref().map(Cow::from),
            resource: (&*call.resource).into(),
            method: call.method.into(),
            custom: call
                .custom_headers
                .iter()
                .map(|(name, value)| ((&**name).into(), (&**value).into()))
                .collect(),
            body: Body((&*call.body).into()),
        }
    }

    /// The envelope as JSON.
    pub fn envelope(&self, name: &str, done: &Done, told: Told) -> String {
        let answered = body(done);
        let envelope = Envelope {
            headers: self.headers(name),
            request: Request {
                resource: &self.resource,
                method: &self.method,
                body: &self.body.0,
                content_type: "application/json",
                custom_headers: CustomHeaders(&self.custom),
            },
            response: Response {
                code: answered.status,
                body: &answered.json,
                content_type: "application/json;charset=utf-8",
            },
            atomic_operations: told.0,
        };
        match serde_json::to_string(&envelope) {
            Ok(envelope) => envelope,
            Err(error) => unreachable!("an event is JSON: {error}"),
        }
    }

    fn headers<'b>(&'b self, event_name: &'b str) -> Headers<'b> {
        Headers {
            event_name,
            event_date: micros(self.at),
            ees_environment_type: &self.environment,
            ees_subsystem_id: &self.subsystem,
            caller_ip: &self.ip,
            unit_id: &self.unit,
            unit_friendly_name: &self.unit_name,
            client_id: &self.client,
            client_id_friendly_name: &self.client_name,
            ees_event_id: &self.id,
            ees_master_event_id: &self.call,
            external_message_id: self.external.as_deref(),
            ees_api_version: API_VERSION,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    headers: Headers<'a>,
    request: Request<'a>,
    response: Response<'a>,
    atomic_operations: Vec<AtomicOperation>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Headers<'a> {
    event_name: &'a str,
    event_date: String,
    ees_environment_type: &'a str,
    ees_subsystem_id: &'a str,
    caller_ip: &'a str,
    unit_id: &'a str,
    unit_friendly_name: &'a str,
    client_id: &'a str,
    client_id_friendly_name: &'a str,
    ees_event_id: &'a str,
    ees_master_event_id: &'a str,
    external_message_id: Option<&'a str>,
    ees_api_version: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    resource: &'a str,
    method: &'a str,
    body: &'a str,
    content_type: &'static str,
    custom_headers: CustomHeaders<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    code: u16,
    body: &'a str,
    content_type: &'static str,
}

/// A map; `[]` when there are none.
#[derive(Debug)]
struct CustomHeaders<'a>(&'a [(Text<'a>, Text<'a>)]);

impl Serialize for CustomHeaders<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_empty() {
            return EmptyMap.serialize(serializer);
        }
        serializer.collect_map(self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_kept_byte_for_byte() {
        for sent in [
            "{}",
            "{\"a\": \"ä \\\" \\u00e4\",\n\t\"b\" : [1.0, 1e2, {\"c\":null}]}",
            " {\"a\":1}",
            "{\"a\":1}\r\n",
            "",
            "[1]",
            "\"text\"",
            "\"{\\\"a\\\":1}\"",
            "{no JSON}",
            "null",
        ] {
            let kept = serde_json::to_string(&Body(sent.into())).unwrap();
            let again: Body<'_> = serde_json::from_str(&kept).unwrap();
            assert_eq!(again.0, sent, "{kept}");
            assert!(serde_json::from_str::<serde_json::Value>(&kept).is_ok(), "{kept}");
        }
    }
}
