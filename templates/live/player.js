// A clip with its stills, as it stands on the page.

import { ClipVideo, SPEEDS, addressOf } from "./clip.js";
import { drop, fillScreen, flash, hexDigits, isTaken, make } from "./pieces.js";
import { baseUrl } from "./reach.js";
import { findSaver } from "./savers.js";
import { watchShown } from "./shown.js";
import { sayTime } from "./times.js";
import { joinClips, leaveClips, lookTogether } from "./together.js";

/** @import { ClipShown } from "./clip.js" */
/** @import { Attribute } from "./pieces.js" */
/** @import { Model, Saver } from "./saving.js" */

/**
 * @typedef {object} Controls made once the clip is loaded
 * @property {HTMLInputElement} scrub
 * @property {HTMLElement} time
 * @property {HTMLButtonElement} playing
 * @property {HTMLButtonElement[]} speeds
 * @property {HTMLElement} repeat
 */

const KEYS =
  "Keys: space plays and pauses; comma and full stop step a frame; J goes back a second, " +
  "K pauses, L plays; R plays again; M marks this moment.";

class PlayerView {
  /** @type {HTMLElement[]} what there is only while the clip may be looked at */
  parts = [];
  /** @type {HTMLElement | null} what is said where it may not */
  absent = null;
  taken = false;

  /**
   * @param {ClipShown} shown
   * @param {Saver | null} saver
   */
  constructor(shown, saver) {
    this.shown = shown;
    this.saver = saver;
    this.clip = new ClipVideo(shown, saver);
    this.id = `vb-${hexDigits(6)}`;
    this.sign = make("p", { class: "vb-sign", role: "status" });
    this.stage = make("div", { class: "vb-stage" }, this.clip.video, this.sign);
    this.clip.video.addEventListener("click", () => this.clip.toggle());
    this.root = make("section", {
      class: "vb-player", "data-clip": shown.clip, tabindex: "0", "aria-labelledby": this.id,
    });
    const words = { dir: "auto", lang: shown.language };
    const question = !shown.question ? null : make("p", { class: "vb-lead", ...words }, shown.question);
    const title = make("h2", { id: this.id, ...words }, shown.title);
    this.head = make("div", { class: "vb-head" }, make("div", {}, title, question));
    this.root.append(this.head);
    this.root.addEventListener("keydown", (event) => this.hearKey(event));
    this.clip.listeners.add(() => this.update());
  }

  async start() {
    try {
      await this.clip.load();
    } catch {
      this.sayAbsent();
      return;
    }
    const look = this.makeButton("Look together", "vb-button vb-main", () => lookTogether(this.shown.clip));
    /** @type {HTMLElement[]} */
    const below = [this.stage, ...this.makeControls()];
    if (this.shown.stills.length) below.push(this.makeStrip());
    this.parts = [look, ...below];
    this.head.append(look);
    this.root.append(...below);
    this.root.dataset.ready = "yes";
    this.clip.show(0);
    joinClips(this);
  }

  sayAbsent() {
    if (this.absent) return;
    this.absent = make("p", { class: "vb-absent" }, "There is no clip to look at here today.");
    this.root.append(this.absent);
  }

  /**
   * Takes down what may be shown no longer. What it held for a moment only, as a file that was
   * being written, comes back.
   * @param {string[]} media those that may
   */
  obey(media) {
    const may = media.includes(this.shown.source || "");
    if (may && this.absent && this.taken) {
      this.absent.remove();
      [this.absent, this.taken] = [null, false];
      this.start();
    } else if (!may && !this.taken) {
      this.takeDown();
    }
    /** @type {NodeListOf<HTMLElement>} */
    const stills = this.root.querySelectorAll(".vb-strip li");
    for (const one of stills) if (!media.includes(one.dataset.source || "")) drop(one);
  }

  takeDown() {
    this.taken = true;
    leaveClips(this);
    this.clip.end();
    this.parts.splice(0).forEach(drop);
    delete this.root.dataset.ready;
    this.sayAbsent();
  }

  /**
   * @param {string | Node} words
   * @param {string} name
   * @param {() => unknown} act
   * @param {Record<string, Attribute>} more
   */
  makeButton(words, name, act, more = {}) {
    return make("button", { type: "button", class: name, click: act, ...more }, words);
  }

  makeControls() {
    const { clip } = this;
    /** @type {HTMLInputElement} */
    const scrub = make("input", {
      type: "range", class: "vb-scrub", min: 0, max: clip.frames.length - 1, step: 1, value: 0,
      "aria-label": "Where in the clip",
      input: () => clip.show(Number(scrub.value)),
    });
    const time = make("span", { class: "vb-time" });
    const playing = this.makeButton("Play", "vb-button vb-main", () => clip.toggle());
    const speeds = SPEEDS.map((speed) => {
      const label = { "aria-label": `Speed: ${saySpeed(speed)}` };
      return this.makeButton(saySpeed(speed), "vb-button", () => clip.setSpeed(speed), label);
    });
    const repeat = make("span", { class: "vb-hint", role: "status" });
    /** @type {Controls} */
    this.controls = { scrub, time, playing, speeds, repeat };
    const line = make("div", { class: "vb-line" }, scrub, time);
    return [line, this.makeBar(playing, speeds), this.makeMore(repeat)];
  }

