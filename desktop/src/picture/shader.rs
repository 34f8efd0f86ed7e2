//! Pictures in textures of the graphics card, made colourful there: the one place that speaks OpenGL.
#![allow(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use eframe::egui::{PaintCallbackInfo, Rect};
use eframe::egui_glow::ShaderVersion;
use eframe::glow::{
    self, HasContext, NativeProgram, NativeTexture, NativeUniformLocation, NativeVertexArray, PixelUnpackData,
};
use media::{I420, Picture};
use thiserror::Error;

use crate::Tile;

const VERTEX: &str = "
    uniform vec4 u_part;
    uniform vec2 u_size;
    out vec2 v_at;
    out vec2 v_pixel;
    void main() {
        vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
        gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
        // A texture's first line is the picture's top.
        v_at = mix(u_part.xy, u_part.zw, vec2(corner.x, 1.0 - corner.y));
        v_pixel = (corner - 0.5) * u_size;
    }
";

/// BT.601 in limited range; the corners are rounded by the distance to a rounded rectangle.
const FRAGMENT: &str = "
    uniform sampler2D u_y;
    uniform sampler2D u_u;
    uniform sampler2D u_v;
    uniform vec2 u_size;
    uniform float u_radius;
    in vec2 v_at;
    in vec2 v_pixel;
    out vec4 colour;
    void main() {
        float y = 1.164383 * (texture(u_y, v_at).r - 0.062745);
        float u = texture(u_u, v_at).r - 0.501961;
        float v = texture(u_v, v_at).r - 0.501961;
        vec3 rgb = clamp(vec3(y + 1.596027 * v, y - 0.391762 * u - 0.812968 * v, y + 2.017232 * u), 0.0, 1.0);
        vec2 corner = abs(v_pixel) - u_size * 0.5 + u_radius;
        float outside = length(max(corner, 0.0)) - u_radius;
        float cover = clamp(0.5 - outside, 0.0, 1.0);
        colour = vec4(rgb * cover, cover);
    }
";

/// Why pictures cannot go through the graphics card.
#[derive(Debug, Error)]
pub(crate) enum ShaderError {
    #[error("the graphics card speaks too old a version of OpenGL")]
    TooOld,
    #[error("the graphics card gives no {0}")]
    Denied(String),
    #[error("the graphics card refuses the shader: {0}")]
    Refused(String),
}

pub(super) struct Shader {
    program: NativeProgram,
    /// Empty, but a core profile draws nothing without one.
    vertices: NativeVertexArray,
    part: Option<NativeUniformLocation>,
    size: Option<NativeUniformLocation>,
    radius: Option<NativeUniformLocation>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    tiles: BTreeMap<Tile, Planes>,
    /// Of tiles that are gone; deleted when the context is current again.
    doomed: Vec<NativeTexture>,
}

struct Planes {
    textures: [NativeTexture; 3],
    size: (u32, u32),
    number: Option<u64>,
}

/// One picture to be painted.
pub(super) struct Stamp {
    pub(super) tile: Tile,
    pub(super) picture: Picture,
    pub(super) part: Rect,
    pub(super) radius: f32,
}

/// Whether the "graphics card" is a program.
pub(crate) fn is_software(gl: &glow::Context) -> bool {
    // SAFETY: the context is current: eframe makes it so before it creates the app.
    let renderer = unsafe { gl.get_parameter_string(glow::RENDERER) }.to_lowercase();
    ["llvmpipe", "softpipe", "swiftshader", "software"].iter().any(|name| renderer.contains(name))
}

impl Shader {
    pub(super) fn compile(gl: &glow::Context) -> Result<Self, ShaderError> {
        let version = ShaderVersion::get(gl);
        if !version.is_new_shader_interface() {
            return Err(ShaderError::TooOld);
        }
        let precision = if version.is_embedded() { "precision highp float;\nprecision highp int;\n" } else { "" };
        let source = |body: &str| format!("{}{precision}{body}", version.version_declaration());
        // SAFETY: the context is current (see above), and every object used here was created by it.
        unsafe {
            let program = gl.create_program().map_err(ShaderError::Denied)?;
            for (kind, body) in [(glow::VERTEX_SHADER, VERTEX), (glow::FRAGMENT_SHADER, FRAGMENT)] {
                let shader = gl.create_shader(kind).map_err(ShaderError::Denied)?;
                gl.shader_source(shader, &source(body));
                gl.compile_shader(shader);
                if !gl.get_shader_compile_status(shader) {
                    return Err(ShaderError::Refused(gl.get_shader_info_log(shader)));
                }
                gl.attach_shader(program, shader);
                // Deleted together with the program.
                gl.delete_shader(shader);
            }
            gl.link_program(program);
            if !gl.get_program_link_status(program) {
                return Err(ShaderError::Refused(gl.get_program_info_log(program)));
            }
            gl.use_program(Some(program));
            for (unit, name) in ["u_y", "u_u", "u_v"].into_iter().enumerate() {
                gl.uniform_1_i32(gl.get_uniform_location(program, name).as_ref(), unit as i32);
            }
            gl.use_program(None);
            Ok(Self {
                vertices: gl.create_vertex_array().map_err(ShaderError::Denied)?,
                part: gl.get_uniform_location(program, "u_part"),
                size: gl.get_uniform_location(program, "u_size"),
                radius: gl.get_uniform_location(program, "u_radius"),
                program,
                kept: Mutex::default(),
            })
        }
    }

