//! When the person leaves: the screen is locked, or the machine goes to sleep.

use super::{ANSWER, session_bus};
use futures_util::{StreamExt as _, stream::SelectAll};
use zbus::{
    Connection, MatchRule, Message, MessageStream,
    connection::Builder,
    message::Type,
    zvariant::{ObjectPath, OwnedObjectPath},
};

const LOGIND: &str = "org.freedesktop.login1";
const LOGIND_PATH: &str = "/org/freedesktop/login1";
const LOGIND_MANAGER: &str = "org.freedesktop.login1.Manager";

/// What desktops announce a covered screen with.
const SCREEN_SAVERS: [&str; 2] = ["org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver"];

/// Calls `left` each time that the screen is locked or the machine goes to sleep, as long as one of the buses is there.
pub(crate) async fn watch_session(left: impl Fn() + Send + Sync + 'static) {
    let system = async { Builder::system()?.method_timeout(ANSWER).build().await };
    let (session, system) = tokio::join!(session_bus(), system);
    follow(signals(session.ok(), system.ok()).await, left).await;
}

/// Everything that may mean that the person leaves.
pub(super) async fn signals(
    session: Option<Connection>,
    system: Option<Connection>,
) -> SelectAll<MessageStream> {
    let mut signals = SelectAll::new();
    if let Some(bus) = &session {
        for interface in SCREEN_SAVERS {
            listen(bus, None, interface, "ActiveChanged", &mut signals).await;
        }
    }
    if let Some(bus) = &system {
        let manager = Some(LOGIND);
        listen(
            bus,
            manager,
            LOGIND_MANAGER,
            "PrepareForSleep",
            &mut signals,
        )
        .await;
        if let Some(own) = own_session(bus).await {
            let rule = rule(manager, "org.freedesktop.login1.Session", "Lock")
                .and_then(|rule| rule.path(own.into_inner()));
            add(bus, rule, &mut signals).await;
        }
    }
    signals
}

pub(super) async fn follow(mut signals: SelectAll<MessageStream>, left: impl Fn()) {
    while let Some(signal) = signals.next().await {
        if signal.is_ok_and(|signal| means_leaving(&signal)) {
            left();
        }
    }
}

/// `Lock` carries nothing; the others carry whether it begins.
fn means_leaving(signal: &Message) -> bool {
    let header = signal.header();
    match header.member().map(zbus::names::MemberName::as_str) {
        Some("Lock") => true,
        Some("ActiveChanged" | "PrepareForSleep") => {
            signal.body().deserialize::<bool>().unwrap_or(false)
        }
        _ => false,
    }
}

/// The login session that this process belongs to.
async fn own_session(bus: &Connection) -> Option<OwnedObjectPath> {
    let by_pid = bus
        .call_method(
            Some(LOGIND),
            LOGIND_PATH,
            Some(LOGIND_MANAGER),
            "GetSessionByPID",
            &std::process::id(),
        )
        .await;
    let answer = if let Ok(answer) = by_pid {
        answer
    } else {
        // A process that the session's own service manager started belongs to no session, but is told which it serves.
        let id = std::env::var("XDG_SESSION_ID").ok()?;
        let manager = Some(LOGIND_MANAGER);
        bus.call_method(Some(LOGIND), LOGIND_PATH, manager, "GetSession", &id)
            .await
            .ok()?
    };
    let body = answer.body();
    let path: ObjectPath<'_> = body.deserialize().ok()?;
    Some(path.to_owned().into())
}

async fn listen(
    bus: &Connection,
    sender: Option<&'static str>,
    interface: &'static str,
    member: &'static str,
    signals: &mut SelectAll<MessageStream>,
) {
    add(bus, rule(sender, interface, member), signals).await;
}

fn rule(
    sender: Option<&'static str>,
    interface: &'static str,
    member: &'static str,
) -> zbus::Result<zbus::match_rule::Builder<'static>> {
    let rule = MatchRule::builder()
        .msg_type(Type::Signal)
        .interface(interface)?
        .member(member)?;
    match sender {
        Some(sender) => rule.sender(sender),
        None => Ok(rule),
    }
}

async fn add(
    bus: &Connection,
    rule: zbus::Result<zbus::match_rule::Builder<'static>>,
    signals: &mut SelectAll<MessageStream>,
) {
    let stream = match rule {
        Ok(rule) => MessageStream::for_match_rule(rule.build(), bus, None).await,
        Err(error) => Err(error),
    };
    match stream {
        Ok(stream) => signals.push(stream),
        Err(error) => tracing::info!(%error, "session.not_watched"),
    }
}
