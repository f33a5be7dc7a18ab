// Counts down and asks once a second whether the sign-in has moved on; the server draws the page that follows.
"use strict";

const stateUrl = document.currentScript.dataset.state;

addEventListener("DOMContentLoaded", () => {
  const left = document.querySelector("[data-seconds-left]");
  const end = performance.now() + Number(left.dataset.secondsLeft) * 1000;

  function countDown() {
    const seconds = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  async function look() {
    countDown();
    try {
      const response = await fetch(stateUrl, { cache: "no-store" });
      const { state } = await response.json();
      if (!response.ok || state !== "waiting") {
        location.reload();
        return;
      }
    } catch {
      // The server is away for a moment: ask again.
    }
    setTimeout(look, 1000);
  }

  setTimeout(look, 1000);
});
