//! A canvas of the page that shows a picture.
//!
//! The picture is painted at the next frame after it has changed. Where painting is slow, a picture that
//! another window would show is stretched at once, together with the text over it, and painted when it rests
//! ([`Rest`]).

use std::{cell::RefCell, rc::Rc};

use egui::{Color32, Vec2};
use leptos::{
    leptos_dom::helpers::request_animation_frame,
    prelude::{document, window},
};
use scrubjay_timeline::{Picture, Stretch, Theme, theme};
use wasm_bindgen::JsCast as _;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement};

use super::{pace::Rest, renderer};
use crate::browser::{self, OrLog as _};

/// A canvas that shows a picture.
pub(crate) struct Host<P: Picture + 'static>(Rc<RefCell<Inner<P>>>);

impl<P: Picture + 'static> Clone for Host<P> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

/// Hears what was painted, and the size of the canvas in pixels of the page.
type Heard<P> = Box<dyn Fn(&P, (f64, f64))>;

struct Inner<P> {
    canvas: HtmlCanvasElement,
    drawing: CanvasRenderingContext2d,
    /// What is moved: the canvas and the text over it.
    layer: HtmlElement,
    is_slow: bool,
    heard: Heard<P>,
    /// The picture that is wanted, and the one that was painted last.
    picture: Option<P>,
    shown: Option<P>,
    /// Width of what was painted last, in pixels of the page.
    width: f64,
    is_due: bool,
    rest: Rest,
    waits_for_rest: bool,
    painted: u32,
}

impl<P: Picture + 'static> Host<P> {
    /// Starts showing pictures on a canvas, which stands in a layer with the text over it.
    ///
    /// # Errors
    ///
    /// A sentence, where the browser cannot paint.
    pub(crate) fn start(canvas: HtmlCanvasElement, layer: HtmlElement, heard: Heard<P>) -> Result<Self, String> {
        let is_slow = renderer::with(|renderer| renderer.is_slow())?;
        let drawing = plain_drawing(&canvas, is_slow)
            .ok_or("This browser offers no canvas, so the lanes cannot be drawn; the rows below show the same.")?;
        Ok(Self(Rc::new(RefCell::new(Inner {
            canvas,
            drawing,
            layer,
            is_slow,
            heard,
            picture: None,
            shown: None,
            width: 0.0,
            is_due: false,
            rest: Rest::default(),
            waits_for_rest: false,
            painted: 0,
        }))))
    }

    /// Shows a picture; nothing is painted if it is the one that is shown.
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
        let pixels = renderer::pixels_of(size, ratio);
        if pixels[0] == 0 || pixels[1] == 0 {
            return false;
        }
        let began = browser::now_ms();
        resize(&self.canvas, pixels);
        let painted = renderer::with(|renderer| {
            let again = renderer.paint(&picture, size, ratio);
            renderer.copy(&self.drawing, pixels);
            again
        });
        let Ok(again) = painted else { return false };
        (self.heard)(&picture, (f64::from(size.x), f64::from(size.y)));
        self.shown = Some(picture);
        self.width = f64::from(size.x);
        self.place(Stretch::NONE);
        let now_ms = browser::now_ms();
        self.rest.painted(now_ms, now_ms - began);
        self.painted += 1;
        self.canvas
            .set_attribute("data-painted", &self.painted.to_string())
            .or_log();
        again && self.painted < 3
    }

    /// Moves what was painted so that it stands for what is wanted, where painting is slow.
    fn stretch(&mut self) -> bool {
        let (true, Some(wanted), Some(shown)) = (self.is_slow, &self.picture, &self.shown) else {
            return false;
        };
        let Some(stretch) = wanted.stretched(shown, self.width) else {
            return false;
        };
        self.rest.stretched(stretch.holds(self.width));
        self.place(stretch);
        true
    }

    fn place(&self, stretch: Stretch) {
        let Stretch { scale, x_px, y_px } = stretch;
        let transform = if stretch.is_none() {
            String::new()
        } else {
            format!("matrix({scale:.6},0,0,1,{x_px:.2},{y_px:.2})")
        };
        self.layer.style().set_property("transform", &transform).or_log();
    }

    fn size(&self) -> Vec2 {
        Vec2::new(self.canvas.client_width() as f32, self.canvas.client_height() as f32)
    }
}

/// The canvas' own surface; in memory and not with the graphics card where that is software too.
fn plain_drawing(canvas: &HtmlCanvasElement, in_memory: bool) -> Option<CanvasRenderingContext2d> {
    let options = js_sys::Object::new();
    for (name, value) in [("alpha", false), ("willReadFrequently", in_memory)] {
        js_sys::Reflect::set(&options, &name.into(), &value.into()).or_log();
    }
    let drawing = canvas.get_context_with_context_options("2d", &options).ok().flatten()?;
    drawing.dyn_into().ok()
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
