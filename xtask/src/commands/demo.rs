//! `cargo xtask demo`: prepares everything, then hands over to the program `tegata-demo`.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{build::build_programs, check_node, check_rust, log_dir, prepare_ui};
use crate::{
    args::DemoOptions,
    failure::Failure,
    install::{self, Fetched},
    packages::Purpose,
    project::{self, Project},
    stage::{Output, Stages},
};

/// The file in the demo's folder that a running demo keeps locked.
const MARKER: &str = "tegata-demo.json";

/// Installs, builds and runs the demo. Without `--once` it does not return when the demo has started: on Unix
/// this process becomes the demo, so that Ctrl-C and the exit code are the demo's own.
pub(crate) fn run(project: &Project, options: &DemoOptions) -> Result<(), Failure> {
    let data_dir = match &options.data_dir {
        Some(dir) => std::path::absolute(dir)
            .map_err(|error| Failure::io(&format!("find {}", dir.display()), &error))?,
        None => default_data_dir(options.once)?,
    };
    check_unused(&data_dir)?;
    let mut stages = Stages::new(log_dir(project));
    let prepared = prepare(project, &mut stages, options).and_then(|()| {
        let demo = command(project, options, &data_dir);
        if options.once {
            run_once(&mut stages, options.terminal, demo).map(|()| None)
        } else {
            Ok(Some(demo))
        }
    });
    stages.print_table();
    match prepared? {
        Some(demo) => hand_over(demo),
        None => Ok(()),
    }
}

fn prepare(project: &Project, stages: &mut Stages, options: &DemoOptions) -> Result<(), Failure> {
    check_rust(project, stages)?;
    if needs_app(options) {
        check_node(project, stages)?;
    }
    install::ensure(
        project,
        stages,
        purpose(options, install::has_display()),
        fetched(options),
        options.consent,
    )?;
    if needs_app(options) {
        prepare_ui(project, stages)?;
    }
    build_programs(project, stages, needs_app(options))
}

fn needs_app(options: &DemoOptions) -> bool {
    !options.terminal && !options.no_window
}

/// What is fetched besides system packages.
fn fetched(options: &DemoOptions) -> &'static [Fetched] {
    if needs_app(options) {
        &[Fetched::NodeForUi]
    } else {
        &[]
    }
}

fn purpose(options: &DemoOptions, has_display: bool) -> Purpose {
    if !needs_app(options) {
        Purpose::Terminal
    } else if options.once || !has_display {
        Purpose::DrivenWindow
    } else {
        Purpose::Window
    }
}

/// The one that goes by itself keeps out of the way of the one that a person has paired and set a PIN in.
fn default_data_dir(once: bool) -> Result<PathBuf, Failure> {
    let name = if once {
        "tegata-demo-once"
    } else {
        "tegata-demo"
    };
    Ok(project::user_dir("XDG_DATA_HOME", ".local/share")?.join(name))
}

/// Refuses at once, before anything is built, what the demo itself would refuse: a folder that another demo has
/// locked. Whatever else is wrong with the folder, the demo says.
fn check_unused(data_dir: &Path) -> Result<(), Failure> {
    let Ok(marker) = File::open(data_dir.join(MARKER)) else {
        return Ok(());
    };
    match marker.try_lock() {
        Err(TryLockError::WouldBlock) => Err(Failure::failed(format!(
            "another demo is running in {}; end it first, or give another folder with --data-dir",
            data_dir.display()
        ))),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// The demo's command line.
pub(super) fn command(project: &Project, options: &DemoOptions, data_dir: &Path) -> Command {
    let mut demo = Command::new(project.program("tegata-demo"));
    for (given, flag) in [
        (options.once, "--once"),
        (options.terminal, "--terminal"),
        (options.no_window, "--no-window"),
        (options.reset, "--reset"),
    ] {
        if given {
            demo.arg(flag);
        }
    }
    demo.arg("--server-bin")
        .arg(project.program("tegata-server"));
    demo.arg("--device-bin").arg(project.program("tegata"));
    if needs_app(options) {
        demo.arg("--app-bin").arg(project.program("tegata-app"));
    }
    demo.arg("--data-dir")
        .arg(data_dir)
        .current_dir(&project.root);
    demo
}

/// Runs the demo without a person, as a stage.
pub(super) fn run_once(stages: &mut Stages, terminal: bool, demo: Command) -> Result<(), Failure> {
    let name = if terminal {
        "demo by terminal"
    } else {
        "demo by window"
    };
    stages.run(name, Duration::from_mins(5), Output::Shown, [demo])
}

#[cfg(unix)]
fn hand_over(mut demo: Command) -> Result<(), Failure> {
    let error = std::os::unix::process::CommandExt::exec(&mut demo);
    Err(Failure::io(
        &format!("start {}", demo.get_program().display()),
        &error,
    ))
}

#[cfg(not(unix))]
fn hand_over(mut demo: Command) -> Result<(), Failure> {
    let status = demo
        .status()
        .map_err(|error| Failure::io(&format!("start {}", demo.get_program().display()), &error))?;
    if status.success() {
        return Ok(());
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Err(Failure {
        exit: code.unwrap_or(1),
        ..Failure::failed("the demo failed")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(once: bool, terminal: bool, no_window: bool) -> DemoOptions {
        DemoOptions {
            no_window,
            once,
            terminal,
            ..DemoOptions::default()
        }
    }

    #[test]
    fn installs_no_more_than_the_way_of_approving_needs() {
        for (options, has_display, expected) in [
            (options(true, true, false), false, Purpose::Terminal),
            (options(false, true, false), true, Purpose::Terminal),
            (options(false, false, true), true, Purpose::Terminal),
            (options(false, false, false), true, Purpose::Window),
            (options(false, false, false), false, Purpose::DrivenWindow),
            (options(true, false, false), true, Purpose::DrivenWindow),
        ] {
            assert_eq!(
                purpose(&options, has_display),
                expected,
                "{options:?} {has_display}"
            );
            let fetches_node = expected != Purpose::Terminal;
            assert_eq!(!fetched(&options).is_empty(), fetches_node, "{options:?}");
        }
    }

    #[test]
    fn a_folder_in_use_is_refused_until_its_demo_has_ended() {
        let dir = std::env::temp_dir().join(format!("xtask-demo-{}", std::process::id()));
        check_unused(&dir).expect("there is no folder yet");
        std::fs::create_dir_all(&dir).unwrap();
        let marker = File::create(dir.join(MARKER)).unwrap();
        check_unused(&dir).expect("nobody has locked it");
        marker.lock().unwrap();
        let refused = check_unused(&dir).expect_err("locked").to_string();
        assert!(refused.contains("another demo is running"), "{refused}");
        drop(marker);
        check_unused(&dir).expect("its demo has ended");
        std::fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn tells_the_demo_where_the_built_programs_are() {
        let project = Project::find().unwrap();
        let words = |options: &DemoOptions| -> Vec<String> {
            let command = command(&project, options, Path::new("/data"));
            command
                .get_args()
                .map(|word| word.to_string_lossy().into_owned())
                .collect()
        };
        let with_app = words(&options(true, false, false));
        assert_eq!(with_app[0], "--once");
        assert!(with_app.contains(&"--app-bin".to_owned()), "{with_app:?}");
        assert_eq!(with_app[with_app.len() - 2..], ["--data-dir", "/data"]);
        let without = words(&options(false, true, false));
        assert_eq!(without[0], "--terminal");
        assert!(!without.contains(&"--app-bin".to_owned()), "{without:?}");
    }
}
