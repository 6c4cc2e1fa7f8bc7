// The line of time: small pictures, how loud it is, the clips, and where the film stands.
// Scrubbed with mouse, finger and keys.

import { pick } from "./pieces.js";

/** @import { Film } from "./prepare-film.js" */
/** @import { Clip, Moment, StripShown } from "./prepare-server.js" */

/** @typedef {CanvasRenderingContext2D} Brush */

const STRIP = 58, SOUND = 36, CLIPS = 24; // heights in pixels
const GREEN = "#0b6e3b", BLUE = "#1d4ed8", GREY = "#52606d";

export class Line {
  /** @type {StripShown | null} */
  strip = null;
  image = new Image();
  /** Of which film the strip is, and of which the sound. */
  key = "";
  heard = "";
  /** @type {Uint8Array | null} how loud it is, a byte a step of so many seconds */
  levels = null;
  step = 0;
  /** @type {Clip[]} */
  clips = [];
  /** @type {string | null} */
  chosen = null;
  /** @type {Moment | null} where a clip starts whose end is not marked yet */
  begun = null;
  zoom = 1;
  from = 0;
  width = 0;
  due = false;

  /**
   * @param {HTMLElement} element
   * @param {Film} film
   */
  constructor(element, film) {
    this.element = element;
    this.canvas = pick(element, "canvas", HTMLCanvasElement);
    this.film = film;
    this.listen();
  }

  /** Lets go of the pictures and the sound of the film. */
  forget() {
    this.image.removeAttribute("src");
    this.image = new Image();
    [this.strip, this.levels, this.key, this.heard] = [null, null, "", ""];
    this.paint(); // at once: a window that is hidden draws nothing later
  }

  /** How many seconds are shown. */
  get shown() {
    return Math.max(0.001, this.film.length / this.zoom);
  }

  /** @param {number} times */
  closer(times) {
    this.zoom = Math.min(Math.max(1, this.zoom * times), Math.max(1, this.film.length / 4));
    this.from = this.film.place.s - this.shown / 2;
    this.draw();
  }

  /** @param {number} s */
  x(s) {
    return ((s - this.from) / this.shown) * this.width;
  }

  follow() {
    const { s } = this.film.place;
    if (s < this.from || s > this.from + this.shown) this.from = s - this.shown / 2;
    this.from = Math.min(Math.max(0, this.from), Math.max(0, this.film.length - this.shown));
    const element = this.element;
    element.setAttribute("aria-valuemax", this.film.length.toFixed(3));
    element.setAttribute("aria-valuenow", s.toFixed(3));
    element.setAttribute("aria-valuetext", inWords(s));
  }

  draw() {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      this.follow();
      this.paint();
    });
  }

  paint() {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    this.width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (canvas.width !== Math.round(this.width * ratio)) {
      canvas.width = Math.round(this.width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const brush = canvas.getContext("2d");
    if (!brush) return;
    brush.setTransform(ratio, 0, 0, ratio, 0, 0);
    brush.clearRect(0, 0, this.width, height);
    if (!this.film.length) return;
    this.paintStrip(brush);
    this.paintSound(brush);
    this.paintClips(brush);
    brush.fillStyle = BLUE;
    brush.fillRect(this.x(this.film.place.s) - 1.5, 0, 3, height);
  }

  /** @param {Brush} brush */
  paintStrip(brush) {
    const { strip, image } = this;
    if (!strip || !image.complete || !image.naturalWidth) return;
    const across = (STRIP * strip.width) / strip.height;
    const per = (across / this.width) * this.shown; // seconds a picture
    let number = Math.floor(this.from / per);
    for (; this.x(number * per) < this.width; number += 1) {
      const place = lastBefore(strip.times, (number + 0.5) * per);
      const left = (place % strip.columns) * strip.width;
      const top = Math.floor(place / strip.columns) * strip.height;
      brush.drawImage(image, left, top, strip.width, strip.height, this.x(number * per), 0, across, STRIP);
    }
  }

  /** @param {Brush} brush */
  paintSound(brush) {
    if (!this.levels) return;
    brush.fillStyle = GREY;
    const steps = this.shown / this.step / this.width; // of sound, a pixel
    for (let x = 0; x < this.width; x += 1) {
      const first = Math.floor(this.from / this.step + x * steps);
      let loud = 0;
      for (let n = first; n < Math.max(first + 1, first + steps); n += 1) loud = Math.max(loud, this.levels[n] || 0);
      const tall = Math.max(1, Math.sqrt(loud / 255) * SOUND);
      brush.fillRect(x, STRIP + SOUND - tall, 1, tall);
    }
  }

  /** @param {Brush} brush */
  paintClips(brush) {
    const top = STRIP + SOUND;
    brush.font = "600 14px system-ui, sans-serif";
    brush.textBaseline = "middle";
    this.clips.forEach((clip, place) => {
      const left = this.x(clip.start.s);
      const wide = Math.max(3, this.x(clip.end.s) - left);
      const chosen = clip.id === this.chosen;
      brush.fillStyle = chosen ? "rgb(11 110 59 / .28)" : "rgb(82 96 109 / .22)";
      brush.fillRect(left, 0, wide, top);
      brush.fillStyle = chosen ? GREEN : GREY;
      brush.fillRect(left, top, wide, CLIPS);
      brush.fillRect(left, 0, 2, top);
      brush.fillRect(left + wide - 2, 0, 2, top);
      brush.fillStyle = "#fff";
      if (wide > 14) brush.fillText(String(place + 1), left + 5, top + CLIPS / 2);
      clip.stills.forEach((still) => brush.fillRect(this.x(still.s) - 1.5, top + CLIPS - 9, 3, 7));
    });
    if (this.begun) {
      brush.fillStyle = GREEN;
      brush.fillRect(this.x(this.begun.s) - 1, 0, 3, top + CLIPS);
      brush.fillText("starts here", this.x(this.begun.s) + 6, top + CLIPS / 2);
    }
  }

  listen() {
    const { element } = this;
    const scrub = (/** @type {PointerEvent} */ event) => {
      const box = element.getBoundingClientRect();
      this.film.go(this.from + ((event.clientX - box.left) / box.width) * this.shown);
    };
    element.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.film.pause();
      element.setPointerCapture(event.pointerId);
      scrub(event);
    });
    element.addEventListener("pointermove", (event) => {
      if (element.hasPointerCapture(event.pointerId)) scrub(event);
    });
    element.addEventListener("keydown", (event) => {
      /** @type {Record<string, number>} */
      const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key in steps) this.film.skip(steps[event.key] * (event.shiftKey ? 5 : 1));
      else if (event.key === "Home") this.film.skip(-Infinity);
      else if (event.key === "End") this.film.skip(Infinity);
      else return;
      event.preventDefault();
    });
    new ResizeObserver(() => this.draw()).observe(element);
  }
}

/**
 * Returns the place of the last of some times that is at or before a moment.
 * @param {number[]} times
 * @param {number} s
 */
export function lastBefore(times, s) {
  let found = 0;
  while (found + 1 < times.length && times[found + 1] <= s) found += 1;
  return found;
}

/** @param {number} s */
function inWords(s) {
  const minutes = Math.floor(s / 60);
  const rest = (s - minutes * 60).toFixed(1);
  return minutes ? `${minutes} minutes ${rest} seconds` : `${rest} seconds`;
}
