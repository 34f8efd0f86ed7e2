//! People come and go in every way: the server keeps nothing of them.

use anyhow::Result;
use bots::soak::Soak;

/// Those who vanish are noticed sooner here than they usually are; who says nothing for 2 s is still no ghost: they ping.
const IMPATIENT: &[&str] = &["--gone-seconds=4", "--unstable-seconds=3", "--seat-seconds=4", "--half-open-seconds=4"];

#[tokio::test]
async fn clients_tasks_and_descriptors_are_back_at_the_start_after_everyone_left() -> Result<()> {
    let soak = Soak::start(IMPATIENT).await?;
    for _ in 0..2 {
        soak.round(120, 40).await?;
        soak.settled().await?;
    }
    Ok(())
}
