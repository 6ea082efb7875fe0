//! `scrubjay serve`, and recordings brought into its store.

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
};

use serde_json::Value;

use super::{Running, binary, raw};

/// Serves a store on a free port and gives the address that lets a browser in.
pub fn serve(store: &Path) -> (Running, String) {
    let (running, url, _later) = serve_at(store, "127.0.0.1:0");
    (running, url)
}

/// The same at this address. The last are the addresses that are printed later.
pub fn serve_at(store: &Path, listen: &str) -> (Running, String, mpsc::Receiver<String>) {
    let mut command = Command::new(binary("scrubjay"));
    command
        .args(["serve", "--json", "--listen", listen, "--store"])
        .arg(store);
    command.stdout(Stdio::piped()).stdin(Stdio::null());
    let (running, mut lines) = Running::start_talking(&mut command);
    let ready = lines
        .next()
        .expect("serve says that it is ready")
        .expect("it says it in UTF-8");
    let address = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON ({error}): {line}"));
        line["url"].as_str().map(str::to_owned)
    };
    let url = address(&ready).expect("the ready line has an address");
    let (sender, later) = mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            // A test that wants no further addresses has dropped its end.
            let _is_heard = address(&line).is_some_and(|url| sender.send(url).is_ok());
        }
    });
    (running, url, later)
}

/// Uses the token of a printed address up, and gives the session's.
pub fn enter(url: &str) -> String {
    let (origin, token) = url.split_once("/?token=").expect("the address has a token");
    let host = origin.trim_start_matches("http://");
    let answer = raw::send(
        host,
        format!(
            "POST /api/enter HTTP/1.1\r\nhost: {host}\r\nx-scrubjay-token: {token}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        )
        .as_bytes(),
    );
    let entered: Value = serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
    entered["token"].as_str().expect("it gives a token").to_owned()
}

/// Takes a sample of `recordings/` into a store.
pub fn take_in(store: &Path, sample: &str) {
    let file = Path::new("recordings").join(sample);
    let output = Command::new(binary("scrubjay"))
        .arg("import")
        .arg(&file)
        .arg("--store")
        .arg(store)
        .output()
        .expect("the command line can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} was not taken: {said}", file.display());
}
