// Saving what is typed, in three layers: a draft in this browser at every keystroke; the kernel
// after a pause; the server itself when no kernel answers or the page goes. Nothing is called
// saved before the journal's line is on the disk.

import { hexDigits } from "./pieces.js";

/** @import { Draft } from "./drafts.js" */

/**
 * Where an answer belongs.
 * @typedef {{ family: string, cycle: number, prompt: string, kind: string }} Place
 */

/**
 * A moment that was marked: hh:mm:ss.mmm of the film.
 * @typedef {{ at: string }} Mark
 */

/**
 * What was answered, whose words they are, and how they came.
 * @typedef {{ value: string | Mark[], by: string, source: string }} Text
 */

/**
 * An answer on the disk; `clock` is when it was saved, for people.
 * @typedef {Text & { id: string, at: string, clock: string }} Answer
 */

/**
 * What is sent: a text, the answer that it was begun from, and the ids under which earlier texts
 * of ours were sent.
 * @typedef {Text & { prompt: string, id: string, base: string | null, own: string[] }} Typed
 */

/**
 * What comes of sending. `again`: it is not the text's fault; `shut`: the server forgot us.
 * @typedef {object} Came
 * @property {Answer} [saved]
 * @property {Answer} [conflict]
 * @property {string} [refused]
 * @property {boolean} [again]
 * @property {"server" | "shut"} [unreached]
 */

/**
 * How it stands with the text here.
 * @typedef {object} Status
 * @property {"none" | "saving" | "found" | "saved" | "conflict" | "refused" | "waiting" | "shut"} kind
 * @property {Answer} [answer] that it was saved as
 * @property {string} [sentence] why it was refused
 * @property {boolean} [again] whether it is tried again
 */

/**
 * A widget's model: the way to its kernel.
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(message: object) => void} send
 * @property {(event: string, hear: (message: any) => void) => void} on
 * @property {(event: string, hear: (message: any) => void) => void} off
 */

/**
 * What a saver needs of the window that it is in; `savers.js` has the real one.
 * @typedef {object} Surroundings
 * @property {boolean} kernelQuiet whether the kernel did not answer when it was asked last
 * @property {boolean} kernelIsNew whether the kernel was started for this page
 * @property {(place: Place, options: RequestInit & { query?: string }) => Promise<Came | Answer[]>} ask
 *   asks the server; never raises
 * @property {(key: string) => import("./drafts.js").Drafts} draftsOf
 * @property {(key: string, answer: Answer) => void} tellOthers tells other windows what was saved
 * @property {() => void} tellPage tells that a status changed
 * @property {(name: "pause" | "kernel" | "retry") => number} patience in milliseconds
 * @property {Clock} clock
 */

/**
 * @typedef {object} Clock
 * @property {() => number} now in milliseconds
 * @property {(act: () => void, ms: number) => any} after does something later; returns a timer
 * @property {(timer: any) => void} cancel
 */

const MOST_OWN = 50;

/**
 * @param {unknown} one
 * @param {unknown} other
 */
export const sameText = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** @param {string | Mark[]} value */
const isEmpty = (value) => (Array.isArray(value) ? !value.length : !value);

/**
 * @param {Text} answer
 * @returns {Text}
 */
export const textOf = ({ value, by, source }) => ({ value, by, source });

/**
 * The moments of a value; a text has none.
 * @param {string | Mark[]} value
 */
export const marksOf = (value) => (Array.isArray(value) ? value : []);

/**
 * @param {string | Mark[]} one
 * @param {string | Mark[]} other
 * @returns {Mark[]} in order, each once
 */
function uniteMarks(one, other) {
  const times = new Set([...marksOf(one), ...marksOf(other)].map((mark) => mark.at));
  return [...times].sort().map((at) => ({ at }));
}

