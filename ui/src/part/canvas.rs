//! The host of the lanes: egui painted by eframe's renderer on a canvas.
//!
//! eframe's own runner would keep an animation frame loop, listen to the whole
//! document and put a text field beside the canvas. The lanes need none of
//! that: the page handles input, and a picture is painted once for every
//! change of what it shows. So only eframe's painter is used.
//!
//! Where WebGL runs in software, even a canvas that does not change costs the
//! browser most of a frame whenever something moves over it (measured: 25
//! frames a second, against 100 over a plain picture). So the first paintings
//! are timed, and where they are slow the picture is copied once, after each
//! painting, onto a plain canvas that stands in the page instead. There a
//! picture that another window would show is stretched at once, and painted
//! when it rests ([`Rest`]).

use std::{cell::RefCell, rc::Rc, sync::Arc};

use eframe::{egui_glow::Painter, glow};
use egui::{Color32, Context, Pos2, RawInput, Rect, Vec2, ViewportId};
use leptos::{
    leptos_dom::helpers::request_animation_frame,
    prelude::{document, window},
};
use scrubjay_timeline::{Picture, Stretch, Theme, theme};
use wasm_bindgen::JsCast as _;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement, WebGl2RenderingContext};

use super::pace::Rest;
use crate::browser::{self, OrLog as _};

/// A canvas that shows a picture.
pub(crate) struct Host<P: Picture + 'static>(Rc<RefCell<Inner<P>>>);

impl<P: Picture + 'static> Clone for Host<P> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

/// A painting that takes longer than this is made by software.
const SLOW_MS: f64 = 7.0;
/// The paintings that are timed; the first loads fonts.
const TIMED: std::ops::Range<u32> = 1..4;

struct Inner<P> {
    canvas: HtmlCanvasElement,
    gl: WebGl2RenderingContext,
    /// Stands in the page where painting is slow.
    plain: Option<(HtmlCanvasElement, CanvasRenderingContext2d)>,
    context: Context,
    painter: Painter,
    /// The picture that is wanted, and the one that was painted last.
    picture: Option<P>,
    shown: Option<P>,
    is_due: bool,
    rest: Rest,
    waits_for_rest: bool,
    painted: u32,
}

impl<P: Picture + 'static> Host<P> {
    /// Starts painting on a canvas.
    ///
    /// # Errors
    ///
    /// A sentence, where the browser offers no WebGL 2.
    pub(crate) fn start(canvas: HtmlCanvasElement) -> Result<Self, String> {
        let missing =
            || "This browser offers no WebGL 2, so the lanes cannot be drawn; the rows below show the same.".to_owned();
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
        Ok(Self(Rc::new(RefCell::new(Inner {
            canvas,
            gl: raw,
            plain: None,
            context,
            painter,
            picture: None,
            shown: None,
            is_due: false,
            rest: Rest::default(),
            waits_for_rest: false,
            painted: 0,
        }))))
    }

    /// Shows a picture; nothing is painted if it is the one that is shown.
    ///
    /// A painting that a browser broke off leaves its borrow behind; then the
    /// lanes stay as they are and the rest of the page goes on.
    pub(crate) fn show(&self, picture: P) {
        let Ok(mut inner) = self.0.try_borrow_mut() else { return };
        if inner.picture.as_ref() == Some(&picture) {
            return;
        }
        inner.picture = Some(picture);
        inner.rest.changed(browser::now_ms());
        let is_stretched = inner.stretch();
        drop(inner);
        if is_stretched {
            self.repaint_at_rest();
        } else {
            self.repaint();
        }
    }

    fn repaint_at_rest(&self) {
        let Ok(mut inner) = self.0.try_borrow_mut() else { return };
        if std::mem::replace(&mut inner.waits_for_rest, true) {
            return;
        }
        let wait_ms = inner.rest.wait_ms(browser::now_ms());
        drop(inner);
        let host = self.clone();
        browser::later(wait_ms, move || {
            let Ok(mut inner) = host.0.try_borrow_mut() else { return };
            inner.waits_for_rest = false;
            let (is_painted, rests) = (
                inner.shown == inner.picture,
                inner.rest.wait_ms(browser::now_ms()) < 1.0,
            );
            drop(inner);
            if rests && !is_painted {
                host.repaint();
            } else if !is_painted {
                host.repaint_at_rest();
            }
        });
    }

    /// Paints at the next frame of the screen.
    pub(crate) fn repaint(&self) {
        let Ok(mut inner) = self.0.try_borrow_mut() else { return };
        if std::mem::replace(&mut inner.is_due, true) {
            return;
        }
        drop(inner);
        let host = self.clone();
        request_animation_frame(move || {
            let again = host.0.try_borrow_mut().is_ok_and(|mut inner| inner.paint());
            if again {
                host.repaint();
            }
        });
    }
}

