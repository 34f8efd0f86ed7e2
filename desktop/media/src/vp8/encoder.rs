//! The encoder: real time, constant bitrate, one layer, keyframes when asked.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::os::raw::{c_int, c_uint, c_ulong};
use std::ptr;
use std::slice;

use bytes::Bytes;
use vpx_sys::{
    VP8_EFLAG_NO_REF_ARF, VP8_EFLAG_NO_REF_GF, VPX_DL_REALTIME, VPX_EFLAG_FORCE_KF, VPX_ENCODER_ABI_VERSION,
    VPX_FRAME_IS_KEY, vp8e_enc_control_id, vpx_codec_control_, vpx_codec_ctx_t, vpx_codec_cx_pkt_kind,
    vpx_codec_destroy, vpx_codec_enc_cfg_t, vpx_codec_enc_config_default, vpx_codec_enc_config_set,
    vpx_codec_enc_init_ver, vpx_codec_encode, vpx_codec_get_cx_data, vpx_codec_vp8_cx, vpx_image_t, vpx_img_fmt,
    vpx_img_wrap, vpx_kf_mode, vpx_rc_mode,
};

use super::buffers::Buffers;
use super::{Vp8Error, check};
use crate::frame::I420;

/// RTP's clock for video, which we use throughout.
const CLOCK: c_int = 90_000;

/// Encoding below this looks like nothing, and above it costs more than it shows.
const BITRATE_MIN: u32 = 30_000;
const BITRATE_MAX: u32 = 20_000_000;

/// The coarsest quantizers, of 63.
const COARSEST: u32 = 56;
const COARSEST_OF_SCREEN: u32 = 52;

/// Each repetition of a screen that stands still may be coarser by so much less, down to what shows every stroke. Left to
/// itself libvpx takes ten seconds for the same way, and at once it would be more than the bitrate has.
const SHARPER: u32 = 8;
const SHARP: u32 = 12;

/// From this many pixels on, a picture gets a faster search and, where there are cores enough, a second thread.
const LARGE: u32 = 1280 * 720;

/// What a block of 16×16 differs from its prediction is left out, if the sum of the squared differences is at most this.
/// A screen's text has to come through to the last stroke. In a large camera picture, two for each pixel (45 dB) are
/// more than one sees, and to code them would take a fifth of the time.
const SAME: c_int = 1;
const SAME_ON_SCREEN: c_int = 100;
const SAME_WHEN_LARGE: c_int = 2 * 16 * 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) fps: u32,
    /// Bits per second.
    pub(crate) bitrate: u32,
    /// Sharp text that mostly stands still, instead of a camera's picture.
    pub(crate) screen: bool,
}

impl Settings {
    /// The bitrate can be changed while an encoder runs.
    pub(crate) fn differs_only_in_bitrate(self, other: Self) -> bool {
        Self { bitrate: other.bitrate, ..self } == other
    }
}

/// One encoded frame.
#[derive(Debug, Clone)]
pub(crate) struct Encoded {
    pub(crate) data: Bytes,
    pub(crate) keyframe: bool,
}

/// Encodes pictures of one size. For another size make another: that begins with a keyframe in any case.
pub(crate) struct Encoder {
    // libvpx keeps pointers into what it allocated for the context; the box keeps the context itself in place.
    context: Box<vpx_codec_ctx_t>,
    config: vpx_codec_enc_cfg_t,
    settings: Settings,
    /// The coarsest quantizer for the next repetition.
    sharper: u32,
    buffers: Buffers,
    /// Time of the newest picture, in units of 1/90000 s: libvpx wants it to rise.
    newest: Option<i64>,
}

// SAFETY: a libvpx context has no thread affinity; it may be used from any thread, one at a time.
unsafe impl Send for Encoder {}

impl Encoder {
    pub(crate) fn new(settings: Settings) -> Result<Self, Vp8Error> {
        let config = config(settings)?;
        // SAFETY: all fields of the context are integers, pointers or enums with a zero value, for which zero bytes
        // are valid; `init` fills it and copies the configuration.
        let context = unsafe {
            let mut context: Box<vpx_codec_ctx_t> = Box::new(std::mem::zeroed());
            let version = VPX_ENCODER_ABI_VERSION as c_int;
            check(vpx_codec_enc_init_ver(&raw mut *context, vpx_codec_vp8_cx(), &raw const config, 0, version))?;
            context
        };
        let buffers = Buffers::default();
        let mut encoder = Self { context, config, settings, sharper: COARSEST_OF_SCREEN, buffers, newest: None };
        encoder.tune()?;
        Ok(encoder)
    }

