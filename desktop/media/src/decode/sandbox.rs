//! What the decoders' process gives up before it sees a stranger's first byte: files, network, programs, other
//! processes. What the kernel cannot take is said ([`Walls`]).
#![allow(unsafe_code)]

use std::os::fd::RawFd;

use landlock::{ABI, Access, AccessFs, AccessNet, Compatible, Ruleset, RulesetAttr, RulesetStatus, Scope};
use rustix::process::{DumpableBehavior, Resource, Rlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// Frames of some people at the largest size; a stream that wants more is told that there is no memory.
const DATA_MAX: u64 = 1 << 30;

/// What stands around the process. The app logs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Walls {
    /// The kernel knows enough of Landlock to keep it from every file.
    pub(super) landlock: bool,
    pub(super) seccomp: bool,
}

impl Walls {
    pub(super) fn to_byte(self) -> u8 {
        1 | u8::from(self.landlock) << 1 | u8::from(self.seccomp) << 2
    }

    pub(super) fn of_byte(byte: u8) -> Option<Self> {
        let walls = Self { landlock: byte & 2 != 0, seccomp: byte & 4 != 0 };
        (walls.to_byte() == byte).then_some(walls)
    }
}

/// Closes every descriptor but these and standard input, output and error, which are `/dev/null` by then.
pub(super) fn close_all_but(kept: &[RawFd]) {
    let mut kept: Vec<u32> = kept.iter().filter_map(|fd| u32::try_from(*fd).ok()).collect();
    kept.sort_unstable();
    let mut first = 3;
    for keep in kept.into_iter().filter(|fd| *fd >= 3) {
        close_range(first, keep - 1);
        first = keep + 1;
    }
    close_range(first, u32::MAX);
}

fn close_range(first: u32, last: u32) {
    if first > last {
        return;
    }
    // SAFETY: nothing in this process uses these descriptors: it has just started, and was handed only the kept ones.
    unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
}

/// For this thread and all that it starts from now on. Says whether Landlock holds.
pub(super) fn enter_process() -> bool {
    // Nobody but root reads its memory, and no core dump does.
    let _ = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable);
    // Landlock and seccomp ask for it, too; it holds also without them.
    let _ = rustix::thread::set_no_new_privs(true);
    let landlock = landlock();
    for (resource, most) in
        [(Resource::Core, 0), (Resource::Fsize, 0), (Resource::Nofile, 0), (Resource::Data, DATA_MAX)]
    {
        // Where a lower limit stands already, that one stays.
        let _ = rustix::process::setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    }
    landlock
}

/// No rule grants anything: every path, every port, every process outside is out of reach.
fn landlock() -> bool {
    let newest = ABI::V6;
    let ruleset = Ruleset::default()
        .set_compatibility(landlock::CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(newest))
        .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(newest)))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(newest)))
        .and_then(Ruleset::create);
    let status = ruleset.and_then(landlock::RulesetCreated::restrict_self);
    status.is_ok_and(|status| status.ruleset != RulesetStatus::NotEnforced)
}

/// What a decoder needs, once its threads run: its lane, memory, and the end.
const ALLOWED: &[i64] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_recvfrom,
    libc::SYS_sendto,
    libc::SYS_futex,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigaction,
    libc::SYS_sigaltstack,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_clock_gettime,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_tgkill,
    libc::SYS_restart_syscall,
    libc::SYS_close,
];

/// Nothing in a decoder asks for these by accident: whoever does is not our code any more.
const DEADLY: &[i64] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_io_uring_setup,
    libc::SYS_bpf,
    libc::SYS_userfaultfd,
    libc::SYS_mount,
    libc::SYS_unshare,
    libc::SYS_setns,
];

/// The filters of this processor, compiled; `None` where there are none for it.
pub(super) fn filters() -> Option<[BpfProgram; 2]> {
    let arch = std::env::consts::ARCH.try_into().ok()?;
    let mut allowed: Vec<(i64, Vec<SeccompRule>)> = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    // Memory, but none that could be run.
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        let executable = libc::PROT_EXEC as u64;
        let data = SeccompCondition::new(2, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(executable), 0).ok()?;
        allowed.push((call, vec![SeccompRule::new(vec![data]).ok()?]));
    }
    let refused = SeccompAction::Errno(libc::EPERM as u32);
    let narrow = SeccompFilter::new(allowed.into_iter().collect(), refused, SeccompAction::Allow, arch).ok()?;
    let deadly = DEADLY.iter().map(|call| (*call, Vec::new())).collect();
    let deadly = SeccompFilter::new(deadly, SeccompAction::Allow, SeccompAction::KillProcess, arch).ok()?;
    Some([deadly.try_into().ok()?, narrow.try_into().ok()?])
}

/// For this thread alone, after which it can do no more than decode. Says whether seccomp holds.
pub(super) fn enter_thread(filters: Option<&[BpfProgram; 2]>) -> bool {
    // The kill first: the second filter does not let one add another.
    filters.is_some_and(|filters| filters.iter().all(|filter| seccompiler::apply_filter(filter).is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walls_fit_into_a_byte() {
        for (landlock, seccomp) in [(false, false), (true, false), (false, true), (true, true)] {
            let walls = Walls { landlock, seccomp };
            assert_eq!(Walls::of_byte(walls.to_byte()), Some(walls));
        }
        assert_eq!((Walls::of_byte(0), Walls::of_byte(0xFF)), (None, None));
    }

    #[test]
    fn there_are_filters_for_this_processor() {
        assert!(filters().is_some());
    }
}
