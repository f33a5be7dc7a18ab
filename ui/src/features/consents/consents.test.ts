import { describe, expect, it } from "vitest";
import { plain, show } from "../../../tests/render";
import { account, secondAccount } from "../../demo/fixtures";
import { consents } from "../../demo/kept";
import { accountIds } from "../accounts/test-ids";
import { consentsIds as ids } from "./test-ids";

const hash = "#/consents";
const items = () => [...document.querySelectorAll(`[data-testid="${ids.item}"]`)];

describe("what was allowed", () => {
  it("says who may do what, since when, until when, and whether that renews itself", async () => {
    await show({ world: { accounts: [account, secondAccount], consents }, hash });
    expect(document.querySelectorAll(`[data-testid="${ids.account}"]`)).toHaveLength(2);
    expect(items()).toHaveLength(consents.length);
    const first = plain(items()[0]?.textContent);
    for (const words of ["Budgetly", "app.budgetly.example", "Read balances", "Since", "Until", "renewed until then"])
      expect(first).toContain(words);
    expect(plain(items()[1]?.textContent)).toContain("Access ends then.");
  });

  it("is that of one account for who comes from there, and of all when asked", async () => {
    const shown = await show({ world: { accounts: [account, secondAccount], consents }, hash: `#/account/${account.id}` });
    location.hash = shown.get(accountIds.consents).getAttribute("href") ?? "";
    dispatchEvent(new Event("hashchange"));
    await shown.settle();
    expect(document.querySelectorAll(`[data-testid="${ids.account}"]`)).toHaveLength(1);
    location.hash = shown.get(ids.all).getAttribute("href") ?? "";
    dispatchEvent(new Event("hashchange"));
    await shown.settle();
    expect(document.querySelectorAll(`[data-testid="${ids.account}"]`)).toHaveLength(2);
    expect(shown.find(ids.all)).toBeNull();
  });

  it("is that of all where the account is gone, and offers no more where there is one", async () => {
    const gone = await show({ world: { accounts: [account, secondAccount], consents }, hash: "#/consents/acc-gone" });
    expect(document.querySelectorAll(`[data-testid="${ids.account}"]`)).toHaveLength(2);
    expect(gone.find(ids.all)).toBeNull();
    const only = await show({ world: { consents }, hash: `#/consents/${account.id}` });
    expect(only.find(ids.all)).toBeNull();
  });

  it("is taken back after one question, and Escape keeps it", async () => {
    const shown = await show({ world: { consents }, hash });
    await shown.press(ids.revoke);
    shown.get(ids.dialog).dispatchEvent(new Event("cancel", { cancelable: true }));
    await shown.settle();
    expect(shown.find(ids.dialog)).toBeNull();
    expect(shown.bridge.calls.some(({ command }) => command === "consent_revoke")).toBe(false);
    await shown.press(ids.revoke);
    await shown.press(ids.confirm);
    expect(shown.bridge.calls.at(-1)?.request).toEqual({ account: account.id, consent: "con-2" });
    expect(items()).toHaveLength(consents.length - 1);
    expect(plain(shown.get(ids.said).textContent)).toBe("Budgetly can no longer act for you.");
  });

  it("is never said to be taken back when the server did not confirm it", async () => {
    const shown = await show({ world: { consents }, hash });
    await shown.press(ids.revoke);
    shown.bridge.world.failure = { code: "offline" };
    await shown.press(ids.confirm);
    expect(plain(shown.get(ids.failed).textContent)).toContain("may still stand");
    expect(plain(shown.get(ids.said).textContent)).toBe("");
    expect(items()).toHaveLength(consents.length);
  });

  it("says so when the server cannot be reached, and reads again when asked", async () => {
    const offline = { ...account, connection: { state: "offline", since: 0 } } as const;
    const shown = await show({ world: { accounts: [offline], consents }, hash });
    expect(plain(shown.get(ids.problem).textContent)).toContain("cannot be reached");
    shown.bridge.world.accounts = [account];
    await shown.press(ids.retry);
    expect(shown.find(ids.problem)).toBeNull();
    expect(items()).toHaveLength(consents.length);
  });

  it("says so when there is none", async () => {
    const shown = await show({ world: { consents: [] }, hash });
    expect(shown.get(ids.empty)).toBeDefined();
  });
});
