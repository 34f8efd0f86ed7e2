//! The API in OpenAPI's words, made from the code, and as a page for people.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use askama::Template;
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use protocol::api::Failure;
use serde_json::Value;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi, ToSchema};

use crate::web::pages;

/// The document. Every route of the API is named here; a test compares.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "RTC-Chat",
        version = "1",
        license(name = "MIT OR Apache-2.0"),
        description = "Rooms, seats and the way to a connection, for programs. A program joins a room, posts an offer for one \
            data channel, and then speaks the protocol of docs/PROTOCOL.md on it. Fields may be added; programs ignore those \
            that they do not know."
    ),
    paths(
        super::halls::list, super::halls::create, super::halls::inspect, super::halls::edit, super::halls::delete,
        super::seats::join, crate::web::offer::api, super::seats::leave,
        super::invites::list, super::invites::create, super::invites::revoke,
        super::bans::list, super::bans::lift,
        super::accounts::inspect, super::accounts::create, super::accounts::change, super::accounts::delete,
        super::accounts::sign_in, super::accounts::sign_out,
        crate::web::admin::accounts::list, crate::web::admin::accounts::remove, crate::web::admin::accounts::reset,
        crate::web::admin::list, crate::web::admin::close, crate::web::admin::kick,
    ),
    components(schemas(Failure)),
    modifiers(&Secrets),
)]
struct Description;

/// Any refusal, whatever its status.
pub(crate) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let failure = RefOr::Ref(utoipa::openapi::Ref::from_schema_name(Failure::name()));
        let content = ContentBuilder::new().schema(Some(failure)).build();
        let response = ResponseBuilder::new().description("What went wrong.").content("application/json", content);
        BTreeMap::from([("default".to_owned(), response.build().into())])
    }
}

/// How a request proves in whose name it comes.
struct Secrets;

impl Modify for Secrets {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(
            "The `token` of a seat or of a room that was created: a secret, unlike the client id. Or the administrator's.",
        ));
        let cookie = ApiKeyValue::with_description("rtc_chat_session", "How our own pages hold their session.");
        components.add_security_scheme("token", SecurityScheme::Http(token.build()));
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(Description::openapi()).unwrap_or_default());

/// `GET /api/v1/openapi.json`.
pub(super) async fn document() -> Json<&'static Value> {
    Json(&*DOCUMENT)
}

/// `GET /api`: the same for people, without a script.
pub(crate) async fn page() -> Response {
    pages::show(StatusCode::OK, &Page::of(&DOCUMENT), None)
}

#[derive(Template)]
#[template(path = "api.html")]
struct Page {
    description: String,
    operations: Vec<Operation>,
    schemas: Vec<Shape>,
}

struct Operation {
    method: String,
    path: String,
    summary: String,
    description: String,
    /// What the body is, if there is one.
    body: Option<String>,
    answers: Vec<(String, String, Option<String>)>,
    /// It works without any proof of who asks.
    is_open: bool,
}

struct Shape {
    name: String,
    description: String,
    fields: Vec<Field>,
}

struct Field {
    name: String,
    kind: String,
    is_required: bool,
    description: String,
}

impl Page {
    fn of(document: &Value) -> Self {
        let each = |value: &'static str| document[value].as_object().into_iter().flatten();
        let operations = each("paths").flat_map(|(path, methods)| {
            let methods = methods.as_object().into_iter().flatten();
            methods.map(move |(method, operation)| Operation::of(method, path, operation))
        });
        let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
        Self {
            description: text(&document["info"]["description"]),
            operations: operations.collect(),
            schemas: schemas.map(|(name, schema)| Shape::of(name, schema)).collect(),
        }
    }
}

impl Operation {
    fn of(method: &str, path: &str, operation: &Value) -> Self {
        let schema = |content: &Value| {
            let schema = &content["content"]["application/json"]["schema"];
            schema.is_object().then(|| kind(schema))
        };
        let answers = operation["responses"].as_object().into_iter().flatten().map(|(status, answer)| {
            let status = if status == "default" { "else".to_owned() } else { status.clone() };
            (status, text(&answer["description"]), schema(answer))
        });
        let security = operation["security"].as_array();
        Self {
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(&operation["summary"]),
            description: text(&operation["description"]),
            body: schema(&operation["requestBody"]),
            answers: answers.collect(),
            is_open: security
                .is_none_or(|ways| ways.iter().any(|way| way.as_object().is_some_and(|way| way.is_empty()))),
        }
    }
}

impl Shape {
    fn of(name: &str, schema: &Value) -> Self {
        Self { name: name.to_owned(), description: description(schema), fields: fields(schema) }
    }
}

/// The fields of an object, those of its parts too.
fn fields(schema: &Value) -> Vec<Field> {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let own = schema["properties"].as_object().into_iter().flatten().map(|(name, field)| Field {
        name: name.clone(),
        kind: kind(field),
        is_required: required.contains(&name.as_str()),
        description: description(field),
    });
    let parts = schema["allOf"].as_array().into_iter().flatten().flat_map(|part| match part["$ref"].as_str() {
        Some(_) => vec![Field {
            name: "…".to_owned(),
            kind: kind(part),
            is_required: true,
            description: "Its fields are here too.".to_owned(),
        }],
        None => fields(part),
    });
    parts.chain(own).collect()
}

/// A schema in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(Value::to_string).collect::<Vec<_>>().join(" | ");
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let choices = choices.iter().filter(|choice| choice["type"] != "null");
        return choices.map(kind).collect::<Vec<_>>().join(" | ");
    }
    match &schema["type"] {
        Value::Array(kinds) => {
            let kinds = kinds.iter().filter(|kind| *kind != "null");
            kinds.filter_map(Value::as_str).collect::<Vec<_>>().join(" | ")
        }
        kind_name if kind_name == "array" => format!("{}[]", kind(&schema["items"])),
        kind_name if kind_name == "object" => {
            let names = fields(schema).into_iter().map(|field| format!("{}: {}", field.name, field.kind));
            format!("{{{}}}", names.collect::<Vec<_>>().join(", "))
        }
        kind_name => text(kind_name),
    }
}

fn description(schema: &Value) -> String {
    text(&schema["description"])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
