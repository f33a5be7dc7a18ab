/** Names by which end-to-end tests find things of devices. */
export const deviceIds = {
  screen: "devices.screen",
  /** Carries `data-device-id`. */
  item: "devices.item",
  /** There while this device is too new to manage others. */
  notYet: "devices.not_yet",
  reload: "devices.reload",
  rename: "devices.rename",
  renameField: "devices.rename_field",
  renameSave: "devices.rename_save",
  remove: "devices.remove",
  lost: "devices.lost",
  /** There while a device may not manage others yet. */
  gradeFrom: "devices.grade_from",
  grade: "devices.grade",
  /** Asks before a device is removed or graded. Carries `data-fate`. */
  ask: "devices.ask",
  askYes: "devices.ask_yes",
  askNo: "devices.ask_no",
  /** There until the request to be approved is in the inbox. */
  opening: "devices.opening",
  openingLeave: "devices.opening_leave",
  add: "devices.add",
  move: "devices.move",
  startAsk: "adding.start_ask",
  start: "adding.start",
  /** Carries `data-stage`. */
  adding: "adding.screen",
  cancel: "adding.cancel",
  qr: "adding.qr",
  server: "adding.server",
  code: "adding.code",
  timeLeft: "adding.time_left",
  digits: "adding.digits",
  digitsError: "adding.digits_error",
  confirm: "adding.confirm",
  /** Carries `data-state`, the failure or `done` or `moved`. */
  ended: "adding.ended",
  leave: "adding.leave",
  continue: "adding.continue",
} as const;
