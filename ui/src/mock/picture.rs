//! Lanes, moments and jumps of a made-up exchange.

use scrubjay_ipc::{
    Axis, Form, Jump, JumpTo, Kind, Lane, LaneId, Lanes, LanesView, Locate, Moment, Severity, Shape, Target,
};

use super::story::{Span, Story};

impl Story {
    pub(super) fn lanes(&self, ask: &Lanes) -> LanesView {
        let columns = ask.width_px.clamp(1, 4_000) as usize;
        let extent = self.extent();
        let end = match ask.axis {
            Axis::Clock => extent.clock,
            Axis::Collapsed => extent.collapsed,
            Axis::Index => extent.index,
        } * 1.01;
        let xs: Vec<f64> = self.xs(ask.axis);
        let mut overview = vec![0.0_f32; columns];
        let mut marks = Vec::new();
        for (frame, x) in self.frames.iter().zip(&xs) {
            let column = ((x / end * columns as f64) as usize).min(columns - 1);
            overview[column] += 1.0;
            if let Some(severity) = frame.severity {
                marks.push((column as u32, severity));
            }
        }
        let most = overview.iter().copied().fold(1.0, f32::max);
        overview.iter_mut().for_each(|value| *value /= most);
        let inside = |x: f64| (ask.from..=ask.to).contains(&x);
        let mut lanes = self.span_lanes(&xs);
        lanes.push(Lane {
            id: LaneId::Wire,
            rows: 1,
            shapes: self.wire(ask, &xs),
        });
        lanes.push(Lane {
            id: LaneId::Problems,
            rows: 1,
            shapes: self.problems(&xs),
        });
        lanes.sort_by_key(|lane| lane.id);
        let gaps = self.frames.windows(2).zip(&xs).filter(|(_, x)| inside(**x));
        LanesView {
            from: ask.from,
            to: ask.to,
            overview,
            overview_marks: marks,
            gaps: match ask.axis {
                Axis::Collapsed => self.gaps(),
                Axis::Clock => self.clock_gaps(),
                Axis::Index => Vec::new(),
            },
            lanes,
            throughput: self.throughput(ask, &xs),
            gap_millis: gaps
                .map(|(pair, x)| (*x, (pair[1].at_us - pair[0].at_us) as f64 / 1e3))
                .collect(),
        }
    }

    fn xs(&self, axis: Axis) -> Vec<f64> {
        let mut cut = 0.0;
        let mut before = 0;
        self.frames
            .iter()
            .enumerate()
            .map(|(n, frame)| {
                let length = (frame.at_us - before) as f64;
                cut += if n > 0 && length > 2e6 { length - 5e5 } else { 0.0 };
                before = frame.at_us;
                match axis {
                    Axis::Clock => frame.at_us as f64,
                    Axis::Collapsed => frame.at_us as f64 - cut,
                    Axis::Index => (n + 1) as f64,
                }
            })
            .collect()
    }

    fn clock_gaps(&self) -> Vec<(f64, f64, u64)> {
        let long = self
            .frames
            .windows(2)
            .filter(|pair| pair[1].at_us - pair[0].at_us > 2_000_000);
        long.map(|pair| {
            (
                pair[0].at_us as f64,
                pair[1].at_us as f64,
                pair[1].at_us - pair[0].at_us,
            )
        })
        .collect()
    }

    fn wire(&self, ask: &Lanes, xs: &[f64]) -> Vec<Shape> {
        let columns = 600;
        let mut counts = vec![0u32; columns];
        for x in xs.iter().filter(|x| (ask.from..ask.to).contains(*x)) {
            counts[((x - ask.from) / (ask.to - ask.from) * columns as f64) as usize] += 1;
        }
        let most = counts.iter().copied().max().unwrap_or(1).max(1);
        let step = (ask.to - ask.from) / columns as f64;
        let column = |(n, count): (usize, &u32)| {
            let from = ask.from + n as f64 * step;
            let strength = (*count * 255 / most) as u8;
            (*count > 0).then(|| shape(Form::Column, Kind::Wire, from, from + step, strength, (0, 0)))
        };
        counts.iter().enumerate().filter_map(column).collect()
    }

    fn problems(&self, xs: &[f64]) -> Vec<Shape> {
        let bad = self
            .frames
            .iter()
            .zip(xs)
            .enumerate()
            .filter(|(_, (frame, _))| frame.severity.is_some());
        bad.map(|(n, (frame, x))| {
            let seq = n as u32 + 1;
            Shape {
                severity: frame.severity,
                ..shape(Form::Tick, Kind::State, *x, *x, 255, (seq, seq))
            }
        })
        .collect()
    }

    fn throughput(&self, ask: &Lanes, xs: &[f64]) -> Vec<(f64, f64)> {
        let step = (ask.to - ask.from) / 200.0;
        let at = |n: usize| ask.from + n as f64 * step;
        let near = |x: f64| xs.iter().filter(|y| (x..x + step).contains(*y)).count() as f64;
        (0..200).map(|n| (at(n), near(at(n)) * 151.0)).collect()
    }

    fn span_lanes(&self, xs: &[f64]) -> Vec<Lane> {
        let mut lanes: Vec<Lane> = Vec::new();
        let mut busy_until = [0u32; 2];
        for span in &self.spans {
            let id = lane_of(span.kind);
            let row = if id == LaneId::Tools {
                u8::from(busy_until[0] > span.first)
            } else {
                0
            };
            busy_until[usize::from(row)] = span.last;
            let shapes = self.span_shapes(span, xs, row);
            match lanes.iter_mut().find(|lane| lane.id == id) {
                Some(lane) => lane.shapes.extend(shapes),
                None => lanes.push(Lane {
                    id,
                    rows: if id == LaneId::Tools { 2 } else { 1 },
                    shapes,
                }),
            }
        }
        lanes
    }

