import encodeQR from "qr";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { show } from "../../../tests/render";
import { SCENARIOS } from "../../demo/scenarios";
import { pairingIds } from "../pairing/test-ids";
import { MAX_PICTURE_BYTES, readFrame, readPicture } from "./read-code";
import { scanIds as ids } from "./test-ids";

const LINK = "https://id.kawabe.example/pair#v=1&i=https%3A%2F%2Fid.kawabe.example&c=7K3M9QTXV2HC&k=qFJr0dBVn1sY3lMZb6k";
const start = SCENARIOS["pair-enter"] ?? { world: {} };

/** Something that can be drawn: the pixels of a real code, or of none, in shades of grey. */
interface Drawn {
  width: number;
  height: number;
  shade(x: number, y: number): number;
  close(): void;
}

function picture(text: string, pixelsPerModule: number, border = 4): Drawn {
  const modules = text === "" ? [] : encodeQR(text, "raw", { border: 4 });
  const cut = 4 - border;
  const edge = Math.max(modules.length - 2 * cut, 40) * pixelsPerModule;
  const at = (pixel: number) => Math.floor(pixel / pixelsPerModule) + cut;
  const dark = (x: number, y: number) => modules[at(y)]?.[at(x)];
  return { width: edge, height: edge, shade: (x, y) => (dark(x, y) ? 0 : 255), close: vi.fn() };
}

/** The test environment draws nothing, so this does: nearest pixel, which is what an enlarged code needs. */
function context(canvas: HTMLCanvasElement) {
  let data = new Uint8ClampedArray();
  return {
    canvas,
    fillRect() {
      data = new Uint8ClampedArray(canvas.width * canvas.height * 4).fill(255);
    },
    drawImage(source: Drawn, left: number, top: number, width: number, height: number) {
      for (let y = 0; y < height; y += 1)
        for (let x = 0; x < width; x += 1) {
          const shade = source.shade(
            Math.floor((x * source.width) / width),
            Math.floor((y * source.height) / height),
          );
          data.fill(shade, ((y + top) * canvas.width + x + left) * 4, ((y + top) * canvas.width + x + left) * 4 + 3);
        }
    },
    getImageData: () => ({ width: canvas.width, height: canvas.height, data }),
  };
}

/** A file whose content is the text of its code; the word `broken` is no picture. */
function file(text: string, type = "image/png"): File {
  return new File([text], "code.png", { type });
}

function transfer(name: "drop" | "paste", ...files: File[]): Event {
  const event = new Event(name, { bubbles: true, cancelable: true });
  return Object.assign(event, { [name === "drop" ? "dataTransfer" : "clipboardData"]: { files } });
}

beforeEach(() => {
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockImplementation(function (this: HTMLCanvasElement) {
    return context(this) as never;
  });
  vi.stubGlobal("createImageBitmap", async (blob: Blob) => {
    const text = await blob.text();
    if (text === "broken") throw new DOMException("no picture", "InvalidStateError");
    return picture(text, 3);
  });
});

/** Until `there` is true; the decoder is loaded and takes its time. */
async function until(there: () => unknown): Promise<void> {
  await vi.waitFor(() => expect(there()).toBeTruthy(), { timeout: 5000, interval: 5 });
}

async function opened(world: object = {}) {
  const shown = await show({ ...start, world: { ...start.world, ...world } });
  await shown.press(pairingIds.scan);
  return shown;
}

