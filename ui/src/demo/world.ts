/** What the demo bridge answers from. */
import type { CommandName, Failure } from "../host/bridge";
import type {
  AccountView,
  AddingView,
  BlockedRequestView,
  ConsentRequestView,
  ConsentView,
  DesktopView,
  DeviceView,
  HistoryEntryView,
  LockView,
  PairingView,
  RequestId,
  SelfTestView,
  SettingsView,
  UnixSeconds,
  VerificationView,
} from "../generated/contract";
import { account } from "./fixtures";
import { desktop, devices, settings } from "./kept";

/** Everything that the screens can ask for. */
export interface DemoWorld {
  accounts: AccountView[];
  requests: ConsentRequestView[];
  blocked: BlockedRequestView[];
  history: HistoryEntryView[];
  pairing: PairingView;
  settings: SettingsView;
  /** Devices of every account. */
  devices: DeviceView[];
  mayManageFrom: UnixSeconds | null;
  adding: AddingView;
  consents: ConsentView[];
  selfTest: SelfTestView;
  desktop: DesktopView;
  lock: LockView;
  /** What was asked for from outside the window. */
  asked: RequestId | null;
  /** What checking any entry finds. */
  verification: VerificationView;
  /** Every command fails with it while it is set. */
  failure?: Failure;
  /** These commands fail, each in its own way. */
  refused?: Partial<Record<CommandName, Failure>>;
  /** These commands are never answered. */
  unanswered?: CommandName[];
}

/** What differs from a quiet world with one account. */
export type DemoStart = Partial<Omit<DemoWorld, "settings">> & { settings?: Partial<SettingsView> };


/** A quiet world with one account, but for what `start` says. */
export function newWorld(start: DemoStart): DemoWorld {
  const given = structuredClone(start);
  return structuredClone({
    accounts: [account],
    requests: [],
    blocked: [],
    history: [],
    pairing: { stage: "idle" },
    devices,
    mayManageFrom: null,
    adding: { stage: "idle" },
    consents: [],
    selfTest: { running: false, lines: [], report: "" },
    desktop,
    lock: { locked: false },
    asked: null,
    verification: { prompt: true, decision: true, receipt: true },
    ...given,
    settings: { ...settings, ...given.settings },
  });
}
