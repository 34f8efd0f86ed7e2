//! The server stops: everyone hears of it.

use crate::testing::{Bench, SERVER, client, create, join, room, session, with_password};
use crate::{Reply, RoomError};
use serde_json::Value;

#[test]
fn everyone_connected_hears_bye_and_is_disconnected() {
    let mut bench = Bench::new();
    bench.enter_new("ann");
    bench.enter("old");
    bench.ask(join("not connected", "demo"));
    bench.forget();
    bench.shut_down();
    for name in ["ann", "old"] {
        let heard = bench.heard(name);
        assert_eq!((heard.len(), &heard[0]["type"], &heard[0]["sender"]), (1, &"bye".into(), &SERVER.into()));
    }
    assert_eq!(bench.disconnected, [client("ann"), client("old")]);
    assert!(bench.heard("not connected").is_empty());
}

#[test]
fn everyone_who_waits_is_answered() {
    let mut bench = Bench::locked(0);
    let mut requests = vec![bench.ask_later(create("moon", 0, Some("x")))];
    requests.extend((0..9).map(|_| bench.ask_later(with_password(join("ann", "demo"), "right"))));
    bench.shut_down();
    assert!(requests.iter().all(|id| bench.replies.get(id) == Some(&Reply::Refused(RoomError::ShuttingDown))));
    bench.replies.clear();
    bench.work();
    assert!(bench.replies.is_empty(), "a verdict that comes late finds nobody");
}

#[test]
fn nothing_is_left_and_nothing_begins() {
    let mut bench = Bench::new();
    bench.enter("ann");
    bench.shut_down();
    bench.forget();
    assert_eq!(bench.rooms.poll_timeout(), None);
    assert_eq!(bench.ask(join("bob", "demo")), Reply::Refused(RoomError::ShuttingDown));
    assert_eq!(bench.rooms.authorize(&room("demo"), &session("ann")), Err(RoomError::ShuttingDown));
    bench.say("ann", SERVER, "get-room-info", Value::Null);
    bench.lose("ann");
    assert!(bench.heard("ann").is_empty());
}
