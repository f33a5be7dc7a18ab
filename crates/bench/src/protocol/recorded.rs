//! The files that the bench target leaves, and how they are read.

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Name of the record in [`folder`].
pub const FILE: &str = "protocol-operations.json";

/// What an operation is a multiple of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Yardstick {
    /// One ES256 signature by ring.
    Sign,
    /// One ES256 verification by ring.
    Verify,
}

/// One operation, with everything but its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// Criterion's group: the table it is in.
    pub group: String,
    /// Unique in its group; like the group, lower case letters, digits and `_`, since both name folders.
    pub name: String,
    /// For people.
    pub label: String,
    /// What it is compared with.
    pub against: Yardstick,
    /// Whether it is itself what others are compared with.
    pub is_yardstick: Option<Yardstick>,
    /// Whether it is drawn: it holds exactly one signature or verification.
    pub plotted: bool,
    /// Size of the input, where there is one.
    pub bytes: Option<usize>,
    /// Calls of the allocator for new memory in one call; growing counts as one.
    pub allocations: u64,
    /// Bytes asked of the allocator in one call, also where they were given back before its end.
    pub allocated_bytes: u64,
}

/// All operations of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// Whether criterion was told to be quick.
    pub quick: bool,
    /// In the order in which they are measured.
    pub operations: Vec<Operation>,
}

/// What criterion found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Mean CPU time of one call.
    pub nanoseconds: f64,
    /// Half of the 95 % confidence interval of the mean, in percent of it.
    pub half_width_percent: f64,
}

/// `$CRITERION_HOME`, or else the folder `criterion` beside `programs`, which is `target/PROFILE`.
pub fn folder(programs: &Path) -> PathBuf {
    std::env::var_os("CRITERION_HOME").map_or_else(
        || {
            let target = programs.parent().unwrap_or(Path::new("."));
            target.join("criterion")
        },
        PathBuf::from,
    )
}

impl Recorded {
    /// Writes the record, before anything is timed.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(folder)?;
        let json = serde_json::to_string_pretty(self)?;
        fs::write(folder.join(FILE), json)?;
        Ok(())
    }

    /// Reads the record.
    ///
    /// # Errors
    /// There is none, or it is another version's.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(folder.join(FILE))?;
        serde_json::from_str(&text).with_context(|| format!("{FILE} is another version's"))
    }

    /// The estimate of each operation; `None` where this run made none.
    ///
    /// # Errors
    /// A file is not criterion's.
    pub fn estimates(&self, folder: &Path) -> anyhow::Result<Vec<Option<Estimate>>> {
        let recorded_at = fs::metadata(folder.join(FILE))?.modified()?;
        let estimate = |operation: &Operation| {
            let own = folder.join(&operation.group).join(&operation.name);
            let file = own.join("new").join("estimates.json");
            let is_of_this_run = fs::metadata(&file)
                .and_then(|metadata| metadata.modified())
                .is_ok_and(|modified| modified >= recorded_at);
            if !is_of_this_run {
                return Ok(None);
            }
            let text = fs::read_to_string(&file)?;
            read_estimate(&text)
                .map(Some)
                .with_context(|| format!("{} is not criterion's", file.display()))
        };
        self.operations.iter().map(estimate).collect()
    }
}

#[derive(Deserialize)]
struct Estimates {
    mean: Mean,
}

#[derive(Deserialize)]
struct Mean {
    point_estimate: f64,
    confidence_interval: Interval,
}

#[derive(Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

fn read_estimate(text: &str) -> anyhow::Result<Estimate> {
    let Estimates { mean } = serde_json::from_str(text)?;
    let interval = mean.confidence_interval;
    let half = (interval.upper_bound - interval.lower_bound) / 2.0;
    Ok(Estimate {
        nanoseconds: mean.point_estimate,
        half_width_percent: 100.0 * half / mean.point_estimate,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    const ESTIMATES: &str = r#"{"mean":{"confidence_interval":{"confidence_level":0.95,"lower_bound":190.0,
        "upper_bound":210.0},"point_estimate":200.0,"standard_error":5.0},"median":{"point_estimate":1.0}}"#;

    fn recorded() -> Recorded {
        Recorded {
            quick: true,
            operations: vec![Operation {
                group: "flow".into(),
                name: "one".into(),
                label: "one".into(),
                against: Yardstick::Sign,
                is_yardstick: None,
                plotted: false,
                bytes: None,
                allocations: 1,
                allocated_bytes: 2,
            }],
        }
    }

    #[test]
    fn reads_the_mean_and_its_interval() {
        let estimate = read_estimate(ESTIMATES).unwrap();
        assert!((estimate.nanoseconds - 200.0).abs() < 1e-9);
        assert!((estimate.half_width_percent - 5.0).abs() < 1e-9);
        assert!(read_estimate("{}").is_err());
    }

    #[test]
    fn leaves_out_what_an_earlier_run_has_measured() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("flow/one/new");
        fs::create_dir_all(&own).unwrap();
        let file = own.join("estimates.json");
        fs::write(&file, ESTIMATES).unwrap();
        recorded().write(folder.path()).unwrap();
        let read = Recorded::read(folder.path()).unwrap();
        assert_eq!(read, recorded());
        let touch = |at: SystemTime| {
            let file = fs::File::options().write(true).open(&file).unwrap();
            file.set_modified(at).unwrap();
        };
        let written = fs::metadata(folder.path().join(FILE)).unwrap();
        let written = written.modified().unwrap();
        touch(written - Duration::from_secs(9));
        assert_eq!(read.estimates(folder.path()).unwrap(), [None]);
        touch(written + Duration::from_secs(9));
        let estimates = read.estimates(folder.path()).unwrap();
        assert_eq!(estimates, [Some(read_estimate(ESTIMATES).unwrap())]);
    }
}
