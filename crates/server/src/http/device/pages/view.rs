//! The pairing pages as HTML. Every inserted value is escaped here and nowhere else.

use qrcode::{EcLevel, QrCode, render::svg};

use super::{
    SCRIPT_PATH, STYLE_PATH,
    texts::{Texts, texts},
};
use crate::delivery::device_info::Language;

/// What a page says.
pub(super) enum Page {
    /// The app began a pairing: with which of the browser's sessions.
    Begin(Vec<Begun>),
    /// A device was confirmed just now.
    Done { device_name: String, demo: bool },
    /// The invitation was opened in a browser.
    Landing { host: String },
    /// One sentence.
    Notice(Notice),
    /// The invitation and the form for the digits.
    Session(Box<SessionView>),
    /// Before the address is used up.
    Start { host: String },
}

/// One sentence about what happened.
#[derive(Clone, Copy)]
pub(super) enum Notice {
    /// In demo mode the page leads on to the kiosk.
    Confirmed {
        demo: bool,
    },
    Expired,
    Failed,
    /// A device that the invitation was not made for used it.
    Foreign,
    NoDeviceYet,
    /// A device has the invitation and is not ready.
    NoDigitsYet,
    /// This browser has no session that a device could be paired with.
    NoSession,
    /// No app opened the page.
    NotBegun,
    NotSixDigits,
    TryAgain,
    Unknown,
    Used,
    WrongDigits {
        tries_left: u8,
    },
}

/// A session that the app can be paired with, as its form sends it.
pub(super) struct Begun {
    pub(super) session: String,
    pub(super) person: String,
    /// Thumbprint of the possession key that the app made.
    pub(super) key: String,
    pub(super) token: String,
}

/// An issuing session as its page shows it.
pub(super) struct SessionView {
    pub(super) person: String,
    pub(super) host: String,
    pub(super) root: String,
    /// Bound to a device that began by itself: handed to the app, and shown to nobody.
    pub(super) is_begun: bool,
    pub(super) link: String,
    pub(super) code: String,
    /// Rounded up.
    pub(super) minutes_left: i64,
    pub(super) redeemed: bool,
    pub(super) device: Option<String>,
    pub(super) notice: Option<Notice>,
}

impl Page {
    /// The whole document.
    pub(super) fn render(&self, language: Language) -> String {
        let words = texts(language);
        let (title, body) = match self {
            Self::Begin(choices) => {
                let forms = choices.iter().map(|choice| choice.render(words));
                let body = paragraph(words.begin) + &forms.collect::<String>();
                (words.pair_title.to_owned(), body)
            }
            Self::Done { device_name, demo } => (
                words.done_title.to_owned(),
                paragraph(&fill(words.done, device_name)) + &kiosk_link(words, *demo),
            ),
            Self::Landing { host } => {
                let lines = words
                    .landing
                    .iter()
                    .map(|line| paragraph(&fill(line, host)));
                (words.pair_title.to_owned(), lines.collect())
            }
            Self::Notice(notice) => {
                let line = notice.words(words);
                let said = format!(r#"<p class="notice" role="status">{}</p>"#, escape(&line));
                let demo = matches!(notice, Notice::Confirmed { demo: true });
                let body = said + &kiosk_link(words, demo);
                (words.pair_title.to_owned(), body)
            }
            Self::Session(view) => (fill(words.session_title, &view.person), view.render(words)),
            Self::Start { host } => {
                let form = format!(
                    r#"<form method="post"><button>{}</button></form>"#,
                    escape(words.start_button)
                );
                let body = paragraph(&fill(words.start, host)) + &form;
                (words.pair_title.to_owned(), body)
            }
        };
        let heading = escape(&title);
        let title = heading.replace('\u{200b}', "");
        let head = match self {
            Self::Session(view) => view.head(),
            _ => String::new(),
        };
        let tag = language.tag();
        format!(
            r#"<!doctype html><html lang="{tag}"><head><meta charset="utf-8"><title>{title}</title><meta name="viewport" content="width=device-width"><link rel="stylesheet" href="{STYLE_PATH}">{head}</head><body><header><p>Tegata</p></header><main><h1>{heading}</h1>{body}</main></body></html>"#
        )
    }
}

impl Notice {
    fn words(self, words: &Texts) -> String {
        match self {
            Self::Confirmed { .. } => words.confirmed.to_owned(),
            Self::Expired => words.expired.to_owned(),
            Self::Failed => words.failed.to_owned(),
            Self::Foreign => words.foreign.to_owned(),
            Self::NoDeviceYet => words.no_device_yet.to_owned(),
            Self::NoDigitsYet => words.no_digits_yet.to_owned(),
            Self::NoSession => words.no_session.to_owned(),
            Self::NotBegun => words.not_begun.to_owned(),
            Self::NotSixDigits => words.not_six_digits.to_owned(),
            Self::TryAgain => words.try_again.to_owned(),
            Self::Unknown => words.unknown.to_owned(),
            Self::Used => words.used.to_owned(),
            Self::WrongDigits { tries_left } => fill(words.wrong_digits, &tries_left.to_string()),
        }
    }
}

impl Begun {
    fn render(&self, words: &Texts) -> String {
        let hidden = [
            ("session", &self.session),
            ("jkt", &self.key),
            ("token", &self.token),
        ];
        let hidden = hidden.map(|(name, value)| {
            let value = escape(value);
            format!(r#"<input type="hidden" name="{name}" value="{value}">"#)
        });
        format!(
            r#"<form method="post">{}<button>{}</button></form>"#,
            hidden.concat(),
            escape(&fill(words.begin_button, &self.person))
        )
    }
}

impl SessionView {
    /// The script of the copy button, which also notices when a device has used the invitation. Without scripts the page
    /// asks again by itself until then: later that would lose the digits that are being typed. What was said stays long
    /// enough to be read.
    fn head(&self) -> String {
        if self.redeemed {
            return String::new();
        }
        let seconds = if self.notice.is_some() { 20 } else { 5 };
        format!(
            r#"<noscript><meta http-equiv="refresh" content="{seconds}"></noscript><script src="{SCRIPT_PATH}" defer></script>"#
        )
    }

