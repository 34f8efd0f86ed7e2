//! The echo canceller itself (AEC3), driven block by block: only so does it take thresholds of ours.

use sonora::three_band_filter_bank::{NUM_BANDS, SPLIT_BAND_SIZE, ThreeBandFilterBank};
use sonora_aec3::block::Block;
use sonora_aec3::block_framer::BlockFramer;
use sonora_aec3::block_processor::BlockProcessor;
use sonora_aec3::common::SUB_FRAME_LENGTH;
use sonora_aec3::config::EchoCanceller3Config;
use sonora_aec3::frame_blocker::FrameBlocker;
use sonora_ns::config::{NsConfig, SuppressionLevel};
use sonora_ns::noise_suppressor::NoiseSuppressor;

use super::super::{BLOCK, SAMPLE_RATE};

/// The canceller reckons in samples of 16 bits.
const FULL_SCALE: f32 = 32_768.0;

/// From here on a microphone counts as overdriven.
const SATURATED: f32 = 32_700.0;

/// By how much, as a ratio of powers, the filter may be believed to lower the echo, below and above 4 kHz. The usual 4 and
/// 1.5 distrust a filter that has long converged.
const TRUST: (f32, f32) = (8.0, 4.0);

/// While the near voice is clearly the louder one: up to which ratio of echo to voice nothing is held down, and from
/// which on everything is. At low pitches the usual ones stay.
const BESIDE_A_VOICE: (f32, f32) = (1.0, 2.0);

/// Beside such a voice the echo may be this much above the room's noise, as a ratio of powers: the voice masks it, not the
/// noise, and a quiet microphone has next to none.
const MASKED_BY_A_VOICE: f32 = 30.0;

/// For one microphone.
pub(super) struct Canceller {
    inner: BlockProcessor,
    far: Cutter,
    near: Cutter,
    framer: BlockFramer,
    /// Learns the noise before the echo is taken out, or it would take what is left of the echo for a voice.
    noise: Option<NoiseSuppressor>,
    synthesis: ThreeBandFilterBank,
    /// One of each, in use over and over.
    block: Block,
    sub_frame: Vec<Vec<Vec<f32>>>,
}

impl Canceller {
    /// With `noise` the room's noise is turned down, too.
    pub(super) fn new(noise: bool) -> Self {
        let config = NsConfig { target_level: SuppressionLevel::K18dB };
        Self {
            inner: BlockProcessor::new(&configuration(), SAMPLE_RATE as usize, 1, 1),
            far: Cutter::new(),
            near: Cutter::new(),
            framer: BlockFramer::new(NUM_BANDS, 1),
            noise: noise.then(|| NoiseSuppressor::new_with_bands(config, NUM_BANDS)),
            synthesis: ThreeBandFilterBank::new(),
            block: Block::new(NUM_BANDS, 1),
            sub_frame: vec![vec![vec![0.0; SUB_FRAME_LENGTH]]; NUM_BANDS],
        }
    }

    /// Takes `far`, the loudspeaker's sound of the same time, out of `near`.
    pub(super) fn process(&mut self, far: &[f32; BLOCK], near: &mut [f32; BLOCK]) {
        let Self { inner, far: far_cutter, near: near_cutter, framer, noise, block, sub_frame, .. } = self;
        let far = far_cutter.split(far);
        far_cutter.cut(&far, block, |block, _| inner.buffer_render(block));
        let saturated = near.iter().any(|sample| (sample * FULL_SCALE).abs() >= SATURATED);
        let (mut bands, mut filled) = ([[0.0; SPLIT_BAND_SIZE]; NUM_BANDS], 0);
        let heard = near_cutter.split(near);
        if let Some(noise) = noise {
            noise.analyze(&heard[0]);
        }
        near_cutter.cut(&heard, block, |block, surplus| {
            inner.process_capture(false, saturated, None, block);
            if surplus {
                return framer.insert_block(block);
            }
            framer.insert_block_and_extract_sub_frame(block, sub_frame);
            for (band, part) in bands.iter_mut().zip(sub_frame.iter()) {
                band[filled..filled + SUB_FRAME_LENGTH].copy_from_slice(&part[0]);
            }
            filled += SUB_FRAME_LENGTH;
        });
        if let Some(noise) = noise {
            quieten(noise, &mut bands);
        }
        self.synthesis.synthesis(&bands, near);
        near.iter_mut().for_each(|sample| *sample /= FULL_SCALE);
    }
}

fn quieten(noise: &mut NoiseSuppressor, bands: &mut [[f32; SPLIT_BAND_SIZE]; NUM_BANDS]) {
    let [low, upper @ ..] = bands;
    noise.process(low);
    let gain = noise.upper_band_gain();
    for (i, band) in upper.iter_mut().enumerate() {
        noise.process_upper_band(band, i, gain);
    }
    bands.iter_mut().for_each(NoiseSuppressor::clamp_frame);
}

/// Makes blocks of 64 samples in three bands of 10 ms of sound.
struct Cutter {
    analysis: ThreeBandFilterBank,
    blocker: FrameBlocker,
}

impl Cutter {
    fn new() -> Self {
        Self { analysis: ThreeBandFilterBank::new(), blocker: FrameBlocker::new(NUM_BANDS, 1) }
    }

    fn split(&mut self, sound: &[f32; BLOCK]) -> [[f32; SPLIT_BAND_SIZE]; NUM_BANDS] {
        let mut bands = [[0.0; SPLIT_BAND_SIZE]; NUM_BANDS];
        self.analysis.analysis(&sound.map(|sample| sample * FULL_SCALE), &mut bands);
        bands
    }

    /// Calls `each` with every block, and with whether it is one more than there are halves of the 10 ms.
    fn cut(
        &mut self,
        bands: &[[f32; SPLIT_BAND_SIZE]; NUM_BANDS],
        block: &mut Block,
        mut each: impl FnMut(&mut Block, bool),
    ) {
        for half in 0..SPLIT_BAND_SIZE / SUB_FRAME_LENGTH {
            let range = half * SUB_FRAME_LENGTH..(half + 1) * SUB_FRAME_LENGTH;
            let views: [Vec<&[f32]>; NUM_BANDS] = std::array::from_fn(|band| vec![&bands[band][range.clone()]]);
            self.blocker.insert_sub_frame_and_extract_block(&views, block);
            each(block, false);
        }
        if self.blocker.is_block_available() {
            self.blocker.extract_block(block);
            each(block, true);
        }
    }
}

fn configuration() -> EchoCanceller3Config {
    let mut config = EchoCanceller3Config::default();
    (config.erle.max_l, config.erle.max_h) = TRUST;
    let suppressor = &mut config.suppressor;
    // Otherwise one band at 2 kHz decides for all above it.
    suppressor.high_frequency_suppression.bands_in_limiting_gain = 0;
    let beside = &mut suppressor.nearend_tuning;
    (beside.mask_hf.enr_transparent, beside.mask_hf.enr_suppress) = BESIDE_A_VOICE;
    beside.mask_lf.emr_transparent = MASKED_BY_A_VOICE;
    beside.mask_hf.emr_transparent = MASKED_BY_A_VOICE;
    let fits = config.validate();
    debug_assert!(fits, "the canceller's configuration is out of its bounds");
    config
}
