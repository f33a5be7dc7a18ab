use super::*;

fn shell(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]);
    command
}

fn quiet_stages(name: &str) -> Stages {
    let log_dir = std::env::temp_dir().join(format!("xtask-{}-{name}", std::process::id()));
    Stages {
        finished: Vec::new(),
        log_dir,
        quiet: true,
    }
}

fn log_of(stages: &Stages) -> String {
    let entry = fs::read_dir(&stages.log_dir)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let mut log = Log {
        file: File::open(entry.path()).unwrap(),
        path: entry.path(),
    };
    end_of(&mut log.file).unwrap()
}

/// Whether a process exists that is not merely waiting to be reaped.
fn is_running(pid: &str) -> bool {
    let state = Command::new("ps")
        .args(["-o", "stat=", "-p", pid])
        .output()
        .unwrap();
    let state = String::from_utf8(state.stdout).unwrap();
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

#[test]
fn stops_at_the_first_program_that_fails_and_names_it() {
    let mut stages = quiet_stages("first-failure");
    let commands = [
        shell("echo one"),
        shell("echo two; exit 7"),
        shell("echo three"),
    ];
    let failure = stages
        .run("three", Duration::from_mins(1), Output::Progress, commands)
        .unwrap_err();
    assert_eq!(
        failure.exit, 1,
        "a failed stage, whatever its program's exit code"
    );
    assert!(failure.to_string().contains("exit code 7"), "{failure}");
    assert_eq!(log_of(&stages), "one\ntwo", "the third program never ran");
    assert!(stages.table().contains("FAILED"), "{}", stages.table());
    fs::remove_dir_all(&stages.log_dir).unwrap();
}

#[test]
fn ends_the_program_and_everything_it_started_at_the_limit() {
    let mut stages = quiet_stages("limit");
    // The grandchild is stubborn and would outlive a polite end of its parent.
    let script = "(trap '' TERM; exec 3<&0; echo $$; while :; do sleep 1; done) & echo $!; wait";
    let limit = Duration::from_millis(300);
    let failure = stages
        .run("slow", limit, Output::Progress, [shell(script)])
        .unwrap_err();
    assert!(failure.to_string().contains("limit of 0.3 s"), "{failure}");
    let pids = log_of(&stages);
    assert_eq!(
        pids.lines().count(),
        2,
        "both processes had started: {pids}"
    );
    for pid in pids.lines() {
        // A killed process takes a moment to go, on a busy machine a long one.
        let deadline = now() + Duration::from_secs(20);
        while is_running(pid) {
            assert!(now() < deadline, "process {pid} was left behind");
        }
    }
    fs::remove_dir_all(&stages.log_dir).unwrap();
}

#[test]
fn gives_later_programs_only_what_is_left_of_the_limit() {
    let mut stages = quiet_stages("left");
    let commands = [shell("sleep 0.4"), shell("sleep 60")];
    let failure = stages
        .run(
            "two",
            Duration::from_millis(600),
            Output::Progress,
            commands,
        )
        .unwrap_err();
    assert!(failure.to_string().contains("limit"), "{failure}");
    let (_, time, _) = &stages.finished[0];
    assert!(*time < Duration::from_secs(30), "took {time:?}");
    fs::remove_dir_all(&stages.log_dir).unwrap();
}

#[test]
fn a_program_that_cannot_be_started_is_named() {
    let mut stages = quiet_stages("absent");
    let commands = [Command::new("/nonexistent/program")];
    let failure = stages
        .run("absent", Duration::from_mins(1), Output::Progress, commands)
        .unwrap_err();
    assert!(
        failure.to_string().contains("/nonexistent/program"),
        "{failure}"
    );
    fs::remove_dir_all(&stages.log_dir).unwrap();
}

#[test]
fn only_the_end_of_a_long_log_is_shown() {
    let mut stages = quiet_stages("tail");
    let script = "i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done; exit 1";
    stages
        .run(
            "long",
            Duration::from_mins(1),
            Output::Progress,
            [shell(script)],
        )
        .unwrap_err();
    let end = log_of(&stages);
    assert!(end.ends_with("line 4999"), "the last line is there");
    assert_eq!(
        end.lines().count(),
        LOG_TAIL_LINES,
        "and not too many before it"
    );
    fs::remove_dir_all(&stages.log_dir).unwrap();
}

#[test]
fn lists_each_stage_with_its_time_and_a_total() {
    let mut stages = quiet_stages("table");
    stages.work("think", || Ok(())).unwrap();
    stages.up_to_date("rest", "nothing changed");
    stages
        .work("fail", || Err::<(), _>(Failure::missing("a package")))
        .unwrap_err();
    let table = stages.table();
    let words: Vec<Vec<&str>> = table
        .lines()
        .map(|l| l.split_whitespace().collect())
        .collect();
    assert_eq!(words[1], ["think", "0.0", "s", "ok"]);
    assert_eq!(words[2], ["rest", "0.0", "s", "nothing", "to", "do"]);
    assert_eq!(words[3], ["fail", "0.0", "s", "FAILED"]);
    assert_eq!(words[4], ["total", "0.0", "s"]);
}
