//! The renderer of the page: egui painted by the painter of eframe, for all pictures in turn.
//!
//! eframe's own runner would keep an animation frame loop, listen to the whole
//! document and put a text field beside the canvas. Pictures need none of
//! that: the page handles input, and a picture is painted once for every
//! change of what it shows. So only eframe's painter is used.
//!
//! It paints on a canvas that is not in the page, and what was painted is copied onto the canvas of its picture.
//! Where WebGL runs in software, a canvas of WebGL in the page would cost most of a frame whenever something
//! moves over it (measured: 25 frames a second, against 100 over a plain picture). And a context of WebGL with
//! its programs takes long to make, so there is one, which is made while the page has nothing else to do.

use std::{cell::RefCell, sync::Arc};

use eframe::{egui_glow::Painter, glow};
use egui::{Context, Pos2, RawInput, Rect, Vec2, ViewportId};
use leptos::prelude::document;
use scrubjay_ipc::{Axis, Form, Kind, Lane, LaneId, LanePicture, Shape};
use scrubjay_timeline::{Layout, Picture, Scene, Theme, Window, layout::Folding};
use wasm_bindgen::JsCast as _;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, WebGl2RenderingContext};

use crate::browser::{self, OrLog as _};

/// A trial that takes longer than this is painted by software.
const SLOW_MS: f64 = 4.0;
/// Size of the trial, and bars in it.
const TRIAL: (f32, f32, u32) = (1_200.0, 400.0, 1_500);

pub(crate) struct Renderer {
    canvas: HtmlCanvasElement,
    gl: WebGl2RenderingContext,
    context: Context,
    painter: Painter,
    is_slow: bool,
}

thread_local! {
    static RENDERER: RefCell<Option<Renderer>> = const { RefCell::new(None) };
}

/// Uses the renderer, which the first use makes.
///
/// # Errors
///
/// A sentence, where the browser offers no WebGL 2, or has broken off a painting: that leaves its borrow
/// behind, and then pictures stay as they are and the rest of the page goes on.
pub(crate) fn with<R>(work: impl FnOnce(&mut Renderer) -> R) -> Result<R, String> {
    RENDERER.with(|renderer| {
        let broken = || "Painting broke off, so the lanes stay as they are; reload the page.".to_owned();
        let mut renderer = renderer.try_borrow_mut().map_err(|_held| broken())?;
        let renderer = match &mut *renderer {
            Some(renderer) => renderer,
            none => none.insert(Renderer::new()?),
        };
        Ok(work(renderer))
    })
}

/// Makes it once the first screen is drawn, so that opening the first run need not.
pub(crate) fn make_soon() {
    const FIRST_SCREEN_MS: f64 = 500.0;
    browser::later(FIRST_SCREEN_MS, || {
        // Where it cannot be made, the pictures say so.
        with(|_made| ()).ok();
    });
}