/** The one saver of a prompt in this window, whatever widgets show it. */
export class Saver {
  /** @type {string | null} the answer that the text here was begun from */
  base = null;
  /** @type {Text | null} the text here as it was when it was saved last */
  settled = null;
  /** @type {Answer | null} and the answer that came of it */
  kept = null;
  /** @type {string | null} of the text here while it is not saved */
  id = null;
  /** @type {string[]} ids under which texts of ours were sent, and perhaps saved unheard */
  own = [];
  /** @type {string | null} the id that is being sent */
  flying = null;
  /** @type {Answer | null} what somebody else saved meanwhile */
  conflict = null;
  /** @type {Text | null} a text to save next, once this one is in the journal */
  after = null;
  /** @type {Draft[]} drafts of other windows */
  left = [];
  /** Whether the browser keeps what is typed. */
  drafted = true;
  /** @type {Set<Model>} */
  models = new Set();
  /** @type {Map<string, (result: any) => void>} who waits for the kernel's answer about what */
  heard = new Map();
  /** @type {Set<(saver: Saver) => void>} */
  listeners = new Set();
  /** @type {Status} */
  status = { kind: "none" };
  /** @type {any} */
  timer = null;

  /**
   * @param {string} key family, cycle and prompt
   * @param {Place} place
   * @param {Answer | null} standing the answer on the disk
   * @param {Omit<Text, "value">} first whose words they are until somebody chooses
   * @param {Surroundings} around
   */
  constructor(key, place, standing, first, around) {
    this.key = key;
    this.place = place;
    this.around = around;
    this.drafts = around.draftsOf(key);
    /** @type {Text} */
    this.here = { value: place.kind === "marks" ? [] : "", ...first };
    if (standing) this.settle(standing, textOf(standing));
    this.takeUpDrafts();
  }

  /**
   * Tells a listener now, and whenever something changes; returns how to leave again.
   * @param {(saver: Saver) => void} listener
   */
  listen(listener) {
    this.listeners.add(listener);
    listener(this);
    return () => this.listeners.delete(listener);
  }

  /**
   * Lets a widget's kernel take part; returns how to leave again.
   * @param {Model} model
   */
  attach(model) {
    const hear = (/** @type {any} */ message) => this.hearKernel(message);
    model.on("msg:custom", hear);
    this.models.add(model);
    // A kernel that was there before the page may have missed what the server saved.
    if (!this.around.kernelIsNew) this.catchUp();
    return () => {
      model.off("msg:custom", hear);
      this.models.delete(model);
    };
  }

  async catchUp() {
    const history = await this.history();
    const latest = history?.[history.length - 1];
    if (latest) this.hear(latest);
  }

  /**
   * Takes what a person typed or chose.
   * @param {Partial<Text>} part
   * @param {boolean} sure whether an empty choice is a choice too
   */
  change(part, sure = false) {
    this.here = { ...this.here, ...part };
    // What was sent and not heard of may be on the disk: then the old text is a new one.
    const unsent = !this.flying && !this.own.length && !this.conflict;
    if (unsent && this.isKept(sure)) {
      this.id = null;
      this.drafts.drop();
      this.say(this.kept ? { kind: "saved", answer: this.kept } : { kind: "none" });
      return;
    }
    this.id = hexDigits(8);
    this.writeDraft();
    if (this.conflict) this.tell();
    else {
      // Where nothing could be saved, that stays said until something is.
      if (this.isStuck()) this.tell();
      else this.say({ kind: "saving" });
      this.later(this.around.patience("pause"));
    }
  }

  /** @param {boolean} sure */
  isKept(sure) {
    if (this.settled) return sameText(this.settled, textOf(this.here));
    return !sure && isEmpty(this.here.value);
  }

  isStuck() {
    const { kind, again } = this.status;
    return kind === "waiting" || kind === "shut" || (kind === "refused" && Boolean(again));
  }

  /** @param {string} at hh:mm:ss.mmm of the film */
  addMark(at) {
    this.change({ value: uniteMarks(this.here.value, [{ at }]) });
  }

