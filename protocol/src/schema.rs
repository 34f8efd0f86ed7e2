//! In OpenAPI's words: the types whose derived description would say less than is true.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::limits::{HISTORY_HOURS, ROOM_ID_CHARS};
use crate::{ErrorId, History, RoomId};

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String))
}

impl PartialSchema for RoomId {
    fn schema() -> RefOr<Schema> {
        // Of what survives a URL this is the part that a pattern can say.
        text()
            .description(Some("No control or format characters, no `/ \\ ? # %`, not `.` or `..`."))
            .min_length(Some(1))
            .max_length(Some(ROOM_ID_CHARS))
            .pattern(Some(r"^[^/\\?#%\x00-\x20.][^/\\?#%\x00-\x1f]*$"))
            .into()
    }
}

impl ToSchema for RoomId {}

impl PartialSchema for ErrorId {
    fn schema() -> RefOr<Schema> {
        text()
            .description(Some("Stable: programs may match on it. Later versions may have more."))
            .examples(ErrorId::ALL.iter().map(|id| id.as_str().to_owned()))
            .into()
    }
}

impl ToSchema for ErrorId {}

impl PartialSchema for History {
    fn schema() -> RefOr<Schema> {
        let hours = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::Integer))
            .minimum(Some(1))
            .maximum(Some(f64::from(HISTORY_HOURS)));
        let for_hours = ObjectBuilder::new()
            .property("hours", hours)
            .required("hours")
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
        OneOfBuilder::new()
            .description(Some("How long chat lines are kept."))
            .item(text().enum_values(Some(["none", "forever"])))
            .item(for_hours)
            .into()
    }
}

impl ToSchema for History {}
