//! Creating, finding and entering rooms, on the page and in the app.

use anyhow::Result;
use bots::{PageOptions, Participant, Scene};

#[tokio::test]
async fn a_room_is_created_listed_and_entered_with_its_password() -> Result<()> {
    let mut scene = Scene::start().await?;
    let page = scene.page(&PageOptions::default()).await?;
    page.goto(&format!("{}/rtc", scene.server.address)).await?;
    page.until("the kept room", "return document.body.textContent.includes('demo')").await?;
    page.run(
        "const form = document.querySelector('form[action$=\"/rtc\"], form:has([name=room_id])');
         form.room_id.value = 'tea & cake'; form.password.value = 'milk'; form.public.checked = true;
         form.guest_limit.value = '2'; form.requestSubmit();",
    )
    .await?;
    page.until("the password's form", "return document.querySelector('input[type=password]') !== null").await?;

    let mut refused = enter(&scene, "tea & cake", "Wrong", Some("water"))?;
    assert_eq!(refusal(&mut refused).await?, "wrong-password");
    let mut unknown = enter(&scene, "nowhere", "Lost", None)?;
    assert_eq!(refusal(&mut unknown).await?, "unknown-room");
    let mut first = enter(&scene, "tea & cake", "First", Some("milk"))?;
    first.joined().await?;
    let mut second = enter(&scene, "tea & cake", "Second", Some("milk"))?;
    second.joined().await?;
    let mut third = enter(&scene, "tea & cake", "Third", Some("milk"))?;
    assert_eq!(refusal(&mut third).await?, "room-full");

    page.goto(&format!("{}/rtc", scene.server.address)).await?;
    page.until("two of two", "return /2\\s*\\/\\s*2/.test(document.body.textContent)").await?;
    page.goto(&format!("{}/rtc/tea%20%26%20cake", scene.server.address)).await?;
    page.run("const f = document.querySelector('form:has(input[type=password])'); f.password.value = 'milk'; f.requestSubmit();")
        .await?;
    page.until("being told that it is full", "return /full/i.test(document.body.textContent)").await?;
    page.goto(&format!("{}/rtc/nowhere", scene.server.address)).await?;
    page.until("being told that it is unknown", "return /no room|unknown|not exist/i.test(document.body.textContent)")
        .await?;
    Ok(())
}

fn enter(scene: &Scene, room: &str, name: &str, password: Option<&str>) -> Result<Participant> {
    let room = room.replace(' ', "%20").replace('&', "%26");
    let mut extra = vec!["--camera", "none", "--microphone", "none"];
    if let Some(password) = password {
        extra.extend(["--password", password]);
    }
    scene.participant(name, &room, &bots::Looks::Headless, &extra)
}

async fn refusal(participant: &mut Participant) -> Result<String> {
    participant
        .expect("a refusal", |said| {
            let refused = said.iter().find(|event| event["status"] == "refused")?;
            refused["id"].as_str().map(str::to_owned)
        })
        .await
}
