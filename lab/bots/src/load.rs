//! What processes cost: CPU time and memory, read from /proc (proc(5)).

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

/// Clock ticks a second of /proc; fixed on Linux (sysconf(_SC_CLK_TCK)).
const TICKS: f64 = 100.0;

/// One look at a group of processes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weight {
    pub cpu_ticks: u64,
    /// Proportional set size: shared pages are divided among those who share them.
    pub pss_kib: u64,
}

/// The cost over a span.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub cpu_percent: f64,
    pub pss_mib: f64,
}

impl Load {
    pub fn between(before: &Weight, after: &Weight, span: Duration) -> Self {
        let ticks = after.cpu_ticks.saturating_sub(before.cpu_ticks) as f64;
        Self { cpu_percent: 100.0 * ticks / TICKS / span.as_secs_f64(), pss_mib: after.pss_kib as f64 / 1024.0 }
    }
}

/// Looks at these processes together.
pub fn weigh(processes: &[u32]) -> Result<Weight> {
    let mut sum = Weight::default();
    for &id in processes {
        // A helper process may have ended since.
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{id}/stat")) else { continue };
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks = |n: usize| fields.get(n).and_then(|field| field.parse::<u64>().ok()).unwrap_or_default();
        sum.cpu_ticks += ticks(11) + ticks(12);
        let memory = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
        let pss = memory.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap_or_default();
        sum.pss_kib += pss.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default();
    }
    Ok(sum)
}

/// All processes of the browser with this profile.
pub fn processes_of(profile: &Path) -> Result<Vec<u32>> {
    let profile = profile.to_string_lossy();
    descendants(|id| {
        let command = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&command).contains(&*profile)
    })
}

/// A process and all that it started.
pub fn family(id: u32) -> Result<Vec<u32>> {
    descendants(|other| other == id)
}

/// The roots, and every process that they or their descendants started.
fn descendants(is_root: impl Fn(u32) -> bool) -> Result<Vec<u32>> {
    let (mut parents, mut roots) = (BTreeMap::new(), Vec::new());
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let Ok(id) = name.parse::<u32>() else { continue };
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{id}/stat")) else { continue };
        let parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)?.parse::<u32>().ok());
        parents.insert(id, parent.context("a parent")?);
        if is_root(id) {
            roots.push(id);
        }
    }
    let belongs = |mut id: u32| {
        while let Some(&parent) = parents.get(&id) {
            if roots.contains(&id) {
                return true;
            }
            id = parent;
        }
        false
    };
    Ok(parents.keys().copied().filter(|&id| belongs(id)).collect())
}
