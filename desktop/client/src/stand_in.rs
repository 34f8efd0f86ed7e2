//! A stand-in for a server's HTTP in tests: every request goes to one function.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;

/// One request, as much of it as matters here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Lower-case names.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// A field of a form.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.body.as_bytes())
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// What it answers: status, headers, body.
pub(crate) type Answer = (u16, Vec<(&'static str, String)>, String);

/// Answers until it is dropped, and remembers what it was asked.
pub(crate) struct StandIn {
    pub(crate) url: Url,
    asked: Arc<Mutex<Vec<Request>>>,
    _task: JoinSet<()>,
}

impl StandIn {
    pub(crate) async fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut task = JoinSet::new();
        let memory = Arc::clone(&asked);
        task.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                exchange(&mut stream, |request| {
                    memory.lock().unwrap().push(request.clone());
                    answer(request)
                })
                .await;
            }
        });
        Self { url, asked, _task: task }
    }

    /// Method and path of every request so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|request| format!("{} {}", request.method, request.path)).collect()
    }

    pub(crate) fn last(&self) -> Request {
        self.asked.lock().unwrap().last().cloned().unwrap_or_default()
    }
}

/// Answers the one request that comes on a stream.
pub(crate) async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    answer: impl FnOnce(&Request) -> Answer,
) {
    let Some(request) = read(stream).await else { return };
    let _ = stream.write_all(&write(answer(&request))).await;
    let _ = stream.shutdown().await;
}

async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Option<Request> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).ok()?;
    let mut lines = text.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let mut request = Request { method, path, headers, body: String::new() };
    let length: usize = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < head + 4 + length {
        stream.read_buf(&mut bytes).await.ok()?;
    }
    request.body = String::from_utf8(bytes[head + 4..].to_vec()).ok()?;
    Some(request)
}

fn write((status, headers, body): Answer) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    format!("{text}\r\n{body}").into_bytes()
}
