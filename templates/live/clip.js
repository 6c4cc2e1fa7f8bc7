// A clip's picture and all that can be done with it: play, slow, step, repeat, mark.

import { readFrames } from "./frames.js";
import { make } from "./pieces.js";
import { baseUrl } from "./reach.js";
import { formatClock, sayTime } from "./times.js";

/** @import { Place, Saver, Text } from "./saving.js" */

/**
 * What is told of a clip. Times are seconds of the film; `zero` is where in it the clip's own time
 * begins.
 * @typedef {object} ClipShown
 * @property {string} clip its id
 * @property {number} number
 * @property {number} cycle
 * @property {string} title
 * @property {string | null} question
 * @property {string} language
 * @property {string | null} source which media of ours it is; null where nobody may look at it
 * @property {{ source: string, alt: string, at: number }[]} stills
 * @property {Place | null} place of the moments that are marked in it
 * @property {Omit<Text, "value">} first
 * @property {number} zero
 * @property {number} start
 * @property {number} end
 * @property {boolean} slow whether it is shown a second time, at half its speed
 */

export const SPEEDS = [0.25, 0.5, 1];
const SLACK_S = 0.0025; // a clip's time may begin so much before its mark in the film

function makeVideo() {
  const video = make("video", { preload: "auto", playsinline: true, tabindex: "-1" });
  video.disablePictureInPicture = true;
  return video;
}

/** The same on the page and when looking together. */
export class ClipVideo {
  /** @type {number[]} when each comes up, in seconds of the clip; none before it is loaded */
  frames = [];
  /** @type {number | null} the time of the frame on screen, where the browser told it */
  onScreen = null;
  /** @type {number | null} the place of the frame that is being sought */
  aim = null;
  /** @type {{ from: number | null, to: number | null }} places among the frames */
  part = { from: null, to: null };
  speed = 1;
  /** @type {Set<() => void>} */
  listeners = new Set();
  loads = 0; // how often it was loaded or ended: what is loaded for an earlier time is left off

  /**
   * @param {ClipShown} shown
   * @param {Saver | null} saver of the moments that are marked
   */
  constructor(shown, saver, video = makeVideo()) {
    this.shown = shown;
    this.saver = saver;
    this.video = video;
    this.listen();
  }

  /** Whether it can be looked at. */
  get loaded() {
    return this.frames.length > 0;
  }

  listen() {
    const { video } = this;
    for (const name of ["play", "pause", "seeked", "timeupdate", "loadedmetadata", "ratechange"]) {
      video.addEventListener(name, () => this.tell());
    }
    video.addEventListener("seeking", () => (this.onScreen = null));
    video.addEventListener("seeked", () => (this.aim = null));
    video.addEventListener("ended", () => this.part.from !== null && this.startPart());
    if (!video.requestVideoFrameCallback) {
      video.addEventListener("timeupdate", () => this.watchPart());
      return;
    }
    /** @type {VideoFrameRequestCallback} */
    const seen = (_now, { mediaTime }) => {
      this.onScreen = mediaTime;
      this.watchPart();
      this.tell();
      video.requestVideoFrameCallback(seen);
    };
    video.requestVideoFrameCallback(seen);
  }

  tell() {
    this.listeners.forEach((listener) => listener());
  }

  /**
   * Loads the clip.
   * @throws where there is none, or nobody may look at it
   */
  async load() {
    const { source } = this.shown;
    if (!source) throw new Error("nobody may look at the clip");
    const address = addressOf(source);
    const turn = ++this.loads;
    const frames = await readFrames(address);
    if (turn !== this.loads) throw new Error("the clip was taken down meanwhile");
    this.frames = frames;
    this.video.src = address;
    await new Promise((done, fail) => {
      this.video.addEventListener("loadedmetadata", done, { once: true });
      this.video.addEventListener("error", () => fail(this.video.error), { once: true });
    });
    if (turn !== this.loads) throw new Error("the clip was taken down meanwhile");
  }

  /** Lets go of the clip: nothing of it stays in the page. */
  end() {
    this.loads += 1;
    this.frames = [];
    [this.aim, this.onScreen, this.part] = [null, null, { from: null, to: null }];
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
  }

  /** Returns the place of the frame on screen among the clip's frames. */
  place() {
    if (this.aim !== null) return this.aim;
    const now = this.onScreen ?? this.video.currentTime;
    let place = 0;
    while (place + 1 < this.frames.length && this.frames[place + 1] <= now + 5e-4) place += 1;
    return place;
  }

