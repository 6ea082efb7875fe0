//! From a run to those that belong to it, and back.

use super::*;

/// The interrupt of the recording, and its frame.
const INTERRUPT: (&str, u32) = ("int-call_del_1", 11);

#[test]
fn a_run_knows_the_runs_before_and_after_it_in_its_thread() {
    let (memory, page) = opened("interrupt-and-resume");
    let inspect = page.inspect;
    let around = move |exchange: i64| {
        let run = untrack(move || inspect.run_here()).expect("a run is open");
        untrack(|| inspect.thread.around(exchange, run.first_seq)).expect("the run is in its thread")
    };
    let first = around(1);
    assert_eq!((first.number, first.total), (1, 2));
    assert!(first.before.is_none());
    let next = first.after.expect("the run that resumes it");

    page.inspect_exchange(next.exchange, Some(next.first_seq));
    memory.settle();
    let second = around(next.exchange);
    assert_eq!((second.number, second.total), (2, 2));
    assert_eq!(second.before.map(|row| row.exchange), Some(1));
    assert!(second.after.is_none());
}

#[test]
fn an_interrupt_leads_to_its_answer_and_back() {
    let (memory, page) = opened("interrupt-and-resume");
    let inspect = page.inspect;
    let (id, raised_at) = INTERRUPT;
    let answers = untrack(|| inspect.thread.answers_to(id)).expect("the links are known");
    assert_eq!(answers.len(), 1);
    assert_eq!(
        (answers[0].run.exchange, answers[0].run.seq, answers[0].is_cancelled),
        (2, 1, false)
    );
    let detail = inspect.sides.detail.read_now(|view| view.interrupts.clone());
    let detail = detail.expect("the playhead stands at the end");
    assert_eq!(
        detail.iter().map(|interrupt| interrupt.id.as_str()).collect::<Vec<_>>(),
        [id]
    );

    inspect.step_to(Target::Seq(4));
    memory.settle();
    run(page, C::Link(Forward));
    memory.settle();
    assert_eq!(
        (inspect.exchange.get_untracked(), inspect.seq.get_untracked()),
        (Some(2), 1)
    );
    run(page, C::Link(Forward));
    memory.settle();
    assert!(inspect.remark.get_untracked().starts_with("No later request"));
    run(page, C::Link(Backward));
    memory.settle();
    assert_eq!(
        (inspect.exchange.get_untracked(), inspect.seq.get_untracked()),
        (Some(1), raised_at)
    );
    run(page, C::Link(Backward));
    memory.settle();
    assert!(
        inspect
            .remark
            .get_untracked()
            .starts_with("The request answers no known interrupt")
    );

    run(page, C::PlaceBack);
    memory.settle();
    assert_eq!(
        (inspect.exchange.get_untracked(), inspect.seq.get_untracked()),
        (Some(2), 1)
    );
    run(page, C::PlaceBack);
    memory.settle();
    assert_eq!(
        (inspect.exchange.get_untracked(), inspect.seq.get_untracked()),
        (Some(1), 4)
    );
}

#[test]
fn a_run_leads_to_the_parent_that_it_names_and_back() {
    let memory = Memory::with(&[]);
    let exchange = |connection: &str, run: &str, parent: &str, seconds: u32| {
        format!(
            r#"{{"kind":"request","connId":"{connection}","tMs":{seconds}000,"method":"POST","url":"http://a/","input":{{"threadId":"t","runId":"{run}",{parent}"messages":[],"tools":[],"context":[]}}}}
{{"kind":"event","connId":"{connection}","seq":1,"tMs":{seconds}001,"event":{{"type":"RUN_STARTED","threadId":"t","runId":"{run}"}}}}
{{"kind":"event","connId":"{connection}","seq":2,"tMs":{seconds}002,"event":{{"type":"RUN_FINISHED","threadId":"t","runId":"{run}"}}}}
"#
        )
    };
    let header = r#"{"kind":"header","schemaVersion":1,"tool":"test","capturedAt":"2026-11-20T10:00:00Z","url":"http://a/","transport":"sse","redacted":[]}"#;
    let first = exchange("c1", "r1", "", 1);
    let second = exchange("c2", "r2", r#""parentRunId":"r1","#, 2);
    memory.add(format!("{header}\n{first}{second}").as_bytes());
    let page = Page::new();
    page.inspect.width_px.set(800.0);
    page.inspect_exchange(2, None);
    memory.settle();
    run(page, C::Link(Backward));
    memory.settle();
    assert_eq!(
        (page.inspect.exchange.get_untracked(), page.inspect.seq.get_untracked()),
        (Some(1), 1)
    );
    run(page, C::Link(Forward));
    memory.settle();
    assert_eq!(
        (page.inspect.exchange.get_untracked(), page.inspect.seq.get_untracked()),
        (Some(2), 1)
    );
}

#[test]
fn a_result_alone_has_the_name_of_its_call_and_takes_no_time() {
    let (memory, page) = opened("interrupt-and-resume");
    page.inspect_exchange(2, None);
    memory.settle();
    let lanes = page.inspect.lanes.get_untracked().expect("the lanes are painted");
    let shapes = lanes.lanes.iter().flat_map(|lane| &lane.shapes);
    let results: Vec<_> = shapes.filter(|shape| shape.kind == scrubjay_ipc::Kind::Tool).collect();
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].form, scrubjay_ipc::Form::Dot);
    assert_eq!(results[0].label, "result of delete_file");
}
