//! Two small charts below the lanes, on the same axis: throughput and gaps.

use egui::{Color32, Pos2, Rect, Stroke, Ui, UiBuilder, Vec2};
use egui_plot::{Bar, BarChart, Line, Plot, PlotPoints};

use crate::{Scene, layout::CHART_PX};

/// Paints both charts, if the layout has them.
pub fn charts_ui(ui: &mut Ui, below: Rect, scene: &Scene) {
    let Some((throughput_y, gaps_y)) = scene.layout.charts else {
        return;
    };
    let place = |y: f32| {
        let min = Pos2::new(below.left(), below.top() - scene.scroll + y);
        Rect::from_min_size(min, Vec2::new(below.width(), CHART_PX))
    };
    let theme = &scene.theme;
    let throughput = Chart::Line(&scene.view.throughput, theme.wire);
    chart_ui(ui, below, place(throughput_y), scene, ("throughput", throughput));
    let gaps = Chart::Bars(&scene.view.gap_millis, theme.run);
    chart_ui(ui, below, place(gaps_y), scene, ("gaps", gaps));
}

#[derive(Clone, Copy)]
enum Chart<'a> {
    Line(&'a [(f64, f64)], Color32),
    Bars(&'a [(f64, f64)], Color32),
}

impl Chart<'_> {
    fn points(&self) -> &[(f64, f64)] {
        match self {
            Self::Line(points, _) | Self::Bars(points, _) => points,
        }
    }
}

/// The largest value of a chart.
pub(crate) fn peak(points: &[(f64, f64)]) -> f64 {
    points.iter().map(|point| point.1).fold(0.0, f64::max)
}

fn chart_ui(ui: &mut Ui, clip: Rect, rect: Rect, scene: &Scene, (name, chart): (&str, Chart<'_>)) {
    if !clip.intersects(rect) {
        return;
    }
    let inner = rect.shrink2(Vec2::new(0.0, 4.0));
    ui.scope_builder(UiBuilder::new().max_rect(inner).id_salt(name), |ui| {
        ui.set_clip_rect(clip);
        plot_ui(ui, inner.size(), scene, name, &chart);
    });
    ui.painter().with_clip_rect(clip).hline(
        rect.x_range(),
        rect.bottom().round() - 0.5,
        Stroke::new(1.0, scene.theme.line),
    );
}

fn plot_ui(ui: &mut Ui, size: Vec2, scene: &Scene, name: &str, chart: &Chart<'_>) {
    let most = peak(chart.points());
    let (window, wide) = (scene.window, scene.window.span() / f64::from(size.x.max(1.0)));
    Plot::new(name)
        .width(size.x)
        .height(size.y)
        .show_axes(false)
        .show_grid(false)
        .show_background(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .set_margin_fraction(Vec2::ZERO)
        .show_x(false)
        .show_y(false)
        .show(ui, |plot| {
            plot.set_plot_bounds_x(window.from..=window.to);
            plot.set_plot_bounds_y(0.0..=most.max(1.0) * 1.05);
            match chart {
                Chart::Line(points, color) => {
                    let points: PlotPoints<'_> = points.iter().map(|&(x, y)| [x, y]).collect();
                    plot.line(
                        Line::new("", points)
                            .color(*color)
                            .width(1.2)
                            .fill(0.0)
                            .fill_alpha(0.25),
                    );
                }
                Chart::Bars(points, color) => {
                    let bars = points.iter().map(|&(x, y)| Bar::new(x, y).width(wide * 2.0)).collect();
                    plot.bar_chart(BarChart::new("", bars).color(*color));
                }
            }
        });
}
