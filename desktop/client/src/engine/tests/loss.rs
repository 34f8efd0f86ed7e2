//! A path that loses packets.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use tokio::net::UdpSocket;
use tokio::task::JoinSet;

use super::*;

/// Only media is longer: what sets the connection up is not lost.
const LONG: usize = 800;

/// Sends what comes from `b` on to `a` and back, but loses every `n`th long packet on its way to `b`.
async fn lossy_relay(a: SocketAddr, n: usize) -> (SocketAddr, JoinSet<()>) {
    let (near_a, near_b) =
        (UdpSocket::bind("127.0.0.1:0").await.unwrap(), UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let address = near_b.local_addr().unwrap();
    let mut task = JoinSet::new();
    task.spawn(async move {
        let (mut from_a, mut from_b) = ([0; 2048], [0; 2048]);
        let (mut b, mut long) = (None, 0);
        loop {
            tokio::select! {
                Ok((length, _)) = near_a.recv_from(&mut from_a) => {
                    long += usize::from(length > LONG);
                    let lost = length > LONG && long % n == 0;
                    if let (Some(b), false) = (b, lost) {
                        let _ = near_b.send_to(&from_a[..length], b).await;
                    }
                }
                Ok((length, sender)) = near_b.recv_from(&mut from_b) => {
                    b = Some(sender);
                    let _ = near_a.send_to(&from_b[..length], a).await;
                }
            }
        }
    });
    (address, task)
}

/// The offer with one candidate: `address`.
fn by_way_of(offer: &str, address: SocketAddr) -> String {
    let candidate = format!("a=candidate:1 1 udp 2130706431 127.0.0.1 {} typ host", address.port());
    let mut lines: Vec<&str> = Vec::new();
    for line in offer.lines().filter(|line| !line.contains("candidate")) {
        lines.push(line);
        if line.starts_with("a=mid:") {
            lines.push(&candidate);
        }
    }
    lines.join("\r\n") + "\r\n"
}

fn loopback_candidate(sdp: &str) -> SocketAddr {
    let line = sdp.lines().find(|line| line.starts_with("a=candidate:") && line.contains(" 127.0.0.1 ")).unwrap();
    let port = line.split(' ').nth(5).unwrap().parse().unwrap();
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Without its own candidates: the way is through the relay.
fn bare(sdp: &str) -> String {
    sdp.lines().filter(|line| !line.contains("candidate")).flat_map(|line| [line, "\r\n"]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_packet_is_asked_for_and_comes_after_all() {
    let engine = engine();
    let (mut a, mut b) = (side(&engine, "a"), side(&engine, "b"));
    a.offer(true, false);
    let offer = a.description().await;
    let (relay, _relay_task) = lossy_relay(loopback_candidate(&offer), 7).await;
    b.accept(by_way_of(&offer, relay), false);
    let answer = b.description().await;
    a.order(Order::AcceptAnswer { sdp: bare(&answer) });
    a.connected().await;
    b.connected().await;

    let mut seen = BTreeSet::new();
    let (mut first, mut late) = (None, 0);
    let mut note = |packet: &RtpPacket| {
        let number = packet.sequence.wrapping_sub(*first.get_or_insert(packet.sequence));
        late += usize::from(seen.last().is_some_and(|last| number < *last));
        seen.insert(number);
        // Every number from the first to the last is there.
        (seen.len() > 40 * 5 && seen.last() == Some(&(seen.len() as u16 - 1)), late)
    };
    for timestamp in 0..40 {
        a.send_video(&[timestamp as u8; 6000], timestamp, timestamp == 0);
        // Paced by the arrival of each frame's end, which is not too long to be lost.
        loop {
            let packet = b.packet(Kind::Video).await;
            note(&packet);
            if packet.timestamp == timestamp {
                break;
            }
        }
    }
    // Short enough to pass, so that whoever misses the packets before it notices.
    a.send_video(&[1; 10], 1000, false);
    let late = loop {
        if let (true, late) = note(&b.packet(Kind::Video).await) {
            break late;
        }
    };
    // Every one of the forty that are lost comes once or twice, and not as long as there are requests.
    assert!((10..80).contains(&late), "{late} packets came late");
    assert!(a.record.report(&a.outlet).video_sent.nacks > 0);
}
