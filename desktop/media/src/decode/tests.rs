//! The real process, made of this test program, within its real walls: what it can do, and what happens when it fails.
//!
//! Such a test starts this program again, told to run the one test that becomes the decoders' process; the numbers that
//! follow are filters that fit no test.

use std::ffi::OsString;
use std::os::fd::RawFd;
use std::path::PathBuf;
use std::process::Command;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::worker::{self, Decode, Streams};
use super::*;
use crate::pattern::{self, Mark};
use crate::vp8::{Encoder, Settings};

const PATIENCE: Duration = Duration::from_secs(20);

/// So soon everything goes on.
const BACK_MAX: Duration = Duration::from_secs(1);

/// What starts the process from a test.
pub(crate) fn program() -> WorkerProgram {
    let arguments = ["--exact", "decode::tests::it_becomes_the_decoders_process", "--nocapture"].map(OsString::from);
    WorkerProgram { program: PathBuf::from("/proc/self/exe"), arguments: arguments.into() }
}

fn helper(lanes: usize) -> Arc<Helper> {
    Arc::new(Helper::new(program(), lanes))
}

/// No test: what the tests below start, when it is called with numbers.
#[test]
fn it_becomes_the_decoders_process() {
    let numbers: Vec<RawFd> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    if !numbers.is_empty() {
        worker::run(&numbers, Evil::default).unwrap();
    }
}

/// Real decoders that do what a frame's last eight bytes say, as if a mistake in them had been used.
#[derive(Default)]
struct Evil(Streams);

impl Decode for Evil {
    fn decode(&mut self, stream: u64, frame: &[u8], picture: &mut [u8]) -> Answer {
        let outcome = match frame.last_chunk::<8>() {
            Some(b"do:crash") => std::process::abort(),
            Some(b"do:hang!") => loop {
                std::hint::spin_loop();
            },
            Some(b"do:lie!!") => return Answer::Picture { width: 65_535, height: 65_535 },
            Some(b"do:read!") => std::fs::read("/etc/passwd").err(),
            Some(b"do:write") => std::fs::write("/tmp/rtc-chat-was-here", "x").err(),
            Some(b"do:list!") => std::fs::read_dir("/").err(),
            Some(b"do:udp!!") => std::net::UdpSocket::bind("127.0.0.1:0").err(),
            Some(b"do:unix!") => std::os::unix::net::UnixStream::pair().err(),
            Some(b"do:exec!") => Some(std::os::unix::process::CommandExt::exec(&mut Command::new("/bin/true"))),
            Some(b"do:fork!") => Command::new("/bin/true").spawn().err(),
            Some(b"do:kill!") => rustix::process::test_kill_process(rustix::process::Pid::INIT).err().map(Into::into),
            Some(b"do:code!") => run_memory().err(),
            _ => return self.0.decode(stream, frame, picture),
        };
        // The picture's width is the error, and 1 that there was none.
        let error = outcome.map_or(1, |error| error.raw_os_error().unwrap_or(2));
        Answer::Picture { width: error as u32, height: 1 }
    }

    fn close(&mut self, stream: u64) {
        self.0.close(stream);
    }
}

#[allow(unsafe_code)]
fn run_memory() -> std::io::Result<()> {
    use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
    let executable = ProtFlags::READ | ProtFlags::WRITE | ProtFlags::EXEC;
    // SAFETY: new memory, which nothing uses.
    unsafe { mmap_anonymous(std::ptr::null_mut(), 4096, executable, MapFlags::PRIVATE) }?;
    Ok(())
}

/// Someone's camera.
struct Sender {
    encoder: Encoder,
    number: u32,
}

impl Sender {
    fn new(width: u32, height: u32) -> Self {
        let settings = Settings { width, height, fps: 30, bitrate: 800_000, screen: false };
        Self { encoder: Encoder::new(settings).unwrap(), number: 0 }
    }

    fn frame(&mut self, key: bool) -> Vec<u8> {
        loop {
            let Settings { width, height, .. } = self.encoder.settings();
            let mark = Mark { number: self.number, millis: 0 };
            self.number += 1;
            let picture = pattern::picture(width, height, mark, Instant::now());
            let encoded = self.encoder.encode(&picture, i64::from(self.number) * 3_000, key).unwrap();
            if let Some(encoded) = encoded {
                return encoded.data.to_vec();
            }
        }
    }
}

/// One lane, as a thread of the app uses it.
struct Lane {
    decoders: Decoders,
    pool: FramePool,
}

