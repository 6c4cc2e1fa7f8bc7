// Looking together: nothing but the clip, large and dark. One tap, or M, marks this moment, and
// nobody's eyes need to leave anybody.

import { ClipVideo } from "./clip.js";
import { fillScreen, flash, isTaken, make } from "./pieces.js";

/** @import { ClipShown } from "./clip.js" */
/** @import { Saver } from "./saving.js" */

/**
 * A clip that stands on the page.
 * @typedef {{ shown: ClipShown, saver: Saver | null, clip: ClipVideo }} View
 */

/** @type {View[]} those of the page that can be looked at, in the order of their numbers */
let clips = [];
let begun = false;
/** @type {Together | null} what is open just now */
let open = null;

/** @param {View} view */
export function joinClips(view) {
  clips = clips.filter((one) => one.shown.clip !== view.shown.clip);
  clips.push(view);
  clips.sort((one, other) => one.shown.number - other.shown.number);
  const asked = new URLSearchParams(location.search).has("together");
  if (asked && !begun && view.shown.number === 1) {
    begun = true;
    lookTogether(view.shown.clip);
  }
}

/** @param {View} view */
export function leaveClips(view) {
  const place = clips.indexOf(view);
  if (place < 0) return;
  clips = clips.filter((one) => one !== view);
  open?.close(view, place);
}

/** @param {string} clipId */
export function lookTogether(clipId) {
  clips.forEach((view) => view.clip.video.pause());
  new Together(clips.findIndex((view) => view.shown.clip === clipId)).open();
}

/**
 * @param {string} words
 * @param {() => unknown} act
 * @param {string} [label]
 */
function makeButton(words, act, label) {
  const more = { type: "button", class: "vb-button", click: act, "aria-label": label };
  return make("button", more, words);
}

class Together {
  /** @type {ClipVideo | null} */
  clip = null;

  /** @param {number} place of the clip among those of the page */
  constructor(place) {
    this.at = place;
    this.from = document.activeElement;
    this.sign = make("p", { class: "vb-sign", role: "status" });
    this.stage = make("div", { class: "vb-large" });
    this.title = make("h1", { class: "vb-name", tabindex: "-1", dir: "auto" });
    this.playing = makeButton("Play", () => this.clip?.toggle());
    this.before = makeButton("◀ Clip", () => this.turn(-1), "The clip before");
    this.next = makeButton("Clip ▶", () => this.turn(1), "The next clip");
    this.slow = makeButton("Slow", () => this.clip?.setSpeed(this.clip.speed === 1 ? 0.5 : 1));
    this.dialog = make("dialog", { class: "vb-together", "aria-label": "Looking together" });
    this.dialog.append(this.stage, this.sign, this.makeBar());
    this.dialog.addEventListener("keydown", (event) => this.hearKey(event));
    this.dialog.addEventListener("close", () => this.leave());
    this.stage.addEventListener("click", () => this.mark());
  }

  makeBar() {
    return make(
      "div",
      { class: "vb-bar", role: "group", "aria-label": "Looking together" },
      this.before,
      this.next,
      this.title,
      this.playing,
      this.slow,
      makeButton("◀ Frame", () => this.clip?.step(-1), "One frame back"),
      makeButton("Frame ▶", () => this.clip?.step(1), "One frame on"),
      makeButton("Again", () => this.clip?.again(), "Play again from the beginning"),
      makeButton("Mark this moment", () => this.mark()),
      makeButton("Leave", () => this.dialog.close()),
    );
  }

  open() {
    open = this;
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.turn(0);
    this.title.focus();
  }

  /** @param {number} by how many clips on, or back */
  async turn(by) {
    // Between two where the one that was here is gone.
    const to = by < 0 ? Math.ceil(this.at + by) : Math.floor(this.at + by);
    this.at = Math.min(Math.max(to, 0), clips.length - 1);
    const view = clips[this.at];
    if (!view) return;
    this.clip?.end();
    const clip = new ClipVideo(view.shown, view.saver);
    this.clip = clip;
    clip.listeners.add(() => this.update());
    this.title.textContent = view.shown.title;
    this.update();
    this.stage.replaceChildren(clip.video);
    this.dialog.dataset.clip = view.shown.clip;
    delete this.dialog.dataset.ready;
    try {
      await clip.load();
      clip.show(0);
      this.dialog.dataset.ready = "yes";
    } catch {
      if (this.clip === clip) this.sayAbsent();
    }
    this.update();
  }

  sayAbsent() {
    this.stage.replaceChildren(make("p", {}, "There is no clip to look at here today."));
  }

  /**
   * Closes the gap where a clip may be looked at no longer.
   * @param {View} view of the clip
   * @param {number} place where it stood
   */
  close(view, place) {
    if (this.clip?.shown === view.shown) {
      this.clip.end();
      this.sayAbsent();
      delete this.dialog.dataset.ready;
      this.at = place - 0.5;
    } else if (place < this.at) {
      this.at -= 1;
    }
    this.update();
  }

  update() {
    this.before.disabled = this.at <= 0;
    this.next.disabled = this.at >= clips.length - 1;
    const { clip } = this;
    if (!clip) return;
    this.playing.textContent = clip.video.paused ? "Play" : "Pause";
    this.slow.setAttribute("aria-pressed", String(clip.speed !== 1));
    if (clip.loaded) this.dialog.dataset.frame = String(clip.place());
  }

  mark() {
    const when = this.clip?.loaded && this.clip.mark();
    if (when) flash(this.sign, `Marked at ${when}`);
  }

  /** @param {KeyboardEvent} event */
  hearKey(event) {
    event.stopPropagation();
    if (isTaken(event) || !this.clip?.loaded) return;
    /** @type {Record<string, () => void>} */
    const own = {
      m: () => this.mark(),
      f: () => fillScreen(this.dialog),
      pagedown: () => this.turn(1),
      pageup: () => this.turn(-1),
      n: () => this.turn(1),
      p: () => this.turn(-1),
    };
    const act = own[event.key.toLowerCase()] || this.clip.action(event.key);
    if (!act) return;
    event.preventDefault();
    act();
  }

  leave() {
    open = null;
    this.clip?.end();
    this.dialog.remove();
    if (this.from instanceof HTMLElement) this.from.focus();
  }
}
