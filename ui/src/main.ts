import { start } from "./app/start";
import { TauriBridge } from "./host/tauri";

start(new TauriBridge());
