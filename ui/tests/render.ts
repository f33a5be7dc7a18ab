/** Renders the whole app over fixtures, for tests of what a person meets. */
import { render } from "@testing-library/svelte";
import { flushSync, tick } from "svelte";
import App from "../src/app/App.svelte";
import { Store } from "../src/app/store.svelte";
import { DemoBridge } from "../src/demo/demo-bridge";
import { NOW_MILLIS } from "../src/demo/fixtures";
import type { Scenario } from "../src/demo/scenarios";
import { doStep, testidOf } from "../src/demo/steps";
import type { DemoStart } from "../src/demo/world";

export interface Shown {
  bridge: DemoBridge;
  store: Store;
  /** The element with this test id. Fails if there is none. */
  get(testid: string): HTMLElement;
  /** The element with this test id, or null. */
  find(testid: string): HTMLElement | null;
  /** Types into a field, replacing what is there. */
  type(testid: string, text: string): Promise<void>;
  /** Presses a button or follows a link. */
  press(testid: string): Promise<void>;
  /** Waits until everything that was started has been shown. */
  settle(): Promise<void>;
}

/** Shows `scenario` at the moment that the fixtures are about, by a clock that only the test moves. */
export async function show(scenario: { world: DemoStart; hash?: string; steps?: string[] } | Scenario): Promise<Shown> {
  location.hash = scenario.hash ?? "#/inbox";
  const bridge = new DemoBridge(scenario.world, () => NOW_MILLIS);
  const store = new Store(bridge);
  const { container } = render(App, { store });
  await store.start();

  const find = (testid: string) => container.querySelector<HTMLElement>(`[data-testid="${testid}"]`);
  const get = (testid: string) => {
    const found = find(testid);
    if (!found) throw new Error(`nothing shown has the test id ${testid}`);
    return found;
  };
  const settle = async () => {
    for (let round = 0; round < 8; round += 1) {
      await Promise.resolve();
      flushSync();
      await tick();
    }
  };
  await settle();
  for (const step of scenario.steps ?? []) {
    doStep(get(testidOf(step)), step);
    await settle();
  }
  return {
    bridge,
    store,
    find,
    get,
    settle,
    async type(testid, text) {
      const field = get(testid) as HTMLInputElement;
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      await settle();
    },
    async press(testid) {
      get(testid).click();
      await settle();
    },
  };
}

/** Text without the marks that keep inserted values from reordering a sentence. */
export function plain(text: string | null | undefined): string {
  return (text ?? "").replace(/[\u2068\u2069]/g, "").replace(/\s+/g, " ").trim();
}

/** An intersection observer whose findings the test decides. */
export class ScriptedIntersection {
  static instances: ScriptedIntersection[] = [];
  connected = true;

  constructor(
    private readonly callback: IntersectionObserverCallback,
    readonly options: IntersectionObserverInit = {},
  ) {
    ScriptedIntersection.instances.push(this);
  }

  static get latest(): ScriptedIntersection {
    const latest = ScriptedIntersection.instances.at(-1);
    if (!latest) throw new Error("nobody observes");
    return latest;
  }

  observe(): void {}

  disconnect(): void {
    this.connected = false;
  }

  report(isIntersecting: boolean): void {
    if (this.connected)
      this.callback([{ isIntersecting } as IntersectionObserverEntry], this as unknown as IntersectionObserver);
  }
}
