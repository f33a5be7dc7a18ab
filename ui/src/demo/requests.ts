/** Invented requests of every kind that has words of its own. */
import type { ConsentRequestView, DetailView, LeafView, RequestFactsView, SubjectDeviceView } from "../generated/contract";
import { account, grant, NOW_MILLIS, secondAccount, signIn, unknownDetails } from "./fixtures";

const NOW = Math.floor(NOW_MILLIS / 1000);
const DAY = 86_400;

/** A detail from what JSON pointers lead to. */
export function detail(kind: string, members: Record<string, string>, label: string | null = null): DetailView {
  const leaves = Object.entries(members).map(([path, value]): LeafView => ({ path, label: null, value }));
  return { kind, label, leaves };
}

function request(id: string, facts: Partial<RequestFactsView>, more: Partial<ConsentRequestView> = {}): ConsentRequestView {
  return { ...signIn, id, facts: { ...signIn.facts, ...facts }, ...more };
}

const shop = { name: "Tokyo Books", registered_by: "operator", since: NOW - 220 * DAY, host: "shop.tokyobooks.example" } as const;

export const paymentDetail = detail("payment_initiation", {
  "/instructedAmount/amount": "12480",
  "/instructedAmount/currency": "JPY",
  "/creditorName": "Tokyo Books KK",
  "/creditorAccount/iban": "JP55000123456789012300",
  "/debtorAccount/name": "Everyday",
  "/debtorAccount/maskedPan": "•••• 4471",
  "/remittanceInformationUnstructured": "Order 88213",
});

export const payment = request("req-payment", {
  client: shop,
  kind: "grant",
  scopes: [],
  details: [paymentDetail],
  claimed: { place: "Sapporo, Japan", device: "Chrome on Android", address: null },
  access_seconds: 300,
  binding_message: "Order 88213",
  cautions: ["first_request"],
});

export const standingOrder = request("req-standing-order", {
  ...payment.facts,
  details: [
    detail("payment_initiation", {
      "/instructedAmount/amount": "49.90",
      "/instructedAmount/currency": "EUR",
      "/creditorName": "Stadtwerke Lindau",
      "/creditorAccount/iban": "DE02100100109307118603",
      "/frequency": "Monthly",
      "/startDate": "2026-12-01",
      "/remittanceInformationUnstructured": "Contract 40-2231",
      "/purposeCode": "ENRG",
    }),
  ],
  cautions: [],
});

export const batch = request("req-batch", {
  ...payment.facts,
  client: { name: "Payroll Desk", registered_by: "operator", since: NOW - 900 * DAY, host: "pay.minato.example" },
  details: [
    detail("payment_initiation", {
      "/payments/0/instructedAmount/amount": "1820.50",
      "/payments/0/instructedAmount/currency": "EUR",
      "/payments/0/creditorName": "Ana Duarte",
      "/payments/0/creditorAccount/iban": "PT50000201231234567890154",
      "/payments/1/instructedAmount/amount": "2044.00",
      "/payments/1/instructedAmount/currency": "EUR",
      "/payments/1/creditorName": "Jonas Lindqvist",
      "/payments/1/creditorAccount/iban": "SE4550000000058398257466",
      "/debtorAccount/name": "Salaries",
    }),
  ],
  binding_message: null,
  cautions: [],
});

export const accountAccess = request("req-accounts", {
  client: { name: "Budgetly", registered_by: "operator", since: NOW - 20 * DAY, host: "app.budgetly.example" },
  kind: "grant",
  scopes: [{ name: "openid", description: null }],
  details: [
    detail("account_information", {
      "/access/balances/0/name": "Everyday •••• 4471",
      "/access/balances/1/name": "Savings •••• 9020",
      "/access/transactions/0/name": "Everyday •••• 4471",
      "/access/transactions/1/name": "Savings •••• 9020",
      "/recurringIndicator": "true",
      "/frequencyPerDay": "4",
      "/validUntil": "2027-02-21",
    }),
  ],
  claimed: { place: "Tokyo, Japan", device: "Safari on iPhone", address: null },
  renewable_until: NOW + 90 * DAY,
  binding_message: null,
});

