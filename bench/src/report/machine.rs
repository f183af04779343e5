//! On what it was measured, and which code.

use std::process::Command;

use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    pub processor: String,
    pub cores: usize,
    pub memory_mib: u64,
    pub system: String,
    /// Of the last minute, when it began: what else this machine was doing.
    pub load_average: String,
    pub postgres: String,
    /// As `git describe` names it; `-dirty` where files were changed.
    pub commit: String,
    pub build: &'static str,
}

impl Machine {
    pub fn look(postgres: &str) -> Self {
        let file = |path| std::fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let unknown = || "unknown".to_owned();
        let memory = field(&file("/proc/meminfo"), "MemTotal")
            .and_then(|text| text.split_once(' ')?.0.parse::<u64>().ok())
            .unwrap_or_default();
        Self {
            processor: field(&file("/proc/cpuinfo"), "model name").unwrap_or_else(unknown),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_mib: memory / 1024,
            system: said("uname", &["-sr"]).unwrap_or_else(unknown),
            load_average: load_average(),
            postgres: postgres.to_owned(),
            commit: said("git", &["describe", "--always", "--dirty", "--abbrev=12"]).unwrap_or_else(unknown),
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
        }
    }
}

/// Over the last minute.
pub fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { processor, cores, memory_mib, system, load_average, postgres, commit, build } = self;
        write!(
            f,
            "{cores} × {processor}, {memory_mib} MiB, {system}, load average {load_average}; \
             PostgreSQL {postgres}; commit {commit}, {build} build"
        )
    }
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
