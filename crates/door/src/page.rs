//! The page: files embedded when this crate was compiled.

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};

/// One embedded file.
pub(crate) struct File {
    /// Its address without the leading slash.
    pub(crate) name: &'static str,
    /// Its bytes are gzip.
    pub(crate) packed: bool,
    pub(crate) bytes: &'static [u8],
}

mod bundle {
    use super::File;
    include!(concat!(env!("OUT_DIR"), "/bundle.rs"));
}

/// Whether the page was built before this program was.
pub fn is_built() -> bool {
    !bundle::FILES.is_empty()
}

/// A file's bytes, unpacked.
pub(crate) fn plain(name: &str) -> Option<Vec<u8>> {
    let file = bundle::FILES.iter().find(|file| file.name == name)?;
    Some(match file.packed {
        true => unpack(file.bytes),
        false => file.bytes.to_vec(),
    })
}

/// A file's gzip, if it is packed.
pub(crate) fn packed(name: &str) -> Option<&'static [u8]> {
    let file = bundle::FILES.iter().find(|file| file.name == name)?;
    file.packed.then_some(file.bytes)
}

/// What to send for an address. Addresses without a file's ending are places
/// inside the page, so they get the page itself.
pub(crate) fn file(path: &str, request: &HeaderMap) -> Response {
    let name = match path.trim_start_matches('/') {
        "" => "index.html",
        name if !name.rsplit('/').next().unwrap_or_default().contains('.') => "index.html",
        name => name,
    };
    match bundle::FILES.iter().find(|file| file.name == name) {
        Some(file) => answer(file, request),
        None => text(StatusCode::NOT_FOUND, "There is no such file."),
    }
}

fn answer(file: &File, request: &HeaderMap) -> Response {
    let response = Response::builder()
        .header(header::CONTENT_TYPE, media_type(file.name))
        .header(header::VARY, "accept-encoding");
    let (response, body) = match (file.packed, takes_gzip(request)) {
        (false, _) => (response, Body::from(file.bytes)),
        (true, true) => (
            response.header(header::CONTENT_ENCODING, "gzip"),
            Body::from(file.bytes),
        ),
        (true, false) => (response, Body::from(unpack(file.bytes))),
    };
    response.body(body).expect("the headers are constants")
}

fn takes_gzip(request: &HeaderMap) -> bool {
    request
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            parts.next() == Some("gzip") && parts.next() != Some("q=0")
        })
}

fn unpack(bytes: &[u8]) -> Vec<u8> {
    use std::io::Read as _;
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_end(&mut plain)
        .expect("the build script packed it");
    plain
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "json" => "application/json",
        _ => "application/octet-stream",
    }
}

/// A sentence for a person who followed a wrong address.
pub(crate) fn text(status: StatusCode, sentence: &str) -> Response {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
        .body(Body::from(format!("{sentence}\n")))
        .expect("the headers are constants")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_only_to_those_who_take_it() {
        let check = |value: &str, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
            assert_eq!(takes_gzip(&headers), expected, "{value}");
        };
        check("gzip, deflate, br", true);
        check("br;q=1.0, gzip;q=0.8", true);
        check("gzip;q=0", false);
        check("identity", false);
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn every_file_of_the_page_has_a_known_type() {
        for file in bundle::FILES {
            assert_ne!(media_type(file.name), "application/octet-stream", "{}", file.name);
        }
    }
}
