//! The benchmark's short form, as CI runs it: every scenario does its work, nothing fails, and the books hold.
//! No time is looked at.

use std::process::Command;

use serde_json::Value;

#[test]
fn every_scenario_runs_without_errors_and_leaves_books_that_hold() {
    let said = run_short(&[]);
    let verified = said.lines().filter(|line| line.contains(" verify OK: ")).count();
    // All but the two of pgbench, which leave no books.
    assert_eq!(verified, 19, "{said}");
}

#[test]
fn scenarios_take_turns_and_each_round_goes_the_other_way() {
    let json = concat!(env!("CARGO_TARGET_TMPDIR"), "/rounds.json");
    let said = run_short(&["--runs", "2", "--scenario", "random,cash", "--json", json]);
    let verified = said.lines().filter_map(|line| line.split_once(" verify OK: "));
    let order: Vec<&str> = verified.map(|(scenario, _)| scenario.trim()).collect();
    assert_eq!(order, ["random", "cash", "cash", "random"], "{said}");
    let told: Value = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    let runs = told["results"].as_array().unwrap().iter();
    let runs: Vec<_> = runs
        .map(|line| (line["scenario"].as_str().unwrap(), line["runs"].as_array().unwrap().len()))
        .collect();
    assert_eq!(runs, [("random", 2), ("cash", 2)], "{told}");
}

/// What connections and their requests take does not depend on how fast the machine is.
#[cfg(target_os = "linux")]
#[test]
fn with_256_connections_no_service_holds_more_than_100_mib() {
    let json = concat!(env!("CARGO_TARGET_TMPDIR"), "/memory.json");
    run_short(&["--connections", "256", "--scenario", "random,cash,wallet", "--json", json]);
    let told: Value = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    let lines = told["results"].as_array().unwrap();
    assert_eq!(lines.len(), 3, "{told}");
    for line in lines {
        assert_eq!(line["connections"], 256);
        let peak_kib = line["memory"][0][1]["peak_kib"].as_u64().unwrap();
        assert!(peak_kib < 100 * 1024, "{line}");
    }
}

/// What it prints.
fn run_short(more: &[&str]) -> String {
    let mut bench = Command::new(env!("CARGO_BIN_EXE_zerosum-bench"));
    let output = bench.arg("--short").args(more).output().expect("start");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}
