//! Reports to another program: rooms opened and closed, people joining and leaving. Signed, in order, and never in the way.

use std::time::{Duration, SystemTime};

use reqwest::{Client, StatusCode, redirect};
use rooms::Event;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::metrics::Metrics;
use crate::secret::Secret;

/// Reports that may wait; when there are more, the newest are dropped.
const WAITING_MAX: usize = 1_024;
/// A receiver that takes longer is not there.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Then the report is given up.
const ATTEMPTS_MAX: u32 = 8;
/// When the server stops, what still waits may be delivered for so long.
const LAST_WORDS_MAX: Duration = Duration::from_secs(2);

/// The pause after an attempt that failed; each is twice as long as the one before, up to the longest.
#[derive(Debug, Clone, Copy)]
struct Pause {
    first: Duration,
    longest: Duration,
}

const PAUSE: Pause = Pause { first: Duration::from_secs(1), longest: Duration::from_secs(60) };

/// Where the engine puts what happened.
#[derive(Clone)]
pub(crate) struct Events {
    queue: mpsc::Sender<(Event, SystemTime)>,
    metrics: Metrics,
}

/// Delivers the reports, one after the other.
pub(crate) struct Webhooks {
    queue: mpsc::Receiver<(Event, SystemTime)>,
    client: Client,
    url: Url,
    secret: Secret,
    metrics: Metrics,
    pause: Pause,
}

/// The body of a report.
#[derive(Debug, Serialize)]
struct Report<'a> {
    /// The same for every attempt: whoever has seen it ignores it.
    id: String,
    event: &'static str,
    /// Milliseconds since 1970.
    time_ms: u128,
    room: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'a str>,
}

/// What came of one attempt.
enum Attempt {
    Delivered,
    Refused(StatusCode),
    Failed,
}

impl Webhooks {
    pub(crate) fn new(url: Url, secret: Secret, metrics: Metrics) -> Result<(Self, Events), reqwest::Error> {
        let (sender, queue) = mpsc::channel(WAITING_MAX);
        let events = Events { queue: sender, metrics: metrics.clone() };
        // Where the secret's holder listens is configured, not told by whoever answers there.
        let client = Client::builder().timeout(ANSWER_MAX).redirect(redirect::Policy::none()).build()?;
        Ok((Self { queue, client, url, secret, metrics, pause: PAUSE }, events))
    }

    /// Runs until the engine is gone; after `stop` only for a moment more.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let last_moment = async {
            stop.cancelled().await;
            tokio::time::sleep(LAST_WORDS_MAX).await;
        };
        let deliver = async {
            while let Some((event, at)) = self.queue.recv().await {
                self.deliver(&event, at).await;
            }
        };
        tokio::select! {
            () = deliver => {}
            () = last_moment => tracing::warn!("some webhook reports were not delivered"),
        }
    }

    async fn deliver(&self, event: &Event, at: SystemTime) {
        let body = body(event, at);
        let mut pause = self.pause.first;
        for attempt in 1..=ATTEMPTS_MAX {
            match self.attempt(&body).await {
                Attempt::Delivered => return self.metrics.hooked("delivered"),
                Attempt::Refused(status) => {
                    tracing::warn!(%status, "the webhook refused a report");
                    return self.metrics.hooked("refused");
                }
                Attempt::Failed if attempt < ATTEMPTS_MAX => tokio::time::sleep(pause).await,
                Attempt::Failed => {}
            }
            pause = (pause * 2).min(self.pause.longest);
        }
        tracing::warn!("the webhook could not be reached; a report is given up");
        self.metrics.hooked("given-up");
    }

    /// Each attempt is signed anew, so that its age is that of the attempt.
    async fn attempt(&self, body: &str) -> Attempt {
        let now = unix_time(SystemTime::now()).as_secs().to_string();
        let signature = self.secret.sign(&[now.as_bytes(), b".", body.as_bytes()]);
        let signature: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        let request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("x-rtc-chat-timestamp", now)
            .header("x-rtc-chat-signature", format!("v1={signature}"))
            .body(body.to_owned());
        match request.send().await.map(|answer| answer.status()) {
            Ok(status) if status.is_success() => Attempt::Delivered,
            Ok(StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS) => Attempt::Failed,
            Ok(status) if status.is_server_error() => Attempt::Failed,
            Ok(status) => Attempt::Refused(status),
            Err(error) => {
                // The address may carry a secret.
                tracing::debug!(error = %error.without_url(), "the webhook could not be reached");
                Attempt::Failed
            }
        }
    }
}

