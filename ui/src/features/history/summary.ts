/** One history entry in a line: icon, what it was about, how it ended. */
import type { IconName } from "../../components/Icon.svelte";
import type { DeviceNotice, HistoryEventView } from "../../generated/contract";
import { t, type MessageId } from "../../i18n/i18n.svelte";
import { outcome, title, waiting } from "../consent";

export interface Summary {
  icon: IconName;
  tone: "accent" | "danger" | "plain" | "warn";
  title: string;
  result: string;
  /** The account that it was about. */
  account: string;
}

const DEVICES: Record<DeviceNotice, [icon: IconName, title: MessageId, result: MessageId]> = {
  added: ["plus", "history-device-added", "outcome-device-added"],
  graded: ["devices", "history-device-graded", "outcome-device-graded"],
  key_replaced: ["key", "history-device-key", "outcome-device-key"],
  removed: ["leave", "history-device-removed", "outcome-device-removed"],
  reported: ["shield", "history-device-reported", "outcome-device-reported"],
};

export function summarize(event: HistoryEventView): Summary {
  switch (event.event) {
    case "blocked":
      return {
        icon: "shield",
        tone: "danger",
        title: t("blocked-title"),
        result: t("outcome-blocked"),
        account: event.blocked.account_name,
      };
    case "device": {
      const [icon, title, result] = DEVICES[event.notice];
      return {
        icon,
        tone: "warn",
        title: t(title, { device: event.device_name }),
        result: t(result),
        account: event.account_name,
      };
    }
    case "paired":
      return {
        icon: "plus",
        tone: "accent",
        title: t("history-paired", { issuer: event.issuer.name }),
        result: t("outcome-paired"),
        account: event.account_name,
      };
    case "request": {
      const ended = event.outcome.state === "pending" ? waiting() : outcome(event.outcome, event.facts);
      const icon = ended.icon === "seal" ? "check" : ended.icon === "spinner" ? "send" : ended.icon;
      return {
        icon,
        tone: ended.tone,
        title: title(event.facts),
        result: ended.label,
        account: event.facts.account_name,
      };
    }
  }
}
