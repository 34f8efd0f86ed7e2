//! The demo without a display: a server, the app's window under Xvfb and a page in Chromium, until both saw each other.

use std::path::PathBuf;

use anyhow::Result;
use bots::{Display, Looks, PageOptions, Scene, tile_video};
use clap::Parser;

#[derive(Parser)]
#[command(about)]
struct Arguments {
    /// The server's port on 127.0.0.1
    #[arg(long, default_value_t = 5000)]
    port: u16,
    #[arg(long, default_value = "demo")]
    room: String,
    /// Where the pictures go
    #[arg(long, default_value = "out/demo")]
    out: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    std::fs::create_dir_all(&arguments.out)?;
    println!("    starting the server");
    let mut scene = Scene::with_server(arguments.port, &[&arguments.room], &[]).await?;
    println!("    the page's address: {}", scene.server.room(&arguments.room));
    println!("    opening the app's window on a display of its own");
    let display = Display::start(1280, 800).await?;
    let mut app = scene.participant("App", &arguments.room, &Looks::Window(&display.name), &[])?;
    let app_id = app.joined().await?;
    println!("    opening the page in Chromium");
    let page = scene.page(&PageOptions::default()).await?;
    page.goto(&scene.server.room(&arguments.room)).await?;
    println!("    waiting until both see each other");
    app.connected_to(1).await?;
    app.reports("pictures from the page", |report| {
        (report["peers"][0]["video"]["frames_decoded"].as_u64()? > 30).then_some(())
    })
    .await?;
    let video = tile_video(&app_id);
    page.until("pictures from the app", &format!("return {video}?.videoWidth > 0")).await?;
    let seen = page.watch_marks(&video, 2_000).await?;
    app.say("Hello from the app!").await?;
    app.hears_text("Hello from the app!").await?;
    let (window_png, page_png) = (arguments.out.join("window.png"), arguments.out.join("page.png"));
    display.look()?.save(&window_png)?;
    page.screenshot(&page_png).await?;
    println!("    the page showed {} different pictures of the app in 2 s", seen.len());
    println!("    pictures: {} and {}", window_png.display(), page_png.display());
    let report = app.quit().await?;
    println!("    the app decoded {} pictures of the page", report["peers"][0]["video"]["frames_decoded"]);
    page.close().await?;
    scene.server.process().terminate().await?;
    Ok(())
}
