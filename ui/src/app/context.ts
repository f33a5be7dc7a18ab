/** Hands the store to every component without passing it through each of them. */
import { getContext, setContext } from "svelte";
import type { Store } from "./store.svelte";

const KEY = Symbol("store");

/** Called once, by the component at the root. */
export function provideStore(store: Store): void {
  setContext(KEY, store);
}

/** The store; only while a component is being set up. */
export function useStore(): Store {
  return getContext<Store>(KEY);
}
