//! Looks for secrets, and then takes them out.
//!
//! Both are the same walk. The first time values are noted; the second time
//! each is replaced wherever it stands. What a text becomes depends on the text
//! and on what was noted, and hardly on its place, so that a text that comes
//! twice (in pieces and whole, in a patch and in a snapshot) stays the same text.

use std::ops::Range;

use scrubjay_protocol::json::{self, Cause};

use crate::{
    detect,
    layer::{self, Layer},
    literal::Edit,
    names::{Named, is_secret_number, is_secret_text, is_token},
    node::Node,
    place::Place,
    placeholder::{Key, is_number_placeholder, is_placeholder, placeholders},
    plan::{Plan, Profile, Rule, What},
    report::Counts,
    values::{Matcher, Values, merged},
    walk,
};

/// How often a text is looked at again without what was found in it.
const MAX_ROUNDS: usize = 3;
/// Encodings in each other that are looked into.
const MAX_LAYERS: usize = 5;

/// Takes secrets out of exchanges: [`Redactor::look`] at all of them, then
/// [`Redactor::redact`] each.
pub struct Redactor {
    pub(crate) plan: Plan,
    pub(crate) key: Key,
    pub(crate) values: Values,
    /// Made when all was looked at.
    pub(crate) matcher: Option<Matcher>,
    pub(crate) counts: Counts,
}

impl Redactor {
    /// For one export. The key is secret and of this export alone.
    pub fn new(plan: Plan, key: [u8; 32]) -> Self {
        Self {
            plan,
            key: Key::new(key),
            values: Values::default(),
            matcher: None,
            counts: Counts::default(),
        }
    }

    pub(crate) fn is_looking(&self) -> bool {
        self.matcher.is_none()
    }

    fn is_structure(&self) -> bool {
        self.plan.profile == Profile::Structure
    }

    /// The text with its secrets replaced; nothing where it stays as it is.
    /// Each character keeps its length in bytes.
    pub(crate) fn text(&mut self, place: &mut Place, text: &str) -> Option<String> {
        if text.is_empty() || place.node == Node::Fixed || is_placeholder(text) {
            return None;
        }
        if place.node == Node::Pointer {
            return self.pointer(place, text);
        }
        if let Some(rule) = self.whole_rule(place, text) {
            return self.take_whole(place, &rule, text);
        }
        if place.layers < MAX_LAYERS
            && let Some(new) = self.nested(place, text)
        {
            return new;
        }
        // Arguments may be nothing but a number or a word of JSON.
        if self.is_structure() && place.node.is_said() && json::scan(text.as_bytes()).is_err() {
            return self.take_whole(place, &Rule::Borrowed("structure"), text);
        }
        let found = self.found(place, text, place.node);
        self.replaced(place, text, found)
    }

    /// Why all of a text is secret, if it is.
    fn whole_rule(&self, place: &Place, text: &str) -> Option<Rule> {
        let is_data = !matches!(place.node, Node::Id | Node::Schema);
        let by_name = is_data.then(|| place.named()).flatten().and_then(|(named, is_last)| {
            let is_secret = is_secret_text(named, text) && (is_last || is_token(text, 6));
            is_secret.then_some(rule_of(named))
        });
        let by_name = by_name.filter(|rule| !self.plan.is_off(rule, || place.shown()));
        self.custom(place).or(by_name.map(Rule::Borrowed)).or_else(|| {
            let is_again = place.node == Node::Data && !self.is_looking() && self.values.is_whole(text);
            is_again.then_some(Rule::Borrowed("name"))
        })
    }

    /// The rule of a person's own that covers a place.
    fn custom(&self, place: &Place) -> Option<Rule> {
        let customs = self.plan.customs.iter();
        let mut covering = customs.filter(|custom| place.is_covered(&custom.what));
        let rule = &covering.next()?.rule;
        (!self.plan.is_off(rule, || place.shown())).then(|| rule.clone())
    }

