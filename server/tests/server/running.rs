//! The program while it runs and before: settings read again, people let go in peace, settings checked.

use std::path::Path;

use reqwest::StatusCode;

use super::support::program::command;
use super::support::{Peer, Program, Visitor};

fn pair(directory: &Path) -> reqwest::Certificate {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    std::fs::write(directory.join("key.pem"), made.signing_key.serialize_pem()).expect("a file");
    std::fs::write(directory.join("cert.pem"), made.cert.pem()).expect("a file");
    reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).expect("a certificate")
}

#[tokio::test]
async fn a_hang_up_exchanges_the_certificate_and_the_log_and_nobody_notices() {
    let data = tempfile::tempdir().unwrap();
    let file = |name: &str| data.path().join(name).to_str().unwrap().to_owned();
    let first = pair(data.path());
    std::fs::write(file("server.toml"), "log = \"info\"\n").unwrap();
    let directory = data.path();
    let flags = ["--tls-cert", &file("cert.pem"), "--tls-key", &file("key.pem"), "--config", &file("server.toml")];
    let mut program = Program::over(directory, &flags).await;
    let trusting = |certificate| reqwest::Client::builder().tls_certs_only([certificate]).build().unwrap();
    let before = trusting(first.clone());
    assert!(before.get(&program.url).send().await.is_ok());
    let second = pair(directory);
    std::fs::write(directory.join("server.toml"), "log = \"debug\"\n").unwrap();
    program.signal("-HUP");
    program.logs("read the settings again").await;
    assert!(trusting(second.clone()).get(&program.url).send().await.is_ok());
    assert!(trusting(first).get(&program.url).send().await.is_err(), "the old one is shown no more");
    program.logs("DEBUG").await;
    std::fs::write(directory.join("cert.pem"), "nonsense").unwrap();
    std::fs::write(directory.join("server.toml"), "log = \"no=such=filter\"\n").unwrap();
    program.signal("-HUP");
    program.logs("the log stays as it was").await;
    program.logs("the certificate stays as it was").await;
    assert!(trusting(second).get(&program.url).send().await.is_ok());
    program.signal("-TERM");
    program.ended().await;
}

#[tokio::test]
async fn drained_it_ends_when_the_last_one_leaves_or_when_told_again() {
    for leaves in [true, false] {
        let mut program = Program::start(&["--drain-seconds", "3600"]).await;
        let visitor = Visitor::at(&program.url);
        visitor.get("/rtc/demo").await;
        let mut peer = Peer::connect(&visitor, "/rtc/demo").await;
        peer.greeted().await;
        program.signal("-TERM");
        program.logs("letting nobody new in").await;
        assert_eq!(visitor.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
        if leaves {
            peer.close().await;
        } else {
            program.signal("-TERM");
            let last = peer.until_closed().await;
            assert!(last.iter().any(|envelope| envelope.kind == "bye"), "{last:?}");
        }
        program.ended().await;
    }
}

#[tokio::test]
async fn settings_are_checked_without_starting_anything() {
    let data = tempfile::tempdir().unwrap();
    let check = async |flags: &[&str]| {
        let output = command(&data.path().join("data")).arg("--check-config").args(flags).output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, page, complaint) = check(&["--room", "a", "--ice-server", "turn:u:t0p@h"]).await;
    assert_eq!((code, complaint.as_str()), (Some(0), ""));
    assert!(page.contains("room = [\"a\"]") && page.contains("turn:u:***@h") && !page.contains("t0p"), "{page}");
    assert!(!data.path().join("data").exists(), "it makes nothing");
    let token = data.path().join("token");
    std::fs::write(&token, "short").unwrap();
    let token = token.to_str().unwrap();
    for (flags, complains) in [
        (&["--log", "a=b=c"][..], "--log"),
        (&["--listen", "nowhere"], "--listen"),
        (&["--tls-cert", "/nowhere", "--tls-key", "/nowhere"], "/nowhere"),
        (&["--tls-cert", "/nowhere"], "--tls-key"),
        (&["--tls-self-signed", "--tls-cert", "a", "--tls-key", "b"], "cannot be used with"),
        (&["--webhook", "http://a.example"], "--webhook-secret-file"),
        (&["--admin-token-file", token], "fewer than 16"),
    ] {
        let (code, _, complaint) = check(flags).await;
        assert_eq!(code, Some(2), "{flags:?}");
        assert!(complaint.contains(complains), "{flags:?}: {complaint}");
    }
}
