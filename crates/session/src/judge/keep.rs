//! A judge as bytes, for checkpoints. What follows from the request and the
//! response's head is not written; it is read again.

use scrubjay_protocol::json::Wtf8;

use super::{
    Judge,
    effort::Effort,
    interrupts::{Interrupts, OpenInterrupt},
    items::Items,
    meant::{Meant, Snapshots},
    refusal::Answer,
    reported::Reported,
    request::RunRequest,
    runs::Runs,
    transport::{Head, Times},
};
use crate::{
    codec::{Damaged, Reader, Writer},
    exchange::Exchange,
};

impl Judge {
    pub(crate) fn write(&self, writer: &mut Writer) {
        write_runs(writer, &self.runs);
        write_interrupts(writer, &self.interrupts);
        write_items(writer, &self.items);
        write_meant(writer, &self.meant);
        write_times(writer, &self.times);
        writer.uint(self.reported.0.len() as u64);
        self.reported.0.iter().for_each(|known| writer.uint(*known));
        writer.uint(self.effort.0);
        writer.bytes(&self.answer.0);
    }

    /// Goes on where a checkpoint was written.
    pub(crate) fn read(reader: &mut Reader<'_>, exchange: &Exchange, request_body: &[u8]) -> Result<Self, Damaged> {
        let (request, _) = RunRequest::read(exchange, request_body);
        Ok(Self {
            request,
            head: Head::of(exchange),
            runs: read_runs(reader)?,
            interrupts: read_interrupts(reader)?,
            items: read_items(reader)?,
            meant: read_meant(reader)?,
            times: read_times(reader)?,
            reported: Reported((0..reader.count()?).map(|_| reader.uint()).collect::<Result<_, _>>()?),
            effort: Effort(reader.uint()?),
            answer: Answer(reader.bytes()?.to_vec()),
        })
    }
}

fn text(reader: &mut Reader<'_>) -> Result<Wtf8, Damaged> {
    Ok(Wtf8::from_bytes(reader.bytes()?.to_vec()))
}

fn write_texts(writer: &mut Writer, texts: &[Wtf8]) {
    writer.uint(texts.len() as u64);
    texts.iter().for_each(|text| writer.bytes(text.as_bytes()));
}

fn read_texts(reader: &mut Reader<'_>) -> Result<Vec<Wtf8>, Damaged> {
    (0..reader.count()?).map(|_| text(reader)).collect()
}

fn write_runs(writer: &mut Writer, runs: &Runs) {
    writer.uint(u64::from(runs.count));
    writer.uint(u64::from(runs.first_seq));
    writer.u8(u8::from(runs.failed));
    writer.opt_uint(runs.raw_error.map(u64::from));
    writer.bytes(runs.thread_id.as_bytes());
    writer.bytes(runs.run_id.as_bytes());
    write_texts(writer, &runs.unanswered);
    writer.u8(u8::from(runs.leaves_calls_open));
    write_texts(writer, &runs.left_open);
}

fn read_runs(reader: &mut Reader<'_>) -> Result<Runs, Damaged> {
    Ok(Runs {
        count: reader.u32()?,
        first_seq: reader.u32()?,
        failed: reader.u8()? != 0,
        raw_error: seq(reader.opt_uint()?)?,
        thread_id: text(reader)?,
        run_id: text(reader)?,
        unanswered: read_texts(reader)?,
        leaves_calls_open: reader.u8()? != 0,
        left_open: read_texts(reader)?,
    })
}

fn seq(number: Option<u64>) -> Result<Option<u32>, Damaged> {
    number
        .map(|number| u32::try_from(number).ok().ok_or(Damaged))
        .transpose()
}

fn write_interrupts(writer: &mut Writer, interrupts: &Interrupts) {
    writer.uint(u64::from(interrupts.runs));
    writer.u8(u8::from(interrupts.goes_on));
    writer.bytes(interrupts.raised_in.as_bytes());
    write_texts(writer, &interrupts.answered);
    writer.uint(interrupts.open.len() as u64);
    for open in &interrupts.open {
        writer.bytes(open.id.as_bytes());
        writer.uint(u64::from(open.seq));
        writer.u8(u8::from(open.expires_at.is_some()));
        if let Some(expires_at) = &open.expires_at {
            writer.bytes(expires_at.as_bytes());
        }
    }
}

fn read_interrupts(reader: &mut Reader<'_>) -> Result<Interrupts, Damaged> {
    let mut interrupts = Interrupts {
        runs: reader.u32()?,
        goes_on: reader.u8()? != 0,
        raised_in: text(reader)?,
        answered: read_texts(reader)?,
        open: Vec::new(),
    };
    for _ in 0..reader.count()? {
        interrupts.open.push(OpenInterrupt {
            id: text(reader)?,
            seq: reader.u32()?,
            expires_at: match reader.u8()? {
                0 => None,
                _ => Some(text(reader)?),
            },
        });
    }
    Ok(interrupts)
}