    fn take_whole(&mut self, place: &Place, rule: &Rule, text: &str) -> Option<String> {
        if self.is_looking() {
            match rule.as_ref() {
                "structure" => self.values.note_said(text),
                _ => self.note(text, rule),
            }
            return None;
        }
        let new = self.key.placeholder(text);
        self.counts.note(rule, &place.shown(), text, &new, 0..text.len());
        (new != text).then_some(new)
    }

    /// Notes a value, and what follows the scheme in it.
    pub(crate) fn note(&mut self, value: &str, rule: &Rule) {
        self.values.note(value, rule);
        if let Some((scheme, token)) = value.trim().split_once(' ')
            && scheme.len() < 12
            && !token.contains(' ')
        {
            self.values.note(token, rule);
        }
    }

    /// The text as JSON in a string: nothing if it is none.
    fn nested(&mut self, place: &mut Place, text: &str) -> Option<Option<String>> {
        if !text.trim_start().starts_with(['{', '[', '"']) {
            return None;
        }
        let whole = completed(text)?;
        let node = match place.node {
            Node::Id | Node::Schema => place.node,
            _ => Node::Data,
        };
        let walked = place.inside(node, |place| walk::document(self, place, &whole, false))?;
        let edits: Vec<Edit> = walked
            .edits
            .into_iter()
            .filter(|edit| edit.range.end <= text.len())
            .collect();
        let inner = edited(text, &edits);
        // What is no string of it, or reaches over several.
        let rest = self.found_again(inner.as_deref().unwrap_or(text));
        let outer = self.replaced(place, inner.as_deref().unwrap_or(text), rest);
        // A number of it is no place for a text.
        let is_json = |new: &String| whole.len() > text.len() || json::scan(new.as_bytes()).is_ok();
        Some(outer.filter(is_json).or(inner))
    }

    /// Where secrets stand in a text.
    fn found(&self, place: &Place, text: &str, node: Node) -> Vec<(Range<usize>, Rule)> {
        let mut found = self.found_once(place, text, node);
        // What stood beside a secret may show only when that is gone, and would the next time.
        for _ in 0..MAX_ROUNDS {
            if found.is_empty() {
                break;
            }
            let without = self.without(text, &found);
            let more = self.found_once(place, &without, node);
            let len = found.len();
            found.extend(more);
            if found.len() == len {
                break;
            }
        }
        found.extend(self.found_again(text));
        found
    }

    /// The text with placeholders for what was found.
    fn without(&self, text: &str, found: &[(Range<usize>, Rule)]) -> String {
        let mut without = text.to_owned();
        for (range, _) in merged(found.to_vec()) {
            let put = self.key.placeholder(&text[range.clone()]);
            without.replace_range(range, &put);
        }
        without
    }

    /// What the rules find in a text as it stands.
    fn found_once(&self, place: &Place, text: &str, node: Node) -> Vec<(Range<usize>, Rule)> {
        let put = placeholders(text);
        let is_put = |range: &Range<usize>| put.iter().any(|put| put.start < range.end && range.start < put.end);
        let finds = detect::finds(text, !node.has_ids()).into_iter();
        let finds = finds.map(|find| (find.range, Rule::Borrowed(find.rule)));
        let patterns = self.plan.customs.iter().filter_map(|custom| match &custom.what {
            What::Pattern(pattern) => Some((pattern, &custom.rule)),
            What::Pointer(_) | What::Key(_) => None,
        });
        let custom = patterns.flat_map(|(pattern, rule)| {
            let found = pattern.find_iter(text).filter(|found| !found.is_empty());
            found.map(|found| (found.range(), rule.clone()))
        });
        finds
            .chain(custom)
            .filter(|(range, rule)| {
                !is_put(range) && !is_placeholder(&text[range.clone()]) && !self.plan.is_off(rule, || place.shown())
            })
            .collect()
    }

    /// Where values stand that were noted.
    fn found_again(&self, text: &str) -> Vec<(Range<usize>, Rule)> {
        let found = self.matcher.as_ref().map(|matcher| matcher.find(text));
        found.unwrap_or_default()
    }

