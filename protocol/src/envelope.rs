//! One frame of the data channel: a JSON object with `sender`, `receiver`, `type` and `data`.

use serde::Serialize;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::limits::{FRAME_BYTES, FRAME_BYTES_SDP, JSON_DEPTH, SENDER_BYTES};
use crate::{Address, Message, MessageError, TextId};

/// A frame as it travels: addressed, its `data` not yet looked into.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Envelope {
    /// A client leaves it out; the server fills it in from the connection, whatever was written there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<Address>,
    pub receiver: Address,
    #[serde(rename = "type")]
    pub kind: String,
    /// `null` where it was absent.
    pub data: Value,
    /// The number of a chat line; the server gives it, to clients that announced `chat`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<TextId>,
}

/// Why a frame is not an envelope.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum EnvelopeError {
    #[error("the frame has {bytes} bytes, more than {limit}")]
    TooLarge { bytes: usize, limit: usize },
    #[error("the frame nests deeper than {JSON_DEPTH} levels")]
    TooDeep,
    #[error("the frame is not a JSON object")]
    NotAnObject,
    #[error("`{field}` is missing or not a string")]
    Field { field: &'static str },
}

impl Envelope {
    /// Addresses `message`.
    pub fn new(sender: Option<Address>, receiver: Address, message: &Message) -> Self {
        Self { sender, receiver, kind: message.kind().to_owned(), data: message.write_data(), id: None }
    }

    /// Reads a frame. Size and depth are checked before anything is parsed.
    pub fn parse(frame: &[u8]) -> Result<Self, EnvelopeError> {
        if frame.len() > FRAME_BYTES_SDP + SENDER_BYTES {
            return Err(EnvelopeError::TooLarge { bytes: frame.len(), limit: FRAME_BYTES_SDP });
        }
        if depth(frame) > JSON_DEPTH {
            return Err(EnvelopeError::TooDeep);
        }
        let mut fields: Map<String, Value> = serde_json::from_slice(frame).map_err(|_| EnvelopeError::NotAnObject)?;
        let kind = take_string(&mut fields, "type")?;
        let sender = take_string(&mut fields, "sender").ok().map(Address::from);
        let limit = if may_be_long(&kind) { FRAME_BYTES_SDP } else { FRAME_BYTES };
        if frame.len() > limit + if sender.is_some() { SENDER_BYTES } else { 0 } {
            return Err(EnvelopeError::TooLarge { bytes: frame.len(), limit });
        }
        Ok(Self {
            sender,
            receiver: Address::from(take_string(&mut fields, "receiver")?),
            kind,
            data: fields.remove("data").unwrap_or(Value::Null),
            id: take_string(&mut fields, "id").ok().and_then(|digits| digits.parse().ok()),
        })
    }

    /// The frame's text.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and JSON values always serialise")
    }

    /// What the frame says. An unknown type is no error: [`Message::Other`].
    pub fn message(&self) -> Result<Message, MessageError> {
        Message::read(&self.kind, &self.data)
    }
}

fn take_string(fields: &mut Map<String, Value>, field: &'static str) -> Result<String, EnvelopeError> {
    match fields.remove(field) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(EnvelopeError::Field { field }),
    }
}

/// Session descriptions, and lists of many people or lines.
fn may_be_long(kind: &str) -> bool {
    matches!(kind, "offer" | "answer" | "room-info" | "knocking" | "chat" | "text-edited")
}

/// The deepest nesting of arrays and objects, brackets within strings left out. One pass, no allocation.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0, false, false);
    for &byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClientId;

    fn frame(kind: &str, bytes: usize) -> Vec<u8> {
        let empty = format!(r#"{{"receiver":"room","type":"{kind}","data":""}}"#);
        let filler = "x".repeat(bytes - empty.len());
        empty.replace(r#""data":"""#, &format!(r#""data":"{filler}""#)).into_bytes()
    }

    #[test]
    fn a_frame_has_at_most_8_kib_and_an_sdp_64_kib() {
        assert!(Envelope::parse(&frame("text", FRAME_BYTES)).is_ok());
        assert!(matches!(Envelope::parse(&frame("text", FRAME_BYTES + 1)), Err(EnvelopeError::TooLarge { .. })));
        assert!(Envelope::parse(&frame("offer", FRAME_BYTES_SDP)).is_ok());
        assert!(matches!(Envelope::parse(&frame("offer", FRAME_BYTES_SDP + 1)), Err(EnvelopeError::TooLarge { .. })));
    }

    #[test]
    fn a_frame_of_the_greatest_size_can_still_be_read_when_it_was_relayed() {
        for (kind, bytes) in [("text", FRAME_BYTES), ("offer", FRAME_BYTES_SDP)] {
            let mut relayed = Envelope::parse(&frame(kind, bytes)).unwrap();
            relayed.sender = Some(Address::Client(ClientId::new("0123456789abcdef")));
            assert_eq!(Envelope::parse(relayed.to_json().as_bytes()).as_ref(), Ok(&relayed));
            relayed.sender = Some(Address::Client(ClientId::new("x".repeat(SENDER_BYTES))));
            assert!(matches!(Envelope::parse(relayed.to_json().as_bytes()), Err(EnvelopeError::TooLarge { .. })));
        }
    }

    #[test]
    fn json_nests_at_most_16_deep() {
        let nested =
            |n: usize| format!(r#"{{"receiver":"room","type":"x","data":{}{}}}"#, "[".repeat(n), "]".repeat(n));
        assert!(Envelope::parse(nested(JSON_DEPTH - 1).as_bytes()).is_ok());
        assert_eq!(Envelope::parse(nested(JSON_DEPTH).as_bytes()), Err(EnvelopeError::TooDeep));
        assert_eq!(Envelope::parse("[".repeat(60_000).as_bytes()), Err(EnvelopeError::TooDeep));
        let quoted = format!(r#"{{"receiver":"room","type":"x","data":"\"{}"}}"#, "[".repeat(100));
        assert!(Envelope::parse(quoted.as_bytes()).is_ok());
    }

    #[test]
    fn what_is_no_object_or_lacks_an_address_is_refused() {
        for bad in ["", "[]", "7", "\"x\"", "{", "nonsense"] {
            assert_eq!(Envelope::parse(bad.as_bytes()), Err(EnvelopeError::NotAnObject), "{bad}");
        }
        assert_eq!(Envelope::parse(b"\xff\xfe"), Err(EnvelopeError::NotAnObject));
        assert_eq!(Envelope::parse(br#"{"type":"ping"}"#), Err(EnvelopeError::Field { field: "receiver" }));
        assert_eq!(Envelope::parse(br#"{"receiver":"room","type":7}"#), Err(EnvelopeError::Field { field: "type" }));
    }

    #[test]
    fn a_number_is_relayed_as_the_number_that_it_was() {
        for number in ["5066666666666666606444444444444444444444", "1700000000123.4567", "2.2250738585072011e-308"] {
            let frame = format!(r#"{{"receiver":"room","type":"text","data":{{"text":"x","time":{number}}}}}"#);
            let relayed = Envelope::parse(frame.as_bytes()).unwrap();
            assert_eq!(relayed.data["time"].as_f64(), number.parse().ok(), "{number}");
            assert_eq!(Envelope::parse(relayed.to_json().as_bytes()), Ok(relayed), "{number}");
        }
    }

    #[test]
    fn of_two_fields_with_one_name_the_last_counts() {
        let read = Envelope::parse(br#"{"receiver":"room","receiver":"a","type":"x"}"#).unwrap();
        assert_eq!(read.receiver.as_str(), "a");
    }
}
