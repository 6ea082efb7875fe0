//! Checks the recording of a capture against what the agent and the client saw.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::{agent::Served, case::Case, client::Fetched, recorder::Recorded};
use crate::step::root;

/// A capture that has been served, fetched and recorded.
pub(crate) struct Checked {
    pub(crate) case: Case,
    pub(crate) fetched: Fetched,
    pub(crate) served: Served,
}

/// Fields that belong to a connection and not to a message.
const HOP_BY_HOP: [&str; 4] = ["connection", "transfer-encoding", "keep-alive", "proxy-connection"];

/// A sentence for each fault in bytes, splits, times and endings.
pub(crate) fn all(checked: &[Checked], store: &Recorded) -> Result<Vec<String>> {
    let list = store.lines(&["list", "--all", "--json"])?;
    let mut problems = Vec::new();
    for one in checked {
        let index = index_of(one, &list)?.to_string();
        let shown = store.lines(&["show", "--json", "--exchange", &index])?;
        let shown = shown.first().context("`show` printed nothing")?;
        let body = store.read(&["body", "--exchange", &index])?;
        let request = store.read(&["body", "--request", "--exchange", &index])?;
        let mut sentences = delivered(one);
        sentences.extend(stored(one, shown, &body, &request));
        problems.extend(
            sentences
                .into_iter()
                .map(|sentence| format!("{}: {sentence}", one.case.name)),
        );
    }
    Ok(problems)
}

fn index_of(one: &Checked, list: &[Value]) -> Result<i64> {
    let is_this = |line: &&Value| line["labels"]["case"].as_str() == Some(&one.case.name);
    let line = list
        .iter()
        .find(is_this)
        .with_context(|| format!("{} is not in the list", one.case.name))?;
    line["index"].as_i64().context("a listed exchange has no index")
}

/// Compares what the client and the agent saw of each other.
fn delivered(one: &Checked) -> Vec<String> {
    let Checked { case, fetched, served } = one;
    let mut wrong = Vec::new();
    if fetched.status != case.status {
        wrong.push(format!("the client saw status {} for {}", fetched.status, case.status));
    }
    if end_to_end(&fetched.headers) != end_to_end(&case.headers) {
        wrong.push(format!(
            "header fields differ: {:?} for {:?}",
            fetched.headers, case.headers
        ));
    }
    if fetched.body != case.body {
        wrong.push(format!(
            "the client got {} bytes for {}, or others",
            fetched.body.len(),
            case.body.len()
        ));
    }
    if fetched.is_cut != case.is_cut {
        wrong.push(format!(
            "a cut body must reach the client as one: {} for {}",
            fetched.is_cut, case.is_cut
        ));
    }
    if served.request_body != case.request_body {
        wrong.push("the agent got another request body".to_owned());
    }
    if served
        .request_headers
        .iter()
        .any(|(name, _)| name == "x-scrubjay-label")
    {
        wrong.push("the label was forwarded".to_owned());
    }
    wrong
}

/// Fields that belong to the message, by name.
fn end_to_end(headers: &[(String, String)]) -> Vec<(String, String)> {
    let lower = headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
    let mut fields: Vec<_> = lower.filter(|(name, _)| !HOP_BY_HOP.contains(&name.as_str())).collect();
    // The order of fields matters between equal names only (RFC 9110, section 5.3).
    fields.sort_by(|(a, _), (b, _)| a.cmp(b));
    fields
}

/// Compares the recording with what the agent sent.
fn stored(one: &Checked, shown: &Value, body: &[u8], request: &[u8]) -> Vec<String> {
    let Checked { case, fetched, .. } = one;
    let mut wrong = Vec::new();
    if body != case.body {
        wrong.push(format!(
            "`body` gives {} bytes for {}, or others",
            body.len(),
            case.body.len()
        ));
    }
    if request != case.request_body {
        wrong.push("`body --request` gives other bytes".to_owned());
    }
    // The agent of this check ends the connection inside the body, as the captured ones did.
    let ending = if case.is_cut { "upstream_closed" } else { "complete" };
    if shown["ending"] != ending {
        wrong.push(format!("the ending is {} for {ending}", shown["ending"]));
    }
    let headers: Vec<(String, String)> =
        serde_json::from_value(shown["response"]["headers"].clone()).unwrap_or_default();
    if end_to_end(&headers) != end_to_end(&case.headers) {
        wrong.push(format!(
            "`show` has other header fields: {headers:?} for {:?}",
            case.headers
        ));
    }
    if case.is_chunked() {
        wrong.extend(splits(one, shown));
    }
    if fetched.status != shown["response"]["status"].as_u64().unwrap_or(0) as u16 {
        wrong.push("`show` has another status".to_owned());
    }
    wrong
}