    fn span_shapes(&self, span: &Span, xs: &[f64], row: u8) -> Vec<Shape> {
        let x = |seq: u32| xs[(seq as usize).clamp(1, xs.len()) - 1];
        let whole = (span.first, span.last);
        let (from, to) = (x(span.first), x(span.last));
        let made = |form, from, to, strength, seqs| Shape {
            row,
            ..shape(form, span.kind, from, to, strength, seqs)
        };
        let labelled = |form, label: &str| Shape {
            label: label.to_owned(),
            ..made(form, from, to, 200, whole)
        };
        match span.kind {
            Kind::Run if span.open => vec![labelled(Form::TornBar, &format!("{} running", span.id))],
            Kind::Run => vec![labelled(Form::Bar, &format!("{} success", span.id))],
            Kind::Step => vec![labelled(Form::Bracket, &span.name)],
            Kind::Subagent => vec![labelled(Form::Bar, &span.name)],
            Kind::Text | Kind::Reasoning => {
                let mut shapes = vec![made(Form::Whisker, x(span.first.saturating_sub(1)), from, 255, whole)];
                for seq in span.first..span.last {
                    let fast = 30_000.0 / (x(seq + 1) - x(seq)).max(10_000.0);
                    shapes.push(made(Form::Bar, x(seq), x(seq + 1), (fast * 85.0) as u8, (seq, seq + 1)));
                }
                shapes
            }
            Kind::Tool => {
                let args = if span.args_end == 0 {
                    span.last
                } else {
                    span.args_end.min(span.last)
                };
                vec![
                    made(Form::Bar, from, x(args), 230, (span.first, args)),
                    Shape {
                        label: span.name.clone(),
                        ..made(Form::Pale, x(args), to, 200, (args, span.last))
                    },
                    made(Form::Bar, to - (to - from) * 0.02, to, 255, (span.last, span.last)),
                ]
            }
            Kind::State if span.name == "snapshot" => vec![made(Form::Diamond, from, from, 255, whole)],
            Kind::State if self.frames[span.first as usize - 1].severity.is_some() => vec![
                Shape {
                    label: "stuck until the next snapshot".to_owned(),
                    ..made(Form::Dashed, from, from + 3e6, 255, whole)
                },
                Shape {
                    severity: Some(Severity::Error),
                    ..made(Form::Cross, from, from, 255, whole)
                },
            ],
            Kind::State => vec![made(Form::Tick, from, from, 160, whole)],
            _ => vec![made(Form::Dot, from, from, 255, whole)],
        }
    }

    pub(super) fn locate(&self, ask: &Locate) -> Moment {
        let last = self.frames.len() as u32;
        let seq = match ask.target {
            Target::Seq(seq) => seq.min(last),
            Target::AtMicros(at) => self.frames.partition_point(|frame| frame.at_us <= at) as u32,
            Target::X(x) => self.xs(ask.axis).partition_point(|at| *at <= x) as u32,
        };
        self.moment(seq, ask.axis)
    }

    fn moment(&self, seq: u32, axis: Axis) -> Moment {
        let at_us = self.at_us(seq);
        let frame = seq.checked_sub(1).map(|at| &self.frames[at as usize]);
        Moment {
            seq,
            at_us,
            x: self.x(axis, seq),
            wall: format!(
                "2026-11-20T12:04:{:02}.{:06}Z",
                13 + at_us / 1_000_000 % 46,
                at_us % 1_000_000
            ),
            type_name: frame.map_or("request", |frame| frame.type_name).to_owned(),
            severity: frame.and_then(|frame| frame.severity),
            gap_us: at_us - self.at_us(seq.saturating_sub(1)).min(at_us),
            hint: frame.map_or_else(String::new, |frame| self.summary(frame.span, seq)),
        }
    }

    pub(super) fn jump(&self, ask: &Jump) -> Option<Moment> {
        let wanted = |seq: &u32| {
            let frame = &self.frames[*seq as usize - 1];
            let span = &self.spans[frame.span as usize];
            match ask.to {
                JumpTo::Problem => frame.severity >= Some(Severity::Warning),
                JumpTo::Tool => frame.type_name == "TOOL_CALL_START",
                JumpTo::State => frame.kind == Kind::State,
                JumpTo::Run => frame.kind == Kind::Run,
                JumpTo::Turn => frame.type_name == "RUN_STARTED",
                JumpTo::Gap => frame.at_us - self.at_us(seq - 1) > 500_000,
                JumpTo::Span => span.first == *seq,
                JumpTo::Frame => true,
            }
        };
        let last = self.frames.len() as u32;
        let found = if ask.backwards {
            (1..ask.from.min(last + 1)).rev().find(wanted)
        } else {
            (ask.from + 1..=last).find(wanted)
        };
        found.map(|seq| self.moment(seq, ask.axis))
    }
}

fn lane_of(kind: Kind) -> LaneId {
    match kind {
        Kind::Run => LaneId::Runs,
        Kind::Step => LaneId::Steps,
        Kind::Subagent => LaneId::Subagents,
        Kind::Text => LaneId::Text,
        Kind::Reasoning => LaneId::Reasoning,
        Kind::Tool => LaneId::Tools,
        Kind::State => LaneId::State,
        _ => LaneId::Activity,
    }
}

fn shape(form: Form, kind: Kind, from: f64, to: f64, strength: u8, (first_seq, last_seq): (u32, u32)) -> Shape {
    Shape {
        form,
        from,
        to,
        row: 0,
        kind,
        strength,
        severity: None,
        first_seq,
        last_seq,
        label: String::new(),
    }
}
