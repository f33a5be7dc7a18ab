// The passkey ceremonies of the operator's pages, the one thing there that needs a script.
const button = document.querySelector("button[data-ceremony]");
const said = document.getElementById("said");
const { ceremony, kind, failed, unsupported, working } = button.dataset;
const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const say = (words, bad) => {
  said.hidden = false;
  said.textContent = words;
  said.classList.toggle("bad", bad);
};
const post = async (step, body) => {
  const answer = await fetch(`${ceremony}/${step}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(json.message ?? failed);
  return json;
};
const credentials = {
  async create({ publicKey: options }) {
    options.challenge = bytes(options.challenge);
    options.user.id = bytes(options.user.id);
    for (const known of options.excludeCredentials ?? []) known.id = bytes(known.id);
    return navigator.credentials.create({ publicKey: options });
  },
  async get({ publicKey: options }) {
    options.challenge = bytes(options.challenge);
    for (const known of options.allowCredentials ?? []) known.id = bytes(known.id);
    return navigator.credentials.get({ publicKey: options });
  },
};
const run = async () => {
  button.disabled = true;
  say(working, false);
  try {
    const { id, rawId, type, response } = await credentials[kind](await post("start", {}));
    const answer = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) answer[name] = text(response[name]);
    }
    const { next } = await post("finish", { id, rawId: text(rawId), type, response: answer });
    location.assign(next);
  } catch (error) {
    say(error instanceof DOMException ? failed : error.message, true);
    button.disabled = false;
  }
};
if (globalThis.PublicKeyCredential) {
  button.hidden = false;
  button.addEventListener("click", run);
} else {
  say(unsupported, true);
}
