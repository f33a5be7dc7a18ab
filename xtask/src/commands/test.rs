//! `cargo xtask test`: everything that has to hold, in the order in which a failure is cheapest.

use std::{fs, process::Command, time::Duration};

use super::{
    build::build_workspace, check_node, check_rust, demo, fetch_crates, generate, lint, prepare_ui,
    screens, with_stages,
};
use crate::{
    args::{DemoOptions, Group, TestOptions},
    failure::Failure,
    install::{self, Fetched},
    node::{self, JS_TESTS, UI, npm},
    packages::Purpose,
    project::Project,
    python,
    stage::{Output, Stages},
};

/// Runs the stages that were asked for and those that they build on.
pub(crate) fn run(project: &Project, options: &TestOptions) -> Result<(), Failure> {
    with_stages(project, |stages| {
        check_rust(project, stages)?;
        check_node(project, stages)?;
        let chosen = Chosen(&options.only);
        let fetched = chosen.fetched();
        install::ensure(project, stages, Purpose::Test, &fetched, options.consent)?;
        if fetched.contains(&Fetched::NodeForUi) {
            prepare_ui(project, stages)?;
        }
        if fetched.contains(&Fetched::NodeForTests) {
            // The Rust tests run programs of both.
            node::install(project, stages, JS_TESTS)?;
            python::install(project, stages)?;
        }
        if chosen.any(&[Group::EndToEnd, Group::Rust]) {
            fetch_crates(project, stages)?;
        }
        if chosen.any(&[Group::Rust]) {
            lint::check_format(project, stages)?;
            lint::clippy(project, stages)?;
        }
        if chosen.any(&[Group::EndToEnd, Group::Rust]) {
            build_workspace(project, stages)?;
        }
        if chosen.any(&[Group::Rust]) {
            rust(project, stages)?;
        }
        if chosen.any(&[Group::Ui]) {
            lint::check_ui(project, stages)?;
            let test = npm(project, UI, ["test"]);
            stages.run(
                "UI tests",
                Duration::from_mins(10),
                Output::Progress,
                [test],
            )?;
        }
        if chosen.any(&[Group::Vectors]) {
            vectors(project, stages)?;
        }
        if chosen.any(&[Group::Ui]) {
            screens::take(project, stages, false)?;
        }
        if chosen.any(&[Group::EndToEnd]) {
            pages(
                project,
                stages,
                "operator's pages",
                "operator-pages",
                &["tegata-server"],
            )?;
            pages(
                project,
                stages,
                "people's pages",
                "person-pages",
                &["tegata-server", "tegata"],
            )?;
            demo_once(project, stages, true)?;
            demo_once(project, stages, false)?;
        }
        Ok(())
    })
}

/// The groups that were asked for; none means all.
struct Chosen<'a>(&'a [Group]);

impl Chosen<'_> {
    fn any(&self, groups: &[Group]) -> bool {
        self.0.is_empty() || self.0.iter().any(|group| groups.contains(group))
    }

    /// What the stages fetch besides system packages.
    fn fetched(&self) -> Vec<Fetched> {
        let mut fetched = Vec::new();
        if self.any(&[Group::EndToEnd, Group::Rust, Group::Ui]) {
            fetched.push(Fetched::NodeForUi);
        }
        if self.any(&[Group::Rust, Group::Vectors]) {
            fetched.extend([Fetched::NodeForTests, Fetched::PythonForTests]);
        }
        fetched
    }
}

fn rust(project: &Project, stages: &mut Stages) -> Result<(), Failure> {
    generate::generate(project, stages, false)?;
    let mut test = project.cargo(["test", "--locked", "--workspace"]);
    // Tests that run a foreign implementation find its packages here.
    test.env("TEGATA_PYTHON", project.python());
    // Shown everywhere: its closing lines say how many tests ran.
    stages.run("tests", Duration::from_mins(30), Output::Shown, [test])?;
    let mut doc = project.cargo(["doc", "--locked", "--workspace", "--no-deps"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    stages.run(
        "documentation",
        Duration::from_mins(10),
        Output::Progress,
        [doc],
    )
}

/// The same vectors as the Rust tests, checked by implementations that share no code with ours.
fn vectors(project: &Project, stages: &mut Stages) -> Result<(), Failure> {
    let mut node = Command::new("node");
    node.arg("tests/js/check-vectors.mjs")
        .current_dir(&project.root);
    stages.run(
        "vectors in JavaScript",
        Duration::from_mins(5),
        Output::Progress,
        [node],
    )?;
    let python = python::script(project, "tests/python/check_vectors.py");
    stages.run(
        "vectors in Python",
        Duration::from_mins(5),
        Output::Progress,
        [python],
    )
}

/// Pages of a real server in a real browser, walked through by a script of the UI that needs these programs.
fn pages(
    project: &Project,
    stages: &mut Stages,
    name: &str,
    script: &str,
    programs: &[&str],
) -> Result<(), Failure> {
    let mut walk = Command::new("node");
    walk.arg(format!("scripts/{script}.mjs"))
        .args(programs.iter().map(|program| project.program(program)))
        .current_dir(project.root.join(UI));
    if let Some(browser) = screens::found_browser() {
        walk.env("CHROMIUM", browser);
    }
    stages.run(name, Duration::from_mins(5), Output::Progress, [walk])
}

/// The demo without a person, on data that nothing else has touched.
fn demo_once(project: &Project, stages: &mut Stages, terminal: bool) -> Result<(), Failure> {
    let data_dir = project.scratch_dir().join(if terminal {
        "demo-terminal"
    } else {
        "demo-window"
    });
    match fs::remove_dir_all(&data_dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Failure::io(
                &format!("remove {}", data_dir.display()),
                &error,
            ));
        }
        Ok(()) | Err(_) => {}
    }
    let options = DemoOptions {
        once: true,
        terminal,
        ..DemoOptions::default()
    };
    demo::run_once(
        stages,
        terminal,
        demo::command(project, &options, &data_dir),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_choice_everything_runs() {
        for group in [Group::EndToEnd, Group::Rust, Group::Ui, Group::Vectors] {
            assert!(Chosen(&[]).any(&[group]), "{group:?} is part of everything");
            assert!(Chosen(&[group]).any(&[group]));
            assert!(
                Chosen(&[Group::Rust, group]).any(&[group]),
                "more than one may be chosen"
            );
        }
        assert!(!Chosen(&[Group::Ui]).any(&[Group::Rust, Group::Vectors]));
    }

    #[test]
    fn only_what_the_chosen_stages_use_is_fetched() {
        assert_eq!(Chosen(&[Group::Ui]).fetched(), [Fetched::NodeForUi]);
        assert_eq!(
            Chosen(&[Group::Vectors]).fetched(),
            [Fetched::NodeForTests, Fetched::PythonForTests]
        );
        assert_eq!(Chosen(&[]).fetched().len(), 3, "everything");
    }
}
