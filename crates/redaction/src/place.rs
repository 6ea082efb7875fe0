//! Where a value stands: what names are above it, and how a person reads it.

use crate::{
    names::{Named, named},
    node::Node,
    plan::What,
};

/// Where a value stands.
#[derive(Debug)]
pub(crate) struct Place {
    /// What it belongs to: `request body`, the type of an event.
    what: String,
    segments: Vec<Segment>,
    /// Where documents begin: the event, its state, the arguments in it.
    documents: Vec<usize>,
    pub(crate) node: Node,
    /// Encodings around it.
    pub(crate) layers: usize,
}

#[derive(Debug)]
struct Segment {
    name: String,
    is_item: bool,
    /// What it is called by a member beside it: `{"name": …, "value": …}`.
    alias: Option<String>,
}

impl Place {
    pub(crate) fn new(what: impl Into<String>, node: Node) -> Self {
        Self {
            what: what.into(),
            segments: Vec::new(),
            documents: vec![0],
            node,
            layers: 0,
        }
    }

    /// Does something at a member or an item, and comes back.
    pub(crate) fn at<R>(
        &mut self,
        name: &str,
        is_item: bool,
        alias: Option<String>,
        work: impl FnOnce(&mut Self) -> R,
    ) -> R {
        self.segments.push(Segment {
            name: name.to_owned(),
            is_item,
            alias,
        });
        let node = self.node;
        self.node = node.child((!is_item).then_some(name));
        let begins = self.node == Node::Data && node != Node::Data;
        if begins {
            self.documents.push(self.segments.len());
        }
        let result = work(self);
        if begins {
            self.documents.pop();
        }
        self.node = node;
        self.segments.pop();
        result
    }

    /// Does something in a document that begins here, a level further in.
    pub(crate) fn inside<R>(&mut self, node: Node, work: impl FnOnce(&mut Self) -> R) -> R {
        self.documents.push(self.segments.len());
        let before = std::mem::replace(&mut self.node, node);
        self.layers += 1;
        let result = work(self);
        self.layers -= 1;
        self.node = before;
        self.documents.pop();
        result
    }

    /// Does something at the end of a pointer into the state.
    pub(crate) fn pointed<R>(&mut self, pointer: &[String], work: impl FnOnce(&mut Self) -> R) -> R {
        let (segments, documents) = (self.segments.len(), self.documents.len());
        self.documents.push(segments);
        for name in pointer {
            self.segments.push(Segment {
                name: name.clone(),
                is_item: is_index(name),
                alias: None,
            });
        }
        let result = work(self);
        self.segments.truncate(segments);
        self.documents.truncate(documents);
        result
    }

    /// As a preview shows it; items of lists are `*`.
    pub(crate) fn shown(&self) -> String {
        let mut shown = self.what.clone();
        if !self.segments.is_empty() {
            shown.push(' ');
        }
        for segment in &self.segments {
            shown.push('/');
            match segment.is_item {
                true => shown.push('*'),
                false => shown.push_str(&segment.name.replace('~', "~0").replace('/', "~1")),
            }
        }
        shown
    }

    /// The last name above the value.
    pub(crate) fn name(&self) -> Option<&str> {
        let segment = self.segments.iter().rev().find(|segment| !segment.is_item)?;
        Some(segment.alias.as_deref().unwrap_or(&segment.name))
    }

    /// What the names above say, and whether the last one says it.
    pub(crate) fn named(&self) -> Option<(Named, bool)> {
        if let Some(named) = self.name().and_then(named) {
            return Some((named, true));
        }
        let mut above = self.segments.iter().filter(|segment| !segment.is_item);
        above
            .any(|segment| named(&segment.name) == Some(Named::Surely))
            .then_some((Named::Surely, false))
    }

    /// Whether a rule of a person's own covers all that stands here.
    pub(crate) fn is_covered(&self, what: &What) -> bool {
        match what {
            What::Pattern(_) => false,
            What::Key(key) => self
                .segments
                .iter()
                .any(|segment| !segment.is_item && segment.name.eq_ignore_ascii_case(key)),
            What::Pointer(pointer) => self.documents.iter().any(|start| {
                let below = &self.segments[*start..];
                let fits = |(segment, wanted): (&Segment, &String)| wanted == "*" || segment.name == *wanted;
                below.len() >= pointer.len() && below.iter().zip(pointer).all(fits)
            }),
        }
    }
}

/// Whether a segment of a pointer may be an item of a list.
fn is_index(name: &str) -> bool {
    name == "-" || (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()))
}
