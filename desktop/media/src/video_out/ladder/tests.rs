//! The ladder on virtual time.

use super::*;

const CAMERA: Original = Original { width: 1280, height: 720, fps: 30, screen: false };
const SCREEN: Original = Original { width: 1920, height: 1080, fps: 15, screen: true };

fn needs(bitrates: &[u32]) -> BTreeMap<PeerTag, Need> {
    let need = |(i, bitrate): (usize, &u32)| (PeerTag(i as u64), Need { bitrate: *bitrate, height: None });
    bitrates.iter().enumerate().map(need).collect()
}

fn ladder(bitrates: &[u32]) -> Ladder {
    let mut ladder = Ladder::default();
    ladder.set_needs(&needs(bitrates));
    ladder
}

fn plan(ladder: &mut Ladder, original: Original, now: Instant) -> [Option<Rung>; RUNGS] {
    ladder.plan(original, Saving::default(), now).clone()
}

/// The heights of what is encoded, with who gets it.
fn heights(rungs: &[Option<Rung>; RUNGS]) -> Vec<(u32, Vec<u64>)> {
    let peers = |rung: &Rung| rung.peers.iter().map(|peer| peer.0).collect();
    rungs.iter().flatten().map(|rung| (rung.shape.height, peers(rung))).collect()
}

#[test]
fn peers_of_equal_need_share_one_encoding_at_what_the_weakest_can_take() {
    let rungs = plan(&mut ladder(&[2_500_000, 2_000_000, 3_000_000]), CAMERA, Instant::now());
    assert_eq!(heights(&rungs), [(720, vec![0, 1, 2])]);
    assert_eq!(rungs[0].as_ref().unwrap().bitrate, 2_000_000);
}

#[test]
fn whoever_can_take_little_gets_a_smaller_picture_and_pulls_nobody_down() {
    let mut many: Vec<u32> = vec![2_400_000; 40];
    many.extend([400_000; 40]);
    many.extend([60_000; 40]);
    let rungs = plan(&mut ladder(&many), CAMERA, Instant::now());
    let bitrates: Vec<u32> = rungs.iter().flatten().map(|rung| rung.bitrate).collect();
    assert_eq!(bitrates, [2_400_000, 400_000, 60_000]);
    assert_eq!(rungs.iter().flatten().map(|rung| rung.peers.len()).collect::<Vec<_>>(), [40, 40, 40]);
}

#[test]
fn who_can_take_far_less_than_the_others_of_its_quality_gets_the_next() {
    let now = Instant::now();
    let mut ladder = ladder(&[2_400_000, 1_000_000]);
    assert_eq!(heights(&plan(&mut ladder, CAMERA, now)), [(720, vec![0]), (360, vec![1])]);
    // Once apart it takes more than half to be alike.
    ladder.set_needs(&needs(&[2_400_000, 1_500_000]));
    assert_eq!(heights(&plan(&mut ladder, CAMERA, now)), [(720, vec![0]), (360, vec![1])]);
    ladder.set_needs(&needs(&[2_400_000, 1_700_000]));
    assert_eq!(heights(&plan(&mut ladder, CAMERA, now)), [(720, vec![0, 1])]);
}

#[test]
fn down_at_once_and_up_only_after_two_seconds_with_room() {
    let start = Instant::now();
    let mut ladder = ladder(&[1_000_000]);
    let mut height = |bitrate: u32, after_ms: u64| {
        ladder.set_needs(&needs(&[bitrate]));
        heights(&plan(&mut ladder, CAMERA, start + Duration::from_millis(after_ms)))[0].0
    };
    assert_eq!(height(1_000_000, 0), 720);
    assert_eq!(height(500_000, 100), 360);
    // Just above what 720 lines need is not enough to climb, ever.
    assert_eq!(height(700_000, 200), 360);
    assert_eq!(height(700_000, 60_000), 360);
    assert_eq!(height(900_000, 61_000), 360);
    assert_eq!(height(900_000, 62_900), 360);
    // A moment of weakness begins the wait anew.
    assert_eq!(height(700_000, 62_950), 360);
    assert_eq!(height(900_000, 63_000), 360);
    assert_eq!(height(900_000, 64_990), 360);
    assert_eq!(height(900_000, 65_000), 720);
}

#[test]
fn nobody_gets_a_larger_picture_than_it_shows() {
    let now = Instant::now();
    let mut ladder = Ladder::default();
    let shown = |height| Need { bitrate: 3_000_000, height };
    let needs = [shown(Some(720)), shown(Some(480)), shown(Some(200)), shown(None), shown(Some(0)), shown(Some(90))];
    ladder.set_needs(&needs.into_iter().enumerate().map(|(i, need)| (PeerTag(i as u64), need)).collect());
    let rungs = plan(&mut ladder, CAMERA, now);
    // 480 lines are three quarters of 360 lines and more.
    assert_eq!(heights(&rungs), [(720, vec![0, 3]), (360, vec![1]), (180, vec![2, 5])]);
    assert_eq!(heights(&plan(&mut ladder, SCREEN, now)), [(1080, vec![0, 1, 2, 3, 5])], "text is sent whole");
}

#[test]
fn a_screen_gives_frames_up_before_it_gets_blurred() {
    let now = Instant::now();
    let shape = |bitrate| plan(&mut ladder(&[bitrate]), SCREEN, now).into_iter().flatten().next().unwrap().shape;
    assert_eq!(shape(1_000_000), Shape { width: 1920, height: 1080, fps: 15 });
    assert_eq!(shape(200_000), Shape { width: 1920, height: 1080, fps: 5 });
    assert_eq!(shape(50_000), Shape { width: 960, height: 540, fps: 5 });
}

#[test]
fn a_weak_processor_loses_the_largest_picture_and_frames_but_never_the_last_one() {
    let now = Instant::now();
    let saving = Saving { rungs: 1, quarters: 2 };
    let rungs = ladder(&[3_000_000, 60_000]).plan(CAMERA, saving, now).clone();
    assert_eq!(heights(&rungs), [(360, vec![0]), (180, vec![1])]);
    assert!(rungs.iter().flatten().all(|rung| rung.shape.fps == 15));
    let small = Original { width: 64, height: 48, ..CAMERA };
    let rungs = ladder(&[3_000_000, 1]).plan(small, Saving { rungs: 2, quarters: 3 }, now).clone();
    assert_eq!(heights(&rungs).len(), 1, "a small picture has one quality");
}

#[test]
fn an_encoding_takes_no_more_than_it_can_use_and_without_peers_there_is_none() {
    let now = Instant::now();
    let small = Original { width: 320, height: 180, ..CAMERA };
    let rungs = plan(&mut ladder(&[8_000_000]), small, now);
    assert_eq!(rungs[0].as_ref().unwrap().bitrate, 311_040);
    assert_eq!(plan(&mut ladder(&[]), CAMERA, now), [None, None, None]);
}

/// Mostly it is a wall that is behind people.
#[test]
fn four_times_the_pixels_can_use_twice_the_bits() {
    let most = |height: u32| {
        let original = Original { width: height * 16 / 9, height, ..CAMERA };
        plan(&mut ladder(&[8_000_000]), original, Instant::now())[0].as_ref().unwrap().bitrate
    };
    assert_eq!((most(180), most(360), most(720), most(1080)), (311_040, 1_244_160, 2_488_320, 3_732_480));
}
