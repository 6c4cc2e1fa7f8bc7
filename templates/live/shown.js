// What may be shown now. A page that is open asks the server every few seconds, and at once when a
// laptop wakes or the page is seen again; it takes down what may be shown no longer. Only a clear
// answer takes anything down: a server that does not answer says nothing about anybody's yes.

/**
 * @typedef {object} Shown what may be shown of a cycle
 * @property {string[]} media clips and stills, as `cycle-1/clip-1.mp4`
 * @property {string[]} papers
 * @property {boolean} film
 */

/**
 * What asking needs of the world around it.
 * @typedef {object} Around
 * @property {() => number} now the time of day, in milliseconds
 * @property {(act: () => void, ms: number) => any} after
 * @property {(timer: any) => void} cancel
 * @property {(act: () => void) => void} onWake
 */

const EVERY_MS = 2500;
const ANSWER_MS = 10_000; // what was asked before a laptop slept may never be answered
const TICK_MS = 1000;
const SLEPT_MS = 3000; // later than it should be, a tick tells that nothing ran meanwhile

/** Why a question is left off that a newer one takes the place of. */
export const ANEW = "asked anew";

/** @type {Around} */
const browser = {
  now: () => Date.now(),
  after: (act, ms) => setTimeout(act, ms),
  cancel: (timer) => clearTimeout(timer),
  onWake(act) {
    const seen = () => document.hidden || act();
    for (const name of ["visibilitychange", "resume"]) document.addEventListener(name, seen);
    for (const name of ["pageshow", "focus", "online"]) window.addEventListener(name, act);
  },
};

/** Asks again and again, one question at a time, and at once on waking. */
export class Round {
  /** @type {AbortController | null} of the question that is on its way */
  asking = null;
  /** @type {any} */
  timer = null;
  ended = false;

  /**
   * @param {(signal: AbortSignal) => Promise<unknown>} ask
   * @param {() => number} pause in milliseconds, from an answer to the next question
   * @param {Around} around
   */
  constructor(ask, pause = () => EVERY_MS, around = browser) {
    this.ask = ask;
    this.pause = pause;
    this.around = around;
    around.onWake(() => this.go());
    this.tick(around.now());
    this.go();
  }

  /** @param {number} before when it ticked last */
  tick(before) {
    if (this.ended) return;
    const now = this.around.now();
    if (Math.abs(now - before) > TICK_MS + SLEPT_MS) this.go();
    this.around.after(() => this.tick(now), TICK_MS);
  }

  /** Asks now; what was asked before is not waited for any more. */
  async go() {
    if (this.ended) return;
    this.asking?.abort(ANEW);
    this.around.cancel(this.timer);
    const control = new AbortController();
    this.asking = control;
    const late = this.around.after(() => control.abort(), ANSWER_MS);
    // Nothing is said of it: an answer that was not had takes nothing down.
    await this.ask(control.signal).catch(() => {});
    this.around.cancel(late);
    if (this.asking !== control || this.ended) return;
    this.asking = null;
    this.timer = this.around.after(() => this.go(), this.pause());
  }

  end() {
    this.ended = true;
    this.asking?.abort();
    this.around.cancel(this.timer);
  }
}

/** @typedef {(shown: Shown) => void} Hear */

/** @type {Map<string, { round: Round, heard: Set<Hear> }>} by cycle: all of a page ask as one */
const rounds = new Map();

/**
 * Tells what may be shown of a cycle, again and again.
 * @param {string} base the server's address
 * @param {string} cycle its folder, as `cycle-1`
 * @param {Hear} hear
 * @returns {() => void} what ends it
 */
export function watchShown(base, cycle, hear) {
  let found = rounds.get(cycle);
  if (!found) {
    /** @type {Set<Hear>} */
    const heard = new Set();
    const ask = async (/** @type {AbortSignal} */ signal) => {
      const shown = await askShown(`${base}vigbook/api/${cycle}/shown`, signal);
      if (shown) for (const one of [...heard]) one(shown);
    };
    found = { round: new Round(ask), heard };
    rounds.set(cycle, found);
  }
  const { round, heard } = found;
  heard.add(hear);
  return () => {
    heard.delete(hear);
    if (heard.size) return;
    round.end();
    if (rounds.get(cycle)?.round === round) rounds.delete(cycle);
  };
}

/**
 * Returns what may be shown, or null where that was not clearly said.
 * @param {string} url
 * @param {AbortSignal} signal
 * @returns {Promise<Shown | null>}
 */
async function askShown(url, signal) {
  const answer = await fetch(url, { credentials: "same-origin", signal });
  // Signed out, or files that cannot be read just now: neither is a no.
  if (!answer.ok || answer.redirected) return null;
  const shown = await answer.json();
  return Array.isArray(shown?.media) && Array.isArray(shown?.papers) ? shown : null;
}
