//! Reads captures from disk.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::value::RawValue;

/// One captured exchange.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Last two parts of its path: framework and scenario.
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) request_headers: Vec<(String, String)>,
    pub(crate) request_body: Vec<u8>,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) chunks: Vec<CaseChunk>,
    /// The body broke off.
    pub(crate) is_cut: bool,
    /// Framework and version.
    pub(crate) version: String,
}

/// One read of the response body.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct CaseChunk {
    pub(crate) t_us: u64,
    pub(crate) offset: usize,
    pub(crate) len: usize,
}

#[derive(Deserialize)]
struct RequestFile<'a> {
    method: String,
    url_path: String,
    headers: serde_json::Map<String, serde_json::Value>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct MetaFile {
    status: u16,
    headers: Vec<(String, String)>,
    error: Option<serde_json::Value>,
    #[serde(default)]
    version: String,
}

/// Finds the captures below a folder, in the order of their names.
pub(crate) fn find(folder: &Path) -> Result<Vec<Case>> {
    let mut folders = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
            let path = entry?.path();
            if path.join("meta.json").exists() {
                found.push(read(&path).with_context(|| format!("{} is no capture", path.display()))?);
            } else if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn read(folder: &Path) -> Result<Case> {
    let request = fs::read_to_string(folder.join("request.json"))?;
    let request: RequestFile<'_> = serde_json::from_str(&request)?;
    let meta: MetaFile = serde_json::from_slice(&fs::read(folder.join("meta.json"))?)?;
    let chunks = fs::read_to_string(folder.join("chunks.jsonl"))?;
    let names: Vec<_> = folder
        .components()
        .rev()
        .take(2)
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    Ok(Case {
        name: names.into_iter().rev().collect::<Vec<_>>().join("/"),
        method: request.method,
        path: request.url_path,
        request_headers: request
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect(),
        request_body: request.body.map_or_else(Vec::new, body_bytes),
        status: meta.status,
        headers: meta.headers,
        body: fs::read(folder.join("response.body"))?,
        chunks: chunks
            .lines()
            .filter(|line| !line.is_empty())
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()?,
        is_cut: meta.error.is_some(),
        version: meta.version,
    })
}

/// An object is sent without the indentation of the capture, as frontends send
/// it; a string is sent without its quotes.
fn body_bytes(raw: &RawValue) -> Vec<u8> {
    match serde_json::from_str::<String>(raw.get()) {
        Ok(text) => text.into_bytes(),
        Err(_not_a_string) => compact(raw.get()),
    }
}

/// JSON text without the white space between its tokens.
fn compact(text: &str) -> Vec<u8> {
    let (mut in_string, mut escaped) = (false, false);
    let mut bytes = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        if !in_string && byte.is_ascii_whitespace() {
            continue;
        }
        if byte == b'"' && !escaped {
            in_string = !in_string;
        }
        escaped = in_string && byte == b'\\' && !escaped;
        bytes.push(byte);
    }
    bytes
}