  /** @param {number} ms */
  later(ms) {
    this.around.clock.cancel(this.timer);
    this.timer = this.around.clock.after(() => this.push(), ms);
  }

  /**
   * Returns the text here as it is sent; there must be an unsaved one.
   * @returns {Typed}
   */
  typed() {
    const { prompt } = this.place;
    return { prompt, ...textOf(this.here), base: this.base, id: this.id || "", own: this.own };
  }

  /** Sends what is unsaved now, unless it is on its way, or a person has to choose first. */
  async push() {
    this.around.clock.cancel(this.timer);
    if (!this.id || this.flying || this.conflict) return;
    const typed = this.typed();
    this.remember(typed.id);
    this.flying = typed.id;
    /** @type {Came} */
    let came;
    try {
      came = await this.send(typed);
    } finally {
      this.flying = null;
    }
    this.take(typed, came);
  }

  /** @param {string} id */
  remember(id) {
    if (!this.own.includes(id)) this.own = [...this.own, id].slice(-MOST_OWN);
    this.writeDraft();
  }

  /**
   * @param {Typed} typed
   * @returns {Promise<Came>}
   */
  async send(typed) {
    const quiet = this.around.kernelQuiet || !this.models.size;
    const first = quiet ? null : await this.byKernel({ do: "save", typed }, typed.id);
    if (first) return first;
    if (!quiet) this.around.kernelQuiet = true;
    const second = await this.saveByServer(typed, false);
    // Where the server forgot this browser, the kernel may be heard all the same.
    const third = second.unreached && quiet && this.models.size;
    return (third && (await this.byKernel({ do: "save", typed }, typed.id))) || second;
  }

  /**
   * @param {Typed} typed
   * @param {boolean} keepalive whether it is sent though the page goes
   */
  async saveByServer(typed, keepalive) {
    const options = { method: "POST", keepalive, body: JSON.stringify(typed) };
    return /** @type {Came} */ (await this.around.ask(this.place, options));
  }

  /**
   * Asks the kernel; null where it does not answer in time.
   * @param {object} message
   * @param {string} about what its answer is known by
   * @returns {Promise<any>}
   */
  byKernel(message, about) {
    return new Promise((done) => {
      const end = (/** @type {any} */ result) => {
        this.around.clock.cancel(timer);
        this.heard.delete(about);
        done(result);
      };
      const timer = this.around.clock.after(() => end(null), this.around.patience("kernel"));
      this.heard.set(about, end);
      this.models.forEach((model) => {
        try {
          model.send({ ...message, about });
        } catch {
          end(null); // the way to the kernel is gone
        }
      });
    });
  }

  /** @param {{ about: string, result: any }} message */
  hearKernel({ about, result }) {
    this.around.kernelQuiet = false;
    const waiting = this.heard.get(about);
    if (waiting) waiting(result);
    // An answer after its time: true all the same.
    else if (result.saved && about === this.id) this.take(this.typed(), result);
  }

  /**
   * @param {Typed} typed
   * @param {Came} came
   */
  take(typed, came) {
    const typedOn = typed.id !== this.id;
    if (came.saved) this.takeSaved(typed, came.saved);
    else if (!this.id) return;
    else if (typedOn && (came.conflict || came.refused)) this.later(this.around.patience("pause"));
    else if (came.conflict) this.takeConflict(came.conflict);
    else {
      if (came.refused) this.say({ kind: "refused", sentence: came.refused, again: came.again });
      else this.say({ kind: came.unreached === "shut" ? "shut" : "waiting" });
      if (!came.refused || came.again) this.later(this.around.patience("retry"));
    }
  }

  /**
   * @param {Typed} typed
   * @param {Answer} answer
   */
  takeSaved(typed, answer) {
    if (this.kept?.id === answer.id && !this.id) return;
    if (this.kept && answer.at < this.kept.at) {
      // It was saved long ago, and something later stands.
      if (typed.id === this.id) this.settle(this.kept, textOf(this.kept));
      return;
    }
    this.around.tellOthers(this.key, answer);
    if (typed.id !== this.id) {
      this.base = answer.id;
      this.kept = answer;
      this.settled = textOf(typed);
      this.writeDraft();
      this.later(this.around.patience("pause"));
      return;
    }
    this.settle(answer, textOf(typed));
    if (this.after) {
      const next = this.after;
      this.after = null;
      this.change(next);
      this.push();
    } else this.takeNextDraft();
  }

