/** What other features may use of requests: how they read, not how they are answered. */
import { t } from "../../i18n/i18n.svelte";
import type { Outcome } from "./outcomes";

export { isReportable, outcome, type Outcome } from "./outcomes";
export { title } from "./question";
export { default as RequestFacts } from "./RequestFacts.svelte";
export { BLOCK_REASONS } from "./texts";

/** How a request that still waits reads. */
export function waiting(): Pick<Outcome, "icon" | "label" | "tone"> {
  return { icon: "clock", tone: "plain", label: t("outcome-waiting") };
}
