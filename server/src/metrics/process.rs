//! What the system knows of this process (Linux: `/proc/self`; nothing elsewhere).

/// Clock ticks of a second in `/proc`, the same on every Linux that people run (`getconf CLK_TCK`).
const TICKS: f64 = 100.0;
const KIBIBYTE: u64 = 1_024;

/// One look at the process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Process {
    pub(super) resident_bytes: u64,
    pub(super) descriptors: usize,
    pub(super) cpu_seconds: f64,
    /// Seconds since 1970.
    pub(super) started: f64,
}

impl Process {
    pub(super) fn read() -> Option<Self> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        let system = std::fs::read_to_string("/proc/stat").ok()?;
        // proc(5): the second field is the name in brackets, which may hold anything.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |field: usize| fields.get(field - 3)?.parse::<f64>().ok();
        let booted: f64 = value(&system, "btime ")?.parse().ok()?;
        let resident: u64 = value(&status, "VmRSS:")?.trim().trim_end_matches(" kB").parse().ok()?;
        Some(Self {
            resident_bytes: resident * KIBIBYTE,
            descriptors: std::fs::read_dir("/proc/self/fd").ok()?.count(),
            cpu_seconds: (ticks(14)? + ticks(15)?) / TICKS,
            started: booted + ticks(22)? / TICKS,
        })
    }
}

fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(key)).map(str::trim)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_descriptors_and_began_before_now() {
        let process = Process::read().unwrap();
        assert!(process.resident_bytes > 1_000_000 && process.descriptors > 2, "{process:?}");
        let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
        let age = now.as_secs_f64() - process.started;
        assert!((-2.0..3_600.0).contains(&age) && process.cpu_seconds >= 0.0, "{age}");
    }
}
