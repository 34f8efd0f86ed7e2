//! A network namespace (network_namespaces(7)) of its own, gone when dropped.

use std::io;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A named namespace. Its programs see only the interfaces in it.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// With a loopback interface that is up. `label` is part of the name.
    pub fn new(label: &str) -> io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let namespace = Self { name: format!("rtc-chat-{label}-{}-{count}", std::process::id()) };
        ip(&["netns", "add", &namespace.name])?;
        namespace.ip(&["link", "set", "lo", "up"])?;
        Ok(namespace)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// A command that runs inside.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]);
        command
    }

    /// Moves an interface in here, gives it an address with prefix length, and switches it on.
    pub(crate) fn adopt(&self, interface: &str, address: &str) -> io::Result<()> {
        ip(&["link", "set", interface, "netns", &self.name])?;
        // An address of its own would come a second later, and a browser gives up what it loads when addresses change.
        self.ip(&["link", "set", interface, "addrgenmode", "none"])?;
        self.ip(&["addr", "add", address, "dev", interface])?;
        self.ip(&["link", "set", interface, "up"])
    }

    fn ip(&self, arguments: &[&str]) -> io::Result<()> {
        ip(&[&["-n", self.name.as_str()], arguments].concat())
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Its processes live on without a name for it; whoever started them ends them.
        let _ = ip(&["netns", "delete", &self.name]);
    }
}

/// Joins two namespaces by a pair of interfaces that nothing happens on; `addresses` with prefix length.
pub(crate) fn wire(a: &Namespace, b: &Namespace, names: [&str; 2], addresses: [&str; 2]) -> io::Result<()> {
    ip(&["link", "add", names[0], "type", "veth", "peer", "name", names[1]])?;
    a.adopt(names[0], addresses[0])?;
    b.adopt(names[1], addresses[1])
}

fn ip(arguments: &[&str]) -> io::Result<()> {
    let output = Command::new("ip").args(arguments).output()?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("`ip {}`: {}", arguments.join(" "), complaint.trim())))
}
