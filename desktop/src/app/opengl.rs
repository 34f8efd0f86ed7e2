//! The window that a graphics card draws.

use std::cell::RefCell;
use std::error::Error;

use egui_winit::winit::event_loop::EventLoop;
use egui_winit::winit::platform::run_on_demand::EventLoopExtRunOnDemand;

use super::{Drawing, Failure, Opening};
use crate::picture::{Pictures, is_software};

/// Shows it until it is closed; gives back what was to be opened where that is better done without OpenGL.
pub(super) fn run<'a>(
    opening: Opening<'a>,
    event_loop: &mut EventLoop<eframe::UserEvent>,
) -> Result<Option<Opening<'a>>, Failure> {
    let (title, viewport, drawing) = (opening.options.title.clone(), opening.viewport(), opening.options.drawing);
    // Nothing here has gradients; the noise against their bands costs in every pixel.
    let native = eframe::NativeOptions { viewport, dithering: false, ..Default::default() };
    // The platform's error type crosses threads, the backend's need not.
    let failure: RefCell<Option<Failure>> = RefCell::default();
    let opening = RefCell::new(Some(opening));
    let create = |context: &eframe::CreationContext<'_>| -> Result<Box<dyn eframe::App>, Box<dyn Error + Send + Sync>> {
        let made = || -> Result<_, Failure> {
            let gl = context.gl.as_deref().ok_or("there is no OpenGL")?;
            if drawing == Drawing::Auto && is_software(gl) {
                return Err("OpenGL is a program here".into());
            }
            Ok(Pictures::through_opengl(gl)?)
        };
        let pictures = made().inspect_err(|why| tracing::info!(%why, "not drawing through OpenGL"));
        let opened = pictures.and_then(|pictures| {
            let opening = opening.take().ok_or("it was opened before")?;
            opening.open(&context.egui_ctx, pictures)
        });
        match opened {
            Ok(window) => Ok(Box::new(window)),
            Err(error) => {
                let told = error.to_string();
                *failure.borrow_mut() = Some(error);
                Err(told.into())
            }
        }
    };
    let mut app = eframe::create_native(&title, native, Box::new(create), event_loop);
    event_loop.run_app_on_demand(&mut app)?;
    drop(app);
    let unopened = opening.take();
    match (failure.take(), unopened) {
        // Nothing was begun: it can be done another way.
        (_, Some(unopened)) if drawing == Drawing::Auto => Ok(Some(unopened)),
        (Some(error), _) => Err(error),
        (None, Some(_)) => Err("there is no OpenGL for a window here; --drawing processor does without it".into()),
        (None, None) => Ok(None),
    }
}