/** An agent asks through another one, for data about the person, over months. */
export const agent = request("req-agent", {
  client: { name: "Trip Planner", registered_by: "operator", since: NOW - 60 * DAY, host: "trips.example" },
  kind: "grant",
  actors: [
    { name: "Kawabe Assistant", vouched_by: "Kawabe Bank" },
    { name: "Trip Planner", vouched_by: "Kawabe Assistant" },
  ],
  scopes: [{ name: "bookings:write", description: "Book and change trips" }],
  resources: ["https://api.trips.example"],
  claims: ["name", "email", "loyalty_number"],
  access_seconds: 900,
  renewable_until: NOW + 30 * DAY,
  claimed: { place: null, device: "Kawabe Assistant", address: null },
  binding_message: "Kyoto, two nights in April",
});

export const several = request("req-several", {
  ...payment.facts,
  scopes: [{ name: "orders:read", description: "See your orders" }],
  details: [paymentDetail, ...unknownDetails.facts.details],
  cautions: [],
});

const nobody = { place: null, device: null, address: null };
const subject: SubjectDeviceView = {
  name: "Pixel 9",
  platform: "Android 16, Tegata 0.1.0",
  paired_at: NOW - 12 * DAY,
  moving: false,
  lost: false,
  old_key: null,
  new_key: null,
};

function aboutDevice(kind: RequestFactsView["kind"], device: Partial<SubjectDeviceView>): ConsentRequestView {
  const client = { ...signIn.facts.client, name: account.issuer.name, host: account.issuer.host };
  const facts = { client, kind, scopes: [], claimed: nobody, binding_message: null, device: { ...subject, ...device } };
  return request(`req-${kind}`, facts, { transfer: { kind: "none" } });
}

const unborn = { name: null, platform: null, paired_at: null };
export const deviceAdd = aboutDevice("device_add", unborn);
export const deviceMove = aboutDevice("device_add", { ...unborn, moving: true });
export const deviceRemove = aboutDevice("device_remove", {});
export const deviceLost = aboutDevice("device_remove", { lost: true });
export const deviceGrade = aboutDevice("device_grade", {});
export const deviceKey = aboutDevice("device_key", {
  name: account.device_name,
  platform: "Linux, Tegata 0.1.0",
  paired_at: account.paired_at,
  old_key: "qFJr0dBVn1sY3lMZb6kX8ZcQ0wUu2mT5yHn4oKe7R1A",
  new_key: "5mC2vQ9xTt0aJr7Zk1uYh8Wn3oLe6bPd4sGfXiNcRwE",
});

/** What a lax device would let through: the screens look once more. */
export const hiddenText = request("req-hidden-text", { binding_message: "Refund to you\u202e resu ot" });
export const lookAlike = request("req-look-alike", { claimed: { ...nobody, device: "Kаwabe Terminal" } });

export const unknownClient = request(
  "req-unknown-client",
  { ...grant.facts, client: { name: "Kawabe Bonus", registered_by: "self", since: NOW - 3_600, host: null }, cautions: ["self_registered", "first_request"] },
  { deny_only: "unknown_client" },
);

/** Longer than any line, in words and without a space. */
export const long = request("req-long", {
  client: {
    name: "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft International",
    registered_by: "operator",
    since: NOW - 900 * DAY,
    host: "a-very-long-name-of-a-host-that-will-not-fit-in-one-line.services.example",
  },
  account: secondAccount.id,
  account_name: "somebody.with.a.long.name+and.a.tag@a-long-name-of-a-host.example",
  binding_message: "W7R2".repeat(35),
  claimed: { place: "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch, Wales", device: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15", address: "2001:db8:85a3:8d3:1319:8a2e:370:7348" },
});
