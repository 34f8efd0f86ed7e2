//! What is known after a restart, and what comes of files that are broken or not ours.

use std::path::Path;

use super::*;

fn server(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn room(name: &str) -> RoomId {
    RoomId::parse(name).unwrap()
}

/// A run of the program.
fn run(path: &Path, act: impl FnOnce(&Memory)) {
    let (memory, keeper, trouble) = Memory::open(path);
    assert!(keeper.is_some() && trouble.is_none(), "{trouble:?}");
    act(&memory);
}

#[test]
fn who_one_is_survives_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/down/identity.json");
    let home = server("http://127.0.0.1:5000/rtc/ignored");
    run(&path, |memory| {
        memory.set_name(&Username::parse("Ann").unwrap());
        memory.set_server(&home);
        memory.set_processing(Processing { noise: false, ..Processing::ALL });
        memory.enter(&home, &room("a"), Some("secret-a".into()), 10);
        memory.enter(&home, &room("b"), Some("secret-b".into()), 20);
        memory.set_role(&home, &room("a"), Role::Owner);
        memory.enter(&home, &room("a"), None, 30);
    });
    run(&path, |memory| {
        assert_eq!(memory.token(&home, &room("a")).as_deref(), Some("secret-a"), "coming back without a new one");
        assert_eq!(memory.token(&server("http://127.0.0.1:5001"), &room("a")), None, "another server");
        assert_eq!(memory.token(&server("https://127.0.0.1:5000"), &room("a")), None, "no secret changes the scheme");
        let known = memory.known();
        let told: Vec<_> = known.rooms.iter().map(|one| (one.room.as_str(), one.role, one.last)).collect();
        assert_eq!(told, [("a", Role::Owner, 30), ("b", Role::Guest, 20)]);
        assert_eq!(known.rooms[0].server.as_str(), "http://127.0.0.1:5000/");
        assert_eq!(
            (memory.name().unwrap().as_str(), memory.server().unwrap().as_str()),
            ("Ann", "http://127.0.0.1:5000/")
        );
        assert_eq!(memory.processing(), Some(Processing { noise: false, ..Processing::ALL }));
        memory.forget_room(&home, &room("a"));
    });
    run(&path, |memory| assert_eq!(memory.token(&home, &room("a")), None));
    assert!(!std::fs::read_to_string(&path).unwrap().contains("secret-a"));
}

#[test]
fn trust_is_for_one_certificate_of_one_host_and_port() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("identity.json");
    let (lan, other) = (server("https://chat.lan"), server("https://chat.lan:5000"));
    let (first, second) = (Fingerprint::of(b"1"), Fingerprint::of(b"2"));
    run(&path, |memory| memory.trust(&lan, first));
    run(&path, |memory| {
        assert_eq!((memory.trusted(&lan), memory.trusted(&other)), (Some(first), None));
        memory.trust_for_now(&lan, second);
        assert_eq!(memory.trusted(&lan), Some(second));
    });
    run(&path, |memory| {
        assert_eq!(memory.trusted(&lan), Some(first), "what is for now is not kept");
        memory.trust(&lan, second);
        assert_eq!(memory.known().servers, [KnownServer { host: "chat.lan:443".into(), fingerprint: second }]);
        memory.distrust("chat.lan:443");
        assert_eq!(memory.trusted(&lan), None);
    });
}

#[test]
fn only_so_much_is_known() {
    let memory = Memory::default();
    let home = server("http://h");
    for n in 0..ROOMS_MAX + 5 {
        memory.enter(&home, &room(&n.to_string()), None, 0);
        memory.trust(&server(&format!("https://h{n}")), Fingerprint::of(b"x"));
    }
    let known = memory.known();
    assert_eq!((known.rooms.len(), known.servers.len()), (ROOMS_MAX, SERVERS_MAX));
    assert_eq!(known.rooms[0].room.as_str(), (ROOMS_MAX + 4).to_string());
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("identity.json");
    std::fs::write(path.with_extension("new"), "left over").unwrap();
    for name in ["a", "b"] {
        run(&path, |memory| memory.enter(&server("http://h"), &room(name), Some("s".into()), 0));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(!path.with_extension("new").exists());
}

#[test]
fn a_broken_file_is_put_aside_and_one_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("identity.json");
    let long = vec![b' '; 2 * 1024 * 1024];
    for broken in [&b"{\"version\": 1, \"rooms\": [{\"token\": \"s3cret"[..], b"", b"\xff\xfe", b"[]", &long] {
        std::fs::write(&path, broken).unwrap();
        let (memory, keeper, trouble) = Memory::open(&path);
        let told = trouble.unwrap().to_string();
        assert!(told.contains("is broken") && !told.contains("s3cret"), "{told}");
        memory.enter(&server("http://h"), &room("r"), Some("new".into()), 0);
        drop(keeper);
        assert_eq!(std::fs::read(path.with_extension("broken")).unwrap(), broken);
        run(&path, |memory| assert!(memory.token(&server("http://h"), &room("r")).is_some()));
    }
}