impl<P: Picture> Inner<P> {
    /// Paints; gives whether egui wants a second pass (fonts that were just loaded).
    fn paint(&mut self) -> bool {
        self.is_due = false;
        let Some(picture) = self.picture.clone() else {
            return false;
        };
        let ratio = window().device_pixel_ratio().max(0.5) as f32;
        let size = self.size();
        let pixels = [(size.x * ratio).round() as u32, (size.y * ratio).round() as u32];
        if pixels[0] == 0 || pixels[1] == 0 {
            return false;
        }
        resize(&self.canvas, pixels);
        let began = browser::now_ms();
        let mut output = self.context.run_ui(self.input(size, ratio), |ui| picture.paint(ui));
        let shapes = self.context.tessellate(output.shapes, output.pixels_per_point);
        let ground = picture.ground().to_normalized_gamma_f32();
        self.painter.clear(pixels, ground);
        let textures = &mut output.textures_delta;
        self.painter
            .paint_and_update_textures(pixels, output.pixels_per_point, &shapes, textures);
        if TIMED.contains(&self.painted) && self.plain.is_none() {
            self.finish();
            if browser::now_ms() - began > SLOW_MS {
                self.stand_in();
            }
        }
        self.copy(pixels);
        self.shown = Some(picture);
        self.place(Stretch::NONE);
        let now_ms = browser::now_ms();
        self.rest.painted(now_ms, now_ms - began);
        self.painted += 1;
        self.standing()
            .set_attribute("data-painted", &self.painted.to_string())
            .or_log();
        let delay = output
            .viewport_output
            .get(&ViewportId::ROOT)
            .map(|viewport| viewport.repaint_delay);
        delay.is_some_and(|delay| delay.is_zero()) && self.painted < 3
    }

    /// Moves what was painted so that it stands for what is wanted, where painting is slow.
    fn stretch(&self) -> bool {
        let (Some(wanted), Some(shown)) = (&self.picture, &self.shown) else {
            return false;
        };
        let width = f64::from(self.size().x);
        let stretch = self.plain.as_ref().and_then(|_| wanted.stretched(shown, width));
        if let Some(stretch) = stretch {
            self.place(stretch);
        }
        stretch.is_some()
    }

    fn place(&self, stretch: Stretch) {
        let Stretch { scale, x_px, y_px } = stretch;
        let transform = if stretch.is_none() {
            String::new()
        } else {
            format!("matrix({scale:.6},0,0,1,{x_px:.2},{y_px:.2})")
        };
        self.standing().style().set_property("transform", &transform).or_log();
    }

    /// The canvas that stands in the page.
    fn standing(&self) -> &HtmlCanvasElement {
        self.plain.as_ref().map_or(&self.canvas, |(plain, _)| plain)
    }

    fn size(&self) -> Vec2 {
        let shown = self.standing();
        Vec2::new(shown.client_width() as f32, shown.client_height() as f32)
    }

    /// Waits until the picture is really painted, by reading one pixel of it.
    fn finish(&self) {
        let mut pixel = [0; 4];
        let (rgba, bytes) = (WebGl2RenderingContext::RGBA, WebGl2RenderingContext::UNSIGNED_BYTE);
        self.gl
            .read_pixels_with_opt_u8_array(0, 0, 1, 1, rgba, bytes, Some(&mut pixel))
            .or_log();
    }

    /// Puts a plain canvas in the place of the painted one.
    fn stand_in(&mut self) {
        let made = document()
            .create_element("canvas")
            .ok()
            .and_then(|made| made.dyn_into::<HtmlCanvasElement>().ok());
        let options = js_sys::Object::new();
        js_sys::Reflect::set(&options, &"willReadFrequently".into(), &true.into()).or_log();
        let Some(plain) = made else { return };
        let drawing = plain.get_context_with_context_options("2d", &options).ok().flatten();
        let Some(drawing) = drawing.and_then(|drawing| drawing.dyn_into::<CanvasRenderingContext2d>().ok()) else {
            return;
        };
        plain.set_class_name(&self.canvas.class_name());
        plain.set_attribute("aria-hidden", "true").or_log();
        plain.set_attribute("data-plain", "").or_log();
        self.canvas.replace_with_with_node_1(&plain).or_log();
        self.plain = Some((plain, drawing));
    }

    /// Copies the picture; it is there only until this turn of the event loop ends.
    fn copy(&self, pixels: [u32; 2]) {
        if let Some((plain, drawing)) = &self.plain {
            resize(plain, pixels);
            drawing
                .draw_image_with_html_canvas_element(&self.canvas, 0.0, 0.0)
                .or_log();
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
}

/// egui smooths edges itself, so samples and buffers for it would only cost time.
fn plain_options() -> js_sys::Object {
    let options = js_sys::Object::new();
    for name in ["antialias", "depth", "stencil"] {
        js_sys::Reflect::set(&options, &name.into(), &false.into()).or_log();
    }
    options
}

/// Setting a canvas' size clears it, so only if it differs.
fn resize(canvas: &HtmlCanvasElement, pixels: [u32; 2]) {
    if [canvas.width(), canvas.height()] != pixels {
        canvas.set_width(pixels[0]);
        canvas.set_height(pixels[1]);
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
    body.append_child(&probe).or_log();
    let computed = theme::TOKENS.map(|token| {
        probe.style().set_property("color", &format!("var({token})")).or_log();
        let style = window().get_computed_style(&probe).ok().flatten();
        let text = style
            .and_then(|style| style.get_property_value("color").ok())
            .unwrap_or_default();
        theme::parse_rgb(&text).unwrap_or(Color32::GRAY)
    });
    probe.remove();
    Theme::from_tokens(computed)
}
