//! Every test: of the parts, and end to end in real windows and browsers.

use anyhow::Result;

use crate::packages::{self, BUILD, DEMO, TEST};
use crate::run::{cargo, step};

pub(crate) fn run(filter: Option<&str>) -> Result<()> {
    packages::install(&[BUILD, DEMO, TEST])?;
    packages::install_python()?;
    step("build everything", cargo().args(["test", "--workspace", "--no-run"]))?;
    // Always the whole workspace: another choice of packages is another choice of features, and builds everything again.
    let mut tests = cargo();
    // What Python brings is there now: a test that does not find it fails.
    tests.env("RTC_CHAT_WITH_PYTHON", "1").args(["test", "--workspace"]);
    if let Some(filter) = filter {
        tests.arg(filter);
    }
    step("every test", &mut tests)
}
