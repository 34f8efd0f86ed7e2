//! The API against its own description, asked by a program that knows nothing else.

use std::path::Path;

use tempfile::NamedTempFile;
use tokio::process::Command;

use super::support::Site;

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,\
    negative_data_rejection,unsupported_method";
/// For each route, and for each way in which a request can be wrong.
const EXAMPLES: &str = "8";

const WRONG: &str = "--wrong-admin-tokens-per-address";

#[tokio::test]
async fn the_api_answers_as_it_describes_itself() {
    let program = Path::new(env!("CARGO_BIN_EXE_rtc-chat-server"));
    let tool = program.parent().and_then(Path::parent).expect("a target directory").join("python/bin/schemathesis");
    if !tool.exists() {
        assert!(std::env::var_os("RTC_CHAT_WITH_PYTHON").is_none(), "{} is missing", tool.display());
        println!("left out: `cargo xtask setup` installs {}", tool.display());
        return;
    }
    let token = NamedTempFile::new().expect("a file");
    std::fs::write(token.path(), "a-token-of-enough-letters").expect("a file");
    let token = token.path().to_str().expect("a path in UTF-8");
    let site =
        Site::with(&["--room", "demo", "--rooms-burst", "1000000", "--admin-token-file", token, WRONG, "1000000"])
            .await;
    for authorization in ["Bearer a-token-of-enough-letters", "Bearer nonsense"] {
        let output = Command::new(&tool)
            .args(["run", &format!("{}/api/v1/openapi.json", site.url)])
            .args(["--phases", "coverage,fuzzing", "--seed", "1", "--continue-on-failure", "--warnings", "off"])
            .args(["--max-examples", EXAMPLES, "--checks", CHECKS])
            .args(["-H", &format!("Authorization: {authorization}")])
            .current_dir(site.data())
            .output()
            .await
            .expect("the tool starts");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{authorization}\n{said}\n{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("Tested: 25"), "{said}");
    }
}
