/** How each state that is not waiting for the person looks and reads, here and in the history. */
import type { IconName } from "../../components/Icon.svelte";
import type { RequestFactsView, RequestStateView } from "../../generated/contract";
import { dateTime } from "../../i18n/format";
import { t, type MessageId } from "../../i18n/i18n.svelte";
import { question, type Act } from "./question";

export type Settled = Exclude<RequestStateView, { state: "pending" }>;

export interface Outcome {
  icon: IconName | "seal" | "spinner";
  tone: "accent" | "danger" | "plain" | "warn";
  /** One short phrase for lists. */
  label: string;
  title: string;
  /** What happened and what did not, one sentence each. */
  lines: string[];
}

/** Whether it was approved, here or elsewhere, so that the person can still say that they did not do it. */
export function isReportable(state: RequestStateView): boolean {
  return state.state === "approved" || (state.state === "handled" && state.decision === "approve");
}

/** Whether the client may still have to fetch what was approved, so that it is worth asking. */
export function isCollectable(state: RequestStateView, facts: RequestFactsView): boolean {
  return state.state === "approved" && state.collected !== true && (facts.kind === "grant" || facts.kind === "sign_in");
}

/** Describes `state` of a request with these facts. `offline`: its issuer cannot be reached now. */
export function outcome(state: Settled, facts: RequestFactsView, offline = false): Outcome {
  const names = { client: facts.client.name, issuer: facts.issuer.name };
  const { act } = question(facts);
  switch (state.state) {
    case "approved":
      return {
        icon: "seal",
        tone: "accent",
        label: t("outcome-approved"),
        title: t("result-approved-title"),
        lines: [
          t(APPROVED_BODIES[act], names),
          ...(state.collected === false && isCollectable(state, facts) ? [t("result-not-collected", names)] : []),
        ],
      };
    case "denied": {
      const notMe = state.reason === "not_me";
      return {
        icon: "ban",
        tone: "plain",
        label: t(notMe ? "outcome-not-me" : "outcome-denied"),
        title: t("result-denied-title"),
        lines: [t("result-denied-body", names), ...(notMe ? [t("result-not-me-body", names)] : [])],
      };
    }
    case "handled": {
      const by = { device: state.device_name, time: dateTime(state.at) };
      const approved = state.decision === "approve";
      return {
        icon: "devices",
        tone: "plain",
        label: t(approved ? "outcome-handled-approved" : "outcome-handled-denied", { device: state.device_name }),
        title: t("result-handled-title"),
        lines: [
          t(approved ? "result-handled-approved" : "result-handled-denied", by),
          t(approved ? "result-handled-report" : "result-handled-body"),
        ],
      };
    }
    case "reported":
      return {
        icon: "shield",
        tone: "plain",
        label: t("outcome-reported"),
        title: t("result-reported-title"),
        lines: [t("result-reported-body"), t("result-not-me-body", names)],
      };
    case "sending":
      return {
        icon: offline ? "offline" : "spinner",
        tone: "warn",
        label: t("outcome-sending"),
        title: t(offline ? "result-unsent-title" : "result-sending-title"),
        lines: [
          t(state.decision === "approve" ? "result-sending-approval" : "result-sending-denial"),
          ...(offline ? [t("result-unsent-body", names)] : []),
        ],
      };
    default: {
      const { icon, tone, label, title, body } = PLAIN[state.state];
      return { icon, tone, label: t(label), title: t(title), lines: [t(body, names)] };
    }
  }
}

const APPROVED_BODIES: Record<Act, MessageId> = {
  accounts: "result-approved-grant",
  device_lost: "result-approved-device-remove",
  device_move: "result-approved-device-add",
  payment: "result-approved-payment",
  payments: "result-approved-payment",
  several: "result-approved-grant",
  unknown: "result-approved-grant",
  device_add: "result-approved-device-add",
  device_grade: "result-approved-device-grade",
  device_key: "result-approved-device-key",
  device_remove: "result-approved-device-remove",
  grant: "result-approved-grant",
  sign_in: "result-approved-sign-in",
  test: "result-approved-test",
};

interface PlainOutcome {
  icon: IconName;
  tone: Outcome["tone"];
  label: MessageId;
  title: MessageId;
  body: MessageId;
}

/** The states that say the same whoever asked. */
const PLAIN: Record<Exclude<Settled["state"], "approved" | "denied" | "handled" | "reported" | "sending">, PlainOutcome> = {
  expired: {
    icon: "clock",
    tone: "plain",
    label: "outcome-expired",
    title: "result-expired-title",
    body: "result-expired-body",
  },
  moved: {
    icon: "devices",
    tone: "plain",
    label: "outcome-moved",
    title: "result-moved-title",
    body: "result-moved-body",
  },
  needs_check: {
    icon: "question",
    tone: "warn",
    label: "outcome-needs-check",
    title: "result-needs-check-title",
    body: "result-needs-check-body",
  },
  transfer_failed: {
    icon: "ban",
    tone: "danger",
    label: "outcome-transfer-failed",
    title: "result-transfer-failed-title",
    body: "result-transfer-failed-body",
  },
  withdrawn: {
    icon: "leave",
    tone: "plain",
    label: "outcome-withdrawn",
    title: "result-withdrawn-title",
    body: "result-withdrawn-body",
  },
};
