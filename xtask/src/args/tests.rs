use super::*;

fn parse_line(line: &str) -> Result<Command, Failure> {
    parse(line.split_whitespace().map(OsString::from))
}

#[test]
fn reads_every_command_with_its_options() {
    let consent = Consent { yes: true };
    for (line, expected) in [
        ("", Command::Help(Topic::Overview)),
        ("--help", Command::Help(Topic::Overview)),
        ("help", Command::Help(Topic::Overview)),
        ("help demo", Command::Help(Topic::Demo)),
        ("demo --once --help", Command::Help(Topic::Demo)),
        ("bench", Command::Bench(BenchOptions::default())),
        (
            "bench store flow --quick -y",
            Command::Bench(BenchOptions {
                benches: vec![Bench::Store, Bench::Flow],
                consent,
                quick: true,
                docs: false,
            }),
        ),
        (
            "bench --docs",
            Command::Bench(BenchOptions {
                docs: true,
                ..BenchOptions::default()
            }),
        ),
        ("help bench", Command::Help(Topic::Bench)),
        ("build", Command::Build(Consent::default())),
        ("setup --yes", Command::Setup(consent)),
        (
            "screens -y",
            Command::Screens(ScreensOptions {
                consent,
                docs: false,
            }),
        ),
        (
            "screens --docs",
            Command::Screens(ScreensOptions {
                docs: true,
                ..ScreensOptions::default()
            }),
        ),
        (
            "lint --fix",
            Command::Lint(LintOptions {
                fix: true,
                ..LintOptions::default()
            }),
        ),
        ("gen", Command::Gen(GenOptions::default())),
        (
            "gen --write -y",
            Command::Gen(GenOptions {
                consent,
                write: true,
            }),
        ),
        ("bundle", Command::Bundle(BundleOptions::default())),
        (
            "bundle deb appimage deb --yes",
            Command::Bundle(BundleOptions {
                check: false,
                consent,
                formats: vec![Format::Deb, Format::AppImage],
            }),
        ),
        (
            "bundle --check",
            Command::Bundle(BundleOptions {
                check: true,
                ..BundleOptions::default()
            }),
        ),
        ("test", Command::Test(TestOptions::default())),
        (
            "test --yes --only rust --only=e2e,ui",
            Command::Test(TestOptions {
                consent,
                only: vec![Group::Rust, Group::EndToEnd, Group::Ui],
            }),
        ),
        (
            "fuzz jcs --seconds 5",
            Command::Fuzz(FuzzOptions {
                seconds: 5,
                target: Some("jcs".to_owned()),
            }),
        ),
        (
            "demo --once --terminal --reset --yes --data-dir demo-data",
            Command::Demo(DemoOptions {
                consent,
                data_dir: Some("demo-data".into()),
                once: true,
                reset: true,
                terminal: true,
                no_window: false,
            }),
        ),
    ] {
        assert_eq!(parse_line(line), Ok(expected), "`{line}`");
    }
}

#[test]
fn refuses_what_it_does_not_know_with_exit_code_2() {
    for (line, named) in [
        ("dmeo", "`dmeo`"),
        ("help dmeo", "`dmeo`"),
        ("help demo test", "`test`"),
        ("demo --onse", "`--onse`"),
        ("demo --once=yes", "`--once`"),
        ("demo --once --no-window", "`--no-window`"),
        ("demo --data-dir", "`--data-dir`"),
        ("test --only", "`--only`"),
        ("test --only python", "--only python"),
        ("test --only=", "`--only`"),
        ("fuzz a b", "`b`"),
        ("fuzz --seconds 0", "--seconds 0"),
        ("fuzz --seconds soon", "--seconds soon"),
        ("screens --docs=all", "`--docs`"),
        ("gen --docs", "`--docs`"),
        ("bundle msi", "`msi`"),
        ("bundle deb --check", "`--check`"),
        ("build extra", "`extra`"),
        ("bench everything", "`everything`"),
        ("bench --quick=yes", "`--quick`"),
        ("bench store --quick --docs", "`--docs`"),
    ] {
        let failure = parse_line(line).expect_err(line);
        assert_eq!(failure.exit, 2, "`{line}` is wrong usage");
        assert!(
            failure.to_string().contains(named),
            "`{line}` gave: {failure}"
        );
    }
}

#[test]
fn suggests_the_command_that_was_probably_meant() {
    for (typed, meant) in [
        ("dmeo", "demo"),
        ("tst", "test"),
        ("bulid", "build"),
        ("bensh", "bench"),
        ("bench stor", "store"),
        ("bench store devises", "devices"),
        ("bench fow", "flow"),
        ("bundle dep", "deb"),
    ] {
        let failure = parse_line(typed).expect_err(typed).to_string();
        assert!(
            failure.contains(&format!("did you mean `{meant}`?")),
            "{failure}"
        );
    }
    for typed in ["deploy", "bench everything"] {
        let failure = parse_line(typed).expect_err(typed).to_string();
        assert!(!failure.contains("did you mean"), "{failure}");
    }
}

#[cfg(unix)]
#[test]
fn refuses_text_that_is_not_utf8() {
    use std::os::unix::ffi::OsStringExt as _;
    let argument = OsString::from_vec(vec![b'd', 0xff]);
    let failure = parse(std::iter::once(argument)).expect_err("not UTF-8");
    assert_eq!(failure.exit, 2, "wrong usage");
}
