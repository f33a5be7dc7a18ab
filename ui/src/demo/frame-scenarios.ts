/** States of the frame, the history, what was allowed, the self-test and the settings. */
import { appIds } from "../app/test-ids";
import { consentsIds } from "../features/consents/test-ids";
import { historyIds } from "../features/history/test-ids";
import { settingsIds } from "../features/settings/test-ids";
import type { SelfTestLine } from "../generated/contract";
import { account, NOW_MILLIS, secondAccount } from "./fixtures";
import { consents, history, selfTest } from "./kept";
import type { Scenario } from "./scenarios";

const accounts = [account, secondAccount];
const offline = { state: "offline", since: Math.floor(NOW_MILLIS / 1000) - 610 } as const;
const nothing = {
  tray: false,
  autostart: false,
  notifications: false,
  content_protection: false,
  camera: false,
  close_asked: false,
};

const entry = (id: string, steps: string[] = []): Scenario => ({ world: { accounts, history }, hash: `#/history_entry/${id}`, steps });
const allowed = (world: Scenario["world"], steps: string[] = []): Scenario => ({ world: { consents, ...world }, hash: "#/consents", steps });

/** The self-test at its last line, which `outcome` is the outcome of. */
function tested(outcome: SelfTestLine["outcome"], running = true): Scenario {
  const lines = selfTest.lines.map((line) => (line.check === "delivery" ? { ...line, outcome } : line));
  return { world: { selfTest: { running, lines, report: running ? "" : selfTest.report } }, hash: "#/self_test" };
}

export const FRAME_SCENARIOS: Record<string, Scenario> = {
  "history-empty": { world: {}, hash: "#/history" },
  history: { world: { accounts, history }, hash: "#/history" },
  "history-searched": { world: { accounts, history }, hash: "#/history", steps: [`${historyIds.search}=budget`] },
  "history-none": { world: { accounts, history }, hash: "#/history", steps: [`${historyIds.search}=zebra`] },
  "history-exported": { world: { accounts, history }, hash: "#/history", steps: [historyIds.export] },
  "history-entry": entry("his-4"),
  "history-verified": entry("his-4", [historyIds.verify]),
  "history-forged": {
    world: { accounts, history, verification: { prompt: true, decision: false, receipt: false } },
    hash: "#/history_entry/his-4",
    steps: [historyIds.verify],
  },
  "history-blocked": entry("his-5"),
  "history-device": entry("his-6"),
  "history-device-graded": entry("his-7"),
  "history-device-key": entry("his-8"),
  "history-gone": entry("his-99"),
  consents: allowed({ accounts }),
  "consents-account": { world: { accounts, consents }, hash: `#/consents/${account.id}` },
  "consents-empty": allowed({ consents: [] }),
  "consents-offline": allowed({ accounts: [{ ...account, connection: offline }] }),
  "consents-revoke": allowed({}, [consentsIds.revoke]),
  "consents-revoked": allowed({}, [consentsIds.revoke, consentsIds.confirm]),
  "self-test": { world: {}, hash: "#/self_test" },
  "self-test-running": tested({ outcome: "running" }),
  "self-test-answer": tested({ outcome: "answer", request: "req-test" }),
  "self-test-troubles": tested({ outcome: "bad", trouble: "test_not_arrived" }, false),
  settings: { world: { accounts, settings: { quiet_hours: { from: 1320, to: 420 } } }, hash: "#/settings" },
  "settings-bare": { world: { desktop: nothing }, hash: "#/settings" },
  keyboard: { world: {}, hash: "#/settings", steps: [settingsIds.keys] },
  lock: { world: { lock: { locked: true } }, hash: "#/inbox" },
  "lock-wrong": {
    world: { accounts, lock: { locked: true } },
    hash: "#/inbox",
    steps: [`${appIds.lockPin}=000000`, appIds.lockOpen],
  },
  close: { world: { desktop: { ...nothing, tray: true, close_asked: true } }, hash: "#/inbox" },
  "close-no-tray": { world: { desktop: { ...nothing, close_asked: true } }, hash: "#/inbox" },
};
