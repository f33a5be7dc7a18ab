/** The camera, from the person's permission until it is switched off. */
import { readFrame } from "./read-code";

/** Why there is no picture of a camera. */
export type CameraTrouble = "camera_failed" | "camera_missing" | "camera_refused";

/** Looking more often costs power and finds nothing sooner. */
const MILLISECONDS_BETWEEN_LOOKS = 100;
const CONSTRAINTS: MediaStreamConstraints = {
  audio: false,
  video: { facingMode: "environment", width: { ideal: 1280 } },
};

/** Asks for the camera. The answer has to be handed to {@link closeCamera}. */
export function openCamera(): Promise<MediaStream> {
  return navigator.mediaDevices.getUserMedia(CONSTRAINTS);
}

/** Switches the camera off. */
export function closeCamera(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** What a refused {@link openCamera} means to the person. */
export function cameraTrouble(thrown: unknown): CameraTrouble {
  const name = thrown instanceof Error ? thrown.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "camera_refused";
  return name === "NotFoundError" || name === "OverconstrainedError" ? "camera_missing" : "camera_failed";
}

/** Shows `stream` and looks for a code in it until one is found or the returned function is called. */
export function watchCamera(video: HTMLVideoElement, stream: MediaStream, found: (text: string) => void): () => void {
  let ended = false;
  let looked = -Infinity;
  const look = async (at: number) => {
    if (at - looked >= MILLISECONDS_BETWEEN_LOOKS) {
      looked = at;
      const text = await readFrame(video);
      if (!ended && text !== undefined) return found(text);
    }
    // Frames are not asked for while the window is hidden.
    if (!ended) requestAnimationFrame((next) => void look(next));
  };
  video.srcObject = stream;
  // Some engines reject when the element goes before the first frame; then nobody waits for it any more.
  void video.play().catch(() => {});
  requestAnimationFrame((at) => void look(at));
  return () => {
    ended = true;
    video.srcObject = null;
  };
}
