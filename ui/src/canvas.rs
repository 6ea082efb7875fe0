//! The host of the lanes: egui painted by eframe's renderer on a canvas.
//!
//! eframe's own runner would keep an animation frame loop, listen to the whole
//! document and put a text field beside the canvas. The lanes need none of
//! that: the page handles input, and a picture is painted once for every
//! change of the scene. So only eframe's painter is used.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use eframe::{egui_glow::Painter, glow};
use egui::{Color32, Context, Pos2, RawInput, Rect, Vec2, ViewportId};
use leptos::{
    leptos_dom::helpers::request_animation_frame,
    prelude::{document, window},
};
use scrubjay_timeline::{Scene, Theme, scene_ui, theme};
use wasm_bindgen::JsCast as _;
use web_sys::{HtmlCanvasElement, HtmlElement, WebGl2RenderingContext};

/// A canvas that shows a scene.
#[derive(Clone)]
pub(crate) struct Host(Rc<RefCell<Inner>>);

struct Inner {
    canvas: HtmlCanvasElement,
    context: Context,
    painter: Painter,
    scene: Option<Scene>,
    is_due: bool,
    painted: u32,
}

impl Host {
    /// Starts painting on a canvas.
    ///
    /// # Errors
    ///
    /// A sentence, where the browser offers no WebGL 2.
    pub(crate) fn start(canvas: HtmlCanvasElement) -> Result<Self, String> {
        let missing =
            || "This browser offers no WebGL 2, so the lanes cannot be drawn; the rows below show the same.".to_owned();
        let gl = canvas.get_context("webgl2").ok().flatten().ok_or_else(missing)?;
        let gl: WebGl2RenderingContext = gl.dyn_into().map_err(|_other| missing())?;
        #[expect(
            clippy::arc_with_non_send_sync,
            reason = "the painter asks for it; a page has one thread"
        )]
        let gl = Arc::new(glow::Context::from_webgl2_context(gl));
        let painter = Painter::new(gl, "", None, false).map_err(|error| error.to_string())?;
        let context = Context::default();
        context.set_theme(egui::Theme::Dark);
        Ok(Self(Rc::new(RefCell::new(Inner {
            canvas,
            context,
            painter,
            scene: None,
            is_due: false,
            painted: 0,
        }))))
    }

    /// Shows a scene; nothing is painted if it is the one that is shown.
    pub(crate) fn show(&self, scene: Scene) {
        let is_new = self.0.borrow().scene.as_ref() != Some(&scene);
        if is_new {
            self.0.borrow_mut().scene = Some(scene);
            self.repaint();
        }
    }

    /// Paints at the next frame of the screen.
    pub(crate) fn repaint(&self) {
        if std::mem::replace(&mut self.0.borrow_mut().is_due, true) {
            return;
        }
        let host = self.clone();
        request_animation_frame(move || {
            let again = host.0.borrow_mut().paint();
            if again {
                host.repaint();
            }
        });
    }
}

impl Inner {
    /// Paints; gives whether egui wants a second pass (fonts that were just loaded).
    fn paint(&mut self) -> bool {
        self.is_due = false;
        let Some(scene) = self.scene.clone() else { return false };
        let ratio = window().device_pixel_ratio().max(0.5) as f32;
        let size = Vec2::new(self.canvas.client_width() as f32, self.canvas.client_height() as f32);
        let pixels = [(size.x * ratio).round() as u32, (size.y * ratio).round() as u32];
        if pixels[0] == 0 || pixels[1] == 0 {
            return false;
        }
        if [self.canvas.width(), self.canvas.height()] != pixels {
            self.canvas.set_width(pixels[0]);
            self.canvas.set_height(pixels[1]);
        }
        let mut output = self.context.run_ui(self.input(size, ratio), |ui| scene_ui(ui, &scene));
        let shapes = self.context.tessellate(output.shapes, output.pixels_per_point);
        self.painter.clear(pixels, scene.theme.bg.to_normalized_gamma_f32());
        self.painter
            .paint_and_update_textures(pixels, output.pixels_per_point, &shapes, &mut output.textures_delta);
        self.painted += 1;
        drop(self.canvas.set_attribute("data-painted", &self.painted.to_string()));
        let delay = output
            .viewport_output
            .get(&ViewportId::ROOT)
            .map(|viewport| viewport.repaint_delay);
        delay.is_some_and(|delay| delay.is_zero()) && self.painted < 3
    }

    fn input(&self, size: Vec2, ratio: f32) -> RawInput {
        let mut input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size)),
            max_texture_side: Some(self.painter.max_texture_side()),
            time: Some(crate::page::now_ms() / 1e3),
            ..RawInput::default()
        };
        input
            .viewports
            .entry(ViewportId::ROOT)
            .or_default()
            .native_pixels_per_point = Some(ratio);
        input
    }
}

/// The colours of the style sheet, as the browser computes them.
pub(crate) fn read_theme() -> Theme {
    let probe = document()
        .create_element("span")
        .ok()
        .and_then(|probe| probe.dyn_into::<HtmlElement>().ok());
    let Some((probe, body)) = probe.zip(document().body()) else {
        return Theme::from_tokens([Color32::GRAY; theme::TOKENS.len()]);
    };
    drop(body.append_child(&probe));
    let computed = theme::TOKENS.map(|token| {
        drop(probe.style().set_property("color", &format!("var({token})")));
        let style = window().get_computed_style(&probe).ok().flatten();
        let text = style
            .and_then(|style| style.get_property_value("color").ok())
            .unwrap_or_default();
        theme::parse_rgb(&text).unwrap_or(Color32::GRAY)
    });
    probe.remove();
    Theme::from_tokens(computed)
}
