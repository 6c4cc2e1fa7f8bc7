// The film: plays it where the browser can, else shows the pictures that the machine decodes.
// The frame on screen at a time is the last that came up at or before it; when each comes up is
// asked of the server, since a browser does not tell.

import { pick } from "./pieces.js";

/** @import { FilmState, Moment, Server } from "./prepare-server.js" */

const REACH_S = 6; // frames are asked for so far before and after a moment
const INTO_S = 0.002; // so far into a frame a browser shows it for certain

/**
 * Where the film is; `at` is known once it stands.
 * @typedef {{ s: number, at: string | null }} Place
 */

/** @typedef {{ from: number, to: number, list: Moment[] }} Stretch of which the frames are known */

export class Film {
  length = 0;
  /** @type {Place} */
  place = { s: 0, at: null };
  /** What it was made of; changes with the film. */
  key = "";
  /** @type {string | null} what of it plays here */
  source = null;
  there = false;
  /** @type {Stretch} */
  frames = { from: 0, to: -1, list: [] };
  /** @type {number | null} where playing ends */
  until = null;
  asked = 0;
  /** @type {number | null} where to go once the seek that is under way has ended */
  next = null;
  /** @type {number | undefined} */
  settling = undefined;
  /** The picture that is wanted, and whether one is on its way. */
  wanted = "";
  drawing = false;
  /** @type {Promise<void>} that the steps so far are done */
  steps = Promise.resolve();

  /**
   * @param {ParentNode} page
   * @param {Server} api
   * @param {() => void} tell called whenever the moment changes
   */
  constructor(page, api, tell) {
    this.api = api;
    this.tell = tell;
    this.video = pick(page, "#video", HTMLVideoElement);
    this.picture = pick(page, "#picture", HTMLImageElement);
    this.instead = pick(page, "#instead");
    this.watch();
  }

  // --- What there is -------------------------------------------------------------------------

  /** @param {FilmState} film */
  show(film) {
    this.length = film.length || 0;
    if ((film.key || "") !== this.key) {
      this.key = film.key || "";
      this.load(null);
      this.frames = { from: 0, to: -1, list: [] };
    }
    this.there = film.state === "ready";
    if ((film.source || null) !== this.source) this.load(film.source || null);
    this.video.hidden = !this.source;
    this.picture.hidden = !this.there || Boolean(this.source);
    if (this.picture.hidden) this.dropPicture();
    this.explain(film);
    if (this.there && !this.source && !this.picture.src) this.draw();
  }

  /** @param {string | null} source */
  load(source) {
    this.source = source;
    if (!source) {
      this.video.removeAttribute("src");
      this.video.load();
      return;
    }
    const name = `${this.api.base}vigbook/film/${this.api.cycle}/${source}`;
    this.video.src = `${name}?of=${encodeURIComponent(this.key)}`;
    this.video.addEventListener("loadedmetadata", () => this.go(this.place.s), { once: true });
  }

  dropPicture() {
    this.picture.onload = this.picture.onerror = null;
    this.picture.removeAttribute("src");
    this.drawing = false;
  }

  /** @param {FilmState} film */
  explain(film) {
    let words = "";
    if (film.state === "missing") {
      words = `${film.says} Titles, order and words can be changed all the same.`;
    } else if (film.state === "refused" || film.state === "wrong") words = film.says || "";
    else if (film.state === "reading") words = "The film is being looked at.";
    else if (!film.source && film.says) {
      words = film.aid
        ? `A copy that plays here is being made, since ${film.says}. You can scrub, mark and take stills already.`
        : "No copy that plays here could be made. You can scrub, mark and take stills all the same.";
    }
    this.instead.textContent = words;
    this.instead.hidden = !words;
    this.instead.classList.toggle("alone", !this.there);
  }

  // --- Where it stands -----------------------------------------------------------------------

  get playing() {
    return Boolean(this.source) && !this.video.paused && !this.video.ended;
  }

  /** Whether the picture of the place is still on its way. */
  get moving() {
    return this.source ? this.video.seeking : this.drawing;
  }

  /** @param {Place} place */
  move(place) {
    this.place = place;
    this.tell();
  }

  /**
   * Goes to a time.
   * @param {number} seconds
   * @param {string | null} at what the server called it, where it is a frame's
   */
  go(seconds, at = null) {
    const s = Math.min(Math.max(0, seconds), Math.max(0, this.length - 0.001));
    this.move({ s, at });
    if (this.source) this.seek(at === null ? s : s + INTO_S);
    else if (this.there) this.draw();
    if (at === null) this.settle();
  }