    pub(crate) fn settings(&self) -> Settings {
        self.settings
    }

    /// From the next frame on.
    pub(crate) fn set_bitrate(&mut self, bitrate: u32) -> Result<(), Vp8Error> {
        if bitrate == self.settings.bitrate {
            return Ok(());
        }
        self.settings.bitrate = bitrate;
        self.config.rc_target_bitrate = kilobits(bitrate);
        self.configure()
    }

    /// Before a picture, which is the same as the one before it, or not.
    fn sharpen(&mut self, is_repetition: bool) -> Result<(), Vp8Error> {
        let coarsest = if is_repetition { self.sharper } else { COARSEST_OF_SCREEN };
        self.sharper = if is_repetition { self.sharper } else { COARSEST_OF_SCREEN - SHARPER };
        if coarsest == self.config.rc_max_quantizer {
            return Ok(());
        }
        self.config.rc_max_quantizer = coarsest;
        self.configure()
    }

    fn configure(&mut self) -> Result<(), Vp8Error> {
        // SAFETY: the context was initialised; the configuration is copied.
        check(unsafe { vpx_codec_enc_config_set(&raw mut *self.context, &raw const self.config) })
    }

    /// Encodes a picture of the configured size, taken at `time` (in units of 1/90000 s). `None` if the bitrate has no
    /// room for it.
    pub(crate) fn encode(&mut self, frame: &I420, time: i64, keyframe: bool) -> Result<Option<Encoded>, Vp8Error> {
        let (width, height) = (frame.width(), frame.height());
        if (width, height) != (self.settings.width, self.settings.height) {
            return Err(Vp8Error::Size { width, height });
        }
        let time = self.newest.map_or(time, |newest| time.max(newest + 1));
        self.newest = Some(time);
        if self.settings.screen {
            self.sharpen(frame.is_repetition())?;
        }
        let image = wrap(frame);
        let duration = c_ulong::from(CLOCK as u32 / self.settings.fps.max(1));
        // Of what a camera sees, hardly anything comes back: to look for it in older pictures than the last one takes one
        // part in twenty of the time, and the picture is no better for it.
        let old = if self.settings.screen { 0 } else { VP8_EFLAG_NO_REF_GF | VP8_EFLAG_NO_REF_ARF };
        let flags = i64::from(if keyframe { VPX_EFLAG_FORCE_KF } else { old });
        // SAFETY: the context was initialised; the image points into `frame`, which outlives the call, and libvpx
        // copies its pixels and writes nothing.
        check(unsafe {
            let deadline = c_ulong::from(VPX_DL_REALTIME);
            vpx_codec_encode(&raw mut *self.context, &raw const image, time, duration, flags, deadline)
        })?;
        let encoded = self.packet();
        // One for which there was no room has sharpened nothing.
        if encoded.is_some() && frame.is_repetition() {
            self.sharper = self.sharper.saturating_sub(SHARPER).max(SHARP);
        }
        Ok(encoded)
    }

    fn packet(&mut self) -> Option<Encoded> {
        let mut iterator = ptr::null();
        loop {
            // SAFETY: the context was initialised; a packet lives until the next `encode`, and is copied before.
            let packet = unsafe { vpx_codec_get_cx_data(&raw mut *self.context, &raw mut iterator).as_ref() }?;
            if packet.kind != vpx_codec_cx_pkt_kind::VPX_CODEC_CX_FRAME_PKT {
                continue;
            }
            // SAFETY: the kind says that this is the union's live field, and its buffer has `sz` bytes.
            let (data, flags) = unsafe {
                let frame = packet.data.frame;
                (slice::from_raw_parts(frame.buf.cast::<u8>(), frame.sz as usize), frame.flags)
            };
            return Some(Encoded { data: self.buffers.copy(data), keyframe: flags & VPX_FRAME_IS_KEY != 0 });
        }
    }

