import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";
import { languages } from "./scripts/languages.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const AT_EVERY_START =
  /\/node_modules\/(?!qr\/)|\/src\/(i18n|host|generated)\/|\/src\/app\/(context|routes|clock)|\/components\/(Badge|Callout|focus|Icon|Mark|Spinner)\b/;

// Mode `demo` builds the same screens over fixtures into a folder of its own, which no app embeds.
export default defineConfig(({ mode }) => {
  const demo = mode === "demo";
  return {
    base: "./",
    plugins: [languages(here("./locales"), demo), svelte(), svelteTesting()],
    build: {
      // The oldest engine the app meets: WebKitGTK of Debian 12.
      target: "safari16",
      outDir: demo ? "dist-demo" : "dist",
      emptyOutDir: true,
      modulePreload: { polyfill: false },
      // The content security policy has no data: sources, so nothing is inlined.
      assetsInlineLimit: 0,
      rolldownOptions: {
        input: here(demo ? "./demo.html" : "./index.html"),
        // What every start loads is one file, not one for each module that some later screen uses as well.
        output: { codeSplitting: { groups: [{ name: "start", test: AT_EVERY_START }] } },
      },
    },
    server: { host: "127.0.0.1", open: false },
    test: {
      environment: "happy-dom",
      include: ["src/**/*.test.ts", "tests/**/*.test.ts"],
      setupFiles: ["tests/setup.ts"],
      restoreMocks: true,
    },
  };
});
