//! What clients say reaches whom it is for, in this room and nowhere else.

use serde_json::{Value, json};

use crate::testing::{Bench, ROOM, SERVER, create, join};

/// `ann` and `bob` in the room `demo`, `eve` in another.
fn two_rooms() -> Bench {
    let mut bench = Bench::new();
    bench.enter("ann");
    bench.enter("bob");
    bench.ask(create("moon", 0, None));
    bench.ask(join("eve", "moon"));
    bench.open_channel("eve@moon");
    bench.forget();
    bench
}

#[test]
fn a_text_to_the_room_reaches_everyone_in_it_once_the_sender_too() {
    let mut bench = two_rooms();
    bench.write("ann", "hello");
    for name in ["ann", "bob"] {
        let heard = bench.heard(name);
        let data = json!({"from": "ann", "time": 1, "text": "hello"});
        assert_eq!(heard, [json!({"sender": "ann", "receiver": "room", "type": "text", "data": data})]);
    }
    assert!(bench.heard("eve@moon").is_empty());
}

#[test]
fn a_text_to_one_client_reaches_it_and_comes_back_to_its_sender() {
    let mut bench = two_rooms();
    bench.enter("cat");
    bench.forget();
    bench.say("ann", "bob", "text", json!({"from": "ann", "time": 1, "text": "psst"}));
    assert_eq!((bench.heard("ann").len(), bench.heard("bob").len(), bench.heard("cat").len()), (1, 1, 0));
    bench.say("ann", "ann", "text", json!({"from": "ann", "time": 1, "text": "note"}));
    assert_eq!(bench.heard("ann").len(), 1);
}

#[test]
fn a_sender_that_a_client_claims_is_overwritten() {
    let mut bench = two_rooms();
    for claimed in [json!("bob"), json!("ground control"), json!("eve@moon"), json!(7)] {
        for receiver in ["room", "bob"] {
            let frame = json!({"sender": claimed, "receiver": receiver, "type": "x", "data": 1});
            bench.say_raw("ann", frame.to_string().as_bytes());
            assert_eq!(bench.heard("bob")[0]["sender"], "ann");
            bench.forget();
        }
    }
}

#[test]
fn someone_in_another_room_is_as_unknown_as_nobody() {
    let mut bench = two_rooms();
    bench.ask(join("not connected", "demo"));
    let mut answers = Vec::new();
    for receiver in ["eve@moon", "nobody", "not connected"] {
        bench.say("ann", receiver, "text", json!({"text": "hi"}));
        answers.push(bench.heard("ann"));
    }
    assert!(answers[0][0]["data"].as_str().unwrap().starts_with("unknown-receiver: "));
    assert_eq!((&answers[0], &answers[0]), (&answers[1], &answers[2]));
    assert!(bench.heard("eve@moon").is_empty());
}

#[test]
fn every_type_is_relayed_as_it_is_known_or_not() {
    let mut bench = two_rooms();
    let data = json!({"a": [1, 2.5, null, "<b>\u{202e}"], "time": 1e300});
    for kind in ["offer", "answer", "icecandidate", "bye", "pong", "ping", "room-info", "tomorrow"] {
        bench.say("ann", "bob", kind, data.clone());
        let expected = json!({"sender": "ann", "receiver": "bob", "type": kind, "data": data});
        assert_eq!(bench.heard("bob"), [expected], "{kind}");
        assert!(bench.heard("ann").is_empty(), "{kind}");
    }
    bench.say("ann", ROOM, "tomorrow", data);
    assert_eq!((bench.heard("ann").len(), bench.heard("bob").len()), (1, 1));
}

#[test]
fn a_ping_to_the_server_comes_back_with_the_very_same_data() {
    let mut bench = two_rooms();
    for data in [json!({"n": [1, "x", null]}), json!(17), json!(""), Value::Null] {
        bench.say("ann", SERVER, "ping", data.clone());
        let expected = json!({"sender": "ground control", "receiver": "ann", "type": "pong", "data": data});
        assert_eq!(bench.heard("ann"), [expected]);
    }
    bench.say_raw("ann", br#"{"receiver": "ground control", "type": "ping"}"#);
    assert_eq!(bench.heard_of("ann", "pong"), [Value::Null]);
}

#[test]
fn ice_servers_are_told_to_who_asks() {
    let servers = vec![protocol::IceServer { urls: vec!["stun:a".into()], username: None, credential: None }];
    let mut bench = Bench::without_rooms(crate::Config { ice_servers: servers, ..Default::default() });
    bench.ask(create("demo", 0, None));
    bench.enter("ann");
    bench.say("ann", SERVER, "get-ice-servers", Value::Null);
    assert_eq!(bench.heard_of("ann", "ice-servers"), [json!([{"urls": ["stun:a"]}])]);
}

#[test]
fn a_message_that_the_server_does_not_know_is_answered_with_an_error() {
    let mut bench = two_rooms();
    for kind in ["tomorrow", "get-weather"] {
        bench.say("ann", SERVER, kind, Value::Null);
        assert_eq!(bench.errors("ann"), ["unknown-type"]);
    }
    assert!(bench.heard("bob").is_empty());
}

#[test]
fn courtesies_to_the_server_need_no_answer() {
    let mut bench = two_rooms();
    for kind in ["greeting", "pong", "error"] {
        bench.say("ann", SERVER, kind, json!("hello"));
        assert!(bench.heard("ann").is_empty(), "{kind}");
    }
}

#[test]
fn who_is_not_connected_is_not_heard() {
    let mut bench = two_rooms();
    bench.ask(join("cat", "demo"));
    bench.write("cat", "hello?");
    bench.write("nobody", "hello?");
    bench.say("bob", SERVER, "bye", Value::Null);
    bench.forget();
    bench.write("bob", "one more thing");
    assert!(bench.heard("ann").is_empty());
}
