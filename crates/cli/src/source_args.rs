//! Sources: from the options of the command line to the engine's
//! configuration, and what is printed about them.

use scrubjay_engine::{Engine, EngineError, Hosts, SourceConfig, TlsConfig};
use scrubjay_ipc::Source;
use scrubjay_session::exchange::origin_and_path;

use crate::{
    args::{self, Format},
    failure::{Failure, note, note_clock},
    safe::safe,
};

/// `NAME=URL` in its parts. What stands before `=` is a name only if it has no
/// `/`, `:`, `?` or `.`; otherwise `=` belongs to the query of a URL.
fn split_name(upstream: &str) -> (Option<&str>, &str) {
    match upstream.split_once('=') {
        Some((name, url)) if !name.contains(['/', ':', '?', '.']) => (Some(name), url),
        _ => (None, upstream),
    }
}

/// A source for each upstream, with the options of `common`. The nth address of
/// `listens` is that of the nth upstream.
pub(crate) fn source_configs(
    upstreams: &[String],
    listens: &[String],
    name: Option<&str>,
    common: &SourceConfig,
) -> Result<Vec<SourceConfig>, Failure> {
    if listens.len() > upstreams.len() {
        return Err(Failure::bad_argument(
            format!(
                "There are {} --listen for {} --upstream.",
                listens.len(),
                upstreams.len()
            ),
            "Give each --upstream at most one --listen, in the same order.",
        ));
    }
    if name.is_some() && upstreams.len() > 1 {
        return Err(Failure::bad_argument(
            "One --name cannot name several sources.",
            "Name each: --upstream NAME=URL.",
        ));
    }
    let mut configs: Vec<SourceConfig> = Vec::new();
    for (place, upstream) in upstreams.iter().enumerate() {
        let config = SourceConfig {
            listen: listens.get(place).cloned(),
            ..source(upstream, name, common)?
        };
        if let Some(name) = config
            .name
            .as_ref()
            .filter(|_| configs.iter().any(|other| other.name == config.name))
        {
            return Err(Failure::bad_argument(
                format!("Two sources are named {name}."),
                "Give each a name of its own: --upstream NAME=URL.",
            ));
        }
        configs.push(config);
    }
    Ok(configs)
}

/// The source of an upstream, whose name stands before its URL or is given.
fn source(upstream: &str, name: Option<&str>, common: &SourceConfig) -> Result<SourceConfig, Failure> {
    let (own_name, url) = split_name(upstream);
    if let (Some(own_name), Some(name)) = (own_name, name) {
        return Err(Failure::bad_argument(
            format!("The source has two names: {own_name} and {name}."),
            "Leave out --name, or the name before the URL.",
        ));
    }
    refuse_query(url)?;
    Ok(SourceConfig {
        name: own_name.or(name).map(str::to_owned),
        upstream: url.to_owned(),
        ..common.clone()
    })
}

/// A source forwards what the frontend asks for, so a query here would be lost
/// without a word. A pasted curl command may hold anything.
fn refuse_query(url: &str) -> Result<(), Failure> {
    match url.split_once('?') {
        Some((place, _)) if !url.starts_with("curl ") => Err(Failure::bad_argument(
            format!("The upstream {place} has a query, which would not be sent."),
            "Leave out what follows the question mark, and let the frontend send it.",
        )),
        _ => Ok(()),
    }
}

/// The options of TLS. They are refused where no upstream is `https://`.
pub(crate) fn tls(args: &args::Tls, upstreams: &[String]) -> Result<TlsConfig, Failure> {
    let given = [
        ("--cacert", args.cacert.is_some()),
        ("--cert", args.cert.is_some()),
        ("--insecure", args.insecure),
    ];
    let given = given.into_iter().find(|(_, is_given)| *is_given);
    let is_tls = |upstream: &String| upstream.to_ascii_lowercase().contains("https://");
    if let Some((flag, _)) = given.filter(|_| !upstreams.iter().any(is_tls)) {
        return Err(Failure::bad_argument(
            format!("{flag} is for https:// addresses, and there is none."),
            "Leave it out, or give the address with https://.",
        ));
    }
    Ok(TlsConfig {
        cacert: args.cacert.clone(),
        identity: args.cert.clone().zip(args.key.clone()),
        insecure: args.insecure,
    })
}

/// Host names that requests may ask for, beside those of this machine.
pub(crate) fn hosts(names: &[String]) -> Result<Hosts, Failure> {
    Ok(Hosts::allowing(names).map_err(EngineError::from)?)
}

/// Prints what must be known before the first exchange: the clock, upstreams
/// whose certificate is not verified, and the remarks of the engine.
pub(crate) fn note_sources(engine: &Engine, sources: &[Source], format: Format) {
    note_clock(format);
    for source in sources.iter().filter(|source| source.unverified) {
        note_unverified(&source.upstream, format);
    }
    for sentence in engine.remarks() {
        note(sentence, format);
    }
}

/// A source as text.
pub(crate) fn source_lines(source: &Source) -> String {
    let (upstream, name) = (safe(&source.upstream), safe(&source.name));
    format!("{} → {upstream}  ({name})\n{}", source.url, mapping(source))
}

/// Warns that the certificate of this upstream is not verified.
pub(crate) fn note_unverified(upstream: &str, format: Format) {
    let sentence = format!(
        "the certificate of {} is NOT verified: a machine in between could read and change everything. Every exchange is marked so.",
        safe(upstream)
    );
    note(&sentence, format);
}

/// How paths at our address map to paths at the upstream, where they differ.
fn mapping(source: &Source) -> String {
    let (_, path) = origin_and_path(&source.upstream);
    if path.is_empty() {
        return String::new();
    }
    let (path, below) = (safe(path), safe(path.trim_end_matches('/')));
    format!(
        "  {url} stands for all of that: / goes to {path} and /x to {below}/x, so leave {below} out of the frontend's address\n",
        url = source.url,
    )
}

/// `K=V` in its parts.
pub(crate) fn label(text: &str) -> Result<(String, String), Failure> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err(Failure::bad_argument(
            format!("{text:?} is no label."),
            "Give a key and a value: --label ticket=123.",
        )),
    }
}

/// The environment variable that holds a source's URL.
pub(crate) fn variable(name: &str) -> String {
    format!("SCRUBJAY_URL_{}", name.to_ascii_uppercase().replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_before_an_upstream() {
        for (text, name, url) in [
            ("agent=http://h:1/x?a=b", Some("agent"), "http://h:1/x?a=b"),
            ("http://h:1/x?a=b", None, "http://h:1/x?a=b"),
            ("localhost:8000", None, "localhost:8000"),
            ("a-b_1=localhost:8000", Some("a-b_1"), "localhost:8000"),
            ("My Agent=http://h", Some("My Agent"), "http://h"),
        ] {
            assert_eq!(split_name(text), (name, url), "{text}");
        }
    }

    #[test]
    fn labels_and_variables() {
        assert_eq!(label("a=b=c").ok(), Some(("a".into(), "b=c".into())));
        assert!(label("=x").is_err());
        assert!(label("x").is_err());
        assert_eq!(variable("my-agent_2"), "SCRUBJAY_URL_MY_AGENT_2");
    }
}