  /**
   * @param {HTMLElement} playing
   * @param {HTMLElement[]} speeds
   */
  makeBar(playing, speeds) {
    const { clip } = this;
    /** @type {(words: string, label: string, act: () => void) => HTMLElement} */
    const named = (words, label, act) =>
      this.makeButton(words, "vb-button", act, { "aria-label": label });
    return make(
      "div",
      { class: "vb-bar", role: "group", "aria-label": "The clip" },
      playing,
      named("◀ Frame", "One frame back", () => clip.step(-1)),
      named("Frame ▶", "One frame on", () => clip.step(1)),
      named("Again", "Play again from the beginning", () => clip.again()),
      make("div", { class: "vb-joined", role: "group", "aria-label": "Speed" }, ...speeds),
      this.saver ? this.makeButton("Mark this moment", "vb-button", () => this.mark()) : null,
    );
  }

  /** @param {HTMLElement} repeat */
  makeMore(repeat) {
    const { clip } = this;
    const part = (/** @type {string} */ words, /** @type {"from" | "to"} */ end) =>
      this.makeButton(words, "vb-button", () => clip.setPart(end, clip.place()));
    const whole = () => {
      clip.setPart("from", null);
      clip.setPart("to", null);
    };
    const bar = make(
      "div",
      { class: "vb-bar" },
      part("Repeat from here", "from"),
      part("Repeat up to here", "to"),
      this.makeButton("Stop repeating", "vb-button", whole),
      this.makeButton("Full screen", "vb-button", () => fillScreen(this.stage)),
      repeat,
    );
    const keys = make("p", { class: "vb-hint" }, KEYS);
    return make("details", { class: "vb-more" }, make("summary", {}, "More"), bar, keys);
  }

  makeStrip() {
    const strip = make("ol", { class: "vb-strip", "aria-label": "Pictures of this clip" });
    for (const still of this.shown.stills) {
      const picture = make("img", { src: addressOf(still.source), alt: "", loading: "lazy" });
      const go = () => {
        this.clip.video.pause();
        this.clip.seek(this.clip.clipTime(still.at));
      };
      const words = { "aria-label": `Go to this picture: ${still.alt}`, title: still.alt };
      strip.append(make("li", { "data-source": still.source }, this.makeButton(picture, "vb-still", go, words)));
    }
    return strip;
  }

  update() {
    const { clip, controls } = this;
    if (!controls || !clip.loaded) return;
    controls.playing.textContent = clip.video.paused ? "Play" : "Pause";
    controls.speeds.forEach((button, place) =>
      button.setAttribute("aria-pressed", String(SPEEDS[place] === clip.speed)),
    );
    const place = clip.place();
    this.root.dataset.frame = String(place);
    controls.scrub.value = String(place);
    const now = sayTime(clip.frames[place]);
    controls.scrub.setAttribute("aria-valuetext", now);
    controls.time.textContent = `${now} of ${sayTime(clip.video.duration || 0)}`;
    const words = this.sayPart(clip.part);
    if (controls.repeat.textContent !== words) controls.repeat.textContent = words;
  }

  /** @param {{ from: number | null, to: number | null }} part */
  sayPart({ from, to }) {
    if (from === null && to === null) return "";
    const say = (/** @type {number | null} */ place, /** @type {string} */ edge) =>
      (place === null ? edge : sayTime(this.clip.frames[place]));
    return `Repeats from ${say(from, "the beginning")} to ${say(to, "the end")}.`;
  }

  mark() {
    const when = this.clip.mark();
    if (when) flash(this.sign, `Marked at ${when}`);
  }

  /** @param {KeyboardEvent} event */
  hearKey(event) {
    event.stopPropagation();
    if (isTaken(event) || !this.clip.loaded) return;
    /** @type {Record<string, () => void>} */
    const own = { m: () => this.mark(), f: () => fillScreen(this.stage) };
    const act = own[event.key.toLowerCase()] || this.clip.action(event.key);
    if (!act) return;
    event.preventDefault();
    act();
  }

}

/** @param {number} speed */
const saySpeed = (speed) => (speed === 1 ? "1×" : speed === 0.5 ? "½" : "¼");

/** @param {{ model: Model, el: HTMLElement }} widget */
function render({ model, el }) {
  /** @type {ClipShown} */
  const shown = model.get("shown");
  const saver = shown.place ? findSaver(shown.place, model.get("standing"), shown.first) : null;
  const detach = saver?.attach(model);
  const view = new PlayerView(shown, saver);
  el.append(view.root);
  view.start();
  const playFrom = (/** @type {Event} */ event) => {
    const { detail } = /** @type {CustomEvent<{ clip: string, at: number }>} */ (event);
    if (detail.clip !== shown.clip || !view.clip.loaded) return;
    view.root.scrollIntoView({ block: "nearest" });
    view.clip.seek(view.clip.clipTime(detail.at));
    view.clip.play();
  };
  document.addEventListener("vigbook-play", playFrom);
  const leave = watchShown(baseUrl(), `cycle-${shown.cycle}`, ({ media }) => view.obey(media));
  return () => {
    leave();
    document.removeEventListener("vigbook-play", playFrom);
    leaveClips(view);
    view.clip.end();
    detach?.();
  };
}

export default { render };
