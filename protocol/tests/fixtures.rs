//! Every message on the wire, against the fixtures that the page's tests read too.

use std::collections::BTreeSet;

use protocol::{Envelope, KINDS};
use serde_json::Value;

fn fixtures() -> Vec<Value> {
    serde_json::from_str(include_str!("../fixtures/messages.json")).expect("the fixtures are JSON")
}

#[test]
fn what_is_read_is_written_strictly() {
    for fixture in fixtures() {
        let law = fixture["law"].as_str().unwrap();
        let read = Envelope::parse(fixture["frame"].to_string().as_bytes()).expect(law);
        let message = read.message().expect(law);
        let mut written = Envelope::new(read.sender, read.receiver, &message);
        written.id = read.id;
        let expected = fixture.get("written").unwrap_or(&fixture["frame"]);
        let written: Value = serde_json::from_str(&written.to_json()).unwrap();
        assert_eq!(&written, expected, "{law}");
    }
}

#[test]
fn every_type_has_a_fixture() {
    let covered: BTreeSet<String> =
        fixtures().iter().map(|f| f["frame"]["type"].as_str().unwrap().to_owned()).collect();
    for kind in KINDS {
        assert!(covered.contains(*kind), "no fixture of type {kind}");
    }
}

#[test]
fn a_known_type_of_another_shape_is_an_error_and_no_panic() {
    for kind in [
        "room-info",
        "text",
        "offer",
        "answer",
        "icecandidate",
        "ice-candidate",
        "ice-servers",
        "joined",
        "media-state",
        "view",
        "moderate",
        "moderated",
        "room-settings",
        "knocking",
        "chat",
        "edit-text",
        "text-edited",
        "delete-text",
        "text-deleted",
    ] {
        let frame = format!(r#"{{"receiver":"room","type":"{kind}","data":7}}"#);
        assert!(Envelope::parse(frame.as_bytes()).unwrap().message().is_err(), "{kind}");
    }
}