impl Events {
    /// Never waits: when too many are waiting, this one is dropped.
    pub(crate) fn offer(&self, event: Event) {
        if self.queue.try_send((event, SystemTime::now())).is_err() {
            self.metrics.hooked("dropped");
        }
    }
}

fn body(event: &Event, at: SystemTime) -> String {
    let (kind, room, client) = match event {
        Event::RoomOpened { room } => ("room-opened", room, None),
        Event::RoomClosed { room } => ("room-closed", room, None),
        Event::Joined { room, client } => ("joined", room, Some(client.as_str())),
        Event::Left { room, client } => ("left", room, Some(client.as_str())),
    };
    let id = rand::random::<[u8; 16]>().iter().map(|byte| format!("{byte:02x}")).collect();
    let report = Report { id, event: kind, time_ms: unix_time(at).as_millis(), room: room.as_str(), client };
    serde_json::to_string(&report).expect("texts and numbers are JSON")
}

fn unix_time(at: SystemTime) -> Duration {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use protocol::RoomId;
    use serde_json::Value;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::task::JoinSet;

    use super::*;

    const SECRET: &str = "sixteen-letters!";

    struct Receiver {
        listener: TcpListener,
        events: Events,
        metrics: Metrics,
        tasks: JoinSet<()>,
        stop: CancellationToken,
    }

    impl Receiver {
        async fn new() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/hook", listener.local_addr().unwrap()).parse().unwrap();
            let metrics = Metrics::new();
            let (mut webhooks, events) = Webhooks::new(url, secret(), metrics.clone()).unwrap();
            webhooks.pause = Pause { first: Duration::ZERO, longest: Duration::ZERO };
            let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
            tasks.spawn(webhooks.run(stop.clone()));
            Self { listener, events, metrics, tasks, stop }
        }

        /// The next request's head and body, answered with `status`.
        async fn take(&self, status: &str) -> (String, String) {
            let (mut stream, _) = self.listener.accept().await.unwrap();
            let mut request = String::new();
            loop {
                let mut part = [0; 4_096];
                let read = stream.read(&mut part).await.unwrap();
                request.push_str(std::str::from_utf8(&part[..read]).unwrap());
                if let Some((head, body)) = request.split_once("\r\n\r\n")
                    && body.len().to_string() == header(head, "content-length")
                {
                    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    return (head.to_owned(), body.to_owned());
                }
            }
        }

        fn opened(&self, room: &str) {
            self.events.offer(Event::RoomOpened { room: RoomId::parse(room).unwrap() });
        }

        fn outcomes(&self, outcome: &str) -> Option<u64> {
            let page = self.metrics.to_text(&crate::metrics::Census::default(), 0);
            let start = format!("rtc_chat_webhooks_total{{outcome=\"{outcome}\"}} ");
            page.lines().find_map(|line| line.strip_prefix(&start)).map(|count| count.parse().unwrap())
        }
    }

    fn secret() -> Secret {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), SECRET).unwrap();
        Secret::read(file.path()).unwrap()
    }

    fn header(head: &str, name: &str) -> String {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).unwrap_or_default()
    }

    #[tokio::test]
    async fn a_report_is_signed_and_says_what_happened() {
        let receiver = Receiver::new().await;
        let (room, client) = (RoomId::parse("demo").unwrap(), protocol::ClientId::new("ann"));
        receiver.events.offer(Event::Joined { room, client });
        let (head, body) = receiver.take("204 No Content").await;
        assert!(head.starts_with("POST /hook HTTP/1.1"), "{head}");
        let time = header(&head, "x-rtc-chat-timestamp");
        let signed = secret().sign(&[format!("{time}.{body}").as_bytes()]);
        let signed: String = signed.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(header(&head, "x-rtc-chat-signature"), format!("v1={signed}"));
        let report: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (&report["event"], &report["room"], &report["client"]),
            (&"joined".into(), &"demo".into(), &"ann".into())
        );
        assert!(report["time_ms"].as_u64().is_some() && report["id"].as_str().is_some_and(|id| id.len() == 32));
    }

    #[tokio::test]
    async fn a_report_is_tried_again_until_it_is_taken_and_the_order_stays() {
        let receiver = Receiver::new().await;
        receiver.opened("a");
        receiver.opened("b");
        let mut bodies = Vec::new();
        for status in ["503 Service Unavailable", "429 Too Many Requests", "500 Oops", "200 OK", "200 OK"] {
            bodies.push(receiver.take(status).await.1);
        }
        assert!(bodies[..4].iter().all(|body| body == &bodies[0] && body.contains("\"a\"")), "{bodies:?}");
        assert!(bodies[4].contains("\"b\""));
    }

    #[tokio::test]
    async fn a_report_that_is_refused_or_never_taken_is_given_up() {
        let receiver = Receiver::new().await;
        for room in ["a", "b", "c"] {
            receiver.opened(room);
        }
        assert!(receiver.take("400 Bad Request").await.1.contains("\"a\""));
        for _ in 0..ATTEMPTS_MAX {
            assert!(receiver.take("500 Oops").await.1.contains("\"b\""));
        }
        assert!(receiver.take("302 Found").await.1.contains("\"c\""), "no redirect is followed");
        let Receiver { events, mut tasks, metrics, listener, stop } = receiver;
        drop(events);
        tasks.join_next().await;
        let receiver = Receiver {
            events: Webhooks::new("http://a".parse().unwrap(), secret(), metrics.clone()).unwrap().1,
            tasks,
            metrics,
            listener,
            stop,
        };
        assert_eq!((receiver.outcomes("refused"), receiver.outcomes("given-up")), (Some(2), Some(1)));
    }

    #[tokio::test]
    async fn of_too_many_reports_the_newest_are_dropped() {
        let metrics = Metrics::new();
        let (mut webhooks, events) = Webhooks::new("http://a".parse().unwrap(), secret(), metrics).unwrap();
        for count in 0..WAITING_MAX + 3 {
            events.offer(Event::RoomOpened { room: RoomId::parse(&count.to_string()).unwrap() });
        }
        assert!(events.metrics.to_text(&Default::default(), 0).contains("webhooks_total{outcome=\"dropped\"} 3"));
        let mut waiting = Vec::new();
        while let Ok((event, _)) = webhooks.queue.try_recv() {
            waiting.push(event);
        }
        assert_eq!(waiting.len(), WAITING_MAX);
        assert_eq!(waiting[0], Event::RoomOpened { room: RoomId::parse("0").unwrap() });
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_and_a_stopping_server_does_not_wait_for_them() {
        // Nobody listens there: every attempt fails at once.
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url: Url = format!("http://{}/", taken.local_addr().unwrap()).parse().unwrap();
        drop(taken);
        let (webhooks, events) = Webhooks::new(url.clone(), secret(), Metrics::new()).unwrap();
        events.offer(Event::RoomOpened { room: RoomId::parse("a").unwrap() });
        drop(events);
        let start = tokio::time::Instant::now();
        webhooks.run(CancellationToken::new()).await;
        let seconds = start.elapsed().as_secs();
        assert!((123..=203).contains(&seconds), "1 + 2 + 4 + 8 + 16 + 32 + 60 s, the refusals apart: {seconds}");
        let (webhooks, events) = Webhooks::new(url, secret(), Metrics::new()).unwrap();
        events.offer(Event::RoomOpened { room: RoomId::parse("a").unwrap() });
        let (start, stop) = (tokio::time::Instant::now(), CancellationToken::new());
        stop.cancel();
        webhooks.run(stop).await;
        assert_eq!(start.elapsed().as_secs(), LAST_WORDS_MAX.as_secs());
    }
}
