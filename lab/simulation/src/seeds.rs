//! Which seeds a test runs.

/// The seeds from 0 on; with the environment variable `SEED`, that one only.
pub fn seeds(count: u64) -> Vec<u64> {
    match chosen() {
        Some(seed) => vec![seed],
        None => (0..count).collect(),
    }
}

/// The seed that a person wants to look at.
pub fn chosen() -> Option<u64> {
    std::env::var("SEED").ok().map(|seed| seed.parse().expect("SEED is a whole number"))
}

/// How to see a failure again.
pub fn replay(seed: u64, test: &str) -> String {
    format!("replay: SEED={seed} cargo test -p simulation {test} -- --nocapture")
}