impl Lane {
    fn new(helper: &Arc<Helper>, lane: usize) -> Self {
        Self { decoders: Decoders::there(Arc::clone(helper), lane), pool: FramePool::default() }
    }

    fn decode(&mut self, stream: u64, frame: &[u8]) -> Result<Option<Arc<I420>>, DecodeError> {
        self.decoders.decode(stream, frame, &mut self.pool, Instant::now())
    }

    /// What comes of these bad deeds: an error number, or the process is no more.
    fn misbehave(&mut self, deed: &[u8; 8]) -> Result<i32, DecodeError> {
        // A keyframe of no size that matters, so that it gets as far as the other process.
        let frame = [&[0x10, 0, 0, 0x9D, 0x01, 0x2A, 16, 0, 16, 0][..], deed].concat();
        self.decode(u64::from(deed[3]) << 8 | u64::from(deed[4]), &frame).map(|picture| picture.unwrap().width() as i32)
    }

    /// Keyframes until there is a picture again.
    fn recover(&mut self, stream: u64, sender: &mut Sender) -> Duration {
        let since = Instant::now();
        loop {
            match self.decode(stream, &sender.frame(true)) {
                Ok(Some(_)) => return since.elapsed(),
                Err(DecodeError::Restarting) if since.elapsed() < PATIENCE => std::thread::yield_now(),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn the_pictures_are_those_of_a_decoder_here() {
    let helper = helper(2);
    let (mut lanes, mut here) = ([Lane::new(&helper, 0), Lane::new(&helper, 1)], Decoders::here());
    let (mut pool, mut other) = (FramePool::default(), Sender::new(160, 90));
    for (width, height) in [(320, 180), (176, 144), (241, 135)] {
        let mut sender = Sender::new(width, height);
        for number in 0..10 {
            let frame = sender.frame(false);
            let there = lanes[1].decode(1, &frame).unwrap().unwrap();
            let here = here.decode(1, &frame, &mut pool, Instant::now()).unwrap().unwrap();
            assert!(there.data() == here.data() && there.width() == width, "{width}×{height} #{number}");
            // Others on the same lane and on another.
            assert_eq!(lanes[1].decode(2, &other.frame(true)).unwrap().unwrap().height(), 90);
            assert_eq!(lanes[0].decode(3, &other.frame(true)).unwrap().unwrap().height(), 90);
        }
    }
    lanes[1].decoders.close(1);
    let inter = Sender::new(320, 180).frame(false);
    assert!(lanes[1].decode(1, &inter).is_ok());
}

#[test]
fn a_killed_process_is_back_within_a_second_and_asks_for_a_keyframe() {
    let helper = helper(2);
    let (mut one, mut two, mut sender) = (Lane::new(&helper, 0), Lane::new(&helper, 1), Sender::new(320, 180));
    assert!(one.decode(1, &sender.frame(true)).is_ok() && two.decode(2, &sender.frame(true)).is_ok());
    for _ in 0..3 {
        let process = helper.process().unwrap();
        let pid = rustix::process::Pid::from_raw(process as i32).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        // A frame that builds on what is gone is no good; which of the two it is depends on who is faster.
        let lost = one.decode(1, &sender.frame(false)).unwrap_err();
        assert!(matches!(lost, DecodeError::Restarting | DecodeError::Frame(_)), "{lost:?}");
        let back = one.recover(1, &mut sender).max(two.recover(2, &mut sender));
        assert!(back < BACK_MAX, "{back:?}");
        assert_ne!(helper.process(), Some(process));
    }
}

#[test]
fn whoever_breaks_the_decoder_again_and_again_is_stopped_and_all_others_go_on() {
    let helper = helper(2);
    let (mut guilty, mut innocent, mut sender) = (Lane::new(&helper, 0), Lane::new(&helper, 1), Sender::new(320, 180));
    let mut crash = Sender::new(320, 180).frame(true);
    crash.extend(b"do:crash");
    let mut failures = 0;
    let since = Instant::now();
    loop {
        innocent.recover(2, &mut sender);
        match guilty.decode(1, &crash) {
            Err(DecodeError::Stopped) => break,
            Err(DecodeError::Restarting) if since.elapsed() < PATIENCE => failures += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(failures >= 3, "{failures}");
    innocent.recover(2, &mut sender);
    let process = helper.process();
    for _ in 0..10 {
        assert_eq!(guilty.decode(1, &crash).unwrap_err(), DecodeError::Stopped);
        assert!(innocent.decode(2, &sender.frame(false)).unwrap().is_some());
    }
    assert_eq!(helper.process(), process, "nothing breaks any more");
    // Another stream on the guilty one's lane.
    assert!(guilty.decode(3, &sender.frame(true)).unwrap().is_some());
}

#[test]
fn a_process_that_hangs_or_lies_is_replaced() {
    let helper = helper(1);
    let (mut lane, mut sender) = (Lane::new(&helper, 0), Sender::new(320, 180));
    for deed in [b"do:hang!", b"do:lie!!"] {
        lane.recover(1, &mut sender);
        let process = helper.process();
        assert_eq!(lane.misbehave(deed).unwrap_err(), DecodeError::Restarting);
        let back = lane.recover(1, &mut sender);
        assert!(back < BACK_MAX, "{back:?}");
        assert_ne!(helper.process(), process);
    }
}

#[test]
fn the_process_reaches_no_file_no_network_no_program_and_no_other_process() {
    let helper = helper(1);
    let (mut lane, mut sender) = (Lane::new(&helper, 0), Sender::new(160, 90));
    for deed in [b"do:read!", b"do:write", b"do:list!", b"do:fork!", b"do:kill!", b"do:code!"] {
        lane.recover(1, &mut sender);
        let outcome = lane.misbehave(deed);
        assert_eq!(outcome, Ok(libc::EPERM), "{}", String::from_utf8_lossy(deed));
    }
    assert!(!std::path::Path::new("/tmp/rtc-chat-was-here").exists());
    for deed in [b"do:udp!!", b"do:unix!", b"do:exec!"] {
        lane.recover(1, &mut sender);
        let outcome = lane.misbehave(deed);
        assert_eq!(outcome, Err(DecodeError::Restarting), "{}", String::from_utf8_lossy(deed));
    }
}

#[test]
fn hostile_streams_neither_end_the_process_nor_grow_it() {
    let helper = helper(1);
    let (mut lane, mut rng) = (Lane::new(&helper, 0), ChaCha8Rng::seed_from_u64(8));
    let mut sender = Sender::new(160, 90);
    let frames: Vec<Vec<u8>> = (0..8).map(|_| sender.frame(false)).collect();
    lane.decode(1, &frames[0]).unwrap();
    let process = helper.process().unwrap();
    for round in 0..2_000_u32 {
        let mut frame = frames[rng.next_u32() as usize % frames.len()].clone();
        for _ in 0..rng.next_u32() % 8 {
            let at = rng.next_u32() as usize % frame.len();
            frame[at] = rng.next_u32() as u8;
        }
        match round % 4 {
            0 => frame.truncate(rng.next_u32() as usize % frame.len()),
            1 => rng.fill_bytes(&mut frame),
            _ => {}
        }
        // Another size with each frame now and then; none of the largest, which would only be slow.
        if frame.len() > 9 {
            (frame[7], frame[9]) = (frame[7] & 1, frame[9] & 1);
        }
        let _ = lane.decode(u64::from(round % 3), &frame);
    }
    let mut giant = frames[0].clone();
    for (width, height) in [(16_383_u16, 16_383_u16), (4_097, 16), (16, 2_305), (0, 16)] {
        giant[6..8].copy_from_slice(&width.to_le_bytes());
        giant[8..10].copy_from_slice(&height.to_le_bytes());
        assert!(matches!(lane.decode(1, &giant), Err(DecodeError::Refused(_))));
    }
    for round in 0..60_u16 {
        giant[6..8].copy_from_slice(&(4_096 - round % 7 * 16).to_le_bytes());
        giant[8..10].copy_from_slice(&(2_304 - round % 5 * 16).to_le_bytes());
        let _ = lane.decode(1, &giant);
    }
    assert_eq!(helper.process(), Some(process), "it has lived through all of it");
    let resident = resident_mebibytes(process);
    assert!(resident < 160, "{resident} MiB");
    assert!(lane.decode(1, &frames[0]).unwrap().is_some());
}

fn resident_mebibytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[test]
fn the_process_ends_with_the_app_and_a_missing_one_is_said() {
    let helper = helper(1);
    let (mut lane, mut sender) = (Lane::new(&helper, 0), Sender::new(160, 90));
    lane.decode(1, &sender.frame(true)).unwrap();
    let process = helper.process().unwrap();
    drop((helper, lane));
    assert!(!std::path::Path::new(&format!("/proc/{process}")).exists());
    let nothing = WorkerProgram { program: PathBuf::from("/bin/true"), arguments: Vec::new() };
    let mut lane = Lane::new(&Arc::new(Helper::new(nothing, 1)), 0);
    assert!(matches!(lane.decode(1, &sender.frame(true)), Err(DecodeError::Missing(_))));
}