  /**
   * Returns a frame's middle: at its edges browsers show now one frame and now its neighbour.
   * @param {number} place
   */
  middle(place) {
    const from = this.frames[place];
    const to = this.frames[place + 1] ?? Math.max(this.video.duration || 0, from + 0.002);
    return (from + to) / 2;
  }

  /** @param {number} place past an end, the frame at that end is shown */
  show(place) {
    const within = Math.min(Math.max(place, 0), this.frames.length - 1);
    this.aim = within;
    this.video.currentTime = this.middle(within);
    this.tell();
  }

  /** @param {number} seconds of the clip */
  seek(seconds) {
    this.show(this.placeAt(seconds));
  }

  /** @param {number} seconds of the clip */
  placeAt(seconds) {
    const after = this.frames.findIndex((time) => time > seconds + SLACK_S);
    return after < 0 ? this.frames.length - 1 : Math.max(0, after - 1);
  }

  /** @param {number} frames back where it is below nought */
  step(frames) {
    const from = this.place();
    this.video.pause();
    this.show(from + frames);
  }

  /** @param {number} seconds */
  jump(seconds) {
    this.seek(this.video.currentTime + seconds);
  }

  play() {
    this.video.playbackRate = this.speed;
    if (this.video.ended) this.show(0);
    this.video.play().catch(() => this.tell());
  }

  toggle() {
    if (this.video.paused) this.play();
    else this.video.pause();
  }

  again() {
    this.show(0);
    this.play();
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.speed = speed;
    this.video.playbackRate = speed;
    this.tell();
  }

  // L again and again: from slow to full speed.
  quicker() {
    if (this.video.paused) this.play();
    else this.setSpeed(SPEEDS[Math.min(SPEEDS.indexOf(this.speed) + 1, SPEEDS.length - 1)]);
  }

  /**
   * Sets an end of the part that is repeated, or takes it away.
   * @param {"from" | "to"} end
   * @param {number | null} place
   */
  setPart(end, place) {
    this.part[end] = place;
    const { from, to } = this.part;
    if (from !== null && to !== null && to < from) this.part[end === "from" ? "to" : "from"] = null;
    this.tell();
    if (end === "to" && place !== null) this.startPart();
  }

  startPart() {
    this.show(this.part.from ?? 0);
    this.play();
  }

  // No `loop` of the browser's: it flashes a wrong frame. The last one stands for its while.
  watchPart() {
    const { to } = this.part;
    if (to === null || this.video.paused || this.aim !== null || this.place() < to) return;
    this.aim = to;
    const lasts = this.place() > to ? 0 : (this.middle(to) - this.frames[to]) * 2;
    setTimeout(() => this.part.to === to && this.startPart(), (lasts * 1000) / this.speed);
  }

  /** Returns the moment on screen as a time of the film, within the clip's marks. */
  filmTime() {
    const { zero, start, end, slow } = this.shown;
    const length = end - zero;
    const now = this.frames[this.place()];
    // A slow clip is told twice: the second time at half its speed.
    const once = slow && now >= length ? (now - length) / 2 : now;
    return Math.min(Math.max(zero + once, start), end - 0.001);
  }

  /**
   * Returns where in the clip a moment of the film is.
   * @param {number} filmTime
   */
  clipTime(filmTime) {
    return Math.max(0, filmTime - this.shown.zero);
  }

  /** Marks the moment on screen; returns when in the clip that is, in words. */
  mark() {
    if (!this.saver) return null;
    const at = this.filmTime();
    this.saver.addMark(formatClock(at));
    return sayTime(this.clipTime(at));
  }

  /**
   * Returns what a key does, or null.
   * @param {string} key
   */
  action(key) {
    /** @type {Record<string, () => void>} */
    const actions = {
      " ": () => this.toggle(),
      k: () => this.video.pause(),
      j: () => this.jump(-1),
      l: () => this.quicker(),
      ",": () => this.step(-1),
      ".": () => this.step(1),
      r: () => this.again(),
    };
    return actions[key.toLowerCase()] || null;
  }
}

/**
 * Returns the address of a clip or a still: our server gives it out, and asks consent each time.
 * @param {string} source
 */
export function addressOf(source) {
  return `${baseUrl()}vigbook/media/${source.split("/").map(encodeURIComponent).join("/")}`;
}
