//! Ports: which are taken when none is asked for, and who has one that is taken.

use std::net::TcpListener;

use crate::{
    agent::Agent,
    process::{Process, free_port},
    replaying::sample,
    stage::Stage,
};

#[test]
fn a_port_that_is_taken_makes_no_store() {
    let stage = Stage::new();
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port();
    for command in [
        format!("record --upstream http://127.0.0.1:1 --listen 127.0.0.1:{port} --store s.db"),
        format!("record --upstream http://127.0.0.1:1 --listen {port}"),
        format!("serve --store s.db --listen 127.0.0.1:{port}"),
        "record --upstream http://127.0.0.1:1 --name No! --store s.db".to_owned(),
        "record --upstream http://127.0.0.1:1 --only api --store s.db".to_owned(),
    ] {
        let output = stage.run(&command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{command}: {said}");
        assert!(said.starts_with("error: ") && said.contains("\nhint: "), "{said}");
        for left in ["s.db", "s.db.spool", "data"] {
            assert!(!stage.path(left).exists(), "{command} made {left}");
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_sentence_for_a_taken_port_names_the_command_that_has_it() {
    let stage = Stage::new();
    let agent = Agent::start();
    let file = sample("tool-call-parallel.agui.jsonl");
    let mut commands = vec![
        ("record", format!("record --upstream {} --store a.db", agent.url())),
        ("replay", format!("replay {file}")),
    ];
    if scrubjay_door::is_built() {
        commands.push(("serve", "serve --store b.db".to_owned()));
    }
    for (name, command) in commands {
        let port = free_port();
        let holder = Process::start(stage.command(format!("{command} --listen 127.0.0.1:{port} --json").split(' ')));
        let named = format!("is already in use by `scrubjay {name}` (process {})", holder.id());
        let mut later = vec![
            format!("record --upstream http://127.0.0.1:1 --listen {port} --store c.db"),
            format!("record --upstream http://127.0.0.1:1 --listen 0.0.0.0:{port} --store c.db"),
            format!("replay {file} --listen 127.0.0.1:{port}"),
        ];
        if scrubjay_door::is_built() {
            later.push(format!("serve --store c.db --listen 127.0.0.1:{port}"));
        }
        for command in later {
            let output = stage.run(&command);
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2));
            assert!(said.contains(&named), "{command}: {said} lacks {named}");
        }
    }
}

#[test]
fn a_port_that_something_else_has_is_not_said_to_be_ours() {
    let stage = Stage::new();
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port();
    // One of ours has the port of another address.
    let ours = Process::start(stage.command(
        format!("record --upstream http://127.0.0.1:1 --listen 127.0.0.2:{port} --store a.db --json").split(' '),
    ));
    let said = stage.transcript(&format!(
        "record --upstream http://127.0.0.1:1 --listen 127.0.0.1:{port} --store s.db"
    ));
    assert!(
        said.contains("is already in use.") && !said.contains("scrubjay record`"),
        "{said}"
    );
    drop(ours);
}

#[test]
fn sources_without_an_address_leave_the_ports_of_replay_and_serve_alone() {
    let stage = Stage::new();
    let agent = Agent::start();
    let upstreams = (0..4).map(|number| format!("--upstream a{number}={} ", agent.url()));
    let command = format!("record {}--store s.db --json", upstreams.collect::<String>());
    let recorder = Process::start(stage.command(command.split(' ')));
    let sources = recorder.ready["sources"].as_array().unwrap();
    let ports: Vec<u16> = sources
        .iter()
        .map(|source| {
            source["url"]
                .as_str()
                .unwrap()
                .rsplit(':')
                .next()
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    assert_eq!(ports.len(), 4);
    assert!(ports.iter().all(|port| (5290..=5389).contains(port)), "{ports:?}");
    assert!(!ports.contains(&5291) && !ports.contains(&5292), "{ports:?}");
}
