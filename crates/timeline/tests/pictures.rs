//! Pictures as SVG files, to be looked at: `tests/pictures`.
//!
//! The shapes that egui is given are written down one by one, so no graphics
//! card is needed. `cargo xtask bless timeline` writes the files anew; look at
//! what changed before committing it.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::{fmt::Write as _, fs, io::BufReader, path::Path, sync::Arc};

use egui::{Color32, Context, Pos2, RawInput, Rect, Shape as Painted, Stroke, Vec2};
use scrubjay_ipc::{
    Axis, ExchangeAsk, Form, Kind, Lane, LaneId, LanePicture, Lanes, Open, Opened, PairKind, Ribbon, Severity, Shape,
    answer::{Beside, answer},
};
use scrubjay_session::{memory::MemoryShelf, query::Reader};
use scrubjay_timeline::{
    Bands, Layout, Overview, Pairing, Picture, Scene, Theme, Window, Words,
    layout::{Folding, OVERVIEW_PX},
    text,
};

const WIDTH: f32 = 900.0;

/// The dark theme of the page's style sheet.
fn theme() -> Theme {
    let css = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/style/theme.css")).unwrap();
    Theme::from_tokens(scrubjay_timeline::theme::TOKENS.map(|token| {
        let (_, both) = css.split_once(&format!("{token}: light-dark(")).unwrap();
        let (_, dark) = both.split_once(", ").unwrap();
        Color32::from_hex(&dark[..7]).unwrap()
    }))
}

fn scene(view: LanePicture, axis: Axis, extent: f64, folding: Folding) -> Scene {
    Scene {
        layout: Layout::new(&view.lanes, folding),
        view: Arc::new(view),
        axis,
        window: Window::all(extent),
        scroll: 0.0,
        theme: theme(),
    }
}

/// A recording's picture, as the engine gives it.
fn recorded(name: &str, axis: Axis, folding: Folding) -> Scene {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../recordings/{name}.agui.jsonl"));
    let file = BufReader::new(fs::File::open(path).unwrap());
    let recorded = scrubjay_recording::read(file).unwrap().exchanges.remove(0);
    let shelf = MemoryShelf::new(recorded.exchange, recorded.request_body, recorded.chunks, recorded.body);
    let mut reader = Reader::open(shelf).unwrap();
    let mut ask = |ask: &ExchangeAsk| answer(ask, &mut reader, |_, _| Ok(Beside::default())).unwrap();
    let opened: Opened = serde_json::from_slice(&ask(&Open { exchange: 1 }.into())).unwrap();
    let extent = match axis {
        Axis::Clock => opened.extent.clock,
        Axis::Collapsed => opened.extent.collapsed,
        Axis::Index => opened.extent.index,
    };
    let window = Window::all(extent);
    let lanes = Lanes {
        exchange: 1,
        axis,
        from: window.from,
        to: window.to,
        width_px: WIDTH as u32,
    };
    let view = postcard::from_bytes(&ask(&lanes.into())).unwrap();
    scene(view, axis, extent, folding)
}

