// Keeps a text in the visitor's browser: a table in JSON, to which each tab adds what it knows. A session that
// knows nothing yet (`text` is null) is told what is kept; from then on what the session has is kept. Browsers may
// refuse to keep anything, in a frame for instance.
export default function ({ data, setTriggerValue }) {
  const { key, text } = data;
  try {
    const kept = localStorage.getItem(key) ?? "";
    if (text === null) setTriggerValue("kept", `kept ${kept}`);
    else if (text === "") localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify({ ...read(kept), ...read(text) }));
  } catch {
    if (text === null) setTriggerValue("kept", "refused");
  }
}

function read(text) {
  try { return JSON.parse(text); } catch { return {}; }
}