  /** @param {Answer} answer */
  takeConflict(answer) {
    if (this.own.includes(answer.id)) {
      this.base = answer.id;
      this.later(0);
    } else if (this.place.kind === "marks") {
      this.base = answer.id;
      this.here.value = uniteMarks(this.here.value, answer.value);
      this.id = hexDigits(8);
      this.writeDraft();
      this.later(0);
    } else if (sameText(textOf(answer), textOf(this.here))) {
      this.settle(answer, textOf(answer)); // both typed the same
    } else {
      this.conflict = answer;
      this.say({ kind: "conflict" });
    }
  }

  /**
   * @param {Answer} answer
   * @param {Text} text
   */
  settle(answer, text) {
    this.kept = answer;
    this.base = answer.id;
    this.settled = text;
    this.here = { ...text };
    this.id = null;
    this.own = [];
    this.drafts.drop();
    this.say({ kind: "saved", answer });
  }

  /**
   * Takes over what another window or an older kernel has saved, where nothing is unsaved here.
   * @param {Answer} answer
   */
  hear(answer) {
    if (this.id || this.conflict || answer.id === this.base) return;
    if (this.kept && answer.at < this.kept.at) return;
    this.settle(answer, textOf(answer));
  }

  /**
   * Ends a conflict: both texts are in the journal's history, whatever a person keeps.
   * @param {"here" | "other" | "both"} choice
   */
  resolve(choice) {
    const other = this.conflict;
    if (!other) return;
    this.conflict = null;
    this.base = other.id;
    if (choice === "other") this.after = textOf(other);
    if (choice === "both") this.here.value = `${other.value}\n${this.here.value}`;
    this.id = hexDigits(8);
    this.writeDraft();
    this.say({ kind: "saving" });
    this.push();
  }

  /** Sends what is unsaved at once: the page goes, or may never come back. */
  flush() {
    if (!this.id || this.conflict) return;
    this.remember(this.id);
    const typed = this.typed();
    this.saveByServer(typed, true).then((came) => {
      if (came.saved) this.take(typed, came);
    });
  }

  /**
   * Returns every answer to the prompt, oldest first; null where nobody can be asked.
   * @returns {Promise<Answer[] | null>}
   */
  async history() {
    const query = `?prompt=${encodeURIComponent(this.place.prompt)}`;
    const found = await this.around.ask(this.place, { query });
    if (Array.isArray(found)) return found;
    const told = await this.byKernel({ do: "history" }, hexDigits(8));
    return told?.history || null;
  }

  writeDraft() {
    if (!this.id) return;
    // Where there is no room in this browser the page must stay open, and says so.
    this.drafted = this.drafts.write(this.typed(), this.around.clock.now());
  }

  takeUpDrafts() {
    for (const draft of this.drafts.read()) {
      // It reached the disk as its page went.
      if (draft.id === this.kept?.id) this.drafts.drop(draft.key);
      else this.left.push(draft);
    }
    this.takeNextDraft();
  }

  takeNextDraft() {
    const draft = this.left.shift();
    if (!draft) return;
    this.here = textOf(draft);
    this.base = draft.base;
    this.id = draft.id;
    this.own = draft.own || [];
    this.writeDraft();
    if (draft.key !== this.drafts.key) this.drafts.drop(draft.key);
    this.say({ kind: "found" });
    this.later(50);
  }

  /** @param {Status} status */
  say(status) {
    this.status = status;
    this.tell();
  }

  tell() {
    this.listeners.forEach((listener) => listener(this));
    this.around.tellPage();
  }
}
