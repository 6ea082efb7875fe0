//! Findings as JUnit XML, which build servers read: a suite an exchange, a
//! case a finding. What is below the bar passes and says what it is; what is
//! muted is skipped.

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::{Checked, Found, Report};
use crate::safe::safe;

pub(super) fn write(report: &Report) -> String {
    let mut junit = Junit::new("scrubjay check");
    junit.add_test_suites(report.checked.iter().map(|checked| suite(report, checked)));
    let text = junit.to_string().expect("strings in, a string out");
    without_skipped(&text)
}

/// The schema that build servers read by counts skipped cases in a suite and
/// not in the report.
fn without_skipped(text: &str) -> String {
    let Some((head, rest)) = text.split_once("<testsuites ") else {
        return text.to_owned();
    };
    let (tag, rest) = rest.split_once('>').unwrap_or((rest, ""));
    let kept: Vec<&str> = tag
        .split_inclusive("\" ")
        .filter(|part| !part.starts_with("skipped="))
        .collect();
    format!("{head}<testsuites {}>{rest}", kept.concat())
}

fn suite(report: &Report, checked: &Checked) -> TestSuite {
    let name = format!("{} exchange {}", safe(&checked.source), checked.exchange);
    let mut suite = TestSuite::new(name);
    if checked.findings.is_empty() {
        let mut case = TestCase::new("nothing was found", TestCaseStatus::success());
        case.set_classname(safe(&checked.request).as_ref());
        suite.add_test_case(case);
    }
    for found in &checked.findings {
        suite.add_test_case(case(report, checked, found));
    }
    suite
}

fn case(report: &Report, checked: &Checked, found: &Found) -> TestCase {
    let finding = &found.finding;
    let name = format!("{} {} at frame {}", finding.rule, found.title(), finding.seq);
    let mut status = if found.is_muted {
        TestCaseStatus::skipped()
    } else if found.counts(report.bar) {
        TestCaseStatus::non_success(NonSuccessKind::Failure)
    } else {
        TestCaseStatus::success()
    };
    if found.is_muted {
        status.set_description(safe(&finding.message).as_ref());
    } else if found.counts(report.bar) {
        status.set_message(safe(&finding.message).as_ref());
        status.set_type(finding.severity.as_str());
    }
    let passes = !found.is_muted && !found.counts(report.bar);
    let mut case = TestCase::new(name, status);
    case.set_classname(safe(&checked.request).as_ref());
    if passes {
        case.set_system_out(format!("{}: {}", finding.severity.as_str(), safe(&finding.message)));
    }
    case
}
