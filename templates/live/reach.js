// Asking our server, with a kernel or without.

// The server's address, which Voila and JupyterLab both tell their pages.
function baseUrl() {
  const told = document.getElementById("jupyter-config-data")?.textContent;
  return told ? JSON.parse(told).baseUrl || "/" : "/";
}

function readCookie(name) {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

// Saving wants a cookie that Voila's page does not set: our front page does.
async function takeCookie() {
  if (readCookie("_xsrf")) return;
  const signal = AbortSignal.timeout(patience("server"));
  await fetch(`${baseUrl()}vigbook/`, { credentials: "same-origin", signal }).catch(() => {});
}

async function askServer(place, options, patienceMs) {
  if (options.method === "POST" && !options.keepalive) await takeCookie();
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), patienceMs);
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
