//! The server's memory: idle, and what each client adds.

use anyhow::{Context, Result};
use bots::Scene;
use bots::load::weigh;

const CLIENTS: usize = 20;

pub(crate) async fn run() -> Result<()> {
    println!("\n### The server's memory\n");
    let mut scene = Scene::start().await?;
    let id = scene.server.process().id().context("it runs")?;
    let idle = weigh(&[id])?.pss_kib;
    let mut clients = Vec::new();
    for n in 0..CLIENTS {
        // Rooms of their own: the mesh between the clients is not the server's.
        let extra = ["--camera", "none", "--microphone", "none", "--create"];
        let mut client =
            scene.participant(&format!("Client {n}"), &format!("room-{n}"), &bots::Looks::Headless, &extra)?;
        client.joined().await?;
        clients.push(client);
    }
    let busy = weigh(&[id])?.pss_kib;
    println!(
        "idle: {:.1} MiB (PSS); with {CLIENTS} clients: {:.1} MiB; {:.0} KiB a client",
        idle as f64 / 1024.0,
        busy as f64 / 1024.0,
        busy.saturating_sub(idle) as f64 / CLIENTS as f64
    );
    Ok(())
}