impl Renderer {
    fn new() -> Result<Self, String> {
        let missing =
            || "This browser offers no WebGL 2, so the lanes cannot be drawn; the rows below show the same.".to_owned();
        let canvas = document().create_element("canvas").map_err(|_refused| missing())?;
        let canvas: HtmlCanvasElement = canvas.dyn_into().map_err(|_other| missing())?;
        let gl = canvas.get_context_with_context_options("webgl2", &plain_options());
        let gl = gl.ok().flatten().ok_or_else(missing)?;
        let raw: WebGl2RenderingContext = gl.dyn_into().map_err(|_other| missing())?;
        #[expect(
            clippy::arc_with_non_send_sync,
            reason = "the painter asks for it; a page has one thread"
        )]
        let gl = Arc::new(glow::Context::from_webgl2_context(raw.clone()));
        let painter = Painter::new(gl, "", None, false).map_err(|error| error.to_string())?;
        let context = Context::default();
        context.set_theme(egui::Theme::Dark);
        let mut renderer = Self {
            canvas,
            gl: raw,
            context,
            painter,
            is_slow: false,
        };
        renderer.is_slow = renderer.trial_ms() > SLOW_MS;
        Ok(renderer)
    }

    /// Whether it paints so slowly that a picture is better moved than painted again.
    pub(crate) fn is_slow(&self) -> bool {
        self.is_slow
    }

    /// Paints a picture of this size in points; gives whether egui wants a second pass.
    pub(crate) fn paint(&mut self, picture: &impl Picture, size: Vec2, ratio: f32) -> bool {
        let pixels = pixels_of(size, ratio);
        self.make_room(pixels);
        let mut output = self.context.run_ui(self.input(size, ratio), |ui| picture.paint(ui));
        let shapes = self.context.tessellate(output.shapes, output.pixels_per_point);
        let ground = picture.ground().to_normalized_gamma_f32();
        self.painter.clear(pixels, ground);
        let textures = &mut output.textures_delta;
        self.painter
            .paint_and_update_textures(pixels, output.pixels_per_point, &shapes, textures);
        let viewport = output.viewport_output.get(&ViewportId::ROOT);
        viewport.is_some_and(|viewport| viewport.repaint_delay.is_zero())
    }

    /// Copies what was just painted; it is there only until this turn of the event loop ends.
    pub(crate) fn copy(&self, onto: &CanvasRenderingContext2d, [width, height]: [u32; 2]) {
        let (wide, high) = (f64::from(width), f64::from(height));
        // WebGL counts from the bottom.
        let top = f64::from(self.canvas.height()) - high;
        onto.draw_image_with_html_canvas_element_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
            &self.canvas,
            0.0,
            top,
            wide,
            high,
            0.0,
            0.0,
            wide,
            high,
        )
        .or_log();
    }

    /// The canvas is as large as the largest picture, since another size costs another buffer.
    fn make_room(&self, [width, height]: [u32; 2]) {
        if self.canvas.width() < width || self.canvas.height() < height {
            self.canvas.set_width(self.canvas.width().max(width));
            self.canvas.set_height(self.canvas.height().max(height));
        }
    }

    fn input(&self, size: Vec2, ratio: f32) -> RawInput {
        let mut input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size)),
            max_texture_side: Some(self.painter.max_texture_side()),
            time: Some(browser::now_ms() / 1e3),
            ..RawInput::default()
        };
        input
            .viewports
            .entry(ViewportId::ROOT)
            .or_default()
            .native_pixels_per_point = Some(ratio);
        input
    }

    /// How long a picture takes until it is really painted. The first painting makes programs and buffers.
    fn trial_ms(&mut self) -> f64 {
        let picture = trial();
        let mut least = f64::INFINITY;
        for round in 0..3 {
            let began = browser::now_ms();
            self.paint(&picture, Vec2::new(TRIAL.0, TRIAL.1), 1.0);
            self.finish();
            if round > 0 {
                least = least.min(browser::now_ms() - began);
            }
        }
        least
    }

    /// Waits until all is painted, by reading one pixel of it.
    fn finish(&self) {
        let mut pixel = [0; 4];
        let (rgba, bytes) = (WebGl2RenderingContext::RGBA, WebGl2RenderingContext::UNSIGNED_BYTE);
        self.gl
            .read_pixels_with_opt_u8_array(0, 0, 1, 1, rgba, bytes, Some(&mut pixel))
            .or_log();
    }
}

/// Pixels of the device.
pub(crate) fn pixels_of(size: Vec2, ratio: f32) -> [u32; 2] {
    [(size.x * ratio).round() as u32, (size.y * ratio).round() as u32]
}

/// egui smooths edges itself, so samples and buffers for it would only cost time.
fn plain_options() -> js_sys::Object {
    let options = js_sys::Object::new();
    for name in ["antialias", "depth", "stencil"] {
        js_sys::Reflect::set(&options, &name.into(), &false.into()).or_log();
    }
    options
}

/// A picture like that of a long run: bars all over it.
fn trial() -> Scene {
    let bar = |n: u32| Shape {
        form: Form::Bar,
        from: f64::from(n),
        to: f64::from(n) + 40.0,
        row: (n % 4) as u8,
        kind: Kind::Tool,
        strength: 200,
        severity: None,
        first_seq: n,
        last_seq: n,
        label: String::new(),
    };
    let lanes = vec![Lane {
        id: LaneId::Tools,
        rows: 4,
        shapes: (0..TRIAL.2).map(bar).collect(),
    }];
    Scene {
        layout: Layout::new(&lanes, Folding::default()),
        view: Arc::new(LanePicture {
            lanes,
            ..LanePicture::default()
        }),
        axis: Axis::Index,
        window: Window::new(0.0, f64::from(TRIAL.2)),
        scroll: 0.0,
        theme: Theme::from_tokens([egui::Color32::GRAY; scrubjay_timeline::theme::TOKENS.len()]),
    }
}
