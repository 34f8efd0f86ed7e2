//! Memory for encoded frames, which is used again once nobody holds them any more.

use bytes::{Bytes, BytesMut};

/// Of each half: about a second of a good picture.
const SIZE: usize = 256 * 1024;

/// One half is filled, frame after frame, while what lies in the other is sent and let go.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    filling: BytesMut,
    resting: BytesMut,
}

impl Buffers {
    pub(super) fn copy(&mut self, frame: &[u8]) -> Bytes {
        if self.filling.capacity() < frame.len() {
            std::mem::swap(&mut self.filling, &mut self.resting);
            // The same memory, unless somebody still holds a part of it.
            self.filling.reserve(frame.len().max(SIZE));
        }
        self.filling.extend_from_slice(frame);
        self.filling.split().freeze()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, VecDeque};

    use super::*;

    /// Copies `count` frames of 5000 bytes of which `held` are held at a time, and says in how many places they began.
    fn places(count: usize, held: usize) -> usize {
        let mut buffers = Buffers::default();
        let (mut places, mut queue) = (BTreeSet::new(), VecDeque::new());
        for number in 0..count {
            let frame = buffers.copy(&[number as u8; 5000]);
            places.insert(frame.as_ptr() as usize);
            queue.push_back(frame);
            if queue.len() > held {
                queue.pop_front();
            }
            let oldest = count.min(number + 1) - queue.len();
            assert!(queue.iter().enumerate().all(|(i, frame)| frame[..] == [(oldest + i) as u8; 5000]));
        }
        places.len()
    }

    #[test]
    fn frames_that_are_let_go_make_room_for_others() {
        assert_eq!(places(2000, 10), 2 * (SIZE / 5000));
    }

    #[test]
    fn frames_that_somebody_holds_stay_as_they_are() {
        assert_eq!(places(300, 300), 300);
    }

    #[test]
    fn one_that_is_larger_than_all_memory_is_copied_too() {
        let mut buffers = Buffers::default();
        let frame = vec![7; 3 * SIZE];
        assert_eq!(buffers.copy(&frame), frame);
        assert_eq!(buffers.copy(&[1, 2]), [1, 2][..]);
    }
}
