//! Where a program runs: on this machine's network, or on one of its own.

use std::ffi::OsStr;

use tokio::process::Command;

#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Of `ip netns`.
    namespace: Option<String>,
}

impl Place {
    pub fn here() -> Self {
        Self::default()
    }

    pub fn namespace(name: &str) -> Self {
        Self { namespace: Some(name.to_owned()) }
    }

    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let Some(namespace) = &self.namespace else { return Command::new(program) };
        let mut command = Command::new("ip");
        command.args(["netns", "exec", namespace]).arg(program);
        command
    }
}
