//! `cargo xtask bench`: builds what is measured, runs `tegata-bench` for each benchmark, and on demand makes the
//! figures those of the documentation.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{
    bundle::{self, Format},
    check_node, check_rust, prepare_ui, with_stages,
};
use crate::{
    args::BenchOptions,
    benches::Bench,
    failure::Failure,
    install::{self, Fetched},
    node::{self, PEER},
    packages::Purpose,
    project::{self, Project},
    stage::{Output, Stages},
};

/// Where the published reports are, from the checkout's root.
const PUBLISHED: &str = "docs/performance";

/// Runs the benchmarks that were asked for, or all of them.
pub(crate) fn run(project: &Project, options: &BenchOptions) -> Result<(), Failure> {
    if !cfg!(target_os = "linux") {
        return Err(Failure::missing(
            "benchmarks need Linux: CPU time and memory of the measured programs are read from /proc",
        ));
    }
    let plan = Plan::of(options);
    println!("{}\n", plan.text(project::is_on_path("perf")));
    with_stages(project, |stages| {
        check_rust(project, stages)?;
        if plan.needs_node() {
            check_node(project, stages)?;
        }
        let fetched = plan.fetched();
        install::ensure(project, stages, plan.purpose(), &fetched, options.consent)?;
        if plan.has(Bench::Peer) {
            node::install(project, stages, PEER)?;
        }
        if plan.has(Bench::Ui) {
            prepare_ui(project, stages)?;
        }
        build(project, stages, &plan)?;
        for bench in &plan.benches {
            measure(project, stages, &plan, *bench)?;
        }
        if options.docs {
            publish(project, stages, &plan)?;
        }
        println!("\nFigures: {}", output_dir(project).display());
        Ok(())
    })
}

/// What is going to be done.
struct Plan {
    benches: Vec<Bench>,
    quick: bool,
}

impl Plan {
    /// In the order of [`Bench::ALL`], each once.
    fn of(options: &BenchOptions) -> Self {
        let chosen = |bench: &Bench| options.benches.is_empty() || options.benches.contains(bench);
        Self {
            benches: Bench::ALL.into_iter().filter(chosen).collect(),
            quick: options.quick,
        }
    }

    fn has(&self, bench: Bench) -> bool {
        self.benches.contains(&bench)
    }

    fn needs_node(&self) -> bool {
        self.benches.iter().any(|bench| bench.needs_node())
    }

    fn purpose(&self) -> Purpose {
        if self.has(Bench::Ui) {
            Bench::Ui.purpose()
        } else {
            Purpose::Terminal
        }
    }

    fn fetched(&self) -> Vec<Fetched> {
        let mut fetched = Vec::new();
        if self.has(Bench::Peer) {
            fetched.push(Fetched::NodeForPeer);
        }
        if self.has(Bench::Ui) {
            fetched.push(Fetched::NodeForUi);
        }
        fetched
    }

    /// For the person, before anything is done.
    fn text(&self, has_perf: bool) -> String {
        let total: Duration = self.benches.iter().map(|one| one.about(self.quick)).sum();
        let mut lines = vec![format!(
            "To be measured, {}after a release build, which takes 5 to 15 min the first time{}:",
            if self.quick { "quickly, " } else { "" },
            if self.has(Bench::Ui) {
                ", and one for the app"
            } else {
                ""
            }
        )];
        for bench in &self.benches {
            let about = words(bench.about(self.quick));
            lines.push(format!("  {:12} {:62} {about}", bench.name(), bench.what()));
        }
        lines.push(format!("  {:12} {:62} {}", "", "together", words(total)));
        if self.quick {
            lines.push(
                "These figures try the instruments out; they are not to be published.".to_owned(),
            );
        } else {
            lines.push(
                "Leave the machine alone meanwhile: whatever else runs shows in the figures."
                    .to_owned(),
            );
        }
        if self.has(Bench::Flow) && !has_perf {
            lines.push(
                "`perf` is not there, so the flow benchmark will not say in which functions the CPU time goes \
                 (Debian: linux-perf)."
                    .to_owned(),
            );
        }
        lines.join("\n")
    }
}

/// A length of time as one says it.
fn words(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        format!("about {seconds} s")
    } else {
        format!("about {} min", seconds.div_ceil(60))
    }
}

/// Everything in one call, so that what several programs use is compiled once.
fn build(project: &Project, stages: &mut Stages, plan: &Plan) -> Result<(), Failure> {
    let mut build = project.cargo(["build", "--locked", "--release"]);
    build.args(["-p", "tegata-bench", "-p", "tegata-server"]);
    if plan.has(Bench::Ui) {
        build.args(["-p", "tegata-device"]);
    }
    build.arg("--bins");
    stages.run(
        "release build",
        Duration::from_hours(1),
        Output::Progress,
        [build],
    )?;
    if !plan.has(Bench::Ui) {
        return Ok(());
    }
    // The app as it is packaged, and in the same way the window without it, which its own is compared with.
    let package = bundle::tauri_build(project, &[Format::Deb], &["--example", "empty-window"]);
    stages.run(
        "package",
        Duration::from_hours(1),
        Output::Progress,
        [package],
    )
}

