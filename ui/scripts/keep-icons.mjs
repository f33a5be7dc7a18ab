// Moves the icons that a desktop bundle needs from the generated set into `icons/` and drops the rest.
import { renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const icons = fileURLToPath(new URL("../../icons/", import.meta.url));
const NEEDED = ["32x32.png", "128x128.png", "128x128@2x.png", "icon.png", "icon.ico", "icon.icns"];

for (const name of NEEDED) renameSync(`${icons}.generated/${name}`, `${icons}${name}`);
rmSync(`${icons}.generated`, { recursive: true });