describe("reading a picture", () => {
  it("finds the text of a code", async () => {
    expect(await readPicture(file(LINK))).toEqual({ text: LINK });
  });

  it.each([1, 2, 8])("finds a code with %i pixels for each module", async (scale) => {
    vi.stubGlobal("createImageBitmap", async () => picture(LINK, scale));
    expect(await readPicture(file(LINK))).toEqual({ text: LINK });
  });

  it("finds a code that was cut out without its light edge", async () => {
    vi.stubGlobal("createImageBitmap", async () => picture(LINK, 4, 0));
    expect(await readPicture(file(LINK))).toEqual({ text: LINK });
  });

  it("tells a picture without a code from something that is no picture", async () => {
    expect(await readPicture(file(""))).toEqual({ trouble: "no_code" });
    expect(await readPicture(file("broken"))).toEqual({ trouble: "not_a_picture" });
  });

  it("does not open a file that is larger than any picture of a code", async () => {
    const open = vi.fn();
    vi.stubGlobal("createImageBitmap", open);
    expect(await readPicture({ size: MAX_PICTURE_BYTES + 1 } as Blob)).toEqual({ trouble: "too_large" });
    expect(open).not.toHaveBeenCalled();
  });

  it("gives the memory of the picture back", async () => {
    const drawn = picture(LINK, 3);
    vi.stubGlobal("createImageBitmap", async () => drawn);
    await readPicture(file(LINK));
    expect(drawn.close).toHaveBeenCalledOnce();
  });

  it("asks the engine's own detector first, and does without it when that fails", async () => {
    const detect = vi.fn(async () => [{ rawValue: "from the engine" }]);
    vi.stubGlobal("BarcodeDetector", function () {
      return { detect };
    });
    expect(await readPicture(file(LINK))).toEqual({ text: "from the engine" });
    detect.mockRejectedValue(new Error("no service"));
    expect(await readPicture(file(LINK))).toEqual({ text: LINK });
  });

  it("drops a text that is longer than any code of ours", async () => {
    vi.stubGlobal("BarcodeDetector", function () {
      return { detect: async () => [{ rawValue: "x".repeat(2049) }] };
    });
    expect(await readPicture(file(LINK))).toEqual({ trouble: "no_code" });
  });

  it("finds nothing in a camera that shows nothing yet", async () => {
    expect(await readFrame(document.createElement("video"))).toBeUndefined();
  });
});

describe("the scanner", () => {
  it("starts the pairing with what a dropped picture holds", async () => {
    const shown = await opened();
    dispatchEvent(transfer("drop", file("notes", "text/plain"), file(LINK)));
    await until(() => shown.bridge.calls.some(({ command }) => command === "pairing_start"));
    await shown.settle();
    expect(shown.bridge.calls.at(-1)?.request).toEqual({ input: { form: "link", link: LINK } });
    expect(shown.find(ids.dialog)).toBeNull();
  });

  it("opens by itself when a picture is pasted beside the fields", async () => {
    const shown = await show(start);
    const text = transfer("paste");
    dispatchEvent(text);
    expect(text.defaultPrevented).toBe(false);
    dispatchEvent(transfer("paste", file(LINK)));
    await until(() => shown.bridge.calls.some(({ command }) => command === "pairing_start"));
  });

  it("takes a chosen file, and the same one again after it failed", async () => {
    const shown = await opened();
    const input = shown.get(ids.file) as HTMLInputElement;
    vi.spyOn(input, "files", "get").mockReturnValue([file("")] as never);
    input.dispatchEvent(new Event("change", { bubbles: true }));
    await until(() => shown.find(ids.trouble));
    expect(shown.get(ids.trouble).dataset["trouble"]).toBe("no_code");
    expect(input.value).toBe("");
    expect(shown.bridge.calls.some(({ command }) => command === "pairing_start")).toBe(false);
  });

  it("says so when what was pasted is no picture", async () => {
    const shown = await opened();
    dispatchEvent(transfer("paste"));
    await until(() => shown.find(ids.trouble));
    expect(shown.get(ids.trouble).dataset["trouble"]).toBe("not_a_picture");
  });

  it("closes without a word when cancelled, and reports nothing after that", async () => {
    const shown = await opened();
    dispatchEvent(transfer("drop", file(LINK)));
    await shown.press(ids.cancel);
    expect(shown.find(ids.dialog)).toBeNull();
    await readPicture(file(LINK));
    await shown.settle();
    expect(shown.bridge.calls.some(({ command }) => command === "pairing_start")).toBe(false);
  });
});

