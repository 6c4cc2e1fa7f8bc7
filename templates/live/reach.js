// Asking our server, with a kernel or without.

/** @import { Answer, Came, Place } from "./saving.js" */

const TIMES_MS = { pause: 400, kernel: 1500, server: 4000, retry: 3000 };

/**
 * Returns how long to wait for something; `?quick` in the address shortens it all but the pause.
 * @param {keyof typeof TIMES_MS} name
 */
export function patience(name) {
  const quick = name !== "pause" && new URLSearchParams(location.search).has("quick");
  return TIMES_MS[name] / (quick ? 5 : 1);
}

/** Returns the server's address, which Voila and JupyterLab both tell their pages. */
export function baseUrl() {
  const told = document.getElementById("jupyter-config-data")?.textContent;
  return told ? JSON.parse(told).baseUrl || "/" : "/";
}

/** @param {string} name */
export function readCookie(name) {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

/** Gets the cookie that saving wants and Voila's page does not set: our front page does. */
export async function takeCookie() {
  if (readCookie("_xsrf")) return;
  const signal = AbortSignal.timeout(patience("server"));
  await fetch(`${baseUrl()}vigbook/`, { credentials: "same-origin", signal }).catch(() => {});
}

/**
 * Asks the server about an answer; never raises.
 * @param {Place} place
 * @param {RequestInit & { query?: string }} options
 * @returns {Promise<Came | Answer[]>} what it answers, or that it was not reached
 */
export async function askServer(place, options) {
  if (options.method === "POST" && !options.keepalive) await takeCookie();
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), patience("server"));
  const url = `${baseUrl()}vigbook/api/cycle-${place.cycle}/answers${options.query || ""}`;
  try {
    const answer = await fetch(url, {
      credentials: "same-origin",
      signal: control.signal,
      ...options,
      headers: { "Content-Type": "application/json", "X-XSRFToken": readCookie("_xsrf") },
    });
    // The server started anew, or forgot this browser: it wants to be opened again.
    if (answer.status === 403 || answer.redirected) return { unreached: "shut" };
    // The family's files cannot be read just now: nothing is wrong with the text.
    if (answer.status === 409) return { again: true, ...(await answer.json()) };
    return answer.ok ? await answer.json() : { unreached: "server" };
  } catch {
    return { unreached: "server" };
  } finally {
    clearTimeout(timer);
  }
}
