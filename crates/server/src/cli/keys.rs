//! `keys`: through the running server if there is one, else on the key file itself.

use std::sync::Arc;
use tegata_protocol::{Clock, SystemClock, SystemRng, UnixTime};

use super::{Context, Failure, admin_client::AdminClient, arguments::KeysTask, output::say};
use crate::{
    administration::keys::{Rotation, rotate},
    keys::{
        Keys,
        tokens::{KeyState, TokenKeyView},
    },
};

pub(super) async fn run(context: &Context, task: KeysTask) -> Result<(), Failure> {
    match task {
        KeysTask::List { json } => {
            let all: Vec<TokenKeyView> = match AdminClient::find(&context.folder)? {
                Some(running) => running.get("/keys").await?,
                None => here(context, &SystemRng::new())?.tokens.list(),
            };
            if json {
                say(&serde_json::to_string_pretty(&all).map_err(Failure::failed)?);
            } else {
                show(&all);
            }
        }
        KeysTask::Rotate { alg } => {
            let rotation = Rotation {
                alg: alg.map(Into::into),
            };
            let running = AdminClient::find(&context.folder)?;
            let new: Vec<TokenKeyView> = if let Some(running) = running {
                running.post("/keys/rotate", &rotation).await?
            } else {
                let (folder, rng) = (&context.folder, SystemRng::new());
                let lock = folder.lock().map_err(Failure::failed)?;
                folder.complete_keys(&lock, &rng).map_err(Failure::failed)?;
                let keys = here(context, &rng)?;
                rotate(&keys.tokens, &context.config, rotation)?
            };
            show(&new);
            say("Keys that are replaced stay published until all that they signed has expired.");
            say("Keep a new copy of keys.json.");
        }
    }
    Ok(())
}

/// The keys of the folder, by the system's clock.
fn here(context: &Context, rng: &SystemRng) -> Result<Keys, Failure> {
    let mut keys = context.folder.keys(rng).map_err(Failure::failed)?;
    keys.tokens
        .go_by(Arc::new(SystemClock), &context.config.lifetimes);
    Ok(keys)
}

fn show(keys: &[TokenKeyView]) {
    let now = SystemClock.now();
    for key in keys {
        let until = |time: UnixTime| in_words(time.since(now));
        let state = match key.state {
            KeyState::Next { signs_from } => format!("next: signs in {}", until(signs_from)),
            KeyState::Signing => "signing".to_owned(),
            KeyState::Retiring { until: end } => {
                format!("retiring: published for {} more", until(end))
            }
            KeyState::Retired { until: end } => {
                format!("retired: recognizes old ID tokens for {} more", until(end))
            }
            KeyState::Forgotten => "dropped at the next rotation".to_owned(),
        };
        say(&format!("{:<6} {}  {state}", key.alg.name(), key.kid));
    }
}

/// A span of time in its largest unit of which there are two.
fn in_words(seconds: i64) -> String {
    let units = [(86_400, "days"), (3600, "hours"), (60, "minutes")];
    let found = units.iter().find(|(length, _)| seconds >= 2 * length);
    let (length, name) = found.copied().unwrap_or((1, "seconds"));
    format!("{} {name}", seconds.max(0) / length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_units_that_fit() {
        for (seconds, words) in [
            (-5, "0 seconds"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7199, "119 minutes"),
            (7200, "2 hours"),
            (86_400, "24 hours"),
            (7_776_000, "90 days"),
        ] {
            assert_eq!(in_words(seconds), words);
        }
    }
}
