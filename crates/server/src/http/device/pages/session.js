// What only a script can do for an open invitation: a button that copies the link, selecting all of it at once, and
// noticing that a device has used it, or that it has another link, without loading the page anew all the time.
"use strict";

const EVERY_MS = 3000;
const link = document.getElementById("pairing-link");
// As it was sent: what is selected or focused is no part of it.
const shown = link?.outerHTML;
const button = document.getElementById("copy-link");

if (link && button) {
  link.addEventListener("focus", () => link.select());
  button.hidden = false;
  button.addEventListener("click", async () => {
    link.select();
    try {
      await navigator.clipboard.writeText(link.value);
      button.textContent = button.dataset.copied;
    } catch {
      // Not allowed here: the link is selected, so that the keyboard can copy it.
      link.focus();
    }
  });
}
if (link) {
  setTimeout(look, EVERY_MS);
}

async function look() {
  if (!document.hidden) {
    try {
      const response = await fetch(location.href, { cache: "no-store" });
      const now = new DOMParser().parseFromString(await response.text(), "text/html");
      if (now.getElementById("pairing-link")?.outerHTML !== shown) {
        // Used, over, or handed to the app that began: another page.
        location.replace(location.href);
        return;
      }
      document.getElementById("minutes-left").textContent = now.getElementById("minutes-left").textContent;
    } catch {
      // The server is away for a moment: ask again.
    }
  }
  setTimeout(look, EVERY_MS);
}
