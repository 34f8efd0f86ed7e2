//! Where a program runs: on this machine's network, or on one of its own.

use std::ffi::{OsStr, OsString};

use tokio::process::Command;

#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Of `ip netns`.
    namespace: Option<String>,
    environment: Vec<(String, OsString)>,
}

impl Place {
    pub fn here() -> Self {
        Self::default()
    }

    pub fn namespace(name: &str) -> Self {
        Self { namespace: Some(name.to_owned()), ..Self::default() }
    }

    /// The same place, with these in the environment of what runs there.
    pub fn with(mut self, environment: impl IntoIterator<Item = (String, OsString)>) -> Self {
        self.environment.extend(environment);
        self
    }

    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = match &self.namespace {
            None => Command::new(program),
            Some(namespace) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", namespace]).arg(program);
                command
            }
        };
        command.envs(self.environment.iter().cloned());
        command
    }
}
