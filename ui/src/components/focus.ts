/** Moving the focus when the screen changes under it. */
import type { Attachment } from "svelte/attachments";

/** Focuses a heading as its screen opens, so that a screen reader starts there and Tab goes on from there. */
export const focusOnOpen: Attachment<HTMLElement> = (node) => {
  node.tabIndex = -1;
  node.focus({ preventScroll: true });
  scrollTo(0, 0);
};