    fn tune(&mut self) -> Result<(), Vp8Error> {
        use vp8e_enc_control_id as id;
        let Settings { width, height, fps, screen, .. } = self.settings;
        let large = width * height >= LARGE;
        let speed = if large { -12 } else { -8 };
        let same = match (screen, large) {
            (true, _) => SAME_ON_SCREEN,
            (false, true) => SAME_WHEN_LARGE,
            (false, false) => SAME,
        };
        // A keyframe of at most half the target buffer, in percent of a frame's mean share; never below three frames.
        let intra_max = (self.config.rc_buf_optimal_sz * fps / 20).max(300) as c_int;
        for (control, value) in [
            (id::VP8E_SET_CPUUSED, speed),
            (id::VP8E_SET_STATIC_THRESHOLD, same),
            (id::VP8E_SET_SCREEN_CONTENT_MODE, c_int::from(screen)),
            (id::VP8E_SET_MAX_INTRA_BITRATE_PCT, intra_max),
            (id::VP8E_SET_NOISE_SENSITIVITY, 0),
            (id::VP8E_SET_TOKEN_PARTITIONS, 0),
        ] {
            // SAFETY: the context was initialised, and each of these controls takes one int.
            check(unsafe { vpx_codec_control_(&raw mut *self.context, control as c_int, value) })?;
        }
        Ok(())
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: the context was initialised and is not used again. Its answer tells nothing one could act on.
        let _ = unsafe { vpx_codec_destroy(&raw mut *self.context) };
    }
}

fn config(settings: Settings) -> Result<vpx_codec_enc_cfg_t, Vp8Error> {
    let mut config = MaybeUninit::<vpx_codec_enc_cfg_t>::uninit();
    // SAFETY: the function fills the whole structure when it succeeds, and it is not read otherwise.
    let mut config = unsafe {
        check(vpx_codec_enc_config_default(vpx_codec_vp8_cx(), config.as_mut_ptr(), 0))?;
        config.assume_init()
    };
    (config.g_w, config.g_h) = (settings.width, settings.height);
    (config.g_timebase.num, config.g_timebase.den) = (1, CLOCK);
    config.g_threads = threads(settings.width * settings.height);
    config.g_lag_in_frames = 0;
    config.g_error_resilient = 0;
    config.kf_mode = vpx_kf_mode::VPX_KF_AUTO;
    // Keyframes come when someone asks or the scene changes, not by the clock.
    config.kf_max_dist = 3_000;
    config.rc_end_usage = vpx_rc_mode::VPX_CBR;
    config.rc_target_bitrate = kilobits(settings.bitrate);
    (config.rc_min_quantizer, config.rc_max_quantizer) =
        (2, if settings.screen { COARSEST_OF_SCREEN } else { COARSEST });
    (config.rc_undershoot_pct, config.rc_overshoot_pct) = (100, 15);
    // Milliseconds at the target rate: deep enough for a keyframe, shallow enough for a conversation.
    (config.rc_buf_initial_sz, config.rc_buf_optimal_sz, config.rc_buf_sz) = (500, 600, 1_000);
    // Rather fewer pictures than late ones.
    config.rc_dropframe_thresh = 30;
    config.rc_resize_allowed = 0;
    Ok(config)
}

fn kilobits(bitrate: u32) -> c_uint {
    bitrate.clamp(BITRATE_MIN, BITRATE_MAX) / 1_000
}

fn threads(pixels: u32) -> c_uint {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if pixels >= LARGE && cores > 2 { 2 } else { 1 }
}

fn wrap(frame: &I420) -> vpx_image_t {
    let mut image = MaybeUninit::<vpx_image_t>::zeroed();
    let pixels = frame.data().as_ptr().cast_mut();
    let (width, height) = (frame.width(), frame.height());
    // SAFETY: with a buffer of its caller's, `wrap` allocates nothing, reads no pixel, and fills the whole structure;
    // it can only fail for an absurd alignment.
    let mut image = unsafe {
        vpx_img_wrap(image.as_mut_ptr(), vpx_img_fmt::VPX_IMG_FMT_I420, width, height, 1, pixels);
        image.assume_init()
    };
    // libvpx would round an odd width up; our planes have no padding.
    let half = frame.chroma_size().0 as c_int;
    image.planes[0] = frame.y().as_ptr().cast_mut();
    image.planes[1] = frame.u().as_ptr().cast_mut();
    image.planes[2] = frame.v().as_ptr().cast_mut();
    (image.stride[0], image.stride[1], image.stride[2]) = (width as c_int, half, half);
    image
}
