//! The page by itself: its own tests in a real browser, and its accessibility.

use anyhow::Result;
use bots::material::python_package_file;
use bots::{Page, PageOptions, Scene};
use serde_json::Value;

/// Findings of axe-core that a person would stumble over.
async fn serious_findings(page: &Page) -> Result<Vec<String>> {
    let axe = std::fs::read_to_string(python_package_file("axe_playwright_python/axe.min.js")?)?;
    page.run(&axe).await?;
    let findings = page.run_async("return (await axe.run()).violations").await?;
    let serious = findings
        .as_array()
        .into_iter()
        .flatten()
        .filter(|one| matches!(one["impact"].as_str(), Some("serious" | "critical")));
    Ok(serious
        .map(|one| format!("{}: {}", one["id"], one["nodes"].as_array().map_or(Value::Null, |n| n[0]["html"].clone())))
        .collect())
}

#[tokio::test]
async fn no_page_has_a_serious_accessibility_finding() -> Result<()> {
    let mut scene = Scene::with_server(0, &["demo", "other"], &[]).await?;
    let laptop = scene.page(&PageOptions::default()).await?;
    let phone = scene.page(&PageOptions { size: Some((390, 800)), ..PageOptions::default() }).await?;
    for path in ["/", "/rtc", "/rtc/nowhere", "/rtc/demo"] {
        for page in [&laptop, &phone] {
            page.goto(&format!("{}{path}", scene.server.address)).await?;
            page.until("the page", "return document.readyState === 'complete'").await?;
            if path == "/rtc/demo" {
                page.joined().await?;
            }
            let found = serious_findings(page).await?;
            assert!(found.is_empty(), "{path}: {found:#?}");
        }
    }
    for page in [&laptop, &phone] {
        page.goto(&format!("{}/rtc", scene.server.address)).await?;
        page.click("Account").await?;
        page.until("the dialog", "return document.querySelector('dialog[open]') !== null").await?;
        let found = serious_findings(page).await?;
        assert!(found.is_empty(), "the account's dialog: {found:#?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_page_of_which_a_part_does_not_arrive_says_so() -> Result<()> {
    let broken = tempfile::Builder::new().prefix("rtc-chat-").tempdir()?;
    std::fs::create_dir(broken.path().join("js"))?;
    std::fs::write(broken.path().join("js/rules.js"), "import './nowhere.js';")?;
    let mut scene = Scene::with_server(0, &["demo"], &["--assets", &broken.path().display().to_string()]).await?;
    let page = scene.page(&PageOptions::default()).await?;
    page.goto(&scene.server.room("demo")).await?;
    let shown = "const told = document.querySelector('#not-whole'); return told?.checkVisibility() && told.innerText";
    page.until("what is to be done", &format!("{{ {shown} }}")).await?;
    let words = page.run(shown).await?;
    assert!(words.as_str().is_some_and(|words| words.contains("did not arrive")), "{words}");
    // And it is gone when all of it is there.
    std::fs::remove_file(broken.path().join("js/rules.js"))?;
    page.run("document.querySelector('#not-whole a').click()").await?;
    page.joined().await?;
    assert_eq!(page.run("return document.querySelector('#not-whole').checkVisibility()").await?, false);
    Ok(())
}

#[tokio::test]
async fn the_pages_own_tests_pass_in_a_browser() -> Result<()> {
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("page-tests").display().to_string();
    let mut scene = Scene::with_server(0, &["demo"], &["--assets", &tests]).await?;
    let page = scene.page(&PageOptions::default()).await?;
    page.goto(&format!("{}/assets/page-tests.html", scene.server.address)).await?;
    page.until("the end of the tests", "return window.done").await?;
    let results = page.run("return window.results").await?;
    let results = results.as_array().cloned().unwrap_or_default();
    assert!(results.len() > 20, "only {} tests ran", results.len());
    let failed: Vec<&Value> = results.iter().filter(|result| result["ok"] != true).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    Ok(())
}