  /**
   * Seeks, one at a time: a browser that is asked again and again shows nothing meanwhile.
   * @param {number} s
   */
  seek(s) {
    if (this.video.seeking) this.next = s;
    else this.video.currentTime = s;
  }

  /** Finds out which frame is on screen, once nothing moves for a moment. */
  settle() {
    clearTimeout(this.settling);
    this.settling = setTimeout(async () => {
      if (this.playing || !this.there || this.place.at !== null) return;
      const { s } = this.place;
      const list = await this.near(s);
      if (this.place.s !== s || this.playing || !list.length) return;
      const frame = list[onScreen(list, s)];
      this.move({ s: frame.s, at: frame.at });
    }, 120);
  }

  draw() {
    this.wanted = this.place.at ?? this.place.s.toFixed(3);
    if (this.drawing) return;
    this.drawing = true;
    const shown = this.wanted;
    const done = () => {
      this.drawing = false;
      this.tell();
      if (this.wanted !== shown) this.draw();
    };
    this.picture.onload = done;
    this.picture.onerror = done;
    this.picture.src = this.api.url("picture.jpg", { at: shown, of: this.key });
  }

  /**
   * Returns the frames around a time; those of a stretch are asked for once.
   * @param {number} s
   */
  async near(s) {
    const kept = this.frames;
    const inside = (kept.from === 0 || s > kept.from + 2) && s < kept.to - 2;
    if (inside && kept.list.length) return kept.list;
    const turn = ++this.asked;
    const found = await this.api.get("moments", { at: s.toFixed(6), reach: String(REACH_S) });
    /** @type {Moment[]} */
    const list = found.moments || [];
    if (turn === this.asked) {
      this.frames = { from: Math.max(0, s - REACH_S), to: s + REACH_S, list };
    }
    return list;
  }

  /**
   * Returns the frame so many frames from the one on screen at a time, or null.
   * @param {number} s
   * @param {number} count
   */
  async beside(s, count) {
    const list = await this.near(s);
    if (!list.length) return null;
    const place = onScreen(list, s) + count;
    return list[Math.min(Math.max(0, place), list.length - 1)];
  }

  /**
   * Steps, one after the other, however fast somebody presses.
   * @param {number} count frames
   */
  step(count) {
    this.pause();
    this.steps = this.steps.then(async () => {
      // Where the server is away the page says so, and the next step is tried all the same.
      const frame = await this.beside(this.place.s, count).catch(() => null);
      if (frame) this.go(frame.s, frame.at);
    });
    return this.steps;
  }

  /** @param {number} seconds */
  skip(seconds) {
    this.pause();
    this.go(this.place.s + seconds);
  }

  // --- Playing -------------------------------------------------------------------------------

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  /**
   * Plays from where it stands, or a part.
   * @param {number | null} from
   * @param {number | null} until
   */
  play(from = null, until = null) {
    if (!this.source) return;
    this.until = until;
    if (from !== null) this.video.currentTime = Math.max(0, from);
    else if (this.video.ended) this.video.currentTime = 0;
    this.video.play().catch(() => {});
  }

  pause() {
    this.until = null;
    if (this.playing) this.video.pause();
  }

  watch() {
    const { video } = this;
    const follow = () => {
      if (!this.playing) return;
      if (this.until !== null && video.currentTime >= this.until) {
        const end = this.until;
        video.pause();
        this.go(end);
        return;
      }
      this.move({ s: video.currentTime, at: null });
      requestAnimationFrame(follow);
    };
    video.addEventListener("play", () => requestAnimationFrame(follow));
    video.addEventListener("pause", () => {
      this.move({ s: video.currentTime, at: null });
      this.settle();
    });
    video.addEventListener("seeking", () => this.tell());
    video.addEventListener("seeked", () => {
      this.tell();
      if (this.next !== null) {
        video.currentTime = this.next;
        this.next = null;
      }
    });
    video.addEventListener("error", () => {
      if (this.source === "film") this.api.post({ do: "want-copy" });
    });
  }
}

/**
 * Returns the place of the frame on screen at a time.
 * @param {Moment[]} list
 * @param {number} s
 */
function onScreen(list, s) {
  let found = 0;
  list.forEach((one, place) => {
    if (one.s <= s + 0.0006) found = place;
  });
  return found;
}