fn write_items(writer: &mut Writer, items: &Items) {
    writer.uint(items.texts.len() as u64);
    for (known, id) in &items.texts {
        writer.uint(*known);
        writer.bytes(id.as_bytes());
    }
    write_texts(writer, &items.interrupted);
    writer.uint(items.made_parents.len() as u64);
    for (parent, call) in &items.made_parents {
        writer.bytes(parent.as_bytes());
        writer.bytes(call.as_bytes());
    }
    writer.u8(u8::from(items.text_after_call.is_some()));
    if let Some(id) = &items.text_after_call {
        writer.bytes(id.as_bytes());
    }
}

fn read_items(reader: &mut Reader<'_>) -> Result<Items, Damaged> {
    let mut items = Items::default();
    for _ in 0..reader.count()? {
        items.texts.insert(reader.uint()?, text(reader)?);
    }
    items.interrupted = read_texts(reader)?;
    for _ in 0..reader.count()? {
        items.made_parents.push((text(reader)?, text(reader)?));
    }
    items.text_after_call = match reader.u8()? {
        0 => None,
        _ => Some(text(reader)?),
    };
    Ok(items)
}

fn write_meant(writer: &mut Writer, meant: &Meant) {
    let (id, len) = meant.last_delta.clone().unwrap_or_default();
    writer.u8(u8::from(meant.last_delta.is_some()));
    writer.bytes(id.as_bytes());
    writer.uint(len);
    writer.u8(u8::from(meant.has_base));
    for snapshots in [meant.states, meant.lists] {
        writer.uint(u64::from(snapshots.count));
        writer.uint(u64::from(snapshots.unchanged));
        writer.uint(snapshots.bytes);
    }
    writer.u8(u8::from(meant.last_result.is_some()));
    writer.bytes(meant.last_result.as_ref().map_or(&[], |call| call.as_bytes()));
    writer.u8(u8::from(meant.speaks_by_call));
}

fn read_meant(reader: &mut Reader<'_>) -> Result<Meant, Damaged> {
    let (has_delta, id, len) = (reader.u8()? != 0, text(reader)?, reader.uint()?);
    let has_base = reader.u8()? != 0;
    let (states, lists) = (read_snapshots(reader)?, read_snapshots(reader)?);
    let (has_result, call) = (reader.u8()? != 0, text(reader)?);
    Ok(Meant {
        last_delta: has_delta.then_some((id, len)),
        has_base,
        states,
        lists,
        last_result: has_result.then_some(call),
        speaks_by_call: reader.u8()? != 0,
        frame_len: 0,
    })
}

fn read_snapshots(reader: &mut Reader<'_>) -> Result<Snapshots, Damaged> {
    Ok(Snapshots {
        count: reader.u32()?,
        unchanged: reader.u32()?,
        bytes: reader.uint()?,
    })
}

fn write_times(writer: &mut Writer, times: &Times) {
    let flags = [times.in_run, times.had_text];
    writer.u8(flags
        .iter()
        .zip(0..)
        .fold(0, |all, (flag, place)| all | u8::from(*flag) << place));
    for number in [
        times.events,
        times.last_frame_us,
        times.last_event_us,
        u64::from(times.deltas),
    ] {
        writer.uint(number);
    }
    for moment in [times.began, times.ended] {
        writer.opt_uint(moment.map(|(chunk, _)| chunk));
        writer.uint(moment.map_or(0, |(_, at_us)| at_us));
    }
    let (least, greatest) = (times.stamps.map(|stamps| stamps.0), times.stamps.map(|stamps| stamps.1));
    for stamp in [least, greatest, times.last_stamp] {
        writer.opt_uint(stamp.map(f64::to_bits));
    }
}

fn read_times(reader: &mut Reader<'_>) -> Result<Times, Damaged> {
    let flags = reader.u8()?;
    let mut times = Times {
        in_run: flags & 1 != 0,
        had_text: flags & 2 != 0,
        events: reader.uint()?,
        last_frame_us: reader.uint()?,
        last_event_us: reader.uint()?,
        deltas: reader.u32()?,
        ..Times::default()
    };
    let mut moment = || Ok::<_, Damaged>((reader.opt_uint()?, reader.uint()?));
    let (began, ended) = (moment()?, moment()?);
    times.began = began.0.map(|chunk| (chunk, began.1));
    times.ended = ended.0.map(|chunk| (chunk, ended.1));
    let mut stamp = || Ok::<_, Damaged>(reader.opt_uint()?.map(f64::from_bits));
    let (least, greatest) = (stamp()?, stamp()?);
    times.stamps = least.zip(greatest);
    times.last_stamp = stamp()?;
    Ok(times)
}
