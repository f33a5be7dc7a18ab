/** Made by `scripts/languages.ts` from the folders under `locales/`. */
declare module "virtual:languages" {
  import type { Pattern } from "./pattern";

  const languages: Record<
    string,
    {
      /** In the language itself. */
      name: string;
      direction: "ltr" | "rtl";
      load: () => Promise<{ default: Record<string, Pattern> }>;
    }
  >;
  export default languages;
}
