/**
 * Text of a QR code in a picture. The engine's own detector is asked first where there is one; the decoder of the
 * package `qr` is loaded when it is needed. Pictures stay in memory: nothing is given an address, nothing is sent.
 */

/** More than any screenshot or photograph of a code needs. */
export const MAX_PICTURE_BYTES = 16 * 1024 * 1024;
/** What an invitation or a code on another screen may hold at most. */
const MAX_TEXT = 2048;
/** Longest edge, in pixels, that is looked at. */
const MAX_EDGE = { picture: 4096, frame: 1280 };
/** Below it a picture is enlarged: one pixel for each module is too few to be found. */
const SMALL_EDGE = 512;
/** A picture cut out close to the code lacks the light edge that codes are found by. */
const MARGIN = 24;
/** A picture is worth a second; a frame of the camera is followed by the next one. */
const EFFORT = { picture: { effort: Infinity, timeLimit: 1000 }, frame: {} };

type Kind = keyof typeof EFFORT;
type Detector = { detect(source: CanvasImageSource): Promise<Array<{ rawValue: string }>> };
type DetectorClass = new (options: { formats: string[] }) => Detector;

/** Why a picture gave no text. */
export type PictureTrouble = "no_code" | "not_a_picture" | "too_large";

/** The picture among what was dropped or pasted; without one the first file, about which something can be said. */
export function pictureOf(data: DataTransfer | null): File | undefined {
  const files = [...(data?.files ?? [])];
  return files.find(({ type }) => type.startsWith("image/")) ?? files[0];
}

/** Reads a picture that the person chose, dropped or pasted. */
export async function readPicture(file: Blob): Promise<{ text: string } | { trouble: PictureTrouble }> {
  if (file.size > MAX_PICTURE_BYTES) return { trouble: "too_large" };
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return { trouble: "not_a_picture" };
  }
  try {
    const text = await read(bitmap, bitmap.width, bitmap.height, "picture");
    return text === undefined ? { trouble: "no_code" } : { text };
  } finally {
    bitmap.close();
  }
}

/** Reads what the camera shows now, if there is a code in it. */
export async function readFrame(video: HTMLVideoElement): Promise<string | undefined> {
  return video.videoWidth > 0 ? read(video, video.videoWidth, video.videoHeight, "frame") : undefined;
}

async function read(source: CanvasImageSource, width: number, height: number, kind: Kind): Promise<string | undefined> {
  const edge = Math.max(width, height);
  const enlarged = edge < SMALL_EDGE ? Math.ceil(SMALL_EDGE / edge) : 1;
  const scale = Math.min(enlarged, MAX_EDGE[kind] / edge);
  const margin = kind === "picture" ? MARGIN : 0;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale) + 2 * margin;
  canvas.height = Math.round(height * scale) + 2 * margin;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return undefined;
  context.imageSmoothingEnabled = scale < 1;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, margin, margin, canvas.width - 2 * margin, canvas.height - 2 * margin);
  const text = (await nativeText(canvas)) ?? (await decodedText(context, kind));
  return text && text.length <= MAX_TEXT ? text : undefined;
}

async function nativeText(canvas: HTMLCanvasElement): Promise<string | undefined> {
  const { BarcodeDetector } = globalThis as { BarcodeDetector?: DetectorClass };
  if (!BarcodeDetector) return undefined;
  try {
    return (await new BarcodeDetector({ formats: ["qr_code"] }).detect(canvas))[0]?.rawValue;
  } catch {
    // Its service is missing on some machines; the decoder needs none.
    return undefined;
  }
}

async function decodedText(context: CanvasRenderingContext2D, kind: Kind): Promise<string | undefined> {
  const { default: decode } = await import("qr/decode.js");
  try {
    return decode(context.getImageData(0, 0, context.canvas.width, context.canvas.height), EFFORT[kind]);
  } catch {
    // It throws when there is no code to be read.
    return undefined;
  }
}