/// Every split of the agent is one of the recording, the client saw just the
/// recorded ones, and a time lies between the agent's and the client's.
///
/// A transfer chunk that straddles two reads of the HTTP library is two chunks
/// of the recording; two transfer chunks are never one.
fn splits(one: &Checked, shown: &Value) -> Vec<String> {
    let Checked { case, fetched, served } = one;
    let chunks = shown["chunks"].as_array().cloned().unwrap_or_default();
    let number_of = |chunk: &Value, name: &str| chunk[name].as_u64().unwrap_or(0);
    let recorded = ends(chunks.iter().map(|chunk| number_of(chunk, "len") as usize));
    let wanted = ends(case.chunks.iter().map(|chunk| chunk.len));
    let received = ends(fetched.chunks.iter().map(|(len, _)| *len));
    if let Some(end) = wanted.iter().find(|end| recorded.binary_search(end).is_err()) {
        return vec![format!("the split at byte {end} is not in the recording")];
    }
    if received != recorded {
        return vec![format!(
            "the client saw {} chunks, {} are recorded",
            received.len(),
            recorded.len()
        )];
    }
    for (number, (chunk, end)) in chunks.iter().zip(&recorded).enumerate() {
        let written = wanted.partition_point(|wanted| wanted < end);
        let at = u128::from(number_of(chunk, "atUs"));
        let earliest = served.written_at[written]
            .saturating_duration_since(served.head_read_at)
            .as_micros();
        let latest = fetched.chunks[number]
            .1
            .saturating_duration_since(fetched.began_at)
            .as_micros();
        if at + 1 < earliest || at > latest + 1 {
            return vec![format!(
                "chunk {number} is stamped {at} µs, but it was under way from {earliest} to {latest}"
            )];
        }
    }
    Vec::new()
}

/// Where each chunk ends, without empty ones.
fn ends(lens: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut end = 0;
    lens.filter(|len| *len > 0)
        .map(|len| {
            end += len;
            end
        })
        .collect()
}

/// The events at which the official client holds something else.
pub(crate) fn against_the_oracle(
    checked: &[Checked],
    store: &Recorded,
    node: &Path,
    work: &Path,
) -> Result<Vec<String>> {
    let list = store.lines(&["list", "--all", "--json"])?;
    let mut cases = String::new();
    for one in checked {
        let line = oracle_case(one, index_of(one, &list)?, store, work)?;
        writeln!(cases, "{line}")?;
    }
    fs::write(work.join("cases.jsonl"), cases)?;
    let output = Command::new(node)
        .arg(root().join("tests/oracle/compare.mjs"))
        .arg(work.join("cases.jsonl"))
        .current_dir(root())
        .output()?;
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    if output.status.code().is_none_or(|code| code > 1) {
        bail!("the oracle failed");
    }
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect())
}

/// Writes what the oracle reads of an exchange; gives the line that names it.
fn oracle_case(one: &Checked, index: i64, store: &Recorded, work: &Path) -> Result<Value> {
    let folder = work.join(format!("exchange-{index}"));
    fs::create_dir_all(&folder)?;
    let number = index.to_string();
    fs::write(
        folder.join("state.jsonl"),
        store.read(&["state", "--all", "--json", "--exchange", &number])?,
    )?;
    fs::write(
        folder.join("events.jsonl"),
        store.read(&["events", "--json", "--exchange", &number])?,
    )?;
    fs::write(folder.join("request"), &one.case.request_body)?;
    fs::write(folder.join("body"), &one.case.body)?;
    let mut headers = one.case.headers.iter();
    let content_type = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    Ok(json!({
        "name": one.case.name,
        "folder": folder,
        "status": one.case.status,
        "contentType": content_type.map(|(_, value)| value),
        "breaksOff": one.case.is_cut,
    }))
}
