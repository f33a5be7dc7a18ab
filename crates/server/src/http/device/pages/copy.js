// Adds what only a script can do to the link: a button that copies it, and selecting all of it at once.
"use strict";

const link = document.getElementById("pairing-link");
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
