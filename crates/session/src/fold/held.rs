//! What the client holds after some frames, and why.

use std::fmt;

use super::{
    Fold, LostPath, Message, Stop,
    apply::View,
    lost::Lost,
    open::OpenItems,
    piece::PieceSource,
    value::{self, Value, json_len, write_json},
};

impl Fold {
    /// Number of the last frame.
    pub fn seq(&self) -> u32 {
        self.seq
    }

    /// Where the client gave up, if it has.
    pub fn stop(&self) -> Option<&Stop> {
        self.stopped.as_ref().map(|stopped| &stopped.stop)
    }

    fn held(&self) -> &View {
        self.stopped.as_ref().map_or(&self.view, |stopped| &stopped.view)
    }

    /// This fold as it would be without the stop: the lenient view.
    #[must_use]
    pub fn after_stop(&self) -> Self {
        Self {
            stopped: None,
            ..self.clone()
        }
    }

    /// What is followed: what the client holds, and after its stop what it would.
    pub(crate) fn followed(&self) -> &View {
        &self.view
    }

    /// What is open.
    pub(crate) fn open(&self) -> &OpenItems {
        &self.verifier.open
    }

    /// An event was read.
    pub(crate) fn has_read(&self) -> bool {
        self.verifier.first_seen
    }

    /// The last run that was read has ended.
    pub(crate) fn is_run_over(&self) -> bool {
        self.verifier.finished || self.verifier.errored
    }

    /// Events of this run could not be read.
    pub(crate) fn is_lossy(&self) -> bool {
        self.verifier.lost > 0
    }

    pub fn state(&self) -> &Value {
        &self.held().state
    }

    /// What dropped patches would have written to the state.
    pub(crate) fn lost(&self) -> &Lost {
        &self.held().lost
    }

    /// Paths at which the state differs from what the agent meant, because the
    /// client dropped a patch and nothing has written them since.
    pub fn lost_paths(&self) -> Vec<LostPath> {
        self.lost().paths().collect()
    }

    /// The same of an activity, by its message's id.
    pub fn lost_paths_of(&self, id: &[u8]) -> Vec<LostPath> {
        self.held().activities.paths(id)
    }

    /// After this frame bytes are missing that may hold messages, and no
    /// snapshot has come since.
    pub(crate) fn messages_missing(&self) -> Option<u32> {
        self.held().messages_missing
    }

    /// The same of activities and reasoning, which a snapshot of messages
    /// need not state and the client keeps.
    pub(crate) fn kept_missing(&self) -> Option<u32> {
        self.held().kept_missing
    }

    /// The open interrupts: a list.
    pub fn interrupts(&self) -> &Value {
        &self.held().interrupts
    }

    /// How many messages there are.
    pub fn message_count(&self) -> usize {
        self.held().messages.len()
    }

    /// Messages from an index on.
    pub fn messages(&self, first: usize, count: usize, pieces: &dyn PieceSource) -> Vec<Message> {
        self.held().messages.read(first, count, pieces)
    }

    /// The state as JSON text.
    pub fn state_json(&self, pieces: &dyn PieceSource) -> String {
        value::to_json(self.state(), pieces)
    }

    /// The open interrupts as JSON text.
    pub fn interrupts_json(&self, pieces: &dyn PieceSource) -> String {
        value::to_json(self.interrupts(), pieces)
    }

    /// All messages as JSON text: a list.
    pub fn messages_json(&self, pieces: &dyn PieceSource) -> String {
        let mut text = String::new();
        self.write_messages(&mut text, pieces).expect("a String takes all");
        text
    }

    /// Writes all messages as JSON text, part by part.
    ///
    /// # Errors
    /// When `out` takes no more.
    pub fn write_messages(&self, out: &mut dyn fmt::Write, pieces: &dyn PieceSource) -> fmt::Result {
        let mut separator = "[";
        for page in self.held().messages.pages() {
            for message in page.body(pieces).iter() {
                out.write_str(std::mem::replace(&mut separator, ","))?;
                write_json(out, &message.value, pieces)?;
            }
        }
        out.write_str(if separator == "[" { "[]" } else { "]" })
    }

    /// Length of all messages as JSON text, bytes.
    pub fn messages_len(&self, pieces: &dyn PieceSource) -> u64 {
        let pages = self.held().messages.pages();
        let lens = pages.flat_map(|page| {
            let body = page.body(pieces);
            let lens: Vec<u64> = body
                .iter()
                .map(|message| json_len(&message.value, pieces) + 1)
                .collect();
            lens
        });
        lens.fold(1, u64::saturating_add).max(2)
    }

    // ---- what is open -----------------------------------------------------

    /// Whether the message's text is still arriving.
    pub fn is_open_message(&self, id: &[u8]) -> bool {
        self.verifier.open.has_message(id)
    }

    /// Whether the call's arguments are still arriving.
    pub fn is_open_tool(&self, id: &[u8]) -> bool {
        self.verifier.open.has_tool(id)
    }

    // ---- causes -----------------------------------------------------------

    /// The frame that delivered a UTF-16 unit of a message's text, or of the
    /// arguments of one of its tool calls; 0 is the request.
    pub fn cause(
        &self,
        message: usize,
        tool: Option<usize>,
        utf16_offset: u64,
        pieces: &dyn PieceSource,
    ) -> Option<u32> {
        let message = self.messages(message, 1, pieces).pop()?;
        let text = match tool {
            None => message.value.get("content")?,
            Some(place) => message
                .value
                .get("toolCalls")?
                .as_list()?
                .get(place)?
                .get("function")?
                .get("arguments")?,
        };
        text.as_text()?.cause(utf16_offset, text.by(), pieces)
    }
}
