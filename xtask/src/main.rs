//! One entry for a person: `cargo xtask demo`, `test`, `check`, `tidy`, `bench`.

mod bench;
mod check;
mod demo;
mod packages;
mod run;
mod server_process;
mod tests_run;
mod tidy;

use anyhow::{Result, bail};

const USAGE: &str = "\
cargo xtask <what>

  demo [--port N] [--room NAME]   install what is missing, build, start the server, open the app in a room and print
                                  the page's address; without a display: the same under Xvfb, with pictures in out/demo
  test [FILTER]                   install what is missing and run every test (or those whose name contains FILTER)
  check [--cheap]                 formatting, tidy, clippy, documentation, licences; then the tests unless --cheap
  tidy                            the house's rules that no other tool knows
  bench [NAME]                    measure, and say how
  setup                           only install what demo and test need";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    std::env::set_current_dir(run::root())?;
    match what.as_str() {
        "demo" => demo::run(&rest),
        "test" => tests_run::run(rest.first().map(String::as_str)),
        "check" => check::run(rest.iter().any(|a| a == "--cheap")),
        "tidy" => tidy::run(&run::root()),
        "bench" => bench::run(&rest),
        "setup" => {
            packages::install(&[packages::BUILD, packages::DEMO, packages::TEST])?;
            packages::install_python()
        }
        "" | "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        other => bail!("unknown command {other:?}\n\n{USAGE}"),
    }
}
