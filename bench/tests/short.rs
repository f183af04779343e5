//! The benchmark's short form, as CI runs it: every scenario does its work, nothing fails, and the books hold.
//! No figure is looked at.

use std::process::Command;

#[test]
fn every_scenario_runs_without_errors_and_leaves_books_that_hold() {
    let output = Command::new(env!("CARGO_BIN_EXE_zerosum-bench")).arg("--short").output().expect("start");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let verified = said.lines().filter(|line| line.contains(" verify OK: ")).count();
    // All but the two of pgbench, which leave no books.
    assert_eq!(verified, 19, "{said}");
}
