//! Adding, changing and switching sources.

use scrubjay_ipc::{AddSource, Check, Code, EditSource, SourceState, Sources, Switch, SwitchSource};

use crate::{
    recording::{EVENTS, the_finished_run},
    stage::{Agent, add_source, ask, library, open, run_agent, try_ask, until},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_source_goes_on_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("store.db"));
    let (one, two) = (Agent::start().await, Agent::start().await);
    let source = add_source(&engine, "one", &one.url()).await;
    let edit = EditSource {
        name: "one".into(),
        new_name: "two".into(),
        listen: String::new(),
        upstream: two.url(),
        keep_secrets: false,
    };
    let edited = ask(&engine, edit).await;
    assert_eq!((edited.name.as_str(), &edited.listen), ("two", &source.listen));
    assert_eq!(edited.state, SourceState::Recording);

    two.play(&EVENTS);
    run_agent(&source, "r1").await;
    the_finished_run(&engine).await;
    assert_eq!(library(&engine).await.rows[0].source, "two");
    assert_eq!(ask(&engine, Sources {}).await.sources.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_said_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("store.db"));
    let agent = Agent::start().await;
    let taken = AddSource {
        name: "late".into(),
        // The agent itself listens there.
        listen: agent.address().to_string(),
        upstream: agent.url(),
        keep_secrets: false,
    };
    let report = try_ask(&engine, taken).await.unwrap_err();
    assert_eq!(report.code, Code::PortInUse);
    assert_eq!(
        report.message,
        format!("Port {} on 127.0.0.1 is already in use.", agent.address().port())
    );
    assert!(ask(&engine, Sources {}).await.sources.is_empty());

    let source = add_source(&engine, "one", &agent.url()).await;
    let edit = EditSource {
        name: "one".into(),
        new_name: "one".into(),
        listen: agent.address().to_string(),
        upstream: agent.url(),
        keep_secrets: false,
    };
    assert_eq!(try_ask(&engine, edit).await.unwrap_err().code, Code::PortInUse);
    agent.play(&EVENTS);
    assert!(!run_agent(&source, "r1").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_resumes_or_says_why_it_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let agent = Agent::start().await;
    let engine = open(&path);
    let source = add_source(&engine, "agent", &agent.url()).await;
    engine.close();
    drop(engine);

    let engine = open(&path);
    let resumed = ask(&engine, Sources {}).await.sources.remove(0);
    assert_eq!(
        (resumed.state, resumed.listen),
        (SourceState::Recording, source.listen.clone())
    );
    engine.close();
    drop(engine);

    let squatter = tokio::net::TcpListener::bind(&source.listen).await.unwrap();
    let engine = open(&path);
    let failed = ask(&engine, Sources {}).await.sources.remove(0);
    assert!(matches!(&failed.state, SourceState::Failed { sentence } if sentence.contains("is already in use")));
    drop(squatter);
    let switched = ask(
        &engine,
        SwitchSource {
            name: "agent".into(),
            to: Switch::Record,
        },
    )
    .await;
    assert_eq!(switched.state, SourceState::Recording);
    let stopped = ask(
        &engine,
        SwitchSource {
            name: "agent".into(),
            to: Switch::Stop,
        },
    )
    .await;
    assert_eq!(stopped.state, SourceState::Stopped);
    ask(
        &engine,
        SwitchSource {
            name: "agent".into(),
            to: Switch::Remove,
        },
    )
    .await;
    assert!(ask(&engine, Sources {}).await.sources.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_engines_record_into_one_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let (one, two) = (open(&path), open(&path));
    let (agent_one, agent_two) = (Agent::start().await, Agent::start().await);
    let source_one = add_source(&one, "one", &agent_one.url()).await;
    let source_two = add_source(&two, "two", &agent_two.url()).await;

    let states: Vec<_> = ask(&one, Sources {})
        .await
        .sources
        .into_iter()
        .map(|source| source.state)
        .collect();
    assert_eq!(states, [SourceState::Recording, SourceState::Elsewhere]);
    let report = try_ask(
        &one,
        SwitchSource {
            name: "two".into(),
            to: Switch::Stop,
        },
    )
    .await
    .unwrap_err();
    assert!(report.message.starts_with("Another process runs the source two"));

    agent_one.play(&EVENTS);
    agent_two.play(&EVENTS);
    run_agent(&source_one, "r1").await;
    run_agent(&source_two, "r2").await;
    for engine in [&one, &two] {
        let names = until(engine, async || {
            let rows = library(engine).await.rows;
            (rows.len() == 2 && rows.iter().all(|row| row.frames == 8)).then(|| rows.into_iter().map(|row| row.source))
        });
        assert_eq!(names.await.collect::<Vec<_>>(), ["one", "two"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checklist_lights_up() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("store.db"));
    let agent = Agent::start().await;
    let source = add_source(&engine, "", &agent.url()).await;
    assert!(source.name.starts_with("127-0-0-1-"));
    assert_eq!(source.checklist.listening, Check::Done);
    assert_eq!(source.checklist.first_request, Check::Waiting);

    agent.play(&EVENTS);
    run_agent(&source, "r1").await;
    let lit = ask(&engine, Sources {}).await.sources.remove(0).checklist;
    let lights = [
        lit.listening,
        lit.upstream_answers,
        lit.first_request,
        lit.first_bytes,
        lit.first_event,
    ];
    assert!(lights.iter().all(|light| *light == Check::Done), "{lights:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("store.db"));
    let source = |name: &str, listen: &str, upstream: &str| AddSource {
        name: name.into(),
        listen: listen.into(),
        upstream: upstream.into(),
        keep_secrets: false,
    };
    let check = async |ask: AddSource, code: Code| {
        let report = try_ask(&engine, ask).await.unwrap_err();
        assert_eq!(report.code, code, "{report:?}");
        assert!(report.message.ends_with('.') && !report.hint.is_empty(), "{report:?}");
    };
    check(source("Not A Name", "", "http://localhost:1"), Code::BadRequest).await;
    check(source("a", "nowhere", "http://localhost:1"), Code::BadAddress).await;
    check(source("a", "", ""), Code::BadAddress).await;
    check(source("a", "", "ftp://localhost:1"), Code::BadAddress).await;
    check(source("a", "", "http://"), Code::BadAddress).await;
    assert!(ask(&engine, Sources {}).await.sources.is_empty());
}

/// A name that was made from a host is that of the host that is asked; a person's own name stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_made_from_an_upstream_goes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("store.db"));
    let named = async |name: &str| {
        let add = AddSource {
            name: name.into(),
            listen: "127.0.0.1:0".into(),
            upstream: "http://wrong.localhost:1".into(),
            keep_secrets: false,
        };
        let added = ask(&engine, add).await;
        let edit = EditSource {
            name: added.name.clone(),
            new_name: String::new(),
            listen: String::new(),
            upstream: "http://right.localhost:2/agui".into(),
            keep_secrets: false,
        };
        let edited = ask(&engine, edit).await;
        assert_eq!(edited.listen, added.listen);
        (added.name, edited.name)
    };
    let made = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    assert_eq!(named("").await, made("wrong-localhost-1", "right-localhost-2"));
    assert_eq!(named("mine").await, made("mine", "mine"));
    assert_eq!(named("").await, made("wrong-localhost-1", "right-localhost-2-2"));
}
