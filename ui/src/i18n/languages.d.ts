/** Made by `scripts/languages.ts` from the folders under `locales/`. */
declare module "virtual:languages" {
  import type { Pattern } from "./pattern";

  type Load = () => Promise<{ default: Record<string, Pattern> }>;

  const languages: Record<
    string,
    {
      /** In the language itself. */
      name: string;
      direction: "ltr" | "rtl";
      /** What a start and a request need, and the rest. */
      load: [start: Load, more: Load];
    }
  >;
  export default languages;
}
