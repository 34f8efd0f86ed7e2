//! The played cameras keep the kernel's laws, asked through the same crate as the app's.
//!
//! Each test runs itself again in a process into which the library is preloaded.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use bots::Cameras;
use bots::cameras::{Encoding, Mode};
use v4l::buffer::Type;
use v4l::io::traits::{CaptureStream, Stream};
use v4l::prelude::{Device, MmapStream};
use v4l::video::Capture;

/// Runs `act` with the cameras, in a process that sees them.
fn on_stage(test: &str, act: impl FnOnce(&Cameras, &Mode)) {
    let act = |cameras: Cameras, folder: &Path| {
        act(&cameras, &Mode::pattern(folder, Encoding::Yuyv, (160, 90), 0).expect("a stage"));
    };
    Cameras::on_stage(test, act).expect("a stage");
}

fn errno<T>(outcome: std::io::Result<T>) -> Option<i32> {
    outcome.err().and_then(|error| error.raw_os_error())
}

#[test]
fn who_has_buffers_has_the_camera() {
    on_stage("who_has_buffers_has_the_camera", |cameras, mode| {
        cameras.plug(0, "One", std::slice::from_ref(mode)).unwrap();
        let (mine, other) = (Device::new(0).unwrap(), Device::new(0).unwrap());
        let format = mine.format().unwrap();
        let mut stream = MmapStream::with_buffers(&mine, Type::VideoCapture, 4).unwrap();
        assert_eq!(errno(other.set_format(&format)), Some(libc::EBUSY));
        assert_eq!(errno(mine.set_format(&format)), Some(libc::EBUSY));
        assert_eq!(errno(MmapStream::with_buffers(&other, Type::VideoCapture, 4).map(drop)), Some(libc::EBUSY));
        assert_eq!((format.width, format.height, format.stride), (160, 90, 320));
        CaptureStream::next(&mut stream).unwrap();
        drop(stream);
        other.set_format(&format).unwrap();
        assert!(cameras.take(0).is_ok());
        assert_eq!(errno(Device::new(1)), Some(libc::ENOENT));
        cameras.set(0, "forbidden", true).unwrap();
        assert_eq!(errno(Device::new(0)), Some(libc::EACCES));
    });
}

#[test]
fn pictures_come_in_turn_and_at_their_time() {
    on_stage("pictures_come_in_turn_and_at_their_time", |cameras, mode| {
        cameras.plug(3, "One", std::slice::from_ref(mode)).unwrap();
        let device = Device::new(3).unwrap();
        let mut stream = MmapStream::with_buffers(&device, Type::VideoCapture, 4).unwrap();
        let mut last = None;
        for _ in 0..10 {
            let (_, about) = CaptureStream::next(&mut stream).unwrap();
            let time = Duration::from(about.timestamp);
            if let Some((sequence, before)) = last.replace((about.sequence, time)) {
                let pictures = about.sequence - sequence;
                let expected = Duration::from_secs(1) * pictures / 30;
                assert!(pictures > 0 && (time - before).abs_diff(expected) < Duration::from_millis(1));
            }
        }
        // What is with the driver cannot be handed in, and nothing comes while the camera is stalled.
        assert_eq!(
            errno(CaptureStream::queue(&mut stream, 0).and(CaptureStream::queue(&mut stream, 0))),
            Some(libc::EINVAL)
        );
        cameras.set(3, "stalled", true).unwrap();
        stream.set_timeout(Duration::from_millis(100));
        let stall = (0..10).find_map(|_| CaptureStream::dequeue(&mut stream).err());
        assert_eq!(stall.unwrap().kind(), ErrorKind::TimedOut);
        cameras.set(3, "stalled", false).unwrap();
        CaptureStream::dequeue(&mut stream).unwrap();
    });
}

#[test]
fn an_unplugged_camera_is_gone_for_whoever_has_it() {
    on_stage("an_unplugged_camera_is_gone_for_whoever_has_it", |cameras, mode| {
        cameras.plug(0, "One", std::slice::from_ref(mode)).unwrap();
        let device = Device::new(0).unwrap();
        let mut stream = MmapStream::with_buffers(&device, Type::VideoCapture, 4).unwrap();
        CaptureStream::next(&mut stream).unwrap();
        cameras.unplug(0).unwrap();
        cameras.plug(0, "One", std::slice::from_ref(mode)).unwrap();
        assert_eq!(errno(CaptureStream::next(&mut stream).map(drop)), Some(libc::ENODEV));
        assert_eq!(errno(stream.stop()), Some(libc::ENODEV));
        let again = Device::new(0).unwrap();
        let mut stream = MmapStream::with_buffers(&again, Type::VideoCapture, 4).unwrap();
        CaptureStream::next(&mut stream).unwrap();
    });
}