#[test]
fn nonsense_within_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("identity.json");
    let text = r#"{"version": 1, "name": "", "server": "nowhere", "more": true,
        "rooms": [{"server": "x", "room": "r"}, {"server": "http://h", "room": ""}, {"server": "http://h", "room": "r"}],
        "trusted": [{"host": "h:1", "sha256": "AB"}]}"#;
    std::fs::write(&path, text).unwrap();
    run(&path, |memory| {
        assert_eq!((memory.name(), memory.server()), (None, None));
        assert_eq!((memory.known().rooms.len(), memory.known().servers.len()), (1, 0));
    });
}

#[test]
fn what_a_newer_program_wrote_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("identity.json");
    std::fs::write(&path, r#"{"version": 2}"#).unwrap();
    let (memory, keeper, trouble) = Memory::open(&path);
    assert!(matches!(trouble, Some(MemoryError::Newer { .. })), "{trouble:?}");
    memory.enter(&server("http://h"), &room("r"), None, 0);
    drop(keeper);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), r#"{"version": 2}"#);
}

#[test]
fn two_who_run_at_once_are_not_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("identity.json");
    let home = server("https://h");
    run(&path, |first| {
        first.enter(&home, &room("r"), Some("mine".into()), 0);
        first.trust(&home, Fingerprint::of(b"x"));
    });
    run(&path, |_| {
        let (second, keeper, trouble) = Memory::open(&path);
        assert!(matches!(trouble, Some(MemoryError::Busy)), "{trouble:?}");
        assert!(keeper.is_none() && second.token(&home, &room("r")).is_none());
        assert_eq!(second.known().rooms.len(), 1, "where one was is no secret");
        assert!(second.trusted(&home).is_some());
    });
    run(&path, |third| assert!(third.token(&home, &room("r")).is_some()));
}

#[test]
fn no_secret_shows_when_it_is_looked_at() {
    let memory = Memory::default();
    memory.enter(&server("http://h"), &room("r"), Some("s3cret".into()), 0);
    assert!(!format!("{memory:?} {:?}", memory.known()).contains("s3cret"));
}

#[test]
fn whoever_is_signed_in_is_that_in_every_room_but_those_that_one_owned_before() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("identity.json");
    let (home, other) = (server("https://h/rtc"), server("https://other"));
    run(&path, |memory| {
        memory.enter(&home, &room("mine"), Some("owner".into()), 1);
        memory.set_role(&home, &room("mine"), Role::Owner);
        memory.enter(&home, &room("visited"), Some("guest".into()), 2);
        memory.sign_in(&home, "Ann".into(), "account".into());
    });
    run(&path, |memory| {
        let token = |server, name| memory.token(server, &room(name));
        assert_eq!(token(&home, "mine").as_deref(), Some("owner"));
        assert_eq!(token(&home, "visited").as_deref(), Some("account"));
        assert_eq!(token(&home, "new").as_deref(), Some("account"));
        assert_eq!(token(&other, "new"), None, "another server");
        let known = memory.known().accounts;
        assert_eq!((known.len(), known[0].name.as_str(), known[0].server.as_str()), (1, "Ann", "https://h/"));
        assert!(!format!("{memory:?}").contains("\"account\""));
        memory.enter(&home, &room("new"), Some("account".into()), 3);
        memory.set_role(&home, &room("new"), Role::Owner);
        memory.sign_in(&home, "Ann".into(), "changed".into());
    });
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(!written.contains("\"account\""), "the account's token stands in one place, and the old one is gone");
    run(&path, |memory| {
        assert_eq!(memory.token(&home, &room("new")).as_deref(), Some("changed"));
        memory.sign_out(&home);
        assert_eq!(memory.token(&home, &room("new")), None);
        assert_eq!(memory.token(&home, &room("visited")).as_deref(), Some("guest"));
        let roles: Vec<_> = memory.known().rooms.iter().map(|one| (one.room.to_string(), one.role)).collect();
        assert_eq!(roles[0], ("new".to_owned(), Role::Guest), "only the account made one its owner");
        assert_eq!(roles[2], ("mine".to_owned(), Role::Owner));
    });
}

#[test]
fn a_second_program_is_not_signed_in() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("identity.json");
    run(&path, |memory| memory.sign_in(&server("https://h"), "Ann".into(), "account".into()));
    run(&path, |_| {
        let (second, _, _) = Memory::open(&path);
        assert_eq!((second.account_token(&server("https://h")), second.known().accounts), (None, Vec::new()));
    });
}
