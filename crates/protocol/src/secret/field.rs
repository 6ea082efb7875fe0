//! Secrets in header fields and trailers.

use std::borrow::Cow;

use super::{
    ROUNDS,
    cover::{cover, has_secret_member, holds_secret},
    is_secret, is_secret_name,
};

/// Schemes with which a value is a credential in a field of any name.
const SCHEMES: [&str; 6] = ["apikey", "basic", "bearer", "dpop", "negotiate", "token"];

/// Fields in which a server names schemes and no credentials.
const CHALLENGES: [&str; 2] = ["www-authenticate", "proxy-authenticate"];

/// Longer than this, the name of a subprotocol is no name.
const PROTOCOL_LEN: usize = 40;

/// A field's value with what is secret replaced: all of it where its name marks
/// so or it begins as credentials do, else what URLs and parameters in it hold.
pub fn cover_field<'a>(name: &str, value: &'a [u8], mask: &mut dyn FnMut(&[u8]) -> String) -> Cow<'a, [u8]> {
    let is_challenge = CHALLENGES.iter().any(|field| name.eq_ignore_ascii_case(field));
    if is_secret_name(name) || (!is_challenge && is_credential(value)) || is_secret_json(value) {
        return Cow::Owned(mask(value).into_bytes());
    }
    if name.eq_ignore_ascii_case("sec-websocket-protocol") {
        return cover_protocols(value, mask);
    }
    cover(value, mask)
}

/// `Bearer …`, `Basic …`.
fn is_credential(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let scheme = value.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    scheme.len() < value.len()
        && SCHEMES
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known.as_bytes()))
}

fn is_secret_json(value: &[u8]) -> bool {
    let is_json = matches!(value.trim_ascii_start().first(), Some(b'{' | b'['));
    is_json && (has_secret_member(value) || holds_secret(value, ROUNDS))
}

/// A browser cannot send header fields with a WebSocket, so tokens are sent as
/// subprotocols: after a name and a dot, as the next item, or alone.
fn cover_protocols<'a>(value: &'a [u8], mask: &mut dyn FnMut(&[u8]) -> String) -> Cow<'a, [u8]> {
    let mut covered = Vec::with_capacity(value.len());
    let mut is_awaited = false;
    for (place, item) in value.split(|byte| *byte == b',').enumerate() {
        if place > 0 {
            covered.push(b',');
        }
        let start = item.len() - item.trim_ascii_start().len();
        let (blank, item) = item.split_at(start);
        covered.extend_from_slice(blank);
        let open_len = match token_place(item) {
            _ if is_awaited => Some(0),
            None if item.len() > PROTOCOL_LEN => Some(0),
            place => place,
        };
        is_awaited = !is_awaited && is_secret(item) && open_len.is_none();
        match open_len {
            Some(len) if len < item.len() => {
                covered.extend_from_slice(&item[..len]);
                covered.extend_from_slice(mask(&item[len..]).as_bytes());
            }
            _ => covered.extend_from_slice(item),
        }
    }
    match covered == value {
        true => Cow::Borrowed(value),
        false => Cow::Owned(covered),
    }
}

/// Where the token begins in `base64url.bearer.authorization.k8s.io.TOKEN`:
/// after the dot that follows the last secret word, names of hosts passed over.
fn token_place(item: &[u8]) -> Option<usize> {
    let mut begins = 0;
    let mut place = None;
    for part in item.split(|byte| *byte == b'.') {
        let end = begins + part.len();
        if is_secret(part) && end < item.len() {
            place = Some(end + 1);
        }
        begins = end + 1;
    }
    let place = place?;
    let host = b"k8s.io.";
    Some(if item[place..].starts_with(host) {
        place + host.len()
    } else {
        place
    })
}
