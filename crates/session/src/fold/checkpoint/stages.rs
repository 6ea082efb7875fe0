//! The stages that events pass, as bytes: framing, boundary, chunk lanes, verifier.

use imbl::OrdMap;
use scrubjay_protocol::{
    json::Wtf8,
    schema::Boundary,
    sse::{self, Frames, Text as EventText},
};

use super::{Damaged, read_opt, read_text, write_opt};
use crate::{
    codec::{Reader, Writer},
    fold::{
        chunks::{Chunks, Item, Lane},
        framing::{Framing, FramingReported},
        ids::{Id, Ids, Owner, Steps},
        open::{Assumed, OpenItems, Owners},
        verify::Verifier,
    },
    steps::ticks,
};

pub(super) fn read_boundary(reader: &mut Reader<'_>) -> Result<Boundary, Damaged> {
    Ok(Boundary {
        reasoning_id: read_text(reader)?,
        message_id: read_text(reader)?,
    })
}

pub(super) fn write_framing(writer: &mut Writer, framing: &Framing) {
    let Framing {
        reader,
        is_record_cut,
        reported,
    } = framing;
    let flags = [
        reported.joined,
        reported.read_as_one,
        reported.late,
        reported.unterminated,
        reader.is_after_lf,
        reader.text.is_broken,
        *is_record_cut,
    ];
    writer.u8(flags.iter().rev().fold(0, |bits, flag| bits << 1 | u8::from(*flag)));
    writer.uint(reader.end);
    writer.uint(reader.units);
    writer.bytes(&reader.line);
    writer.bytes(&reader.text.data);
    let Frames { first, last, count } = reader.text.frames;
    for number in [reader.text.lines, first, last, count] {
        writer.uint(u64::from(number));
    }
}

pub(super) fn read_framing(reader: &mut Reader<'_>) -> Result<Framing, Damaged> {
    let flags = reader.u8()?;
    let flag = |place: u8| flags & 1 << place != 0;
    let reported = FramingReported {
        joined: flag(0),
        read_as_one: flag(1),
        late: flag(2),
        unterminated: flag(3),
    };
    let (end, units) = (reader.uint()?, reader.uint()?);
    let (line, data) = (reader.bytes()?.to_vec(), reader.bytes()?.to_vec());
    let lines = reader.u32()?;
    let (first, last, count) = (reader.u32()?, reader.u32()?, reader.u32()?);
    let text = EventText {
        data,
        lines,
        frames: Frames { first, last, count },
        is_broken: flag(5),
        is_last: false,
    };
    let reader = sse::Reader {
        end,
        units,
        is_after_lf: flag(4),
        line,
        text,
    };
    Ok(Framing {
        reader,
        is_record_cut: flag(6),
        reported,
    })
}

pub(super) fn write_lanes(writer: &mut Writer, chunks: &Chunks) {
    writer.uint(chunks.lanes().len() as u64);
    for lane in chunks.lanes() {
        writer.u8(Item::ALL
            .iter()
            .position(|item| *item == lane.item)
            .map_or(0, |place| place as u8));
        writer.bytes(lane.id.as_bytes());
        for text in [&lane.owner, &lane.first, &lane.second] {
            write_opt(writer, text.as_ref().map(Wtf8::as_bytes));
        }
    }
}

pub(super) fn read_lanes(reader: &mut Reader<'_>) -> Result<Chunks, Damaged> {
    let mut chunks = Chunks::default();
    for _ in 0..reader.count()? {
        let item = *Item::ALL.get(usize::from(reader.u8()?)).ok_or(Damaged)?;
        let id = Wtf8::from_bytes(reader.bytes()?.to_vec());
        let (owner, first, second) = (read_text(reader)?, read_text(reader)?, read_text(reader)?);
        chunks.push(Lane {
            owner,
            item,
            id,
            first,
            second,
        });
    }
    Ok(chunks)
}

