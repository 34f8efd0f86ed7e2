//! From the wish to join to the first picture of someone else, on the loopback.

use anyhow::{Context, Result};
use bots::{Page, PageOptions, Participant, Scene};

use crate::figures::spread;

/// When the first picture of somebody else was shown, in milliseconds after the page was opened.
const FIRST_PICTURE_OF_THE_PAGE: &str = "
    for (;;) {
        const shown = Object.entries(window.rtcChat?.timeline ?? {}).find(([event]) => event.startsWith('picture '));
        if (shown) return shown[1];
        await new Promise(resolve => setTimeout(resolve, 20));
    }";

pub(crate) async fn run(rounds: usize) -> Result<()> {
    println!("\n### From click to first remote picture, ms, median of {rounds}\n");
    println!("| the one inside | the one who comes | median | spread |\n|---|---|---|---|");
    let (mut app_app, mut page_app, mut app_page, mut page_page) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let mut scene = Scene::start().await?;
        let _inside = inside(&scene).await?;
        app_app.push(app_comes(&scene).await?);
        app_page.push(page_comes(&mut scene).await?.0);
    }
    for _ in 0..rounds {
        let mut scene = Scene::start().await?;
        let _inside = page_inside(&mut scene).await?;
        page_app.push(app_comes(&scene).await?);
        page_page.push(page_comes(&mut scene).await?.0);
    }
    println!("| app | app | {} |", spread(app_app));
    println!("| page | app | {} |", spread(page_app));
    println!("| app | page | {} |", spread(app_page));
    println!("| page | page | {} |", spread(page_page));
    Ok(())
}

async fn inside(scene: &Scene) -> Result<Participant> {
    let mut inside = scene.headless("Inside", &[])?;
    inside.joined().await?;
    Ok(inside)
}

async fn page_inside(scene: &mut Scene) -> Result<Page> {
    let page = scene.page(&PageOptions::default()).await?;
    page.goto(&scene.server.room("demo")).await?;
    page.joined().await?;
    Ok(page)
}

async fn app_comes(scene: &Scene) -> Result<f64> {
    let mut comer = scene.headless("Comer", &[])?;
    let seconds = comer
        .reports("a picture", |report| {
            report["peers"].as_array()?.iter().find_map(|p| p["first_picture_seconds"].as_f64())
        })
        .await?;
    comer.quit().await?;
    Ok(seconds * 1000.0)
}

async fn page_comes(scene: &mut Scene) -> Result<(f64, Page)> {
    let page = scene.page(&PageOptions::default()).await?;
    page.goto(&scene.server.room("demo")).await?;
    let shown = page.run_async(FIRST_PICTURE_OF_THE_PAGE).await?;
    Ok((shown.as_f64().context("milliseconds")?, page))
}
