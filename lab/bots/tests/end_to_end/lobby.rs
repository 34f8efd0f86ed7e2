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
    // Who made the room is in it, without typing the password again.
    page.joined().await?;

    let mut refused = enter(&scene, "tea & cake", "Wrong", Some("water"))?;
    assert_eq!(refusal(&mut refused).await?, "wrong-password");
    let mut unknown = enter(&scene, "nowhere", "Lost", None)?;
    assert_eq!(refusal(&mut unknown).await?, "unknown-room");
    let mut second = enter(&scene, "tea & cake", "Second", Some("milk"))?;
    second.joined().await?;
    let mut third = enter(&scene, "tea & cake", "Third", Some("milk"))?;
    assert_eq!(refusal(&mut third).await?, "room-full");

    let guest = scene.page(&PageOptions::default()).await?;
    guest.goto(&format!("{}/rtc", scene.server.address)).await?;
    guest.until("two of two", "return /2\\s*(\\/|of)\\s*2/.test(document.body.textContent)").await?;
    let room = format!("{}/rtc/tea%20%26%20cake", scene.server.address);
    guest.goto(&room).await?;
    guest.until("being told that it is full", "return /full/i.test(document.body.textContent)").await?;
    guest.goto(&format!("{}/rtc/nowhere", scene.server.address)).await?;
    guest
        .until("being told that it is unknown", "return /no room|unknown|not exist/i.test(document.body.textContent)")
        .await?;

    // A seat becomes free: now the guest gets in with the password, and with no other.
    second.quit().await?;
    guest.goto(&room).await?;
    guest.fill("Password", "water").await?;
    guest.press_enter("Password").await?;
    guest.until("being told that the password is wrong", "return /wrong/i.test(document.body.textContent)").await?;
    guest.fill("Password", "milk").await?;
    guest.press_enter("Password").await?;
    guest.joined().await
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
