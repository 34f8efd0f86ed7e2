//! What leaves the microphone, and when.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::*;
use crate::audio::SAMPLE_RATE;
use crate::audio::opus::{Decoder, inspect};
use crate::audio::processing::Wish;
use crate::audio::reference::Reference;
use crate::audio::{goertzel, testing::speech, wav::WavRecorder};
use crate::choice::Processing;
use crate::event::MediaEvent;

const TIMEOUT: Duration = Duration::from_secs(10);

fn started() -> (Sending, Receiver<MediaEvent>) {
    let (events, received) = Events::channel();
    let on = Arc::new(AtomicBool::new(true));
    (Sending::new(on, events, Arc::default()).unwrap(), received)
}

fn processor() -> Processor {
    Processor::new(Wish::new(Processing::ALL), Arc::new(Reference::new(Instant::now())))
}

fn frame(amplitude: f32) -> [f32; FRAME] {
    goertzel::sine(400.0, amplitude, SAMPLE_RATE, FRAME).try_into().unwrap()
}

fn timestamps(received: &Receiver<MediaEvent>) -> Vec<u32> {
    let timestamp = |event| match event {
        MediaEvent::Audio(audio) => Some(audio.timestamp),
        _ => None,
    };
    received.try_iter().filter_map(timestamp).collect()
}

#[test]
fn timestamps_count_samples_and_jump_over_time_without_any() {
    let (mut sending, received) = started();
    let mut now = sending.started;
    for _ in 0..3 {
        now += FRAME_DURATION;
        sending.handle_frame(&frame(0.1), now);
    }
    // A device whose clock is a little slow or that stumbles keeps its own count.
    now += FRAME_DURATION + Duration::from_millis(50);
    sending.handle_frame(&frame(0.1), now);
    assert_eq!(timestamps(&received), [0, 960, 1920, 2880]);
    // One that was away for ten seconds does not.
    now += Duration::from_secs(10);
    sending.handle_frame(&frame(0.1), now);
    assert_eq!(timestamps(&received), [((60 + 20 + 50 + 10_000) * 48 - 960) as u32]);
}

#[test]
fn nothing_leaves_a_microphone_that_is_off_and_time_goes_on() {
    // Off for a second, and for less than what a slow device may be behind.
    let is_on = |number: u32| !(25..75).contains(&number) && !(90..95).contains(&number);
    let (mut sending, received) = started();
    let mut now = sending.started;
    for number in 0..100 {
        sending.on.store(is_on(number), Ordering::Relaxed);
        now += FRAME_DURATION;
        sending.handle_frame(&frame(0.3), now);
        let level = f32::from_bits(sending.shared.level.load(Ordering::Relaxed));
        assert_eq!(level > 0.0, is_on(number));
    }
    let events: Vec<MediaEvent> = received.try_iter().collect();
    let sent: Vec<u32> = events
        .iter()
        .filter_map(|event| match event {
            MediaEvent::Audio(audio) => Some(audio.timestamp / 960),
            _ => None,
        })
        .collect();
    assert_eq!(sent, (0..100).filter(|&number| is_on(number)).collect::<Vec<_>>());
    let marks: Vec<bool> = events
        .iter()
        .filter_map(|event| match event {
            MediaEvent::Speaking { who: None, speaking } => Some(*speaking),
            _ => None,
        })
        .collect();
    assert_eq!(marks, [true, false, true, false, true], "switching off ends the speaking mark");
    assert_eq!(sending.shared.packets.load(Ordering::Relaxed), 45);
}

#[test]
fn whoever_speaks_while_the_microphone_is_off_is_told_and_nothing_is_sent() {
    let (mut sending, received) = started();
    sending.on.store(false, Ordering::Relaxed);
    let mut now = sending.started;
    for frame in speech(3, 150.0, 150 * FRAME).as_chunks::<FRAME>().0 {
        now += FRAME_DURATION;
        sending.handle_frame(frame, now);
        sending.listen(frame);
    }
    let events: Vec<MediaEvent> = received.try_iter().collect();
    assert!(matches!(events[..], [MediaEvent::Unheard]), "{events:?}");
}

#[test]
fn the_meter_follows_the_voice_and_falls_to_nothing_when_switched_off() {
    let (mut sending, received) = started();
    let mut now = sending.started;
    for number in 0..100 {
        sending.on.store(number < 80, Ordering::Relaxed);
        now += FRAME_DURATION;
        sending.handle_frame(&frame(if number < 40 { 0.0 } else { 0.3 }), now);
    }
    let steps: Vec<u8> = received
        .try_iter()
        .filter_map(|event| match event {
            MediaEvent::Level(step) => Some(step),
            _ => None,
        })
        .collect();
    assert_eq!(steps, [crate::event::LEVELS, 0]);
}

