//! Real servers, participants, windows and browsers in one room, tried as people use them.

mod accounts;
mod api;
mod call;
mod camera;
mod clip;
mod coming_back;
mod earlier_versions;
mod identity;
mod lobby;
mod mesh;
mod order;
mod page;
mod soak;
mod switches;

/// The share of frames between the first and the last that were seen.
fn share_seen(numbers: &[u64]) -> f64 {
    let distinct: std::collections::BTreeSet<u64> = numbers.iter().copied().collect();
    match (distinct.first(), distinct.last()) {
        (Some(first), Some(last)) if last > first => distinct.len() as f64 / (last - first + 1) as f64,
        _ => 0.0,
    }
}

fn is_rising(numbers: &[u64]) -> bool {
    numbers.windows(2).all(|pair| pair[0] < pair[1])
}
