//! What a sender says of its own clock.

use super::*;
use crate::SenderClock;

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_says_which_of_its_timestamps_is_which_moment_of_its_clock() {
    let (_engine, a, mut b) = connected_pair().await;
    let (mut sound, mut pictures): (Option<SenderClock>, Option<SenderClock>) = (None, None);
    let start = Instant::now();
    while sound.is_none() || pictures.is_none() {
        let since = start.elapsed();
        assert!(since < PATIENCE, "sound: {sound:?}, pictures: {pictures:?}");
        // Both clocks began together.
        a.send_audio(b"opus", 48_000 + (since.as_millis() * 48) as u32);
        a.send_video(&[0x10, 0, 0], 90_000 + (since.as_millis() * 90) as u32, true);
        match timeout(Duration::from_millis(20), b.events.recv()).await {
            Ok(Some(ClientEvent::Clock { kind: Kind::Audio, clock, .. })) => sound = Some(clock),
            Ok(Some(ClientEvent::Clock { kind: Kind::Video, clock, .. })) => pictures = Some(clock),
            Ok(_) | Err(_) => {}
        }
    }
    let moment = |clock: Option<SenderClock>, rate: f64| {
        let clock = clock.unwrap();
        // Seconds of its clock when its timestamps were a second's.
        ((u128::from(clock.ntp) * 1_000) >> 32) as f64 / 1_000.0 - f64::from(clock.timestamp) / rate
    };
    let apart = moment(sound, 48_000.0) - moment(pictures, 90_000.0);
    assert!(apart.abs() < 0.5, "{apart} s");
}