#[test]
fn a_quiet_room_is_hardly_sent_and_a_voice_whole() {
    let (mut sending, received) = started();
    let mut rng = ChaCha8Rng::from_seed([7; 32]);
    let mut now = sending.started;
    let voice = speech(3, 150.0, 100 * FRAME);
    for number in 0..900 {
        let mut frame: [f32; FRAME] = std::array::from_fn(|_| 0.002 * (rng.next_u32() as f32 / u32::MAX as f32 - 0.5));
        if (300..400).contains(&number) {
            frame.copy_from_slice(&voice[(number - 300) * FRAME..][..FRAME]);
        }
        now += FRAME_DURATION;
        sending.handle_frame(&frame, now);
    }
    let sent: Vec<u32> = timestamps(&received).iter().map(|timestamp| timestamp / 960).collect();
    let between = |from, to| sent.iter().filter(|number| (from..to).contains(*number)).count();
    assert!(between(50, 300) <= 250 / 10, "{} of 250 packets of a quiet room", between(50, 300));
    assert!(between(306, 400) >= 90, "{} of 94 packets of a voice", between(306, 400));
    // The codec needs three seconds to believe in silence.
    assert!(between(600, 900) <= 300 / 10, "{} of 300 packets after it", between(600, 900));
}

#[test]
fn the_encoder_follows_the_wishes_of_the_network() {
    let bytes = |bitrate: u32, loss: u8| {
        let (mut sending, received) = started();
        sending.shared.bitrate.store(bitrate, Ordering::Relaxed);
        sending.shared.loss.store(loss, Ordering::Relaxed);
        let now = sending.started;
        speech(3, 150.0, 100 * FRAME).as_chunks::<FRAME>().0.iter().for_each(|frame| sending.handle_frame(frame, now));
        let packets: Vec<_> = received
            .try_iter()
            .filter_map(|event| match event {
                MediaEvent::Audio(audio) => Some(audio.data),
                _ => None,
            })
            .collect();
        let redundant = packets.iter().filter(|packet| inspect(packet).unwrap().redundant).count();
        (packets.iter().map(|packet| packet.len()).sum::<usize>(), redundant)
    };
    assert!(bytes(48_000, 0).0 > 2 * bytes(16_000, 0).0);
    assert_eq!(bytes(32_000, 0).1, 0);
    assert!(bytes(32_000, 15).1 > 30, "{}", bytes(32_000, 15).1);
}

#[test]
fn a_reader_that_stopped_reading_does_not_hold_the_microphone_up() {
    let (mut sending, _received) = started();
    let now = sending.started;
    (0..3000).for_each(|_| sending.handle_frame(&frame(0.1), now));
    assert!(sending.shared.packets.load(Ordering::Relaxed) <= 1024);
}

/// Decodes what comes until there is a second of it.
fn heard(received: &Receiver<MediaEvent>) -> Vec<f32> {
    let mut decoder = Decoder::new().unwrap();
    let mut pcm = Vec::new();
    while pcm.len() < 48_000 {
        match received.recv_timeout(TIMEOUT).expect("the microphone goes on") {
            MediaEvent::Audio(audio) => {
                assert_eq!(inspect(&audio.data).unwrap().samples, FRAME);
                decoder.decode(&audio.data, &mut pcm).unwrap();
            }
            MediaEvent::Speaking { who: None, speaking: true } | MediaEvent::Level(_) => {}
            other => panic!("{other:?}"),
        }
    }
    pcm
}

#[test]
fn a_tone_and_a_file_are_sent_at_the_pace_of_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tone.wav");
    let mut file = WavRecorder::create(&path).unwrap();
    file.write(&goertzel::sine(700.0, 0.3, SAMPLE_RATE, 48_000)).unwrap();
    drop(file);
    for (choice, hertz) in [(MicrophoneChoice::Tone(1000.0), 1000.0), (MicrophoneChoice::File(path), 700.0)] {
        let (events, received) = Events::channel();
        let started = Instant::now();
        let out = Out::start(choice, Arc::new(AtomicBool::new(true)), processor(), events);
        let pcm = heard(&received);
        assert!(started.elapsed() >= Duration::from_millis(900), "a second takes a second");
        let found = goertzel::strongest(&pcm, SAMPLE_RATE).unwrap();
        assert!((found - hertz).abs() < 1.0, "{found} instead of {hertz}");
        assert!(out.packets() >= 49 && out.level() > 0.1);
        drop(out);
        // The last sender is gone with the thread.
        while let Ok(event) = received.try_recv() {
            drop(event);
        }
        assert!(received.recv().is_err());
    }
}

