// What is typed and not saved yet, kept in this browser at every keystroke. The keys and what is
// under them never change: a draft of an earlier version is found by every later one.

/** @import { Typed } from "./saving.js" */

/** @typedef {Typed & { at: number, key: string }} Draft */

const DRAFT = "vigbook-draft:";

/** The drafts of one prompt; each window keeps its own. */
export class Drafts {
  /**
   * @param {Storage} store
   * @param {string} key family, cycle and prompt
   * @param {string} own the window's name
   */
  constructor(store, key, own) {
    this.store = store;
    this.prefix = `${DRAFT}${key}:`;
    this.key = `${this.prefix}${own}`;
  }

  /**
   * Keeps what is typed; returns whether it could be.
   * @param {Typed} typed
   * @param {number} at now, in milliseconds
   */
  write(typed, at) {
    try {
      this.store.setItem(this.key, JSON.stringify({ ...typed, at }));
      return true;
    } catch {
      return false; // no room in this browser
    }
  }

  drop(key = this.key) {
    try {
      this.store.removeItem(key);
    } catch {
      // A browser that keeps nothing has nothing to drop.
    }
  }

  /**
   * Returns the drafts of every window, the latest first. Each stays where it is until it is
   * taken up.
   * @returns {Draft[]}
   */
  read() {
    const found = [];
    for (const key of this.keys()) {
      try {
        const draft = JSON.parse(this.store.getItem(key) || "null");
        if (typeof draft?.id === "string" && "value" in draft) found.push({ key, ...draft });
      } catch {
        // One that cannot be read hides no other.
      }
    }
    return found.sort((one, other) => other.at - one.at);
  }

  keys() {
    try {
      return Object.keys(this.store).filter((one) => one.startsWith(this.prefix));
    } catch {
      return []; // a browser that keeps nothing
    }
  }
}
