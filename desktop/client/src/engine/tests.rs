//! Two engine peers in one process, over the loopback.

mod both;
mod clocks;
mod loss;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use protocol::ClientId;
use session::{PeerEvent, PeerKey};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Engine, Order, Peer, PeerNews, Surroundings};
use crate::inlet::Inlet;
use crate::keyframes::KeyframeWishes;
use crate::outlet::{Frame, Outlet};
use crate::record::Record;
use crate::{ClientEvent, Kind, OutgoingAudio, RtpPacket, vp8};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// What has not come by then was lost: it is sent again.
const RETRY: Duration = Duration::from_millis(500);

struct Side {
    peer: Peer,
    news: mpsc::Receiver<PeerNews>,
    events: mpsc::Receiver<ClientEvent>,
    outlet: Arc<Outlet>,
    record: Arc<Record>,
    wishes: KeyframeWishes,
}

fn engine() -> Arc<Engine> {
    Arc::new(Engine::new(true, Handle::current()))
}

fn side(engine: &Arc<Engine>, name: &str) -> Side {
    let client = ClientId::new(name);
    let (told, news) = mpsc::channel(64);
    let (given, events) = mpsc::channel(2048);
    let wishes = KeyframeWishes::default();
    let wish = wishes.of(client.clone());
    let outlet = Arc::new(Outlet::new(wish.clone()));
    let record = Arc::new(Record::new(client.clone()));
    let peer = engine.open_peer(Surroundings {
        peer: PeerKey { client: client.clone(), generation: 0 },
        ice_servers: Vec::new(),
        outlet: Arc::clone(&outlet),
        inlet: Inlet::new(client, given),
        record: Arc::clone(&record),
        wish,
        news: told,
    });
    Side { peer, news, events, outlet, record, wishes }
}

impl Side {
    fn order(&mut self, order: Order) {
        assert!(self.peer.order(order));
    }

    fn offer(&mut self, complete: bool, ice_restart: bool) {
        self.order(Order::MakeOffer { complete, ice_restart });
    }

    fn accept(&mut self, sdp: String, rollback: bool) {
        self.order(Order::AcceptOffer { sdp, rollback, complete: true });
    }

    /// The next news that the session would hear.
    async fn event(&mut self) -> PeerEvent {
        loop {
            let news = timeout(PATIENCE, self.news.recv()).await.expect("news in time").expect("a peer that lives");
            if self.peer.is_news(&news) {
                return news.event;
            }
        }
    }

    async fn description(&mut self) -> String {
        loop {
            match self.event().await {
                PeerEvent::OfferReady { sdp } | PeerEvent::AnswerReady { sdp } => return sdp,
                PeerEvent::Failed(why) => panic!("{why}"),
                _ => {}
            }
        }
    }

    async fn connected(&mut self) {
        loop {
            match self.event().await {
                PeerEvent::Connected => return,
                PeerEvent::Failed(why) => panic!("{why}"),
                _ => {}
            }
        }
    }

    async fn packet(&mut self, wanted: Kind) -> RtpPacket {
        loop {
            let event = timeout(PATIENCE, self.events.recv()).await.expect("a packet in time").expect("an inlet");
            if let ClientEvent::Rtp { kind, packet, .. } = event
                && kind == wanted
            {
                return packet;
            }
        }
    }

    fn send_video(&self, frame: &[u8], timestamp: u32, keyframe: bool) {
        let frame = Frame { payloads: vp8::packetize(frame), timestamp, keyframe, screen: false };
        self.outlet.push_video(Arc::new(frame), Instant::now());
    }

    fn send_audio(&self, data: &'static [u8], timestamp: u32) {
        self.outlet.push_audio(OutgoingAudio { data: Bytes::from_static(data), timestamp });
    }

    async fn wished(&self) {
        timeout(PATIENCE, self.wishes.wished()).await.expect("a wish in time");
        assert_eq!(self.wishes.take().len(), 1);
    }
}

async fn negotiate(from: &mut Side, to: &mut Side, ice_restart: bool) {
    from.offer(true, ice_restart);
    let offer = from.description().await;
    to.accept(offer, false);
    let answer = to.description().await;
    from.order(Order::AcceptAnswer { sdp: answer });
}

async fn connected_pair() -> (Arc<Engine>, Side, Side) {
    let engine = engine();
    let (mut a, mut b) = (side(&engine, "a"), side(&engine, "b"));
    negotiate(&mut a, &mut b, false).await;
    a.connected().await;
    b.connected().await;
    (engine, a, b)
}