    /// Called by the window's painter, in its turn. It restores its own state afterwards.
    pub(super) fn paint(&self, gl: &glow::Context, info: &PaintCallbackInfo, stamp: &Stamp) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: egui's painter calls this with its context current; the textures belong to it.
        unsafe {
            for texture in kept.doomed.drain(..) {
                gl.delete_texture(texture);
            }
            let planes = match kept.tiles.entry(stamp.tile.clone()) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => match Planes::create(gl) {
                    Ok(planes) => entry.insert(planes),
                    Err(error) => return tracing::warn!(%error, "a picture is not painted"),
                },
            };
            if planes.number != Some(stamp.picture.number) {
                planes.upload(gl, &stamp.picture);
            }
            let pixels = info.viewport_in_pixels();
            let part = stamp.part;
            gl.use_program(Some(self.program));
            gl.uniform_4_f32(self.part.as_ref(), part.min.x, part.min.y, part.max.x, part.max.y);
            gl.uniform_2_f32(self.size.as_ref(), pixels.width_px as f32, pixels.height_px as f32);
            gl.uniform_1_f32(self.radius.as_ref(), stamp.radius * info.pixels_per_point);
            for (unit, texture) in planes.textures.into_iter().enumerate() {
                gl.active_texture(glow::TEXTURE0 + unit as u32);
                gl.bind_texture(glow::TEXTURE_2D, Some(texture));
            }
            gl.bind_vertex_array(Some(self.vertices));
            gl.draw_arrays(glow::TRIANGLE_STRIP, 0, 4);
            gl.bind_vertex_array(None);
            gl.active_texture(glow::TEXTURE0);
        }
    }

    pub(super) fn keep(&self, tiles: &BTreeSet<Tile>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { tiles: all, doomed } = &mut *kept;
        all.retain(|tile, planes| {
            let stays = tiles.contains(tile);
            if !stays {
                doomed.extend(planes.textures);
            }
            stays
        });
    }

    pub(super) fn destroy(&self, gl: &glow::Context) {
        self.keep(&BTreeSet::new());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: eframe calls this with the context current, at the end; nothing is used afterwards.
        unsafe {
            for texture in kept.doomed.drain(..) {
                gl.delete_texture(texture);
            }
            gl.delete_vertex_array(self.vertices);
            gl.delete_program(self.program);
        }
    }
}

impl Planes {
    /// # Safety
    /// `gl` is current.
    unsafe fn create(gl: &glow::Context) -> Result<Self, ShaderError> {
        // SAFETY: as the caller promises.
        let create = || unsafe {
            let texture = gl.create_texture().map_err(ShaderError::Denied)?;
            gl.bind_texture(glow::TEXTURE_2D, Some(texture));
            for (what, how) in [
                (glow::TEXTURE_MIN_FILTER, glow::LINEAR),
                (glow::TEXTURE_MAG_FILTER, glow::LINEAR),
                (glow::TEXTURE_WRAP_S, glow::CLAMP_TO_EDGE),
                (glow::TEXTURE_WRAP_T, glow::CLAMP_TO_EDGE),
            ] {
                gl.tex_parameter_i32(glow::TEXTURE_2D, what, how as i32);
            }
            Ok(texture)
        };
        Ok(Self { textures: [create()?, create()?, create()?], size: (0, 0), number: None })
    }

    /// # Safety
    /// `gl` is current, and the one that created the textures.
    unsafe fn upload(&mut self, gl: &glow::Context, picture: &Picture) {
        let frame: &I420 = &picture.frame;
        let luma = (frame.width(), frame.height());
        let same_size = self.size == luma;
        let planes = [(frame.y(), luma), (frame.u(), frame.chroma_size()), (frame.v(), frame.chroma_size())];
        for (texture, (bytes, (width, height))) in self.textures.into_iter().zip(planes) {
            let (width, height) = (width as i32, height as i32);
            let pixels = PixelUnpackData::Slice(Some(bytes));
            // SAFETY: the slice has width × height bytes (an `I420` guarantees it), and lines have no padding.
            unsafe {
                gl.bind_texture(glow::TEXTURE_2D, Some(texture));
                gl.pixel_store_i32(glow::UNPACK_ALIGNMENT, 1);
                if same_size {
                    gl.tex_sub_image_2d(
                        glow::TEXTURE_2D,
                        0,
                        0,
                        0,
                        width,
                        height,
                        glow::RED,
                        glow::UNSIGNED_BYTE,
                        pixels,
                    );
                } else {
                    let format = glow::R8 as i32;
                    gl.tex_image_2d(
                        glow::TEXTURE_2D,
                        0,
                        format,
                        width,
                        height,
                        0,
                        glow::RED,
                        glow::UNSIGNED_BYTE,
                        pixels,
                    );
                }
            }
        }
        self.size = luma;
        self.number = Some(picture.number);
    }
}