/// One benchmark as a stage; its tables are shown.
fn measure(
    project: &Project,
    stages: &mut Stages,
    plan: &Plan,
    bench: Bench,
) -> Result<(), Failure> {
    // Where `perf` is missing none is drawn, and that of an earlier run must not pass for this one's.
    remove(&output_dir(project).join(flame(bench)))?;
    let mut commands = Vec::new();
    if bench == Bench::Protocol {
        let operations = [
            "bench",
            "--locked",
            "-p",
            "tegata-bench",
            "--bench",
            "protocol",
        ];
        let mut operations = project.cargo(operations);
        if plan.quick {
            operations.args(["--", "--quick"]);
        }
        commands.push(operations);
    }
    commands.push(command(project, bench, plan.quick));
    let mut limit = bench.limit(plan.quick);
    if bench == Bench::Protocol {
        // cargo builds in the stage.
        limit += Duration::from_mins(30);
    }
    let name = format!("bench {}", bench.name());
    stages.run(&name, limit, Output::Report, commands)
}

fn command(project: &Project, bench: Bench, quick: bool) -> Command {
    let mut command = Command::new(project.release_program("tegata-bench"));
    command.current_dir(&project.root);
    command.arg(bench.name());
    command.arg("--output").arg(output_dir(project));
    command
        .arg("--scratch")
        .arg(project.scratch_dir().join("bench"));
    command.arg("--programs").arg(project.release_dir());
    command.arg("--app").arg(project.app_dir());
    if quick {
        command.arg("--quick");
    }
    command
}

fn output_dir(project: &Project) -> PathBuf {
    project.target_dir().join("bench")
}

/// Makes what was just measured the documentation's figures.
fn publish(project: &Project, stages: &mut Stages, plan: &Plan) -> Result<(), Failure> {
    let published = project.root.join(PUBLISHED);
    fs::create_dir_all(&published)
        .map_err(|error| Failure::io(&format!("make {}", published.display()), &error))?;
    for bench in &plan.benches {
        let name = format!("{}.json", bench.name());
        let from = output_dir(project).join(&name);
        fs::copy(&from, published.join(&name))
            .map_err(|error| Failure::io(&format!("copy {}", from.display()), &error))?;
        let flame = flame(*bench);
        let from = output_dir(project).join(&flame);
        if from.is_file() {
            fs::copy(&from, published.join(&flame))
                .map_err(|error| Failure::io(&format!("copy {}", from.display()), &error))?;
        } else {
            remove(&published.join(&flame))?;
        }
    }
    let mut document = Command::new(project.release_program("tegata-bench"));
    document.arg("document").current_dir(&project.root);
    stages.run(
        "page of performance",
        Duration::from_mins(2),
        Output::Shown,
        [document],
    )
}

/// The picture of where the CPU time goes, which some benchmarks draw beside their report.
fn flame(bench: Bench) -> String {
    format!("{}-flame.svg", bench.name())
}

fn remove(file: &Path) -> Result<(), Failure> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Failure::io(&format!("remove {}", file.display()), &error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(benches: &[Bench], quick: bool) -> Plan {
        Plan::of(&BenchOptions {
            benches: benches.to_vec(),
            quick,
            ..BenchOptions::default()
        })
    }

    #[test]
    fn without_names_everything_is_measured_and_otherwise_each_name_once_in_order() {
        assert_eq!(plan(&[], false).benches, Bench::ALL);
        let some = [Bench::Ui, Bench::Store, Bench::Ui];
        assert_eq!(plan(&some, false).benches, [Bench::Store, Bench::Ui]);
    }

    #[test]
    fn only_what_the_chosen_benchmarks_use_is_installed() {
        for (benches, purpose, fetched, needs_node) in [
            (
                vec![Bench::Store, Bench::Flow],
                Purpose::Terminal,
                vec![],
                false,
            ),
            (
                vec![Bench::Peer],
                Purpose::Terminal,
                vec![Fetched::NodeForPeer],
                true,
            ),
            (
                vec![Bench::Ui],
                Purpose::DrivenWindow,
                vec![Fetched::NodeForUi],
                true,
            ),
            (
                vec![],
                Purpose::DrivenWindow,
                vec![Fetched::NodeForPeer, Fetched::NodeForUi],
                true,
            ),
        ] {
            let plan = plan(&benches, false);
            assert_eq!(plan.purpose(), purpose, "{benches:?}");
            assert_eq!(plan.fetched(), fetched, "{benches:?}");
            assert_eq!(plan.needs_node(), needs_node, "{benches:?}");
        }
    }

    #[test]
    fn says_what_it_will_do_and_about_how_long_it_takes() {
        let text = plan(&[Bench::Store, Bench::Calibration], false).text(false);
        for part in [
            "store ",
            "about 7 min",
            "together",
            "about 8 min",
            "Leave the machine alone",
        ] {
            assert!(text.contains(part), "{part:?} in {text}");
        }
        assert!(!text.contains("perf"), "only the flow uses it: {text}");
        let text = plan(&[Bench::Flow], true).text(false);
        assert!(
            text.contains("linux-perf") && text.contains("not to be published"),
            "{text}"
        );
        assert!(!plan(&[Bench::Flow], true).text(true).contains("linux-perf"));
        for bench in Bench::ALL {
            assert!(bench.what().len() <= 62, "{bench:?} keeps its column");
        }
    }

    #[test]
    fn measures_release_programs_and_writes_below_the_build_folder() {
        let project = Project::find().unwrap();
        let command = command(&project, Bench::Flow, true);
        assert_eq!(
            command.get_program(),
            project.release_program("tegata-bench")
        );
        let words: Vec<_> = command
            .get_args()
            .map(|word| word.to_string_lossy())
            .collect();
        assert_eq!(words[0], "flow");
        assert_eq!(words.last().unwrap(), "--quick");
        for folder in ["bench", "xtask/bench", "release", "app"] {
            let folder = project.target_dir().join(folder);
            assert!(words.contains(&folder.to_string_lossy()), "{words:?}");
        }
    }
}