/// Each form once without and once with an error, a lane for each.
fn every_form() -> LanePicture {
    const FORMS: [(LaneId, Form, &str); 12] = [
        (LaneId::Runs, Form::Bar, "bar"),
        (LaneId::Steps, Form::Bracket, "bracket"),
        (LaneId::Subagents, Form::TornBar, "torn bar"),
        (LaneId::Text, Form::Bar, "bar"),
        (LaneId::Reasoning, Form::Pale, "pale"),
        (LaneId::Tools, Form::Hatched, "hatched"),
        (LaneId::Tools, Form::Whisker, "whisker"),
        (LaneId::State, Form::Tick, "tick"),
        (LaneId::State, Form::Diamond, "diamond"),
        (LaneId::Activity, Form::Dot, "dot"),
        (LaneId::Wire, Form::Column, "column"),
        (LaneId::Problems, Form::Dashed, "the client gives up here"),
    ];
    let shape = |kind, form, label: &str, from: f64, severity| Shape {
        form,
        from,
        to: from + 300.0,
        row: 0,
        kind,
        strength: 200,
        severity,
        first_seq: 1,
        last_seq: 1,
        label: label.to_owned(),
    };
    let mut lanes: Vec<Lane> = FORMS
        .iter()
        .map(|&(id, form, label)| Lane {
            id,
            rows: 1,
            shapes: vec![
                shape(Kind::Tool, form, label, 50.0, None),
                shape(Kind::Text, form, label, 550.0, Some(Severity::Error)),
            ],
        })
        .collect();
    lanes.push(Lane {
        id: LaneId::Problems,
        rows: 1,
        shapes: vec![shape(Kind::Unknown, Form::Cross, "", 50.0, Some(Severity::Error))],
    });
    LanePicture {
        lanes,
        ..LanePicture::default()
    }
}

#[test]
fn every_form_of_a_shape() {
    let scene = scene(every_form(), Axis::Index, 1_000.0, Folding::default());
    look("forms", &scene, &text_of(&scene), scene.layout.height);
}

#[test]
fn a_recording_with_its_charts() {
    let folding = Folding {
        folded: false,
        charts: true,
    };
    let scene = recorded("tool-call-parallel", Axis::Clock, folding);
    look("recording", &scene, &text_of(&scene), scene.layout.height);
}

#[test]
fn a_recording_on_the_index_axis_has_sizes_and_no_rate() {
    let folding = Folding {
        folded: false,
        charts: true,
    };
    let scene = recorded("tool-call-parallel", Axis::Index, folding);
    let words = text::chart_words(&scene);
    assert!(words[0].text.ends_with(" an event"), "{words:?}");
    assert_eq!(text::throughput_title(scene.axis), "Event size");
}

#[test]
fn idle_time_collapsed_and_lanes_folded() {
    let folding = Folding {
        folded: true,
        charts: false,
    };
    let mut scene = recorded("interrupt-and-resume", Axis::Collapsed, folding);
    // Its pauses are short; a long one stands where it waits for the person.
    let extent = extent_of(&scene);
    Arc::make_mut(&mut scene.view).gaps = vec![(extent * 0.35, extent * 0.5, 42_000_000)];
    look("folded", &scene, &text_of(&scene), scene.layout.height);
    let overview = Overview {
        view: Arc::clone(&scene.view),
        extent,
        theme: scene.theme,
    };
    let words = text::idle_words(&overview, f64::from(WIDTH), f64::from(OVERVIEW_PX));
    look("overview", &overview, &words, OVERVIEW_PX);
}

#[test]
fn two_sides_and_their_ribbons() {
    let a = recorded("shared-state", Axis::Index, Folding::default());
    let b = recorded("state-with-failed-patch", Axis::Index, Folding::default());
    let bands = Bands::new(460.0, a.layout.height, b.layout.height);
    let (end_a, end_b) = (extent_of(&a), extent_of(&b));
    let ribbon = |pair: u64, kind, a: Option<(f64, f64)>, b: Option<(f64, f64)>| {
        let scaled = |ends: Option<(f64, f64)>, by: f64| ends.map(|(from, to)| (from * by, to * by));
        Ribbon {
            pair,
            kind,
            a: scaled(a, end_a),
            b: scaled(b, end_b),
        }
    };
    let ribbons = vec![
        ribbon(1, PairKind::Same, Some((0.0, 0.2)), Some((0.0, 0.3))),
        ribbon(2, PairKind::Changed, Some((0.2, 0.35)), Some((0.3, 0.4))),
        ribbon(3, PairKind::OnlyA, Some((0.4, 0.5)), None),
        ribbon(4, PairKind::OnlyB, None, Some((0.45, 0.55))),
        ribbon(5, PairKind::Reordered, Some((0.55, 0.6)), Some((0.8, 0.85))),
        ribbon(6, PairKind::Recovered, Some((0.65, 0.7)), Some((0.6, 0.7))),
        ribbon(7, PairKind::Downstream, Some((0.75, 1.0)), Some((0.85, 1.0))),
    ];
    let pairing = Pairing {
        a,
        b,
        ribbons: Arc::new(ribbons),
        bands,
    };
    look("pairing", &pairing, &[], bands.height());
}

