//! HTTPS: whose certificate is shown, what goes over it, and how many may come.

use std::path::Path;

use reqwest::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::{Peer, Site, Visitor};

fn certificate(site: &Site) -> Vec<u8> {
    std::fs::read(site.data().join("self-signed.crt")).expect("the certificate")
}

/// A new pair of files; the certificate.
fn pair(directory: &Path) -> Vec<u8> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    std::fs::write(directory.join("key.pem"), made.signing_key.serialize_pem()).expect("a file");
    std::fs::write(directory.join("cert.pem"), made.cert.pem()).expect("a file");
    made.cert.pem().into_bytes()
}

#[tokio::test]
async fn a_call_works_over_a_self_signed_certificate_and_its_cookie_is_secure() {
    let site = Site::with(&["--room", "demo", "--tls-self-signed"]).await;
    assert!(site.url.starts_with("https://127.0.0.1:"));
    let ann = Visitor::trusting(&site, &certificate(&site));
    let page = ann.get("/rtc/demo").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.header("set-cookie").contains("Secure"), "{}", page.header("set-cookie"));
    let mut peer = Peer::connect(&ann, "/rtc/demo").await;
    peer.greeted().await;
}

#[tokio::test]
async fn who_does_not_trust_the_certificate_gets_nothing() {
    let site = Site::with(&["--tls-self-signed"]).await;
    let stranger = reqwest::Client::builder().build().unwrap();
    let refused = stranger.get(&site.url).send().await.expect_err("nobody vouches for it");
    assert!(refused.is_connect(), "{refused:?}");
    let other = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap().cert.pem();
    let other = reqwest::Certificate::from_pem(other.as_bytes()).unwrap();
    let misled = reqwest::Client::builder().tls_certs_only([other]).build().unwrap();
    assert!(misled.get(&site.url).send().await.is_err());
}

#[tokio::test]
async fn a_given_certificate_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let certificate = pair(dir.path());
    let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let site = Site::with(&["--tls-cert", &file("cert.pem"), "--tls-key", &file("key.pem")]).await;
    let health = Visitor::trusting(&site, &certificate).get("/healthz").await;
    assert_eq!(health.text, "ok");
}

#[tokio::test]
async fn http_leads_to_the_same_page_on_https() {
    let site = Site::with(&["--tls-self-signed", "--http-redirect", "127.0.0.1:0"]).await;
    let lost = Visitor::at(site.redirect.as_deref().unwrap());
    for answer in [lost.get("/rtc/demo?a=b").await, lost.post_json("/rtc/demo?a=b", &json!({})).await] {
        assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT);
        assert_eq!(answer.header("location"), format!("{}/rtc/demo?a=b", site.url));
        assert!(answer.header("set-cookie").is_empty());
    }
}

#[tokio::test]
async fn an_address_opens_so_many_connections_and_not_one_more() {
    let site = Site::with(&["--http-connections-per-address", "3"]).await;
    let address = site.url.strip_prefix("http://").unwrap();
    let ask = async |stream: &mut TcpStream| {
        // The answer may come before the question is read.
        drop(stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await);
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        String::from_utf8(answer.to_vec()).unwrap()
    };
    let mut inside = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        assert_eq!(ask(&mut stream).await, "HTTP/1.1 200");
        inside.push(stream);
    }
    let mut fourth = TcpStream::connect(address).await.unwrap();
    let mut answer = String::new();
    fourth.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("too-many"), "{answer}");
    for stream in &mut inside {
        let mut rest = vec![0; 4_096];
        let read = stream.read(&mut rest).await.unwrap();
        assert!(rest[..read].ends_with(b"ok"), "the others lose nothing");
    }
    // A place is free as soon as the server has seen one leave: asking until then ends.
    drop(inside.pop());
    loop {
        let mut stream = TcpStream::connect(address).await.unwrap();
        if ask(&mut stream).await == "HTTP/1.1 200" {
            break;
        }
    }
}
