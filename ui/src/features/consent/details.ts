/**
 * Authorization details of the types that have a view of their own, read from their leaves.
 *
 * A reading accounts for every leaf: what it has no line for is left over and listed beneath as it came. A leaf that is
 * missing or not of the shape it should have makes the whole detail unknown, and then all of it is listed as it came.
 */
import type { Fact } from "../../components/Facts.svelte";
import type { DetailView, LeafView } from "../../generated/contract";
import { t, type MessageId } from "../../i18n/i18n.svelte";
import { isMoney, money, same, sum, type Money } from "./amounts";

export interface Reading {
  kind: "accounts" | "payment" | "unknown";
  /** Lines in plain words, most important first. */
  facts: Fact[];
  /** Leaves that no line accounts for, in document order. */
  rest: LeafView[];
  /** Of a payment: what is paid in all, ready to be read. */
  total: string;
  /** Of a payment: who is paid. */
  payees: string[];
}

/** Reads one detail. */
export function read(detail: DetailView): Reading {
  const leaves = new Leaves(detail.leaves);
  const known = READERS.get(detail.kind)?.(leaves);
  return known
    ? { total: "", payees: [], ...known, rest: leaves.rest }
    : { kind: "unknown", facts: [], rest: detail.leaves, total: "", payees: [] };
}

/** Leaves by their path, each taken at most once. */
class Leaves {
  readonly #left: Map<string, LeafView>;

  constructor(leaves: LeafView[]) {
    this.#left = new Map(leaves.map((leaf) => [leaf.path, leaf]));
  }