describe("the camera", () => {
  function camera() {
    const track = Object.assign(new EventTarget(), { stop: vi.fn() });
    const stream = Object.assign(new MediaStream(), { getTracks: () => [track], getVideoTracks: () => [track] });
    const getUserMedia = vi.fn(async () => stream);
    vi.stubGlobal("navigator", Object.assign(Object.create(navigator), { mediaDevices: { getUserMedia } }));
    return { track, stream, getUserMedia };
  }

  async function on() {
    const { track, getUserMedia } = camera();
    const shown = await opened();
    await shown.settle();
    await shown.press(ids.camera);
    return { shown, track, getUserMedia };
  }

  it("is not offered where the app cannot ask for it", async () => {
    expect((await opened()).find(ids.camera)).toBeNull();
    camera();
    const { desktop } = (await show(start)).bridge.world;
    expect((await opened({ desktop: { ...desktop, camera: false } })).find(ids.camera)).toBeNull();
  });

  it("is asked for by a press and by nothing else", async () => {
    const { getUserMedia } = camera();
    const shown = await opened();
    await shown.settle();
    expect(getUserMedia).not.toHaveBeenCalled();
    await shown.press(ids.camera);
    expect(getUserMedia).toHaveBeenCalledOnce();
  });

  it("starts the pairing with what it sees, and goes off", async () => {
    const { shown, track } = await on();
    const seen = picture(LINK, 4);
    Object.defineProperties(shown.get(ids.video), {
      videoWidth: { value: seen.width },
      videoHeight: { value: seen.height },
      width: { value: seen.width },
      height: { value: seen.height },
      shade: { value: seen.shade },
    });
    await until(() => shown.bridge.calls.some(({ command }) => command === "pairing_start"));
    expect(shown.bridge.calls.at(-1)?.request).toEqual({ input: { form: "link", link: LINK } });
    expect(track.stop).toHaveBeenCalled();
  });

  it.each([
    ["the scanner is cancelled", (shown: Awaited<ReturnType<typeof opened>>) => shown.press(ids.cancel)],
    ["it is turned off", (shown: Awaited<ReturnType<typeof opened>>) => shown.press(ids.cameraOff)],
    [
      "the window is hidden",
      () => {
        vi.spyOn(document, "hidden", "get").mockReturnValue(true);
        document.dispatchEvent(new Event("visibilitychange"));
      },
    ],
  ])("goes off when %s", async (_, leave) => {
    const { shown, track } = await on();
    expect(shown.find(ids.video)).not.toBeNull();
    await leave(shown);
    await shown.settle();
    expect(shown.find(ids.video)).toBeNull();
    expect(track.stop).toHaveBeenCalled();
  });

  it("goes off when it is allowed only after the scanner was closed", async () => {
    const { track, stream, getUserMedia } = camera();
    let allow = (_: typeof stream) => {};
    getUserMedia.mockReturnValue(new Promise((resolve) => (allow = resolve)));
    const shown = await opened();
    await shown.settle();
    await shown.press(ids.camera);
    await shown.press(ids.cancel);
    allow(stream);
    await shown.settle();
    expect(track.stop).toHaveBeenCalled();
  });

  it("says so when it is unplugged", async () => {
    const { shown, track } = await on();
    track.dispatchEvent(new Event("ended"));
    await shown.settle();
    expect(shown.get(ids.trouble).dataset["trouble"]).toBe("camera_failed");
  });

  it.each([
    ["NotAllowedError", "camera_refused"],
    ["NotFoundError", "camera_missing"],
    ["NotReadableError", "camera_failed"],
  ])("turns %s into words", async (name, trouble) => {
    const { getUserMedia } = camera();
    getUserMedia.mockRejectedValue(new DOMException("no", name));
    const shown = await opened();
    await shown.settle();
    await shown.press(ids.camera);
    expect(shown.get(ids.trouble).dataset["trouble"]).toBe(trouble);
  });
});
