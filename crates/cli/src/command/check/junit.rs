//! Findings as JUnit XML, which build servers read: a suite an exchange, a
//! case a finding. What is below the bar passes and has its message as output; what is
//! muted is skipped.
//!
//! The schema of Jenkins holds: it counts skipped cases in a suite, and not in
//! the whole report.

use std::io;

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};

use super::{Checked, Found, Report};
use crate::safe::safe;

type Xml = Writer<Vec<u8>>;

pub(super) fn write(report: &Report) -> String {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 4);
    document(&mut xml, report).expect("memory takes everything");
    let mut text = String::from_utf8(xml.into_inner()).expect("text in, text out");
    text.push('\n');
    text
}

fn document(xml: &mut Xml, report: &Report) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let cases = report.checked.iter().map(cases).sum::<usize>();
    let failures = report.checked.iter().map(|checked| failures(report, checked));
    let suites = xml.create_element("testsuites").with_attributes([
        ("name", "scrubjay check"),
        ("tests", &cases.to_string()),
        ("failures", &failures.sum::<usize>().to_string()),
        ("errors", "0"),
    ]);
    suites.write_inner_content(|xml| {
        report
            .checked
            .iter()
            .try_for_each(|checked| suite(xml, report, checked))
    })?;
    Ok(())
}

fn cases(checked: &Checked) -> usize {
    checked.findings.len().max(1)
}

fn failures(report: &Report, checked: &Checked) -> usize {
    let findings = checked.findings.iter();
    findings.filter(|found| found.counts(report.bar)).count()
}

fn suite(xml: &mut Xml, report: &Report, checked: &Checked) -> io::Result<()> {
    let skipped = checked.findings.iter().filter(|found| found.is_muted).count();
    let suite = xml.create_element("testsuite").with_attributes([
        (
            "name",
            format!("{} exchange {}", legal(&checked.source), checked.exchange).as_str(),
        ),
        ("tests", &cases(checked).to_string()),
        ("skipped", &skipped.to_string()),
        ("errors", "0"),
        ("failures", &failures(report, checked).to_string()),
    ]);
    suite.write_inner_content(|xml| {
        if checked.findings.is_empty() {
            let case = xml
                .create_element("testcase")
                .with_attributes([("name", "nothing was found"), ("classname", &legal(&checked.request))]);
            case.write_empty()?;
        }
        let mut findings = checked.findings.iter();
        findings.try_for_each(|found| case(xml, report, checked, found))
    })?;
    Ok(())
}

fn case(xml: &mut Xml, report: &Report, checked: &Checked, found: &Found) -> io::Result<()> {
    let finding = &found.finding;
    let message = legal(&finding.message);
    let severity = finding.severity.as_str();
    let name = format!("{} {} at frame {}", legal(&finding.rule), found.title(), finding.seq);
    let case = xml
        .create_element("testcase")
        .with_attributes([("name", name.as_str()), ("classname", &legal(&checked.request))]);
    case.write_inner_content(|xml| {
        if found.is_muted {
            xml.create_element("skipped")
                .write_text_content(BytesText::new(&message))?;
        } else if found.counts(report.bar) {
            xml.create_element("failure")
                .with_attributes([("message", message.as_str()), ("type", severity)])
                .write_empty()?;
        } else {
            xml.create_element("system-out")
                .write_text_content(BytesText::new(&format!("{severity}: {message}")))?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Captured text without the characters that XML has no way to write.
fn legal(text: &str) -> String {
    safe(text).replace(['\u{fffe}', '\u{ffff}'], "")
}
