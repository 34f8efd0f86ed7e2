//! The program as it is installed, as the decoders' process of an app.

use std::sync::Arc;
use std::time::Instant;

use media::{
    CameraChoice, Decoders, Engine, EngineConfig, FramePool, Helper, MediaEvent, Need, PeerTag, VideoSource,
    WorkerProgram,
};

#[test]
fn the_program_decodes_for_another_when_it_is_told_to() {
    let program =
        WorkerProgram { program: env!("CARGO_BIN_EXE_rtc-chat").into(), arguments: vec!["decode-worker".into()] };
    let helper = Arc::new(Helper::new(program, 2));
    let (mut decoders, mut pool) = (Decoders::there(Arc::clone(&helper), 1), FramePool::default());
    let config = EngineConfig { camera: CameraChoice::Pattern, ..EngineConfig::default() };
    let (engine, events) = Engine::start(config);
    engine.set_need(PeerTag(1), VideoSource::Camera, Some(Need { bitrate: 1_000_000, height: None }));
    engine.set_camera(true);
    let frames = events.iter().filter_map(|event| match event {
        MediaEvent::Video(frame) => Some(frame.data),
        _ => None,
    });
    for frame in frames.take(10) {
        let picture = decoders.decode(1, &frame, &mut pool, Instant::now()).unwrap().unwrap();
        assert!(media::pattern::read(&picture).is_some());
    }
    assert!(helper.process().is_some());
}