/// A whole frame and then a packet of sound arrive. What is sent while the other side is not yet ready may be lost.
async fn assert_media_flows(from: &Side, to: &mut Side) {
    let frame: Vec<u8> = (0..5000).map(|i| i as u8).collect();
    for timestamp in 1.. {
        from.send_video(&frame, timestamp, true);
        let mut whole = Vec::new();
        let mut last = None;
        loop {
            let Ok(packet) = timeout(RETRY, to.packet(Kind::Video)).await else { break };
            let follows = last.is_none_or(|last: u16| packet.sequence == last.wrapping_add(1));
            last = Some(packet.sequence);
            if packet.timestamp == timestamp && follows {
                whole.extend_from_slice(&packet.payload[1..]);
            }
            if packet.marker {
                break;
            }
        }
        if whole == frame {
            break;
        }
    }
    from.send_audio(b"opus", 48_000);
    let sound = to.packet(Kind::Audio).await;
    assert_eq!((&sound.payload[..], sound.timestamp), (&b"opus"[..], 48_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn both_kinds_flow_both_ways() {
    let (_engine, mut a, mut b) = connected_pair().await;
    assert_media_flows(&a, &mut b).await;
    assert_media_flows(&b, &mut a).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pli_wants_a_keyframe_and_a_new_connection_by_itself_does_not() {
    let (_engine, a, mut b) = connected_pair().await;
    assert_media_flows(&a, &mut b).await;
    assert!(a.wishes.take().is_empty());
    b.order(Order::RequestKeyframe(Kind::Video));
    a.wished().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_has_one_stream_one_codec_each_and_its_candidates() {
    let engine = engine();
    let mut a = side(&engine, "a");
    a.offer(true, false);
    let offer = a.description().await;
    let media: Vec<&str> = offer.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(media.len(), 3, "{offer}");
    assert!(media[0].starts_with("m=audio") && media[0].ends_with(" 111"), "{offer}");
    for pictures in &media[1..] {
        assert!(pictures.starts_with("m=video") && pictures.contains(" 96"), "{offer}");
    }
    assert_eq!(offer.matches("a=sendrecv").count(), 3, "{offer}");
    assert_eq!(offer.matches("a=msid:rtc-chat ").count(), 3, "{offer}");
    assert!(offer.contains("127.0.0.1"), "{offer}");
    assert!(offer.contains("a=candidate:") && offer.contains("a=rtcp-fb:96 nack pli"), "{offer}");
    assert!(offer.contains("transport-wide-cc"), "{offer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_loopback_no_candidate_is_of_it() {
    let engine = Arc::new(Engine::new(false, Handle::current()));
    let mut a = side(&engine, "a");
    a.offer(true, false);
    let offer = a.description().await;
    let has_other = offer.lines().any(|line| line.starts_with("a=candidate:") && !line.contains("127.0.0.1"));
    assert!(!has_other || !offer.contains("127.0.0.1"), "{offer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_offers_at_once_one_connection_comes() {
    let engine = engine();
    let (mut polite, mut impolite) = (side(&engine, "a"), side(&engine, "b"));
    polite.offer(true, false);
    impolite.offer(true, false);
    let (given_up, offer) = (polite.description().await, impolite.description().await);
    assert_ne!(given_up, offer);
    polite.accept(offer, true);
    let answer = polite.description().await;
    impolite.order(Order::AcceptAnswer { sdp: answer });
    polite.connected().await;
    impolite.connected().await;
    assert_media_flows(&polite, &mut impolite).await;
    assert_media_flows(&impolite, &mut polite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_is_given_up_is_never_heard_of() {
    for is_made in [false, true] {
        let engine = engine();
        let (mut polite, mut impolite) = (side(&engine, "a"), side(&engine, "b"));
        impolite.offer(true, false);
        let offer = impolite.description().await;
        polite.offer(true, false);
        // Given up while it is being made, and when it is on its way to the session.
        let deadline = Instant::now() + PATIENCE;
        while is_made && polite.news.is_empty() {
            assert!(Instant::now() < deadline);
            tokio::task::yield_now().await;
        }
        polite.accept(offer, true);
        let PeerEvent::AnswerReady { sdp } = polite.event().await else { panic!("the answer comes first") };
        impolite.order(Order::AcceptAnswer { sdp });
        polite.connected().await;
        impolite.connected().await;
        assert_media_flows(&polite, &mut impolite).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ice_restart_brings_the_same_media_over_a_new_way() {
    let (_engine, mut a, mut b) = connected_pair().await;
    assert_media_flows(&a, &mut b).await;
    negotiate(&mut a, &mut b, true).await;
    a.connected().await;
    b.connected().await;
    assert_media_flows(&a, &mut b).await;
    assert_media_flows(&b, &mut a).await;
    // And once more, from the other side.
    negotiate(&mut b, &mut a, true).await;
    a.connected().await;
    b.connected().await;
    assert_media_flows(&a, &mut b).await;
    assert_media_flows(&b, &mut a).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn candidates_that_trickle_connect() {
    let engine = engine();
    let (mut a, mut b) = (side(&engine, "a"), side(&engine, "b"));
    a.order(Order::MakeOffer { complete: false, ice_restart: false });
    let offer = a.description().await;
    let (bare, candidates): (Vec<&str>, Vec<&str>) =
        offer.lines().partition(|line| !line.starts_with("a=candidate:") && *line != "a=end-of-candidates");
    // Before the offer itself: they wait for it.
    for candidate in candidates.iter().filter_map(|line| line.strip_prefix("a=")) {
        b.order(Order::AddCandidate(protocol::IceCandidate {
            candidate: candidate.to_owned(),
            sdp_mid: Some("0".into()),
            sdp_m_line_index: Some(0),
            username_fragment: None,
        }));
    }
    b.order(Order::AcceptOffer { sdp: bare.join("\r\n") + "\r\n", rollback: false, complete: false });
    let answer = b.description().await;
    a.order(Order::AcceptAnswer { sdp: answer });
    a.connected().await;
    b.connected().await;
    assert_media_flows(&a, &mut b).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_candidates_connects() {
    let engine = engine();
    let (mut a, mut b) = (side(&engine, "a"), side(&engine, "b"));
    a.offer(true, false);
    let offer = a.description().await;
    b.accept(offer, false);
    let answer = b.description().await;
    let bare: String =
        answer.lines().filter(|line| !line.contains("candidate")).flat_map(|line| [line, "\r\n"]).collect();
    a.order(Order::AcceptAnswer { sdp: bare });
    a.connected().await;
    b.connected().await;
    assert_media_flows(&a, &mut b).await;
    assert_media_flows(&b, &mut a).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_other_side_does_not_want_is_not_sent() {
    let engine = engine();
    let (mut a, mut b) = (side(&engine, "a"), side(&engine, "b"));
    a.offer(true, false);
    // As from one who has no camera and wants to see nobody.
    let offer = a.description().await.replacen("a=sendrecv", "a=sendrecv ", 1);
    let offer = offer.replace("a=sendrecv\r", "a=inactive\r").replace("a=sendrecv ", "a=sendrecv");
    b.accept(offer, false);
    let answer = b.description().await;
    a.order(Order::AcceptAnswer { sdp: answer });
    a.connected().await;
    b.connected().await;
    for timestamp in 0..5 {
        b.send_video(&[0; 3000], timestamp, true);
        b.send_audio(b"opus", timestamp);
        a.packet(Kind::Audio).await;
    }
    assert_eq!(b.record.report(&b.outlet).video_sent.packets, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonsensical_description_fails_and_nothing_else_happens() {
    let engine = engine();
    let mut a = side(&engine, "a");
    for sdp in ["", "nonsense", "v=0\r\n", "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 x 1\r\n"] {
        a.accept(sdp.to_owned(), false);
        assert!(matches!(a.event().await, PeerEvent::Failed(_)), "{sdp}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_connection_does_is_on_record() {
    let (_engine, a, mut b) = connected_pair().await;
    assert_media_flows(&a, &mut b).await;
    b.order(Order::RequestKeyframe(Kind::Video));
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (sent, got) = (a.record.report(&a.outlet), b.record.report(&b.outlet));
        assert!(Instant::now() < deadline, "{sent:?} {got:?}");
        if sent.rtt_ms.is_some() && sent.video_sent.plis > 0 && got.video_received.plis > 0 {
            assert!(sent.connected && sent.connect_ms.is_some_and(|took| took > 0.0));
            assert_eq!(sent.candidate.as_deref(), Some("host"));
            assert!(sent.frames_sent > 0 && sent.frames_dropped == 0);
            assert_eq!(sent.target_bitrate, Some(1_500_000));
            assert_eq!((sent.audio_sent.packets, sent.audio_sent.bytes), (1, 4));
            assert!(got.video_received.packets > 0 && got.video_received.packets <= sent.video_sent.packets);
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_engine_ends_every_task() {
    let (engine, a, b) = connected_pair().await;
    drop((a, b));
    let watched = Arc::downgrade(&engine);
    drop(engine);
    let deadline = Instant::now() + PATIENCE;
    while watched.strong_count() > 0 {
        assert!(Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
}
