//! What is logged: what the operator's filter lets through, and never what goes over the wire.

use std::io;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::filter_fn,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use super::Failure;
use crate::{
    config::{Config, LogFormat},
    log_memory::Remember,
};

/// Libraries that log frames, headers or bodies at `debug` and `trace`: codes, tokens and proofs are in these.
const WIRE: [&str; 6] = [
    "h2",
    "hyper",
    "hyper_util",
    "reqwest",
    "tokio_tungstenite",
    "tungstenite",
];

/// Starts logging to standard error.
///
/// # Errors
/// The filter in the configuration is none.
pub(super) fn start(config: &Config) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&config.log.level)
        .map_err(|error| Failure::usage(format!("log.level {:?}: {error}", config.log.level)))?;
    subscriber(filter, config.log.format, io::stderr)
        .try_init()
        .map_err(Failure::failed)
}

fn subscriber<W>(
    filter: EnvFilter,
    format: LogFormat,
    writer: W,
) -> impl Subscriber + Send + Sync + 'static
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_writer(writer);
    let lines = match format {
        LogFormat::Json => lines.json().boxed(),
        LogFormat::Text => lines.with_ansi(false).boxed(),
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(filter_fn(is_no_wire_detail))
        .with(lines)
        .with(fmt::layer().with_ansi(false).with_writer(Remember))
}

/// Holds whatever the operator's filter says, since a directive for a module of a library outdoes one for the library.
fn is_no_wire_detail(event: &Metadata<'_>) -> bool {
    let library = event.target().split("::").next().unwrap_or_default();
    *event.level() <= Level::INFO || !WIRE.contains(&library)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Lines {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn what_goes_over_the_wire_is_never_logged() {
        for (format, filter) in [
            (LogFormat::Text, "trace"),
            (
                LogFormat::Json,
                "info,tungstenite::protocol=trace,hyper=trace",
            ),
        ] {
            let lines = Lines::default();
            let subscriber = subscriber(EnvFilter::new(filter), format, lines.clone());
            tracing::subscriber::with_default(subscriber, || {
                tracing::trace!(target: "tungstenite::protocol", "frame with secrets");
                tracing::debug!(target: "tungstenite", "frame with secrets");
                tracing::trace!(target: "tokio_tungstenite::compat", "frame with secrets");
                tracing::trace!(target: "hyper::proto::h1::io", "body with secrets");
                tracing::debug!(target: "hyper_util::client", "body with secrets");
                tracing::info!(target: "hyper", "closing");
                tracing::info!(target: "tegata_server", "serving");
            });
            let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
            assert!(!log.contains("secrets"), "{filter}: {log}");
            assert!(
                log.contains("closing") && log.contains("serving"),
                "{filter}: {log}"
            );
        }
    }

    #[test]
    fn the_operators_filter_still_decides_about_this_program() {
        let lines = Lines::default();
        let subscriber = subscriber(
            EnvFilter::new("info,tegata_server::http=debug"),
            LogFormat::Text,
            lines.clone(),
        );
        tracing::subscriber::with_default(subscriber, || {
            tracing::debug!(target: "tegata_server::http", "wanted");
            tracing::debug!(target: "tegata_server::storage", "too much");
        });
        let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(log.contains("wanted") && !log.contains("too much"), "{log}");
    }
}