#[test]
fn a_picture_depends_on_nothing_but_its_scene() {
    let scene = recorded("shared-state", Axis::Clock, Folding::default());
    assert_eq!(svg(&scene, &[], 400.0), svg(&scene.clone(), &[], 400.0));
    let further = Scene {
        window: scene.window.pan(0.1, extent_of(&scene) * 2.0),
        ..scene.clone()
    };
    assert_ne!(svg(&scene, &[], 400.0), svg(&further, &[], 400.0));
}

#[test]
fn a_window_paints_no_more_shapes_than_it_has_columns_for() {
    let scene = recorded("tool-call-parallel", Axis::Clock, Folding::default());
    let shapes: usize = scene.view.lanes.iter().map(|lane| lane.shapes.len()).sum();
    assert!(shapes <= 2 * WIDTH as usize * scene.view.lanes.len());
    for lane in &scene.view.lanes {
        assert!(lane.shapes.len() <= 2 * WIDTH as usize, "{:?}", lane.id);
    }
}

// ---- writing a picture down -----------------------------------------------

/// Compares a picture with the file that was looked at.
fn look(name: &str, picture: &impl Picture, words: &[Words], height: f32) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/pictures/{name}.svg"));
    let now = svg(picture, words, height);
    if std::env::var_os("SCRUBJAY_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &now).unwrap();
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    let differs = known.lines().zip(now.lines()).position(|(known, now)| known != now);
    assert!(
        known == now,
        "{} is painted otherwise from line {}; bless it and look at it",
        path.display(),
        differs.map_or(known.lines().count(), |line| line) + 1
    );
}

fn svg(picture: &impl Picture, words: &[Words], height: f32) -> String {
    let context = Context::default();
    let size = Vec2::new(WIDTH, height);
    let input = || RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size)),
        ..RawInput::default()
    };
    // The first pass loads the fonts.
    context.run_ui(input(), |ui| picture.paint(ui)).textures_delta.clear();
    let mut output = context.run_ui(input(), |ui| picture.paint(ui));
    output.textures_delta.clear();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" font-family=\"sans-serif\" \
         font-size=\"11.5\">\n"
    );
    let mut clips: Vec<Rect> = Vec::new();
    for clipped in &output.shapes {
        let clip = clipped.clip_rect.intersect(Rect::from_min_size(Pos2::ZERO, size));
        let known = clips.iter().position(|known| *known == clip).unwrap_or_else(|| {
            clips.push(clip);
            let number = clips.len() - 1;
            let area = area(clip);
            writeln!(svg, "<clipPath id=\"c{number}\"><rect {area}/></clipPath>").unwrap();
            number
        });
        let mut inner = String::new();
        shape(&mut inner, &clipped.shape);
        if !inner.is_empty() {
            writeln!(svg, "<g clip-path=\"url(#c{known})\">{inner}</g>").unwrap();
        }
    }
    for words in words {
        let (x, y) = (words.x as f32, words.y as f32);
        if let Some(ground) = words.ground {
            let (width, height) = (number(words.width as f32), number(words.height as f32));
            let (x, y) = (number(x), number(y));
            let fill = paint(ground, Stroke::NONE);
            writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" {fill}/>"
            )
            .unwrap();
        }
        let text = words.text.replace('&', "&amp;").replace('<', "&lt;");
        let (x, y) = (number(x), number(y + words.height as f32 * 0.75));
        writeln!(
            svg,
            "<text x=\"{x}\" y=\"{y}\" {}>{text}</text>",
            paint(words.ink, Stroke::NONE)
        )
        .unwrap();
    }
    svg.push_str("</svg>\n");
    svg
}

