use super::*;
use crate::{
    calibration::Calibration,
    report::{PlotKind, Row, Series},
};
use tempfile::TempDir;

const PAGE_BEFORE: &str = "# Page\n\n<!-- bench:store -->\nold\n<!-- /bench:store -->\nProse.\n<!-- bench:flow -->\n<!-- /bench:flow -->\n";

fn report(bench: &str) -> Report {
    let calibration = Calibration {
        sign_us: 20.0,
        verify_us: 50.0,
        sync_us: 300.0,
        exchange_us: 15.0,
        cores: 2,
    };
    let mut report = Report::new(bench, false, calibration);
    report.tables.push(Table {
        id: "rates".to_owned(),
        title: "How fast it is".to_owned(),
        columns: vec!["operations (1/s)".to_owned(), "a|b".to_owned()],
        rows: vec![Row {
            label: "in_flight".to_owned(),
            cells: vec![Some(21_331.0), None],
        }],
    });
    for (text, value) in [("kept", 0.02), ("missed", 0.5)] {
        report.goals.push(Goal {
            text: text.to_owned(),
            value,
            bound: Bound::AtMost(0.1),
        });
    }
    report.plots.push(Plot {
        id: format!("{bench}-rates"),
        title: "Rates [per second]".to_owned(),
        x: "in flight".to_owned(),
        y: "1/s".to_owned(),
        kind: PlotKind::LinesLogX,
        series: vec![Series {
            name: "here".to_owned(),
            points: vec![(1.0, 2.0), (16.0, 20.0)],
        }],
    });
    report
}

fn docs(reports: &[Report]) -> TempDir {
    let docs = tempfile::tempdir().unwrap();
    fs::write(docs.path().join(PAGE), PAGE_BEFORE).unwrap();
    for report in reports {
        report.write(&docs.path().join(REPORTS)).unwrap();
    }
    docs
}

#[test]
fn a_report_fills_its_block_and_draws_its_pictures() {
    let docs = docs(&[report("store")]);
    let documents = Documents::make(docs.path()).unwrap();
    assert_eq!(documents.unmeasured, ["flow"]);
    let written = documents.write(docs.path()).unwrap();
    let picture = Path::new("images/bench-store-rates.svg");
    assert_eq!(written, [picture, Path::new(PAGE)]);
    let page = fs::read_to_string(docs.path().join(PAGE)).unwrap();
    for text in [
        "# Page\n\n<!-- bench:store -->\n\n| goal |",
        "| kept | ≤ 0.100 | 0.020 | met |",
        "| missed | ≤ 0.100 | 0.500 | **not met** |",
        "**How fast it is**\n\n| | operations (1/s) | a\\|b |\n|---|---:|---:|\n",
        "| in\\_flight | 21\u{202f}331 | – |\n",
        "![Rates per second](images/bench-store-rates.svg)",
        "| ES256 verification by ring, CPU | 50.0 |",
        "<!-- /bench:store -->\nProse.\n<!-- bench:flow -->\n<!-- /bench:flow -->\n",
    ] {
        assert!(page.contains(text), "{text:?} in:\n{page}");
    }
    assert!(!page.contains("old"), "{page}");
    let drawn = fs::read_to_string(docs.path().join(picture)).unwrap();
    assert!(drawn.starts_with("<svg "), "{drawn}");
}

#[test]
fn nothing_differs_after_writing_until_something_is_changed() {
    let docs = docs(&[report("store"), report("flow")]);
    let make = || Documents::make(docs.path()).unwrap();
    assert_eq!(
        make().different(docs.path()).len(),
        3,
        "a page and two pictures"
    );
    make().write(docs.path()).unwrap();
    assert_eq!(make().different(docs.path()), Vec::<&Path>::new());

    let picture = Path::new("images/bench-flow-rates.svg");
    fs::write(docs.path().join(picture), "by hand").unwrap();
    assert_eq!(make().different(docs.path()), [picture]);
    make().write(docs.path()).unwrap();

    fs::write(docs.path().join("images/approval.png"), "another's").unwrap();
    fs::remove_file(docs.path().join("performance/flow.json")).unwrap();
    assert_eq!(make().different(docs.path()), [picture, Path::new(PAGE)]);
    make().write(docs.path()).unwrap();
    assert!(!docs.path().join(picture).exists(), "no report has it");
    assert!(docs.path().join("images/approval.png").exists());
    assert_eq!(make().different(docs.path()), Vec::<&Path>::new());
}

#[test]
fn without_any_report_the_blocks_are_empty() {
    let docs = docs(&[]);
    let documents = Documents::make(docs.path()).unwrap();
    assert_eq!(documents.unmeasured, ["store", "flow"]);
    documents.write(docs.path()).unwrap();
    let page = fs::read_to_string(docs.path().join(PAGE)).unwrap();
    assert_eq!(page, PAGE_BEFORE.replace("old\n", ""));
}

#[test]
fn reports_that_must_not_be_published_are_refused() {
    let quick = Report {
        quick: true,
        ..report("store")
    };
    let mut twice = report("flow");
    twice.plots = report("store").plots;
    for (reports, reason) in [
        (vec![quick], "quick run"),
        (vec![report("unknown")], "no block bench:unknown"),
        (
            vec![report("store"), twice],
            "two plots are called store-rates",
        ),
    ] {
        let docs = docs(&reports);
        let error = format!("{:#}", Documents::make(docs.path()).expect_err(reason));
        assert!(error.contains(reason), "{error}");
    }
    let docs = docs(&[report("store")]);
    let folder = docs.path().join(REPORTS);
    fs::rename(folder.join("store.json"), folder.join("flow.json")).unwrap();
    let error = format!(
        "{:#}",
        Documents::make(docs.path()).expect_err("another name")
    );
    assert!(error.contains("called \"store\" inside"), "{error}");
}

#[test]
fn a_flame_graph_is_shown_with_its_report_and_not_without() {
    let docs = docs(&[report("store")]);
    let flame = |bench: &str| {
        let path = docs.path().join(format!("performance/{bench}-flame.svg"));
        fs::write(path, "<svg/>").unwrap();
    };
    flame("store");
    let documents = Documents::make(docs.path()).unwrap();
    documents.write(docs.path()).unwrap();
    let page = fs::read_to_string(docs.path().join(PAGE)).unwrap();
    assert!(page.contains("](performance/store-flame.svg)\n"), "{page}");
    flame("flow");
    let error = Documents::make(docs.path()).expect_err("no report of flow");
    assert!(error.to_string().contains("flow-flame.svg"), "{error}");
}

#[test]
fn markers_that_do_not_match_are_refused() {
    for (page, reason) in [
        ("<!-- bench:store -->\n", "has no end"),
        ("<!-- /bench:store -->\n", "does not match"),
        (
            "<!-- bench:store -->\n<!-- /bench:flow -->\n",
            "does not match",
        ),
        (
            "<!-- bench:store -->\n<!-- bench:flow -->\n",
            "does not match",
        ),
        (
            "<!-- bench:store -->\n<!-- /bench:store -->\n<!-- bench:store -->\n",
            "two blocks",
        ),
    ] {
        let error = fill(page, &Published::default())
            .expect_err(page)
            .to_string();
        assert!(error.contains(reason), "{page:?}: {error}");
    }
}
