//! One person on two devices: the same in every room, and in one place at a time.

use anyhow::Result;
use bots::{Page, PageOptions, Scene};
use serde_json::json;

/// Fills in the dialog of the start page, as a person does.
async fn account(page: &Page, address: &str, button: &str) -> Result<()> {
    page.goto(&format!("{address}/rtc")).await?;
    page.click("Account").await?;
    if button == "Create account" {
        page.click("Create an account").await?;
    }
    page.run(
        "const form = document.querySelector('dialog[open] form');
         form.elements.name.value = 'Ann'; form.elements.password.value = 'right right';",
    )
    .await?;
    page.click(button).await?;
    page.until("being signed in", "return document.querySelector('#account').textContent === 'Ann'").await?;
    Ok(())
}

async fn is(page: &Page, status: &str) -> Result<()> {
    page.until(status, &format!("return window.rtcChat?.status === '{status}'")).await?;
    Ok(())
}

/// Watches for longer than a page waits before it comes back by itself.
async fn stays_in(page: &Page, status: &str) -> Result<()> {
    let watch = "const seen = new Set(), end = performance.now() + 2_000;
         while (performance.now() < end) {
             seen.add(window.rtcChat.status);
             await new Promise(requestAnimationFrame);
         }
         return [...seen];";
    assert_eq!(page.run_async(watch).await?, json!([status]));
    Ok(())
}

/// The laptop lets the phone be.
async fn stays(laptop: &Page, phone: &Page) -> Result<()> {
    let (here, there) = tokio::join!(stays_in(phone, "joined"), stays_in(laptop, "elsewhere"));
    here.and(there)
}

#[tokio::test]
async fn two_devices_of_one_account_are_one_person_and_do_not_fight_over_the_seat() -> Result<()> {
    let mut scene = Scene::start().await?;
    let laptop = scene.page(&PageOptions::default()).await?;
    let phone = scene.page(&PageOptions { size: Some((390, 800)), ..PageOptions::default() }).await?;
    account(&laptop, &scene.server.address, "Create account").await?;
    account(&phone, &scene.server.address, "Sign in").await?;
    laptop.goto(&scene.server.room("demo")).await?;
    is(&laptop, "joined").await?;
    let me = laptop.run("return window.rtcChat.me").await?;
    phone.goto(&scene.server.room("demo")).await?;
    is(&phone, "joined").await?;
    assert_eq!(phone.run("return window.rtcChat.me").await?, me);
    is(&laptop, "elsewhere").await?;
    laptop
        .until("the words", "return document.body.textContent.includes('You are here on another device now')")
        .await?;
    stays(&laptop, &phone).await?;
    // A page that is elsewhere gives nobody's seat back when it is closed.
    laptop.goto("about:blank").await?;
    laptop.goto(&scene.server.room("demo")).await?;
    is(&laptop, "joined").await?;
    is(&phone, "elsewhere").await?;
    phone.click("Use it here").await?;
    is(&phone, "joined").await?;
    is(&laptop, "elsewhere").await?;
    laptop.goto("about:blank").await?;
    stays_in(&phone, "joined").await?;
    Ok(())
}
