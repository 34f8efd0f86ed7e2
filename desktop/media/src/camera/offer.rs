//! Which of the pictures that a camera offers is taken.

use super::Wish;
use super::convert::Format;

/// The cheapest to convert first.
pub(super) const FORMATS: [Format; 3] = [Format::Yuyv, Format::Nv12, Format::Mjpeg];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) format: Format,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Seconds per pictures, as in 1001/30000.
    pub(super) interval: (u32, u32),
}

impl Offer {
    /// Pictures a second, to the nearest.
    fn fps(&self) -> u32 {
        let (seconds, pictures) = (u64::from(self.interval.0.max(1)), u64::from(self.interval.1));
        u32::try_from((pictures + seconds / 2) / seconds).unwrap_or(u32::MAX)
    }
}

/// The offer that is nearest to the wish: the rate first, then the size, then the cheapest to convert.
pub(super) fn best(offered: &[Offer], wish: Wish) -> Option<Offer> {
    let distance = |offer: &&Offer| {
        let too_slow = wish.fps.saturating_sub(offer.fps());
        let too_small = wish.width.saturating_sub(offer.width) + wish.height.saturating_sub(offer.height);
        let too_large = offer.width.saturating_sub(wish.width) + offer.height.saturating_sub(wish.height);
        let too_fast = offer.fps().saturating_sub(wish.fps);
        let place = FORMATS.iter().position(|known| *known == offer.format);
        // Half the wished rate is worse than half the wished size; scaling up a little is better than a huge picture.
        (too_slow * 20 + too_small * 2 + too_large, too_fast, place)
    };
    offered.iter().min_by_key(distance).copied()
}

/// The length that is nearest to the wished one, of those from `least` to `most` in steps.
pub(super) fn stepped(wish: u32, least: u32, most: u32, step: u32) -> u32 {
    let step = step.max(1);
    let most = most.max(least);
    let above = wish.clamp(least, most) - least;
    let up = least.saturating_add(above.div_ceil(step) * step);
    if up > most { least + above / step * step } else { up }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WISH: Wish = Wish { width: 640, height: 360, fps: 30 };

    fn offer(width: u32, height: u32, format: Format, fps: u32) -> Offer {
        Offer { format, width, height, interval: (1, fps) }
    }

    #[test]
    fn the_nearest_offer_is_taken() {
        let (yuyv, mjpeg) = (Format::Yuyv, Format::Mjpeg);
        let usual = [
            offer(1920, 1080, yuyv, 5),
            offer(640, 480, yuyv, 30),
            offer(640, 360, yuyv, 15),
            offer(1920, 1080, mjpeg, 30),
            offer(640, 360, mjpeg, 30),
        ];
        assert_eq!(best(&usual, WISH), Some(usual[4]));
        assert_eq!(best(&usual[..4], WISH), Some(usual[1]));
        assert_eq!(best(&[usual[0], usual[3]], WISH), Some(usual[3]));
        let same = [offer(640, 360, mjpeg, 30), offer(640, 360, yuyv, 30), offer(640, 360, yuyv, 60)];
        assert_eq!(best(&same, WISH), Some(same[1]));
        assert_eq!(best(&[], WISH), None);
    }

    #[test]
    fn a_television_rate_is_as_good_as_a_whole_one() {
        let television = Offer { interval: (1001, 30_000), ..offer(640, 360, Format::Yuyv, 30) };
        assert_eq!(best(&[offer(640, 360, Format::Mjpeg, 30), television], WISH), Some(television));
        // What a broken driver says divides nothing by zero.
        assert_eq!(Offer { interval: (0, 30), ..television }.fps(), 30);
    }

    #[test]
    fn a_size_out_of_steps_is_the_next_larger_one_within_the_bounds() {
        assert_eq!([stepped(640, 2, 8192, 2), stepped(640, 48, 4096, 48)], [640, 672]);
        assert_eq!(
            [stepped(640, 1280, 1920, 16), stepped(640, 16, 320, 16), stepped(640, 16, 650, 400)],
            [1280, 320, 416]
        );
        assert_eq!([stepped(640, 640, 640, 0), stepped(640, 5, 3, 0)], [640, 5]);
    }
}