/// What the page writes over the picture.
fn text_of(scene: &Scene) -> Vec<Words> {
    let labels = text::labels(scene, f64::from(WIDTH), f64::from(scene.layout.height));
    labels.into_iter().chain(text::chart_words(scene)).collect()
}

/// End of the axis of a scene that shows all of it.
fn extent_of(scene: &Scene) -> f64 {
    scene.window.to / 1.01
}

fn shape(out: &mut String, painted: &Painted) {
    match painted {
        Painted::Vec(list) => list.iter().for_each(|one| shape(out, one)),
        Painted::Rect(rect) => {
            let round = rect.corner_radius.nw;
            write!(
                out,
                "<rect {} rx=\"{round}\" {}/>",
                area(rect.rect),
                paint(rect.fill, rect.stroke)
            )
            .unwrap();
        }
        Painted::Circle(circle) => {
            let (x, y, r) = (number(circle.center.x), number(circle.center.y), number(circle.radius));
            write!(
                out,
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" {}/>",
                paint(circle.fill, circle.stroke)
            )
            .unwrap();
        }
        Painted::LineSegment { points, stroke } => line(out, points, Color32::TRANSPARENT, *stroke, false),
        Painted::Path(path) => {
            let color = match &path.stroke.color {
                egui::epaint::ColorMode::Solid(color) => *color,
                egui::epaint::ColorMode::UV(_) => Color32::TRANSPARENT,
            };
            let stroke = Stroke::new(path.stroke.width, color);
            line(out, &path.points, path.fill, stroke, path.closed);
        }
        Painted::Mesh(mesh) => {
            let corners: Vec<Pos2> = mesh.vertices.iter().map(|vertex| vertex.pos).collect();
            for triangle in mesh.indices.chunks_exact(3) {
                let corner = |n: usize| corners[triangle[n] as usize];
                let color = mesh.vertices[triangle[0] as usize].color;
                line(out, &[corner(0), corner(1), corner(2)], color, Stroke::NONE, true);
            }
        }
        Painted::Noop => {}
        other => panic!("a picture has no {other:?}"),
    }
}

fn line(out: &mut String, points: &[Pos2], fill: Color32, stroke: Stroke, is_closed: bool) {
    let tag = if is_closed { "polygon" } else { "polyline" };
    let points: Vec<String> = points
        .iter()
        .map(|point| format!("{},{}", number(point.x), number(point.y)))
        .collect();
    write!(out, "<{tag} points=\"{}\" {}/>", points.join(" "), paint(fill, stroke)).unwrap();
}

fn area(rect: Rect) -> String {
    let (x, y, w, h) = (rect.left(), rect.top(), rect.width(), rect.height());
    format!(
        "x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
        number(x),
        number(y),
        number(w),
        number(h)
    )
}

/// To a tenth of a pixel.
fn number(value: f32) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    // No negative zero.
    format!("{}", rounded + 0.0)
}

fn paint(fill: Color32, stroke: Stroke) -> String {
    let color = |color: Color32| {
        let [r, g, b, a] = color.to_srgba_unmultiplied();
        if a == 255 {
            format!("#{r:02x}{g:02x}{b:02x}")
        } else {
            format!("#{r:02x}{g:02x}{b:02x}{a:02x}")
        }
    };
    let fill = if fill == Color32::TRANSPARENT {
        "none".to_owned()
    } else {
        color(fill)
    };
    if stroke.width == 0.0 || stroke.color == Color32::TRANSPARENT {
        return format!("fill=\"{fill}\"");
    }
    format!(
        "fill=\"{fill}\" stroke=\"{}\" stroke-width=\"{}\"",
        color(stroke.color),
        number(stroke.width)
    )
}
