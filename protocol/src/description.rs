//! A session description (SDP) on its way between two clients.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How a client writes the `data` of its `offer` and `answer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OfferForm {
    /// The first version: the SDP itself, a JSON string; complete, no trickle.
    String,
    /// The second version and ours: `{type, sdp}`, as a browser serialises it.
    Object,
}

/// An SDP and the form it came in or goes out in. An answer takes the form of its offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    pub form: OfferForm,
    pub sdp: String,
}

impl Description {
    pub fn new(form: OfferForm, sdp: impl Into<String>) -> Self {
        Self { form, sdp: sdp.into() }
    }

    pub(crate) fn read(data: &Value) -> Option<Self> {
        match data {
            Value::String(sdp) => Some(Self::new(OfferForm::String, sdp)),
            Value::Object(fields) => Some(Self::new(OfferForm::Object, fields.get("sdp")?.as_str()?)),
            _ => None,
        }
    }

    pub(crate) fn write(&self, kind: &str) -> Value {
        match self.form {
            OfferForm::String => json!(self.sdp),
            OfferForm::Object => json!({"type": kind, "sdp": self.sdp}),
        }
    }
}
