//! A small W3C WebDriver client for WebKitWebDriver: enough to use the app's window as a person would.
//!
//! Elements are found by their `data-testid`. Every failure says what was being done, shows the text of the page, and
//! leaves a picture behind.
//!
//! What this does not do: other browsers, frames, several windows, touch.

mod driver;

use std::{
    mem,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, anyhow, bail};
use serde_json::{Value, json};

use crate::{
    excerpt::indented,
    http::{Answer, Http},
    processes::Deadline,
    screen::Album,
};
pub use driver::{Driver, find_driver};

/// The member under which WebDriver puts an element's reference (W3C WebDriver section 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How long an element may take to appear.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long a picture waits for the page to come to rest.
const SETTLE: Duration = Duration::from_secs(3);

/// Answers once the page as it now is has been drawn: before the second frame from now, the first is done. Nothing is drawn
/// of a hidden window, which is not waited for longer than that many milliseconds.
const DRAWN: &str = r"const [limit, done] = arguments;
    requestAnimationFrame(() => requestAnimationFrame(() => done()));
    setTimeout(() => done(), limit);";

/// One window of one program, driven through WebDriver. End it with [`Session::quit`]; dropped without, the program is
/// ended together with its [`Driver`].
#[derive(Debug)]
pub struct Session {
    http: Http,
    base: String,
    album: Album,
}

/// A reference to an element of the page.
#[derive(Debug, Clone)]
struct Element(String);