    /// The text with what was found replaced, and what is encoded in the rest of it.
    fn replaced(&mut self, place: &mut Place, text: &str, found: Vec<(Range<usize>, Rule)>) -> Option<String> {
        let found = merged(found);
        let mut puts: Vec<(Range<usize>, String)> = Vec::new();
        for (range, rule) in &found {
            let value = &text[range.clone()];
            if self.is_looking() {
                self.note(value, rule);
                continue;
            }
            puts.push((range.clone(), self.key.placeholder(value)));
        }
        if place.layers < MAX_LAYERS {
            for layer in layer::layers(text) {
                let is_taken = found
                    .iter()
                    .any(|(range, _)| range.start < layer.range.end && layer.range.start < range.end);
                if !is_taken && let Some(new) = self.layered(place, &layer, text) {
                    puts.push((layer.range, new));
                }
            }
        }
        if puts.is_empty() {
            return None;
        }
        puts.sort_by_key(|(range, _)| range.start);
        let mut new = String::with_capacity(text.len());
        let mut from = 0;
        for (range, put) in puts {
            new.push_str(&text[from..range.start]);
            new.push_str(&put);
            from = range.end;
        }
        new.push_str(&text[from..]);
        self.count(place, &found, text, &new);
        (new != text).then_some(new)
    }

    /// Counts what was replaced.
    fn count(&mut self, place: &Place, found: &[(Range<usize>, Rule)], old: &str, new: &str) {
        if !self.is_looking() && !found.is_empty() {
            let shown = place.shown();
            for (range, rule) in found {
                self.counts.note(rule, &shown, old, new, range.clone());
            }
        }
    }

    /// A stretch that is encoded, with what is encoded in it replaced.
    fn layered(&mut self, place: &mut Place, layer: &Layer, text: &str) -> Option<String> {
        let encoded = &text[layer.range.clone()];
        if let Ok(inner) = std::str::from_utf8(&layer.bytes) {
            let node = place.node;
            let new = place.inside(node, |place| self.text(place, inner))?;
            return Some(layer.encoded(encoded, new.as_bytes()));
        }
        let mut bytes = layer.bytes.clone();
        self.bytes(place, &mut bytes).then(|| layer.encoded(encoded, &bytes))
    }

    /// Replaces values that were noted in bytes that are no text; gives whether there were any.
    pub(crate) fn bytes(&mut self, place: &Place, bytes: &mut [u8]) -> bool {
        let Some(matcher) = &self.matcher else { return false };
        let found = merged(matcher.find_whole(bytes));
        for (range, rule) in &found {
            let value = String::from_utf8_lossy(&bytes[range.clone()]).into_owned();
            let new = self.key.placeholder(&value);
            if new.len() == range.len() {
                self.counts.note(rule, &place.shown(), &value, &new, 0..value.len());
                bytes[range.clone()].copy_from_slice(new.as_bytes());
            }
        }
        !found.is_empty()
    }

    /// A number that is secret, as another of its length.
    pub(crate) fn number(&mut self, place: &Place, number: &str) -> Option<String> {
        let rule = self.number_rule(place, number)?;
        if self.is_looking() {
            if !is_number_placeholder(number) {
                self.values.note(number.trim_start_matches('-'), &rule);
            }
            return None;
        }
        let new = self.key.number(number);
        self.counts.note(&rule, &place.shown(), number, &new, 0..number.len());
        (new != number).then_some(new)
    }

    fn number_rule(&self, place: &Place, number: &str) -> Option<Rule> {
        if !place.node.is_said() {
            return None;
        }
        if let Some((named, true)) = place.named()
            && is_secret_number(named, number)
            && !self.plan.is_off(rule_of(named), || place.shown())
        {
            return Some(Rule::Borrowed(rule_of(named)));
        }
        if let Some(rule) = self.custom(place) {
            return Some(rule);
        }
        let digits = number.trim_start_matches('-');
        let found = self.found(place, digits, Node::Id).into_iter();
        let mut whole = found.filter(|(range, _)| range.len() == digits.len());
        whole.next().map(|(_, rule)| rule).or_else(|| {
            let is_again = !self.is_looking() && self.values.is_whole(digits);
            is_again.then_some(Rule::Borrowed("name"))
        })
    }

