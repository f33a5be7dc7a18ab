use std::{path::Path, time::Duration};

use super::{Launch, Signal, wait_until};

const LIMIT: Duration = Duration::from_secs(20);

fn shell(script: &str) -> Launch {
    Launch::new("/bin/sh").args(["-c", script])
}

#[tokio::test]
async fn keeps_both_outputs_and_the_exit_code_apart() {
    let finished = shell("read word; echo out $word; echo err >&2; exit 3")
        .run_with_input("given\n", LIMIT)
        .await
        .unwrap();
    assert_eq!(finished.stdout, "out given\n");
    assert_eq!(finished.stderr, "err\n");
    assert_eq!(finished.status.code(), Some(3));
    assert!(finished.ok().unwrap_err().to_string().contains("err"));
}

#[tokio::test]
async fn a_program_that_ends_before_its_line_says_so_with_its_last_words() {
    let mut program = shell("echo no luck >&2; exit 1").start().unwrap();
    let error = program
        .line("being ready", LIMIT, |line| {
            line.strip_prefix("ready").map(str::to_owned)
        })
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(text.contains("before being ready"), "{text}");
    assert!(text.contains("no luck"), "{text}");
}

#[tokio::test]
async fn dropping_a_program_ends_what_it_started_too() {
    let mut program = shell("trap '' TERM; sleep 600 & echo $!; wait; wait")
        .start()
        .unwrap();
    let grandchild = program
        .line("its child", LIMIT, |line| line.parse::<u32>().ok())
        .await
        .unwrap();
    let proc_dir = Path::new("/proc").join(grandchild.to_string());
    let is_alive = || {
        std::fs::read_to_string(proc_dir.join("stat"))
            .is_ok_and(|stat| !stat.contains(") Z ") && stat.contains("sleep"))
    };
    // The shell says the number as soon as it has forked, and the fork becomes `sleep` a little later.
    wait_until("the grandchild runs", LIMIT, async || {
        Ok(is_alive().then_some(()))
    })
    .await
    .unwrap();
    drop(program);
    wait_until("the grandchild is gone", LIMIT, async || {
        Ok((!is_alive()).then_some(()))
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_program_over_its_limit_is_ended_and_named() {
    let error = shell("sleep 600")
        .run(Duration::from_millis(100))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("has been ended"), "{error}");
}

#[tokio::test]
async fn a_stopped_program_can_be_continued_and_then_killed() {
    let mut program = shell("while :; do echo tick; sleep 0.05; done")
        .start()
        .unwrap();
    let ticks = |text: String| text.lines().count();
    program.line("ticking", LIMIT, |_| Some(())).await.unwrap();
    program.signal(Signal::Stop).unwrap();
    program.signal(Signal::Continue).unwrap();
    let before = ticks(program.stdout());
    wait_until("it ticks again", LIMIT, async || {
        Ok((ticks(program.stdout()) > before).then_some(()))
    })
    .await
    .unwrap();
    let finished = program.kill().await.unwrap();
    assert_eq!(finished.status.code(), None, "a signal is no exit code");
}

#[tokio::test]
async fn a_log_file_is_appended_to_and_only_the_new_part_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("program.log");
    for word in ["first", "second"] {
        let finished = shell(&format!("echo {word}"))
            .log_to(&log)
            .run(LIMIT)
            .await
            .unwrap();
        assert_eq!(finished.stdout, format!("{word}\n"));
    }
    assert_eq!(std::fs::read_to_string(&log).unwrap(), "first\nsecond\n");
}
