// The savers of this window, and what they all share: the server, other windows, and the moments
// at which everything unsaved goes out at once.

import { Drafts } from "./drafts.js";
import { hexDigits } from "./pieces.js";
import { askServer, patience, takeCookie } from "./reach.js";
import { Saver } from "./saving.js";

/** @import { Answer, Place, Surroundings, Text } from "./saving.js" */

/** @type {Map<string, Saver>} */
const savers = new Map();
const channel = new BroadcastChannel("vigbook");
const own = hexDigits(4);

/** @type {Surroundings} */
const here = {
  kernelQuiet: false,
  // JupyterLab's may have been there before the page.
  kernelIsNew: Boolean(document.body.dataset.voila),
  ask: askServer,
  draftsOf: (key) => new Drafts(localStorage, key, own),
  tellOthers: (key, answer) => {
    try {
      channel.postMessage({ key, answer });
    } catch {
      // Other windows hear of it when they save: nothing is lost by that.
    }
  },
  tellPage: () => {
    const detail = [...savers.values()].map((saver) => saver.status.kind);
    document.dispatchEvent(new CustomEvent("vigbook-saving", { detail }));
  },
  patience,
  clock: {
    now: () => Date.now(),
    after: (act, ms) => setTimeout(act, ms),
    cancel: (timer) => clearTimeout(timer),
  },
};

/**
 * Returns the saver of a prompt; whichever widget comes first makes it.
 * @param {Place} place
 * @param {Answer | null} standing the answer on the disk
 * @param {Omit<Text, "value">} first whose words they are until somebody chooses
 */
export function findSaver(place, standing, first) {
  const key = `${place.family}/${place.cycle}/${place.prompt}`;
  const found = savers.get(key);
  if (found) {
    if (standing) found.hear(standing);
    return found;
  }
  const made = new Saver(key, place, standing, first, here);
  savers.set(key, made);
  return made;
}

function watchPage() {
  const flush = () => savers.forEach((saver) => saver.flush());
  window.addEventListener("pagehide", flush);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") flush();
  });
  window.addEventListener("online", () => savers.forEach((saver) => saver.push()));
  channel.addEventListener("message", ({ data }) => savers.get(data.key)?.hear(data.answer));
}

watchPage();
takeCookie();