    /// The name of a member. What is found in it is replaced; its own meaning stays.
    pub(crate) fn name(&mut self, place: &Place, name: &str) -> Option<String> {
        if name.len() < 6 || is_placeholder(name) {
            return None;
        }
        if self.is_looking() && self.is_structure() {
            self.values.note_name(name);
        }
        let mut found = self.found(place, name, Node::Data);
        if !matches!(place.node, Node::Data | Node::Pointer) {
            // A pattern of a person's own may fit a name of the protocol.
            found.retain(|(_, rule)| !rule.starts_with("custom."));
        }
        let found = merged(found);
        if self.is_looking() {
            for (range, rule) in &found {
                self.note(&name[range.clone()], rule);
            }
            return None;
        }
        let mut new = name.to_owned();
        for (range, _) in &found {
            new.replace_range(range.clone(), &self.key.placeholder(&name[range.clone()]));
        }
        self.count(place, &found, name, &new);
        (new != name).then_some(new)
    }

    /// A text of pieces that were looked at one by one: what reaches over the end of one.
    pub(crate) fn across(&mut self, place: &Place, text: &str, ends: &[usize]) -> Option<String> {
        let mut found = merged(self.found(place, text, Node::Content));
        found.retain(|(range, _)| {
            let next = ends.partition_point(|end| *end <= range.start);
            ends.get(next).is_some_and(|end| *end < range.end)
        });
        let mut new = text.to_owned();
        for (range, rule) in &found {
            let value = &text[range.clone()];
            match self.is_looking() {
                true => self.note(value, rule),
                false => new.replace_range(range.clone(), &self.key.placeholder(value)),
            }
        }
        self.count(place, &found, text, &new);
        (new != text).then_some(new)
    }

    /// The segments of a pointer are names of members.
    fn pointer(&mut self, place: &Place, pointer: &str) -> Option<String> {
        let mut new = String::with_capacity(pointer.len());
        let before = pointer.find('/').unwrap_or(pointer.len());
        new.push_str(&pointer[..before]);
        for segment in walk::segments(pointer) {
            let put = self.name(place, &segment).unwrap_or(segment);
            new.push('/');
            new.push_str(&put.replace('~', "~0").replace('/', "~1"));
        }
        (new != pointer && new.len() == pointer.len()).then_some(new)
    }
}

fn rule_of(named: Named) -> &'static str {
    match named {
        Named::Phone => "phone",
        Named::Surely | Named::Maybe | Named::Rarely | Named::Digits => "name",
    }
}

/// A text with edits put in; nothing where there are none.
fn edited(text: &str, edits: &[Edit]) -> Option<String> {
    if edits.is_empty() {
        return None;
    }
    let mut bytes = text.as_bytes().to_vec();
    for edit in edits {
        bytes[edit.range.clone()].copy_from_slice(&edit.bytes);
    }
    String::from_utf8(bytes).ok().filter(|new| new != text)
}

/// JSON, with what is missing at its end if it was cut: arguments whose stream broke off hold secrets, too.
fn completed(text: &str) -> Option<String> {
    match json::scan(text.as_bytes()) {
        Ok(_) => return Some(text.to_owned()),
        Err(error) if error.cause != Cause::End => return None,
        Err(_cut) => {}
    }
    let (mut open, mut in_string, mut is_escaped) = (Vec::new(), false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => open.push(byte),
            b'}' | b']' if !in_string => drop(open.pop()),
            _ => {}
        }
    }
    let closing: String = open
        .iter()
        .rev()
        .map(|byte| if *byte == b'{' { '}' } else { ']' })
        .collect();
    let ends = ["\"", "", "null", ":null", "\":null", "\"x\":null", "\\\"", "\\\":null"];
    let tries = ends.iter().map(|end| format!("{text}{end}{closing}"));
    tries.into_iter().find(|whole| json::scan(whole.as_bytes()).is_ok())
}
