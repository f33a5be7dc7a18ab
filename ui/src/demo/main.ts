/**
 * The screens over fixtures: `demo.html?scenario=approval-sign-in&locale=ja&theme=dark`. Built by `vite build --mode
 * demo` into a folder of its own; the app neither embeds nor can reach it.
 */
import { start } from "../app/start";
import type { ThemeChoice } from "../generated/contract";
import { DemoBridge } from "./demo-bridge";
import { SCENARIOS } from "./scenarios";
import { doAll } from "./steps";

const wanted = new URLSearchParams(location.search);
const scenario = SCENARIOS[wanted.get("scenario") ?? "inbox-several"];
if (!scenario) throw new Error("no such scenario");

const bridge = new DemoBridge({
  ...scenario.world,
  settings: {
    ...scenario.world.settings,
    locale: wanted.get("locale"),
    theme: choice<ThemeChoice>(wanted.get("theme"), ["auto", "light", "dark"]),
  },
});
if (location.hash === "") history.replaceState(null, "", scenario.hash);
start(bridge);
const ready = doAll(scenario.steps ?? []);
Object.assign(window, { tegataDemo: { bridge, ready, led: scenario.steps !== undefined, scenarios: Object.keys(SCENARIOS) } });

function choice<T extends string>(given: string | null, allowed: readonly [T, ...T[]]): T {
  return allowed.find((one) => one === given) ?? allowed[0];
}