#[test]
fn a_file_that_cannot_be_played_is_told_in_a_sentence() {
    let (events, received) = Events::channel();
    let out =
        Out::start(MicrophoneChoice::File("/nowhere.wav".into()), Arc::new(AtomicBool::new(true)), processor(), events);
    let MediaEvent::Notice(notice) = received.recv_timeout(TIMEOUT).unwrap() else { panic!("a notice") };
    assert!(notice.0.contains("/nowhere.wav") && notice.0.ends_with("Choose a WAV file with sound in it."), "{notice}");
    assert_eq!(out.packets(), 0);
    drop(out);
    assert!(received.recv().is_err(), "nothing else follows");
}

#[test]
fn without_a_microphone_nothing_is_sent_until_other_programs_are_and_nothing_after_them() {
    let (events, received) = Events::channel();
    let out = Out::start(MicrophoneChoice::Off, Arc::new(AtomicBool::new(true)), processor(), events);
    out.set_listening(true);
    assert!(received.recv_timeout(Duration::from_millis(100)).is_err());
    // The flag alone: whether there is a sound server is another question.
    out.shared.sharing.store(true, Ordering::Relaxed);
    out.wake();
    out.shared.programs.push(1, goertzel::sine(600.0, 0.2, SAMPLE_RATE, SAMPLE_RATE as usize).into_iter());
    assert!(matches!(received.recv_timeout(TIMEOUT).unwrap(), MediaEvent::Audio(_)));
    out.shared.sharing.store(false, Ordering::Relaxed);
    out.wake();
    // Whatever was on its way.
    while received.recv_timeout(Duration::from_millis(100)).is_ok() {}
    drop(out);
    assert!(received.recv().is_err());
}

/// What is decoded of two seconds with a program that plays 600 Hz.
fn with_a_program(on: bool, sharing: bool) -> (Vec<f32>, Vec<MediaEvent>, usize) {
    let (mut sending, received) = started();
    sending.on.store(on, Ordering::Relaxed);
    sending.shared.sharing.store(sharing, Ordering::Relaxed);
    let tone = goertzel::sine(600.0, 0.2, SAMPLE_RATE, 100 * FRAME);
    let mut now = sending.started;
    for played in tone.as_chunks::<FRAME>().0 {
        now += FRAME_DURATION;
        sending.shared.programs.push(1, played.iter().copied());
        sending.handle_frame(&frame(0.2), now);
    }
    let (mut decoder, mut pcm, mut others, mut bytes) = (Decoder::new().unwrap(), Vec::new(), Vec::new(), 0);
    for event in received.try_iter() {
        match event {
            MediaEvent::Audio(audio) => {
                bytes += audio.data.len();
                decoder.decode(&audio.data, &mut pcm).unwrap();
            }
            other => others.push(other),
        }
    }
    (pcm, others, bytes)
}

#[test]
fn other_programs_are_mixed_into_the_voice_and_heard_without_it() {
    let pitch = |pcm: &[f32], hertz| goertzel::power(&pcm[24_000..], SAMPLE_RATE, hertz);
    let (both, ..) = with_a_program(true, true);
    assert!(
        pitch(&both, 400.0) > 0.01 && pitch(&both, 600.0) > 0.01,
        "{} {}",
        pitch(&both, 400.0),
        pitch(&both, 600.0)
    );
    let (alone, others, bytes) = with_a_program(false, true);
    assert!(pitch(&alone, 400.0) < 1e-5 && pitch(&alone, 600.0) > 0.01);
    assert!(others.is_empty(), "a film is nobody who speaks: {others:?}");
    assert_eq!(alone.len(), 100 * FRAME, "a steady tone is no silence");
    assert!(bytes > 2 * 4000, "music takes more than a voice: {bytes} bytes in two seconds");
    let (voice, ..) = with_a_program(true, false);
    assert!(pitch(&voice, 400.0) > 0.01 && pitch(&voice, 600.0) < 1e-5, "what is not shared is not heard");
    assert_eq!(with_a_program(false, false).2, 0);
}

#[test]
fn a_loud_program_and_a_loud_voice_are_turned_down_and_not_cut_off() {
    let (mut sending, received) = started();
    sending.shared.sharing.store(true, Ordering::Relaxed);
    let now = sending.started;
    for _ in 0..100 {
        sending.shared.programs.push(1, frame(0.9).into_iter());
        sending.handle_frame(&frame(0.9), now);
    }
    let (mut decoder, mut pcm) = (Decoder::new().unwrap(), Vec::new());
    received.try_iter().for_each(|event| {
        if let MediaEvent::Audio(audio) = event {
            decoder.decode(&audio.data, &mut pcm).unwrap();
        }
    });
    let settled = &pcm[48_000..];
    let rest = goertzel::total_power(settled) - goertzel::power(settled, SAMPLE_RATE, 400.0);
    assert!(rest < goertzel::total_power(settled) * 1e-2, "overtones: {rest}");
}