pub(super) fn write_verifier(writer: &mut Writer, verifier: &Verifier) {
    let flags = [
        verifier.first_seen,
        verifier.started,
        verifier.finished,
        verifier.errored,
    ];
    writer.u8(flags
        .iter()
        .zip(0..)
        .fold(0, |all, (flag, place)| all | u8::from(*flag) << place));
    let (open, assumed) = (&verifier.open, &verifier.assumed);
    for ids in [
        &open.messages,
        &open.tools,
        &open.spans,
        &open.reasoning,
        &open.subagents,
        &open.ended_subagents,
        &assumed.messages,
        &assumed.tools,
        &assumed.reasoning,
    ] {
        writer.uint(ids.len() as u64);
        ids.iter().for_each(|id| writer.bytes(id));
    }
    writer.uint(open.steps.len() as u64);
    for (owner, name) in open.steps.iter() {
        write_opt(writer, owner.as_deref());
        writer.bytes(name);
    }
    let owners = &verifier.owners;
    ticks(open.count());
    for owners in [&owners.messages, &owners.tools, &owners.activities, &owners.reasoning] {
        writer.uint(owners.len() as u64);
        ticks(owners.len());
        let mut before = 0;
        for (id, owner) in owners {
            writer.uint(*id - before);
            write_opt(writer, owner.as_deref());
            before = *id;
        }
    }
    writer.uint(u64::from(verifier.lost));
    writer.uint(verifier.refused.len() as u64);
    verifier.refused.iter().for_each(|refused| writer.uint(*refused));
}

pub(super) fn read_verifier(reader: &mut Reader<'_>) -> Result<Verifier, Damaged> {
    let flags = reader.u8()?;
    let open = read_open(reader)?;
    let assumed = Assumed {
        messages: read_ids(reader)?,
        tools: read_ids(reader)?,
        reasoning: read_ids(reader)?,
    };
    Ok(Verifier {
        first_seen: flags & 1 != 0,
        started: flags & 2 != 0,
        finished: flags & 4 != 0,
        errored: flags & 8 != 0,
        open: OpenItems {
            steps: read_steps(reader)?,
            ..open
        },
        assumed,
        owners: Owners {
            messages: read_owners(reader)?,
            tools: read_owners(reader)?,
            activities: read_owners(reader)?,
            reasoning: read_owners(reader)?,
        },
        lost: reader.u32()?,
        refused: (0..reader.count()?).map(|_| reader.uint()).collect::<Result<_, _>>()?,
    })
}

/// What is open, but for the steps.
fn read_open(reader: &mut Reader<'_>) -> Result<OpenItems, Damaged> {
    Ok(OpenItems {
        messages: read_ids(reader)?,
        tools: read_ids(reader)?,
        spans: read_ids(reader)?,
        reasoning: read_ids(reader)?,
        subagents: read_ids(reader)?,
        ended_subagents: read_ids(reader)?,
        ..OpenItems::default()
    })
}

fn read_steps(reader: &mut Reader<'_>) -> Result<Steps, Damaged> {
    let mut steps = Steps::default();
    for _ in 0..reader.count()? {
        let owner = read_opt(reader)?.map(Id::from);
        steps.add((owner, Id::from(reader.bytes()?)));
    }
    Ok(steps)
}

fn read_ids(reader: &mut Reader<'_>) -> Result<Ids<Id>, Damaged> {
    let mut ids = Ids::default();
    for _ in 0..reader.count()? {
        ids.add(Id::from(reader.bytes()?));
    }
    Ok(ids)
}

fn read_owners(reader: &mut Reader<'_>) -> Result<OrdMap<u64, Owner>, Damaged> {
    let mut owners = OrdMap::new();
    let mut id = 0_u64;
    for _ in 0..reader.count()? {
        id = id.checked_add(reader.uint()?).ok_or(Damaged)?;
        owners.insert(id, read_opt(reader)?.map(Id::from));
    }
    Ok(owners)
}
