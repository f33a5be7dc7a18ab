//! The person's browser, for a page of a server that a pairing goes on at. Only the shell opens pages: nothing that the
//! screens ask for names one.

use std::{io, pin::Pin, sync::Arc, time::Duration};
use tegata_protocol::device::invitation::Issuer;

/// How long a launcher is watched for saying that there is no browser. One that still runs then is the browser itself.
const WATCHED: Duration = Duration::from_secs(2);

type Opening = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// Opens pages: in this machine's browser, or as a test says.
#[derive(Clone)]
pub(crate) struct Browser(Arc<dyn Fn(String) -> Opening + Send + Sync>);

impl Browser {
    pub(crate) fn new(open: impl Fn(String) -> Opening + Send + Sync + 'static) -> Self {
        Self(Arc::new(open))
    }

    /// The one that the person's desktop has for pages.
    pub(crate) fn of_this_machine() -> Self {
        Self::new(|page| {
            Box::pin(async move {
                let open = move || open::that_detached_with_timeout(page, WATCHED);
                let opened = tauri::async_runtime::spawn_blocking(open).await;
                opened.map_err(io::Error::other)?
            })
        })
    }

    /// Opens a page of this server. That it could not be opened is known only where the desktop says so.
    pub(crate) async fn open(&self, issuer: &Issuer, page: &str) -> io::Result<()> {
        if !is_page_of(issuer, page) {
            return Err(io::Error::other("this is no page of the server"));
        }
        (self.0)(page.to_owned()).await
    }
}

/// Whether an address is under the issuer, whose own form is https, or http on this machine, and has nothing in it that a
/// launcher could take for anything but a part of an address.
fn is_page_of(issuer: &Issuer, page: &str) -> bool {
    let below = page.strip_prefix(issuer.as_str());
    below.is_some_and(|below| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~?=%".contains(&byte);
        below.starts_with('/') && below.bytes().all(plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    async fn opened(page: &str) -> Option<String> {
        let seen = Arc::new(Mutex::new(None));
        let keep = seen.clone();
        let browser = Browser::new(move |page| {
            *keep.lock().unwrap() = Some(page);
            Box::pin(async { Ok(()) })
        });
        let issuer = Issuer::parse("https://id.example/t1").unwrap();
        let result = browser.open(&issuer, page).await;
        let seen = seen.lock().unwrap().take();
        assert_eq!(result.is_ok(), seen.is_some());
        seen
    }

    #[tokio::test]
    async fn only_pages_of_the_server_are_opened() {
        let page =
            "https://id.example/t1/pair/start?jkt=lwuaJoQUOxbB6z34oTBZKENc_iZ0t05QNZtwQTdAA-w";
        assert_eq!(opened(page).await.as_deref(), Some(page));
        for other in [
            "",
            "https://id.example/t1",
            "https://id.example/t10/pair/start",
            "https://id.example/pair/start",
            "http://id.example/t1/pair/start",
            "https://id.example.evil.example/t1/pair",
            "https://id.example/t1/pair start",
            "https://id.example/t1/pair\"&calc",
            "https://id.example/t1/$(id)",
            "https://id.example/t1/pair;x",
            "file:///etc/passwd",
            "--help",
        ] {
            assert_eq!(opened(other).await, None, "{other}");
        }
    }
}