    fn render(&self, words: &Texts) -> String {
        let notice = self.notice.map(|notice| {
            let line = escape(&notice.words(words));
            format!(r#"<p class="notice" role="alert">{line}</p>"#)
        });
        let invitation = match self.notice {
            Some(Notice::NoDigitsYet) => String::new(),
            _ if self.redeemed => paragraph(words.redeemed),
            _ if self.is_begun => self.render_hand_over(words),
            _ => self.render_invitation(words),
        };
        let device = self
            .device
            .as_ref()
            .map(|device| paragraph(&fill(words.device_waits, device)));
        let (label, hint, button) = (
            escape(words.digits),
            escape(words.digits_hint),
            escape(words.confirm_button),
        );
        let form = format!(
            r#"<form method="post"><label for="digits">{label}</label><input id="digits" name="digits" inputmode="numeric" autocomplete="off" maxlength="16" required aria-describedby="hint"><p id="hint"><small>{hint}</small></p><button>{button}</button></form>"#
        );
        [
            notice.unwrap_or_default(),
            invitation,
            device.unwrap_or_default(),
            form,
        ]
        .concat()
    }

    /// The link that the app waits for, in the place of what any device could use.
    fn render_hand_over(&self, words: &Texts) -> String {
        let link = format!(
            r#"<p><a id="pairing-link" class="button" href="{}">{}</a></p>"#,
            escape(&self.link),
            escape(words.open_app)
        );
        [paragraph(words.hand_over), link, self.minutes(words)].concat()
    }

    fn minutes(&self, words: &Texts) -> String {
        let line = fill(words.minutes_left, &self.minutes_left.to_string());
        format!(r#"<p id="minutes-left">{}</p>"#, escape(&line))
    }

    fn render_invitation(&self, words: &Texts) -> String {
        let fact = |name: &str, value: &str, class: &str| {
            let (name, value) = (escape(name), escape(value));
            format!(r#"<dt>{name}</dt><dd class="{class}">{value}</dd>"#)
        };
        let link = format!(
            r#"<p><label for="pairing-link">{}</label><input id="pairing-link" readonly value="{}"><button id="copy-link" class="copy" type="button" data-copied="{}" hidden>{}</button></p>"#,
            escape(words.link),
            escape(&self.link),
            escape(words.copied),
            escape(words.copy_button),
        );
        [
            paragraph(words.copy),
            link,
            self.minutes(words),
            paragraph(words.by_hand),
            "<dl>".to_owned(),
            fact(words.host, &self.host, "host"),
            fact(words.code, &self.code, "code"),
            fact(words.root, &self.root, "root"),
            "</dl>".to_owned(),
            paragraph(words.scan),
            qr(&self.link),
        ]
        .concat()
    }
}

/// The QR code as SVG markup; nothing if the link is too long for one, which the code by hand makes up for.
fn qr(link: &str) -> String {
    let Ok(code) = QrCode::with_error_correction_level(link, EcLevel::M) else {
        return String::new();
    };
    let image = code
        .render::<svg::Color<'_>>()
        .min_dimensions(256, 256)
        .build();
    // What stands before the element is for files.
    image
        .find("<svg")
        .and_then(|start| image.get(start..))
        .unwrap_or_default()
        .to_owned()
}

fn kiosk_link(words: &Texts, demo: bool) -> String {
    if demo {
        format!(
            r#"<p><a class="button" href="/demo">{}</a></p>"#,
            escape(words.kiosk)
        )
    } else {
        String::new()
    }
}

fn paragraph(text: &str) -> String {
    format!("<p>{}</p>", escape(text))
}

fn fill(pattern: &str, value: &str) -> String {
    pattern.replacen("{}", value, 1)
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
