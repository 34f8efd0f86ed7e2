//! The thread that plays: files, time, and its end.

use hound::WavReader;

use super::*;
use crate::audio::SAMPLE_RATE;
use crate::audio::goertzel::strongest;
use crate::audio::testing::{packet, tone_packets};

const PEER: PeerTag = PeerTag(7);
const TIMEOUT: Duration = Duration::from_secs(10);

fn nobody_listens() -> Arc<Reference> {
    Arc::new(Reference::new(Instant::now()))
}

fn recorded(path: &Path) -> Vec<f32> {
    let mut reader = WavReader::open(path).unwrap();
    reader.samples::<i16>().map(|sample| f32::from(sample.unwrap()) / 32_767.0).collect()
}

/// Sends half a second of a tone at once and waits until it was heard to begin and to end.
fn say(speaker: &In, received: &Receiver<MediaEvent>, hertz: f32) {
    speaker.open_peer(PEER, Lips::default());
    for (number, payload) in tone_packets(hertz, 25).into_iter().enumerate() {
        speaker.receive(PEER, packet(number, payload, Instant::now()));
    }
    for expected in [true, false] {
        match received.recv_timeout(TIMEOUT).unwrap() {
            MediaEvent::Speaking { who: Some(PEER), speaking } => assert_eq!(speaking, expected),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_mix_is_written_to_the_file_and_to_the_recording_by_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let (file, record) = (folder.path().join("file.wav"), folder.path().join("record.wav"));
    let (events, received) = Events::channel();
    let started = Instant::now();
    let speaker = In::start(SpeakerChoice::File(file.clone()), Some(record.clone()), nobody_listens(), events);
    say(&speaker, &received, 900.0);
    assert_eq!(speaker.stats(PEER).packets, 25);
    drop(speaker);
    let seconds = started.elapsed().as_secs_f32();
    let samples = recorded(&file);
    assert_eq!(samples, recorded(&record));
    assert!((samples.len() as f32 / 48_000.0 - seconds).abs() < 0.2, "{} samples in {seconds} s", samples.len());
    assert!((strongest(&samples, SAMPLE_RATE).unwrap() - 900.0).abs() < 2.0);
    assert!(received.recv().is_err(), "the thread is gone");
}

#[test]
fn without_a_speaker_everything_is_decoded_all_the_same() {
    let (events, received) = Events::channel();
    let speaker = In::start(SpeakerChoice::Null, None, nobody_listens(), events);
    say(&speaker, &received, 500.0);
    assert!((speaker.stats(PEER).tone_hz.unwrap() - 500.0).abs() < 2.0);
    speaker.close_peer(PEER);
    assert_eq!(speaker.stats(PEER), AudioStats::default());
}

#[test]
fn a_file_that_cannot_be_written_is_told_and_the_rest_goes_on() {
    let (events, received) = Events::channel();
    let speaker = In::start(SpeakerChoice::File("/nowhere/mix.wav".into()), None, nobody_listens(), events);
    let MediaEvent::Notice(notice) = received.recv_timeout(TIMEOUT).unwrap() else { panic!("a notice") };
    assert!(notice.0.contains("/nowhere/mix.wav"), "{notice}");
    say(&speaker, &received, 500.0);
}

#[test]
fn dropping_ends_the_thread_and_frees_what_it_held() {
    let (events, _received) = Events::channel();
    let speaker = In::start(SpeakerChoice::Null, None, nobody_listens(), events);
    let mixer = Arc::downgrade(&speaker.mixer);
    drop(speaker);
    assert!(mixer.upgrade().is_none());
}
