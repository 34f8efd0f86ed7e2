//! Frames that are refused: too many, too large, not of the right shape. The connection and everyone else go on.

use std::time::Duration;

use serde_json::{Value, json};

use crate::testing::{Bench, ROOM, SERVER};

fn pair() -> Bench {
    let mut bench = Bench::new();
    bench.enter("ann");
    bench.enter("bob");
    bench.wait(Duration::from_secs(5));
    bench.forget();
    bench
}

fn works(bench: &mut Bench) -> bool {
    bench.wait(Duration::from_secs(3));
    bench.forget();
    bench.write("ann", "still here");
    bench.heard("bob").len() == 1
}

#[test]
fn what_is_no_envelope_is_refused_by_name() {
    let mut bench = pair();
    let deep = "[".repeat(60_000);
    let cases: [(&[u8], &str); 8] = [
        (b"", "malformed"),
        (b"hello", "malformed"),
        (b"[1]", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b"{\"type\":\"ping\"}", "malformed"),
        (b"{\"receiver\":\"room\"}", "malformed"),
        (deep.as_bytes(), "malformed"),
        (&[b' '; 64 * 1024 + 65], "too-large"),
    ];
    for (frame, id) in cases {
        bench.say_raw("ann", frame);
        assert_eq!(bench.errors("ann"), [id]);
    }
    bench.say("ann", ROOM, "text", json!(7));
    assert_eq!(bench.errors("ann"), ["malformed"]);
    assert!(bench.heard("bob").is_empty());
    assert!(works(&mut bench));
}

#[test]
fn a_binary_frame_is_refused() {
    let mut bench = pair();
    bench.say_binary("ann");
    assert_eq!(bench.errors("ann"), ["binary-frame"]);
    assert!(works(&mut bench));
}

#[test]
fn a_frame_has_8_kib_and_not_a_byte_more_unless_it_carries_an_sdp() {
    let mut bench = pair();
    for (kind, limit) in [("x", 8 * 1024), ("offer", 64 * 1024), ("answer", 64 * 1024)] {
        for (bytes, passes) in [(limit, true), (limit + 1, false)] {
            let empty = json!({"receiver": "bob", "type": kind, "data": ""}).to_string();
            let frame = empty.replace(r#""data":"""#, &format!(r#""data":"{}""#, "x".repeat(bytes - empty.len())));
            assert_eq!(frame.len(), bytes);
            bench.say_raw("ann", frame.as_bytes());
            assert_eq!(bench.heard("bob").len(), usize::from(passes), "{kind} {bytes}");
            assert_eq!(bench.errors("ann").len(), usize::from(!passes), "{kind} {bytes}");
        }
    }
}

#[test]
fn a_text_has_4000_characters_and_not_4001() {
    let mut bench = pair();
    bench.write("ann", &"x".repeat(4_000));
    assert_eq!((bench.heard("bob").len(), bench.errors("ann").len()), (1, 0));
    for refused in ["x".repeat(4_001), String::new()] {
        bench.write("ann", &refused);
        assert_eq!((bench.heard("bob").len(), bench.errors("ann")), (0, vec!["invalid-text".to_owned()]));
    }
}

#[test]
fn sixty_messages_at_once_pass_and_the_next_does_not() {
    let mut bench = pair();
    for _ in 0..60 {
        bench.say("ann", SERVER, "ping", Value::Null);
    }
    assert_eq!(bench.heard_of("ann", "pong").len(), 60);
    bench.say("ann", SERVER, "ping", Value::Null);
    assert_eq!(bench.errors("ann"), ["too-many"]);
    bench.wait(Duration::from_millis(34));
    bench.say("ann", SERVER, "ping", Value::Null);
    bench.say("ann", SERVER, "ping", Value::Null);
    assert_eq!(bench.heard_of("ann", "pong").len(), 1);
}

#[test]
fn thirty_messages_a_second_pass_for_ever() {
    let mut bench = pair();
    for _ in 0..3_000 {
        bench.say("ann", SERVER, "ping", Value::Null);
        bench.wait(Duration::from_secs(1) / 30 + Duration::from_nanos(1));
        bench.alive("bob");
    }
    assert_eq!(bench.heard_of("ann", "pong").len(), 3_000);
}

#[test]
fn whoever_floods_is_told_so_once_a_second() {
    let mut bench = pair();
    for _ in 0..20_000 {
        bench.say_raw("ann", b"{");
    }
    let errors = bench.errors("ann");
    assert_eq!(errors.len(), 61);
    assert_eq!(errors.last().map(String::as_str), Some("too-many"));
    assert!(bench.heard("bob").is_empty());
    assert!(works(&mut bench));
}

#[test]
fn twenty_texts_at_once_pass_and_each_further_one_is_refused() {
    let mut bench = pair();
    for n in 0..22 {
        bench.write("ann", &n.to_string());
    }
    assert_eq!(bench.heard("bob").len(), 20);
    assert_eq!(bench.errors("ann"), ["too-many", "too-many"]);
    bench.wait(Duration::from_millis(200));
    bench.write("ann", "again");
    bench.write("ann", "and again");
    assert_eq!(bench.heard("bob").len(), 1);
}

#[test]
fn a_text_that_was_refused_for_its_shape_costs_no_text() {
    let mut bench = pair();
    for _ in 0..30 {
        bench.write("ann", "");
    }
    for n in 0..20 {
        bench.write("ann", &n.to_string());
    }
    assert_eq!(bench.heard("bob").len(), 20);
}

#[test]
fn one_client_s_flood_costs_another_nothing() {
    let mut bench = pair();
    for _ in 0..100 {
        bench.say("ann", SERVER, "ping", Value::Null);
    }
    bench.forget();
    bench.write("bob", "calm");
    assert_eq!((bench.heard("ann").len(), bench.errors("bob").len()), (1, 0));
}

#[test]
fn a_new_connection_brings_no_new_tokens() {
    let mut bench = pair();
    for _ in 0..60 {
        bench.say("ann", SERVER, "ping", Value::Null);
    }
    bench.ask(crate::testing::join("ann", "demo"));
    bench.open_channel("ann");
    bench.forget();
    bench.say("ann", SERVER, "ping", Value::Null);
    assert_eq!(bench.errors("ann"), ["too-many"]);
}
