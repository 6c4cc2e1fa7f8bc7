// A window for savers, with a clock that is turned by hand and a server that answers as it is told.
// Nothing of vigbook's own is imitated: only what lies outside `saving.js`.

import { Drafts } from "../../templates/live/drafts.js";
import { Saver } from "../../templates/live/saving.js";

export const PAUSE = 400;
export const KERNEL = 1500;
export const RETRY = 3000;
export const PLACE = { family: "wren", cycle: 1, prompt: "clip-1.see", kind: "text" };
export const FIRST = { by: "mum", source: "said" };

/** Time that passes only when it is told to. */
export class Clock {
  time = 1_000_000;
  timers = new Map();
  last = 0;

  now() {
    return this.time;
  }

  after(act, ms) {
    this.last += 1;
    this.timers.set(this.last, { due: this.time + ms, act });
    return this.last;
  }

  cancel(timer) {
    this.timers.delete(timer);
  }

  /** Lets time pass: each timer goes off when it is due, and what follows from it is done. */
  async pass(ms) {
    const until = this.time + ms;
    for (;;) {
      await settle();
      const due = [...this.timers].filter(([, one]) => one.due <= until);
      if (!due.length) break;
      const [timer, { due: at, act }] = due.reduce((one, two) => (two[1].due < one[1].due ? two : one));
      this.timers.delete(timer);
      this.time = at;
      act();
    }
    this.time = until;
  }
}

/** Waits until every promise that can be kept now is kept. */
export const settle = () => new Promise((done) => setImmediate(done));

/** A browser's storage: its keys are those that were set, and it may be full. */
export class Store {
  static full = Symbol("full");

  setItem(key, text) {
    if (this[Store.full]) throw new Error("QuotaExceededError");
    this[key] = String(text);
  }

  getItem(key) {
    return this[key] ?? null;
  }

  removeItem(key) {
    delete this[key];
  }
}

/** Holds a journal as the real one does: texts by their ids, one after another. */
export class Server {
  asked = [];
  journal = [];
  /** Answers instead of the journal, where it is set. */
  instead = null;

  answer(typed) {
    const answer = {
      id: typed.id, value: typed.value, by: typed.by, source: typed.source,
      at: `2026-11-22T10:00:0${this.journal.length}.000Z`, clock: "10:00:00",
    };
    this.journal.push(answer);
    return answer;
  }

  async ask(place, options) {
    if (options.query) return this.instead ? this.instead() : this.journal;
    const typed = JSON.parse(options.body);
    this.asked.push({ ...typed, keepalive: options.keepalive });
    return this.instead ? this.instead(typed) : { saved: this.answer(typed) };
  }

  get values() {
    return this.asked.map((typed) => typed.value);
  }
}

/** A kernel behind a widget: it hears, and answers with `reply`, or is silent. */
export class Kernel {
  heard = [];
  hears = new Set();
  reply = null;

  on(_event, hear) {
    this.hears.add(hear);
  }

  off(_event, hear) {
    this.hears.delete(hear);
  }

  send(message) {
    this.heard.push(message);
    const result = this.reply?.(message);
    if (result) this.tell({ about: message.about, result });
  }

  tell(message) {
    this.hears.forEach((hear) => hear(message));
  }
}

/** A window: what its savers need, and what came of it. */
export class Window {
  kernelQuiet = false;
  kernelIsNew = true;
  clock = new Clock();
  server = new Server();
  told = [];
  changes = 0;

  constructor(store = new Store(), own = "aaaaaaaa") {
    this.store = store;
    this.own = own;
  }

  ask = (place, options) => this.server.ask(place, options);
  draftsOf = (key) => new Drafts(this.store, key, this.own);
  tellOthers = (key, answer) => this.told.push([key, answer.value]);
  tellPage = () => (this.changes += 1);
  patience = (name) => ({ pause: PAUSE, kernel: KERNEL, retry: RETRY })[name];

  open(standing = null, place = PLACE) {
    const key = `${place.family}/${place.cycle}/${place.prompt}`;
    return new Saver(key, place, standing, FIRST, this);
  }
}
