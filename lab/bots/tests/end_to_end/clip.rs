//! A real clip looks on the other side as it looked at the source.

use anyhow::{Context, Result};
use bots::material::{self, Clip};
use bots::{PageOptions, Scene, tile_video};

/// Median luma PSNR that the shown frames must have at 500 kbit/s.
const PSNR_MIN: f64 = 30.0;

#[tokio::test]
async fn a_real_clip_survives_the_way_from_app_to_browser() -> Result<()> {
    let mut scene = Scene::start().await?;
    let clip_path = material::carphone(scene.folder.path(), 15).await?;
    let clip = Clip::read(&clip_path)?;
    let source = format!("file:{}", clip_path.display());
    let mut app = scene.headless("App", &["--camera", &source, "--fps", "15", "--bitrate", "500000"])?;
    let me = app.joined().await?;
    let page = scene.page(&PageOptions { bare: true, ..PageOptions::default() }).await?;
    page.goto(&scene.server.room("demo")).await?;
    app.connected_to(1).await?;
    let video = tile_video(&me);
    page.until("the clip's size", &format!("return {video}?.videoWidth === {}", clip.width)).await?;
    let mut scores = Vec::new();
    for _ in 0..12 {
        let shown = page.run_async(&grab_luma(&video)).await?;
        let luma: Vec<u8> = serde_json::from_value(shown).context("a plane of luma")?;
        scores.push(clip.best_match(&luma).context("frames to compare with")?.1);
    }
    let median = median(&mut scores);
    assert!(median > PSNR_MIN, "app to browser: {median:.1} dB; {scores:?}");
    Ok(())
}

#[tokio::test]
async fn a_real_clip_survives_the_way_from_browser_to_app() -> Result<()> {
    let mut scene = Scene::start().await?;
    let clip_path = material::carphone(scene.folder.path(), 15).await?;
    let clip = Clip::read(&clip_path)?;
    let record = scene.folder.path().join("record");
    std::fs::create_dir_all(&record)?;
    let folder = record.display().to_string();
    let mut app = scene.headless("App", &["--camera", "none", "--microphone", "none", "--record", &folder])?;
    app.joined().await?;
    let page = scene.page(&PageOptions { camera: Some(&clip_path), ..PageOptions::default() }).await?;
    page.goto(&scene.server.room("demo")).await?;
    app.connected_to(1).await?;
    app.reports("ten seconds of pictures", |r| r["peers"][0]["video"]["frames_decoded"].as_u64().filter(|&n| n > 120))
        .await?;
    app.quit().await?;
    let file = std::fs::read_dir(&record)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|ending| ending == "y4m"))
        .context("a recording")?;
    let shown = Clip::read(&file)?;
    assert_eq!((shown.width, shown.height), (clip.width, clip.height));
    let pixels = clip.width * clip.height;
    // The first second is still finding its bitrate.
    let frames = shown.frames.iter().skip(20).step_by(5);
    let mut scores: Vec<f64> =
        frames.filter_map(|frame| clip.best_match(&frame[..pixels]).map(|found| found.1)).collect();
    let median = median(&mut scores);
    assert!(median > PSNR_MIN, "browser to app: {median:.1} dB");
    Ok(())
}

fn median(scores: &mut [f64]) -> f64 {
    scores.sort_by(f64::total_cmp);
    scores[scores.len() / 2]
}

/// The luma (BT.601, limited range) of the next frame that the video shows.
fn grab_luma(video: &str) -> String {
    format!(
        "const v = {video};
         await new Promise(resolve => v.requestVideoFrameCallback(resolve));
         const c = document.createElement('canvas'); c.width = v.videoWidth; c.height = v.videoHeight;
         const x = c.getContext('2d'); x.drawImage(v, 0, 0);
         const d = x.getImageData(0, 0, c.width, c.height).data, luma = new Array(d.length / 4);
         for (let i = 0; i < luma.length; i += 1)
             luma[i] = Math.round(16 + (65.738 * d[4 * i] + 129.057 * d[4 * i + 1] + 25.064 * d[4 * i + 2]) / 256);
         return luma;"
    )
}
