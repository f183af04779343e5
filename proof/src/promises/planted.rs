//! Every checker is shown to find its planted fault: each kind of corruption, planted one at a time by SQL as a
//! superuser with the triggers off, in books that were made by the services' own engines. It is the shipped program that
//! is asked, as an operator asks it: `zerosum verify` ends with 0 before the plant and with 1 after it, and its output
//! names the checker and the row.

mod books;
mod plants;

use std::path::Path;

use anyhow::Context as _;
use tokio::process::Command;
use zerosum_testkit::TestDatabase;

use crate::{Figure, Run};
use books::books;
use plants::{PLANTS, with_names};

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let claim = "zerosum verify finds every planted fault, names the row and ends with 1";
    let mut figure = Figure::begin(0, claim, "corruptions planted, one at a time");
    let zerosum = run.zerosum()?;
    let made = books().await?;
    let mut found = 0;
    for plant in PLANTS {
        let database = made.copy().await;
        let (code, said) = verify(zerosum, &database).await?;
        let clean = code == Some(0) && said.trim_end().ends_with("OK");
        figure.claim(clean, || format!("before {} it ended with {code:?}:\n{said}", plant.kind));
        let admin = database.admin().await;
        let row: String = admin.query_one(&with_names(plant.row), &[]).await?.try_get(0)?;
        let planting = format!("set session_replication_role = replica; {}", with_names(plant.sql));
        admin.batch_execute(&planting).await.with_context(|| format!("planting a {} failed", plant.kind))?;
        let (code, said) = verify(zerosum, &database).await?;
        let (checker, named) = (format!("{} brand ", plant.checker), format!(", {}{row}", plant.what));
        let line = said.lines().find(|line| line.trim_start().starts_with(&checker) && line.contains(&named));
        figure.claim(code == Some(1) && line.is_some(), || {
            format!("{}: it ended with {code:?}, and no line has {checker}…{named}:\n{said}", plant.kind)
        });
        if let Some(line) = line {
            found += 1;
            figure.see(plant.kind, line.trim());
        }
    }
    figure.see("found, of planted", format!("{found} of {}", PLANTS.len()));
    Ok(figure.end(PLANTS.len() as u64))
}

/// The program's exit code and what it printed.
async fn verify(zerosum: &Path, database: &TestDatabase) -> anyhow::Result<(Option<i32>, String)> {
    let mut command = Command::new(zerosum);
    // The URL has a password: not on the command line.
    command.arg("verify").env("DATABASE_URL", database.admin_url());
    let output = command.output().await.context("zerosum could not be run")?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.code(), String::from_utf8_lossy(&said).into_owned()))
}
