//! Camera and screen at the same time, and what becomes of it with those who know one picture only.

use super::*;

impl Side {
    fn send_screen(&self, frame: &[u8], timestamp: u32) {
        let frame = Frame { payloads: vp8::packetize(frame), timestamp, keyframe: true, screen: true };
        self.outlet.push_video(Arc::new(frame), Instant::now());
    }

    /// Sends both pictures in turn until both have come, and says as what. Not at once: where both share a track, the
    /// one that waits there makes room for the other.
    async fn see_both(&self, to: &mut Side) -> [Kind; 2] {
        let (camera, screen) = ([0x10, 0, 0, 1], [0x10, 0, 0, 2]);
        let mut seen = [None, None];
        for timestamp in 1.. {
            if seen[0].is_none() {
                self.send_video(&camera, timestamp, true);
            } else {
                self.send_screen(&screen, timestamp);
            }
            while let Ok(event) = timeout(RETRY, to.events.recv()).await {
                let Some(ClientEvent::Rtp { kind, packet, .. }) = event else { continue };
                seen[usize::from(packet.payload.ends_with(&[2]))] = Some(kind);
                if let [Some(camera), Some(screen)] = seen {
                    return [camera, screen];
                }
                if seen[0].is_some() {
                    break;
                }
            }
        }
        unreachable!("the patience of a reader of packets ends before the numbers")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_goes_beside_the_camera_both_ways_and_each_has_its_own_wishes() {
    let (_engine, mut a, mut b) = connected_pair().await;
    assert!(a.outlet.takes_both() && b.outlet.takes_both());
    assert_eq!(timeout(PATIENCE, a.see_both(&mut b)).await.unwrap(), [Kind::Video, Kind::Screen]);
    assert_eq!(timeout(PATIENCE, b.see_both(&mut a)).await.unwrap(), [Kind::Video, Kind::Screen]);
    for kind in [Kind::Screen, Kind::Video] {
        a.wishes.take();
        b.order(Order::RequestKeyframe(kind));
        timeout(PATIENCE, a.wishes.wished()).await.unwrap();
        assert_eq!(a.wishes.take().into_iter().map(|(_, kind)| kind).collect::<Vec<_>>(), [kind]);
    }
}

/// A description as of someone who knows one picture only: without the second section of pictures.
fn with_one_picture(sdp: &str) -> String {
    let (first, last) = sdp.rsplit_once("m=video").unwrap();
    assert!(first.contains("m=video"), "{sdp}");
    let mid = last.lines().find_map(|line| line.strip_prefix("a=mid:")).unwrap();
    let bundle = first.lines().find(|line| line.starts_with("a=group:BUNDLE")).unwrap();
    first.replace(bundle, bundle.trim_end_matches(&format!(" {mid}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_offers_one_picture_gets_the_screen_in_it() {
    let engine = engine();
    let (mut a, mut b) = (side(&engine, "a"), side(&engine, "b"));
    a.offer(true, false);
    let offer = with_one_picture(&a.description().await);
    b.accept(offer, false);
    let answer = b.description().await;
    assert_eq!(answer.matches("m=video").count(), 1, "{answer}");
    // The other side's own third section stays without an answer; it never was in the offer that it knows.
    drop(a);
    assert!(!b.outlet.takes_both());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_listens_to_the_second_picture_gets_the_screen_in_the_first() {
    let engine = engine();
    let (mut a, mut b) = (side(&engine, "a"), side(&engine, "b"));
    a.offer(true, false);
    let offer = a.description().await;
    b.accept(offer, false);
    let answer = b.description().await;
    // As a browser answers to a section for which its page has nothing to send (RFC 8829, section 5.3.1).
    let (first, last) = answer.rsplit_once("a=sendrecv").unwrap();
    a.order(Order::AcceptAnswer { sdp: format!("{first}a=recvonly{last}") });
    a.connected().await;
    b.connected().await;
    assert!(!a.outlet.takes_both());
    assert_eq!(timeout(PATIENCE, a.see_both(&mut b)).await.unwrap(), [Kind::Video, Kind::Video]);
}