impl Session {
    /// Starts `binary` with `args` and waits for its window. Pictures go into `album`.
    ///
    /// # Errors
    ///
    /// The driver cannot start it, or no window appears.
    pub async fn start(
        driver: &Driver,
        binary: &Path,
        args: &[&str],
        album: Album,
    ) -> anyhow::Result<Self> {
        let http = Http::make()?;
        let options = json!({ "binary": binary.to_string_lossy(), "args": args });
        // No `browserName`: the driver would refuse any name but its own.
        let body =
            json!({ "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": options } } });
        let url = format!("{}/session", driver.base());
        let value = value_of(&http.post_json(&url, &body).await?)
            .with_context(|| format!("open the window of {}", binary.display()))?;
        let id = value
            .get("sessionId")
            .and_then(Value::as_str)
            .context("the driver names no session")?;
        Ok(Self {
            http,
            base: format!("{}/session/{id}", driver.base()),
            album,
        })
    }

    /// Waits until an element with this test id can be seen.
    ///
    /// # Errors
    ///
    /// It does not appear in time.
    pub async fn await_shown(&self, test_id: &str) -> anyhow::Result<()> {
        self.explain(test_id, self.shown(test_id).await.map(|_| ()))
            .await
    }

    /// Clicks an element once it can be seen.
    ///
    /// # Errors
    ///
    /// It does not appear in time, or something covers it.
    pub async fn click(&self, test_id: &str) -> anyhow::Result<()> {
        let outcome = async {
            let element = self.shown(test_id).await?;
            self.command(&format!("element/{}/click", element.0), &json!({}))
                .await
                .map(|_| ())
        };
        self.explain(test_id, outcome.await).await
    }

    /// Types into a field once it can be seen.
    ///
    /// # Errors
    ///
    /// It does not appear in time, or takes no input.
    pub async fn type_into(&self, test_id: &str, text: &str) -> anyhow::Result<()> {
        let outcome = async {
            let element = self.shown(test_id).await?;
            let path = format!("element/{}/value", element.0);
            self.command(&path, &json!({ "text": text }))
                .await
                .map(|_| ())
        };
        self.explain(test_id, outcome.await).await
    }

    /// Empties a field once it can be seen.
    ///
    /// # Errors
    ///
    /// It does not appear in time, or takes no input.
    pub async fn clear(&self, test_id: &str) -> anyhow::Result<()> {
        let outcome = async {
            let element = self.shown(test_id).await?;
            self.command(&format!("element/{}/clear", element.0), &json!({}))
                .await
                .map(|_| ())
        };
        self.explain(test_id, outcome.await).await
    }

    /// The text that a person sees in an element, once it can be seen.
    ///
    /// # Errors
    ///
    /// It does not appear in time.
    pub async fn text(&self, test_id: &str) -> anyhow::Result<String> {
        let outcome = async {
            let element = self.shown(test_id).await?;
            let value = self.query(&format!("element/{}/text", element.0)).await?;
            Ok(value.as_str().unwrap_or_default().trim().to_owned())
        };
        self.explain(test_id, outcome.await).await
    }

    /// An attribute of an element, once the element can be seen; `None` when it does not have it.
    ///
    /// # Errors
    ///
    /// The element does not appear in time.
    pub async fn attribute(&self, test_id: &str, name: &str) -> anyhow::Result<Option<String>> {
        let outcome = async {
            let element = self.shown(test_id).await?;
            let value = self
                .query(&format!("element/{}/attribute/{name}", element.0))
                .await?;
            Ok(value.as_str().map(str::to_owned))
        };
        self.explain(test_id, outcome.await).await
    }

    /// Waits until an attribute of an element has a value.
    ///
    /// # Errors
    ///
    /// It does not get it in time; the message says what it had last.
    pub async fn await_attribute(
        &self,
        test_id: &str,
        name: &str,
        wanted: &str,
    ) -> anyhow::Result<()> {
        let deadline = Deadline::after(PATIENCE);
        let mut last = None;
        while !deadline.is_over() {
            // An element that is being replaced is looked for again.
            if let Some(element) = self.find(test_id).await?
                && let Ok(value) = self
                    .query(&format!("element/{}/attribute/{name}", element.0))
                    .await
            {
                last = value.as_str().map(str::to_owned);
                if last.as_deref() == Some(wanted) {
                    return Ok(());
                }
            }
            deadline.pause().await;
        }
        let error = anyhow!("{name} is {last:?}, not {wanted:?}");
        self.explain(test_id, Err(error)).await
    }

    /// Whether an element with this test id is on the page now, seen or not.
    ///
    /// # Errors
    ///
    /// The window is gone.
    pub async fn has(&self, test_id: &str) -> anyhow::Result<bool> {
        Ok(self.find(test_id).await?.is_some())
    }

    /// Waits until one of several elements can be seen, and says which.
    ///
    /// # Errors
    ///
    /// None appears in time.
    pub async fn await_any<'a>(&self, test_ids: &[&'a str]) -> anyhow::Result<&'a str> {
        let deadline = Deadline::after(PATIENCE);
        while !deadline.is_over() {
            for test_id in test_ids {
                if self.find_shown(test_id).await?.is_some() {
                    return Ok(test_id);
                }
            }
            deadline.pause().await;
        }
        self.explain(&test_ids.join(" or "), Err(anyhow!("did not appear")))
            .await
    }

    /// Runs the body of a JavaScript function and answers what it returns.
    ///
    /// # Errors
    ///
    /// It throws, or the window is gone.
    pub async fn run_script(&self, body: &str, arguments: &[Value]) -> anyhow::Result<Value> {
        self.command(
            "execute/sync",
            &json!({ "script": body, "args": arguments }),
        )
        .await
    }

    /// Makes the page anew, as at the program's start.
    ///
    /// # Errors
    ///
    /// The window is gone.
    pub async fn reload(&self) -> anyhow::Result<()> {
        self.command("refresh", &json!({})).await.map(|_| ())
    }

    /// Gives the window another size, in CSS pixels.
    ///
    /// # Errors
    ///
    /// It does not get that size in time.
    pub async fn resize(&self, width: u32, height: u32) -> anyhow::Result<()> {
        let size = json!({ "width": width, "height": height });
        self.command("window/rect", &size).await?;
        let deadline = Deadline::after(PATIENCE);
        let wanted = json!([width, height]);
        let mut last = Value::Null;
        while last != wanted {
            if deadline.is_over() {
                bail!("the window has {last} pixels, not {wanted}");
            }
            deadline.pause().await;
            last = self
                .run_script("return [innerWidth, innerHeight]", &[])
                .await?;
        }
        Ok(())
    }

    /// Scrolls to the end of the page.
    ///
    /// # Errors
    ///
    /// The window is gone.
    pub async fn scroll_to_end(&self) -> anyhow::Result<()> {
        self.run_script("scrollTo(0, document.documentElement.scrollHeight)", &[])
            .await
            .map(|_| ())
    }

    /// All text that the page shows.
    ///
    /// # Errors
    ///
    /// The window is gone.
    pub async fn page_text(&self) -> anyhow::Result<String> {
        let value = self
            .run_script("return document.body.innerText", &[])
            .await?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    }

    /// Saves a picture of the window as `NAME.png` and answers where.
    ///
    /// # Errors
    ///
    /// The window is gone, or the file cannot be written.
    pub async fn save_screen(&self, name: &str) -> anyhow::Result<PathBuf> {
        self.settle().await?;
        let deadline = Deadline::after(SETTLE);
        let mut picture = self.album.look()?;
        // What the page has drawn takes a moment to the display.
        while !deadline.is_over() {
            deadline.pause().await;
            let earlier = mem::replace(&mut picture, self.album.look()?);
            if picture == earlier {
                break;
            }
        }
        self.album.keep(&picture, name)
    }

    /// Closes the window, which ends its program.
    ///
    /// # Errors
    ///
    /// The driver is gone.
    pub async fn quit(self) -> anyhow::Result<()> {
        value_of(&self.http.delete(&self.base).await?)
            .context("close the window")
            .map(|_| ())
    }

    /// Waits until whatever fades or slides in has done so; what goes round for ever is not waited for.
    async fn settle(&self) -> anyhow::Result<()> {
        const MOVING: &str = r#"return document.getAnimations().some((animation) =>
            animation.playState === "running" && animation.effect.getComputedTiming().endTime !== Infinity)"#;
        let deadline = Deadline::after(SETTLE);
        while !deadline.is_over() && self.run_script(MOVING, &[]).await? == Value::Bool(true) {
            deadline.pause().await;
        }
        self.command(
            "execute/async",
            &json!({ "script": DRAWN, "args": [SETTLE.as_millis()] }),
        )
        .await
        .map(|_| ())
    }

    async fn shown(&self, test_id: &str) -> anyhow::Result<Element> {
        let deadline = Deadline::after(PATIENCE);
        loop {
            if let Some(element) = self.find_shown(test_id).await? {
                return Ok(element);
            }
            if deadline.is_over() {
                bail!("did not appear within {} s", PATIENCE.as_secs());
            }
            deadline.pause().await;
        }
    }

    async fn find_shown(&self, test_id: &str) -> anyhow::Result<Option<Element>> {
        let Some(element) = self.find(test_id).await? else {
            return Ok(None);
        };
        // A stale reference means that the page has just changed: as good as not shown.
        let shown = self
            .query(&format!("element/{}/displayed", element.0))
            .await
            .is_ok_and(|value| value == Value::Bool(true));
        Ok(shown.then_some(element))
    }

    async fn find(&self, test_id: &str) -> anyhow::Result<Option<Element>> {
        let selector = format!("[data-testid={}]", Value::from(test_id));
        let found = self
            .command(
                "elements",
                &json!({ "using": "css selector", "value": selector }),
            )
            .await?;
        Ok(found
            .get(0)
            .and_then(|element| element.get(ELEMENT))
            .and_then(Value::as_str)
            .map(|reference| Element(reference.to_owned())))
    }

    async fn query(&self, path: &str) -> anyhow::Result<Value> {
        value_of(&self.http.fetch(&format!("{}/{path}", self.base)).await?)
    }

    async fn command(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        value_of(
            &self
                .http
                .post_json(&format!("{}/{path}", self.base), body)
                .await?,
        )
    }

    /// Adds to an error what the page showed when it happened.
    async fn explain<T>(&self, what: &str, outcome: anyhow::Result<T>) -> anyhow::Result<T> {
        let Err(error) = outcome else {
            return outcome;
        };
        let page = self
            .page_text()
            .await
            .unwrap_or_else(|_| "(the window is gone)".to_owned());
        let picture = match self.save_screen("failure").await {
            Ok(path) => format!("picture: {}", path.display()),
            Err(_) => "no picture could be taken".to_owned(),
        };
        // Whoever listens to the page keeps here what it complained of.
        let heard = self
            .run_script("return (window.tegataHeard ?? []).join('; ')", &[])
            .await
            .unwrap_or_default();
        let page = indented(&format!("{page}\n{}", heard.as_str().unwrap_or_default()));
        Err(anyhow!(
            "in the window, at `{what}`: {error:#}\n  {picture}\n  it showed:\n{page}"
        ))
    }
}

/// The `value` of a WebDriver answer, or its error as one.
fn value_of(answer: &Answer) -> anyhow::Result<Value> {
    let mut body = answer.json()?;
    let value = body
        .get_mut("value")
        .map(Value::take)
        .context("the driver's answer has no value")?;
    if answer.status == 200 {
        return Ok(value);
    }
    let member = |name: &str| {
        value
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or("?")
            .to_owned()
    };
    bail!("{}: {}", member("error"), member("message"));
}
