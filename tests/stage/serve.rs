//! `scrubjay serve`, and recordings brought into its store.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use super::{Running, binary};

/// Serves a store on a free port and gives the address that lets a browser in.
pub fn serve(store: &Path) -> (Running, String) {
    let mut command = Command::new(binary("scrubjay"));
    command
        .args(["serve", "--json", "--listen", "127.0.0.1:0", "--store"])
        .arg(store);
    command.stdout(Stdio::piped()).stdin(Stdio::null());
    let (running, mut lines) = Running::start_talking(&mut command);
    let ready = lines
        .next()
        .expect("serve says that it is ready")
        .expect("it says it in UTF-8");
    let ready: Value = serde_json::from_str(&ready).unwrap_or_else(|error| panic!("no ready line ({error}): {ready}"));
    std::thread::spawn(move || lines.for_each(drop));
    (
        running,
        ready["url"].as_str().expect("the ready line has an address").to_owned(),
    )
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
