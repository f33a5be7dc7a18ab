/** Names by which end-to-end tests find things of scanning. */
export const scanIds = {
  dialog: "scan.dialog",
  choose: "scan.choose",
  file: "scan.file",
  camera: "scan.camera",
  /** There while the camera is on. */
  video: "scan.video",
  cameraOff: "scan.camera_off",
  /** Carries `data-trouble`. */
  trouble: "scan.trouble",
  cancel: "scan.cancel",
} as const;
