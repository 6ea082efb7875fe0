//! The assembler's memory: text on its way to the index, blocks of spans that
//! may still change, and both in a checkpoint.

use super::{
    Assembler, BLOCK, EventCode, HEAD_CHARS, Kind, LiveBlock, Now, Page, PageKind, Slot, Span, SpanBlock,
    TEXT_PIECE_LEN,
};
use super::{Damaged, Emitted, Reader, Writer};
use crate::steps::{tick, ticks};

impl Assembler {
    // ---- text ---------------------------------------------------------

    /// Adds text to a span; gives back how many characters.
    pub(super) fn append(&mut self, ordinal: u32, delta: &str, now: &Now<'_>, out: &mut Emitted) -> u64 {
        let chars = delta.chars().count() as u64;
        if let Some(span) = self.span_mut(ordinal) {
            let room = HEAD_CHARS.saturating_sub(span.chars as usize);
            span.head.extend(delta.chars().take(room));
            span.chars += chars;
            span.first_text_us.get_or_insert(now.entry.at_us);
        }
        self.gather(ordinal, delta, out);
        chars
    }

    pub(super) fn gather(&mut self, ordinal: u32, text: &str, out: &mut Emitted) {
        if !self.gathers_text {
            return;
        }
        let piece = self.texts.entry(ordinal).or_default();
        piece.push_str(text);
        if piece.len() >= TEXT_PIECE_LEN {
            let piece = std::mem::take(piece);
            let kind = self.span(ordinal).map_or(Kind::Text, |span| span.kind);
            out.texts.push((ordinal, kind, piece));
        }
    }

    // ---- blocks -------------------------------------------------------

    pub(crate) fn span(&self, ordinal: u32) -> Option<&Span> {
        self.blocks
            .get(&(ordinal / BLOCK))?
            .block
            .spans
            .get((ordinal % BLOCK) as usize)
    }

    pub(super) fn span_mut(&mut self, ordinal: u32) -> Option<&mut Span> {
        let live = self.blocks.get_mut(&(ordinal / BLOCK))?;
        live.dirty = true;
        live.block.spans.get_mut((ordinal % BLOCK) as usize)
    }

    /// Writes the blocks that changed and lets go of those that cannot change again.
    pub(crate) fn flush(&mut self, out: &mut Emitted) {
        let texts: Vec<(u32, String)> = std::mem::take(&mut self.texts).into_iter().collect();
        for (ordinal, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            let kind = self.span(ordinal).map_or(Kind::Text, |span| span.kind);
            out.texts.push((ordinal, kind, text));
        }
        for (number, live) in &mut self.blocks {
            tick();
            if std::mem::take(&mut live.dirty) {
                out.pages.push(Page {
                    kind: PageKind::Spans,
                    number: u64::from(*number),
                    bytes: live.block.to_page(),
                });
            }
        }
        self.let_go();
    }

    fn let_go(&mut self) {
        let tail = self.count / BLOCK;
        let burst = self.burst.map(|(_, ordinal)| ordinal / BLOCK);
        let mut needed: Vec<u32> = self.open.iter().map(|(_, ordinal)| ordinal / BLOCK).collect();
        needed.extend(burst);
        needed.sort_unstable();
        self.blocks
            .retain(|number, _| *number >= tail || needed.binary_search(number).is_ok());
    }

    /// Closes what the end of the exchange leaves open, as torn.
    pub(crate) fn end(&mut self, out: &mut Emitted) {
        let ordinals: Vec<u32> = self
            .open
            .iter()
            .filter(|(key, _)| key.0 != Slot::Wait)
            .map(|(_, ordinal)| ordinal)
            .collect();
        for ordinal in ordinals {
            // Open still: nothing closed it. `open` says so; only the text goes out.
            let kind = self.span(ordinal).map_or(Kind::Text, |span| span.kind);
            if let Some(text) = self.texts.remove(&ordinal) {
                out.texts.push((ordinal, kind, text));
            }
        }
    }

    // ---- checkpoints --------------------------------------------------

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.uint(u64::from(self.count));
        writer.u8(u8::from(self.burst.is_some()));
        if let Some((code, ordinal)) = self.burst {
            writer.u8(code.code());
            writer.uint(u64::from(ordinal));
        }
        writer.uint(self.open.len() as u64);
        ticks(self.open.len());
        for ((slot, id), ordinal) in self.open.iter() {
            writer.u8(*slot as u8);
            writer.text(id);
            writer.uint(u64::from(ordinal));
        }
    }

    /// Reads what [`Assembler::write`] wrote; the blocks come from their pages.
    pub(crate) fn read<E: From<Damaged>>(
        reader: &mut Reader<'_>,
        gathers_text: bool,
        mut page: impl FnMut(u32) -> Result<Option<SpanBlock>, E>,
    ) -> Result<Self, E> {
        let mut assembler = Self::new(gathers_text);
        assembler.count = reader.u32()?;
        if reader.u8()? != 0 {
            assembler.burst = Some((EventCode::from_code(reader.u8()?), reader.u32()?));
        }
        for _ in 0..reader.count()? {
            let slot = *Slot::ALL.get(usize::from(reader.u8()?)).ok_or(Damaged)?;
            let id = reader.text()?;
            assembler.open.insert((slot, id), reader.u32()?);
        }
        let mut numbers: Vec<u32> = assembler.open.iter().map(|(_, ordinal)| ordinal / BLOCK).collect();
        numbers.extend(assembler.burst.map(|(_, ordinal)| ordinal / BLOCK));
        numbers.extend((!assembler.count.is_multiple_of(BLOCK)).then_some(assembler.count / BLOCK));
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            let block = page(number)?.ok_or(Damaged)?;
            assembler.blocks.insert(number, LiveBlock { block, dirty: false });
        }
        Ok(assembler)
    }
}