  get rest(): LeafView[] {
    return [...this.#left.values()];
  }

  /** The value at `path`, if it is there and passes. Whatever does not pass stays for the list beneath. */
  take(path: string, passes: (value: string) => boolean = (value) => value.trim() !== ""): string | undefined {
    const value = this.#left.get(path)?.value;
    if (value === undefined || !passes(value)) return undefined;
    this.#left.delete(path);
    return value;
  }

  /** How many members the array at `path` has. */
  count(path: string): number {
    let count = 0;
    for (const key of this.#left.keys()) {
      const member = key.startsWith(`${path}/`) ? key.slice(path.length + 1).split("/")[0] : undefined;
      if (member !== undefined && /^\d{1,3}$/.test(member)) count = Math.max(count, Number(member) + 1);
    }
    return count;
  }

  /** `make` for each member's path. */
  each<T>(path: string, make: (member: string) => T): T[] {
    return Array.from({ length: this.count(path) }, (_, index) => make(`${path}/${index}`));
  }
}

type Known = Pick<Reading, "kind" | "facts"> & Partial<Reading>;
const READERS = new Map<string, (leaves: Leaves) => Known | null>([
  ["account_information", readAccounts],
  ["payment_initiation", readPayment],
]);

const isDate = (value: string) => /^\d{4}-\d{2}-\d{2}$/.test(value);

function fact(label: MessageId, values: Array<string | undefined>, more: Partial<Fact> = {}): Fact[] {
  const present = values.filter((value) => value !== undefined);
  return present.length > 0 ? [{ label: t(label), values: present, ...more }] : [];
}

/** An account's name and number, in groups of four where it is an IBAN. */
function account(leaves: Leaves, path: string): string[] {
  const number = (value: string) =>
    /^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(value) ? value.replace(/.{4}(?=.)/g, "$& ") : value;
  const plain = leaves.take(path, (value) => !/^(null|true|false|\[\]|\{\})?$/.test(value.trim()));
  if (plain !== undefined) return [number(plain)];
  const members = ["name", "iban", "bban", "maskedPan"].map((member) => leaves.take(`${path}/${member}`));
  return members.filter((value) => value !== undefined).map(number);
}

interface Transfer extends Money {
  payee: string;
  to: string[];
  reference: string | undefined;
}

function transfer(leaves: Leaves, path: string): Transfer | null {
  const amount = leaves.take(`${path}/instructedAmount/amount`);
  const currency = leaves.take(`${path}/instructedAmount/currency`);
  const payee = leaves.take(`${path}/creditorName`);
  if (amount === undefined || currency === undefined || payee === undefined || !isMoney({ amount, currency })) return null;
  const to = account(leaves, `${path}/creditorAccount`);
  return { amount, currency, payee, to, reference: leaves.take(`${path}/remittanceInformationUnstructured`) };
}

const FREQUENCIES = new Map<string, MessageId>([
  ["Daily", "repeats-daily"],
  ["Weekly", "repeats-weekly"],
  ["Monthly", "repeats-monthly"],
  ["Quarterly", "repeats-quarterly"],
  ["Annual", "repeats-yearly"],
]);

/** When and how often. */
function schedule(leaves: Leaves): Fact[] {
  const repeats = FREQUENCIES.get(leaves.take("/frequency", (value) => FREQUENCIES.has(value)) ?? "");
  const end = repeats && (leaves.take("/endDate", isDate) ?? t("repeats-endless"));
  return [
    ...fact("fact-on", [leaves.take("/requestedExecutionDate", isDate)]),
    ...fact("fact-repeats", [repeats && t(repeats)]),
    ...fact("fact-from", [repeats && leaves.take("/startDate", isDate)]),
    ...fact("fact-until", [end]),
  ];
}

function readPayment(leaves: Leaves): Known | null {
  const several = leaves.each("/payments", (member) => transfer(leaves, member));
  if (several.length > 0) return readBatch(leaves, several);
  const one = transfer(leaves, "");
  if (one === null) return null;
  const total = money(one);
  return {
    kind: "payment",
    facts: [
      ...fact("fact-amount", [total], { large: true }),
      ...fact("fact-payee", [one.payee], { large: true }),
      ...fact("fact-payee-account", one.to),
      ...fact("fact-from-account", account(leaves, "/debtorAccount")),
      ...fact("fact-reference", [one.reference]),
      ...schedule(leaves),
    ],
    total,
    payees: [one.payee],
  };
}

function readBatch(leaves: Leaves, several: Array<Transfer | null>): Known | null {
  const payments = several.filter((one) => one !== null);
  const currency = payments[0]?.currency;
  // Sums over currencies mean nothing; a batch that is not whole is not understood.
  if (currency === undefined || payments.length < several.length || payments.some((one) => one.currency !== currency)) return null;
  const amount = sum(payments.map((one) => one.amount));
  const stated = leaves.take("/instructedAmount/amount");
  const statedIn = leaves.take("/instructedAmount/currency");
  if (stated !== undefined && !same(stated, amount)) return null;
  if (statedIn !== undefined && statedIn !== currency) return null;
  const total = money({ amount, currency });
  return {
    kind: "payment",
    facts: [
      ...fact("fact-total", [total], { large: true }),
      ...payments.flatMap((one) =>
        fact("fact-payee", [one.payee, money(one), ...one.to, one.reference], { strong: true }),
      ),
      ...fact("fact-from-account", account(leaves, "/debtorAccount")),
      ...schedule(leaves),
    ],
    total,
    payees: payments.map((one) => one.payee),
  };
}

const VERBS = {
  accounts: "may-list-accounts",
  balances: "may-read-balances",
  transactions: "may-read-transactions",
} as const satisfies Record<string, MessageId>;
const ACTIONS = new Map<string, MessageId>([
  ["list_accounts", VERBS.accounts],
  ["read_balances", VERBS.balances],
  ["read_transactions", VERBS.transactions],
]);
/** One word for all accounts, and what it is the word for. */
const ALL: Record<string, MessageId[]> = {
  allPsd2: Object.values(VERBS),
  availableAccounts: [VERBS.accounts],
  availableAccountsWithBalance: [VERBS.accounts, VERBS.balances],
};

function readAccounts(leaves: Leaves): Known | null {
  // Which accounts each verb is about, as it may differ.
  const allowed = new Map<MessageId, string[]>();
  const allow = (verb: MessageId, accounts: string[]) => allowed.set(verb, [...(allowed.get(verb) ?? []), ...accounts]);
  for (const action of leaves.each("/actions", (path) => leaves.take(path, (value) => ACTIONS.has(value)))) {
    const verb = ACTIONS.get(action ?? "");
    if (verb) allow(verb, []);
  }
  for (const [member, verb] of Object.entries(VERBS)) {
    for (const accounts of leaves.each(`/access/${member}`, (path) => account(leaves, path)))
      if (accounts.length > 0) allow(verb, [accounts.join(" ")]);
  }
  for (const [member, verbs] of Object.entries(ALL)) {
    if (leaves.take(`/access/${member}`, (value) => value === "allAccounts") !== undefined)
      for (const verb of verbs) allow(verb, [t("all-accounts")]);
  }
  if (allowed.size === 0) return null;
  const lists = [...allowed.values()];
  const alike = lists.every((accounts) => accounts.join("\n") === lists[0]?.join("\n"));
  const named = leaves.each("/accounts", (path) => account(leaves, path).join(" ") || undefined);
  const recurring = leaves.take("/recurringIndicator", (value) => value === "true" || value === "false");
  const daily = leaves.take("/frequencyPerDay", (value) => /^[1-9]\d{0,5}$/.test(value));
  return {
    kind: "accounts",
    facts: [
      ...(alike
        ? fact("fact-permissions", [...allowed.keys()].map((verb) => t(verb)), { list: true, strong: true })
        : [...allowed].flatMap(([verb, accounts]) => [{ label: t(verb), values: accounts, list: true, strong: true }])),
      ...fact("fact-accounts", [...named, ...(alike ? (lists[0] ?? []) : [])], { list: true }),
      ...fact("fact-until", [leaves.take("/validUntil", isDate)]),
      ...fact("fact-often", [
        recurring && t(recurring === "true" ? "often-recurring" : "often-once"),
        daily && t("often-daily", { count: Number(daily) }),
      ]),
      ...fact("fact-entries-from", [leaves.take("/dateFrom", isDate)]),
      ...fact("fact-entries-to", [leaves.take("/dateTo", isDate)]),
    ],
  };
}
