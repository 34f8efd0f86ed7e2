//! Every test, in an order that fails early: cores first, real browsers last.

use anyhow::Result;

use crate::packages::{self, BUILD, DEMO, TEST};
use crate::run::{cargo, step};

pub(crate) fn run(filter: Option<&str>) -> Result<()> {
    packages::install(&[BUILD, DEMO, TEST])?;
    packages::install_python()?;
    step("build everything", cargo().args(["build", "--workspace", "--all-targets"]))?;
    let mut fast = cargo();
    fast.args(["test", "--workspace", "--exclude", "bots"]);
    let mut end_to_end = cargo();
    end_to_end.args(["test", "--package", "bots"]);
    for command in [&mut fast, &mut end_to_end] {
        if let Some(filter) = filter {
            command.arg(filter);
        }
    }
    step("tests of the parts", &mut fast)?;
    // One scene at a time: each starts a server, apps and browsers, and the machine may have two cores.
    step("tests end to end, in real windows and browsers", end_to_end.args(["--", "--test-threads=1"]))
}
