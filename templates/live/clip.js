// A clip's picture and all that can be done with it: play, slow, step, repeat, mark.

const SPEEDS = [0.25, 0.5, 1];
const SLACK_S = 0.0025; // a clip's time may begin so much before its mark in the film

// The same on the page and when looking together.
class ClipVideo {
  constructor(shown, saver) {
    this.shown = shown;
    this.saver = saver;
    this.frames = null; // when each comes up, in seconds of the clip
    this.onScreen = null; // the time of the frame on screen, where the browser told it
    this.aim = null; // the frame that is being sought
    this.part = { from: null, to: null }; // places among the frames
    this.speed = 1;
    this.listeners = new Set();
    this.video = make("video", { preload: "auto", playsinline: true, tabindex: "-1" });
    this.video.disablePictureInPicture = true;
    this.listen();
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

  // Loads the clip from wherever it can be had; raises where there is none.
  async load() {
    for (const address of addressesOf(this.shown.source)) {
      try {
        this.frames = await readFrames(address);
      } catch {
        continue;
      }
      this.address = address;
      this.video.src = address;
      await new Promise((done, fail) => {
        this.video.addEventListener("loadedmetadata", done, { once: true });
        this.video.addEventListener("error", () => fail(this.video.error), { once: true });
      });
      return;
    }
    throw new Error("the clip is not there");
  }

  // The place of the frame on screen among the clip's frames.
  place() {
    if (this.aim !== null) return this.aim;
    const now = this.onScreen ?? this.video.currentTime;
    let place = 0;
    while (place + 1 < this.frames.length && this.frames[place + 1] <= now + 5e-4) place += 1;
    return place;
  }

  // A frame's middle: at its edges browsers show now one frame and now its neighbour.
  middle(place) {
    const from = this.frames[place];
    const to = this.frames[place + 1] ?? Math.max(this.video.duration || 0, from + 0.002);
    return (from + to) / 2;
  }

  show(place) {
    const within = Math.min(Math.max(place, 0), this.frames.length - 1);
    this.aim = within;
    this.video.currentTime = this.middle(within);
    this.tell();
  }

  seek(seconds) {
    this.show(this.placeAt(seconds));
  }

  placeAt(seconds) {
    const after = this.frames.findIndex((time) => time > seconds + SLACK_S);
    return after < 0 ? this.frames.length - 1 : Math.max(0, after - 1);
  }

  step(frames) {
    const from = this.place();
    this.video.pause();
    this.show(from + frames);
  }

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

  // The moment on screen as a time of the film, within the clip's marks.
  filmTime() {
    const { zero, start, end, slow } = this.shown;
    const length = end - zero;
    const now = this.frames[this.place()];
    // A slow clip is told twice: the second time at half its speed.
    const once = slow && now >= length ? (now - length) / 2 : now;
    return Math.min(Math.max(zero + once, start), end - 0.001);
  }

  // Where in the clip a moment of the film is.
  clipTime(filmTime) {
    return Math.max(0, filmTime - this.shown.zero);
  }

  mark() {
    if (!this.saver) return null;
    const at = this.filmTime();
    this.saver.addMark(formatClock(at));
    return sayTime(this.clipTime(at));
  }

  // What a key does, or null.
  action(key) {
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

// hh:mm:ss.mmm
function formatClock(seconds) {
  const ms = Math.round(seconds * 1000);
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(ms / 3600000), Math.floor(ms / 60000) % 60];
  const clock = [hours, minutes, Math.floor(ms / 1000) % 60].map(two).join(":");
  return `${clock}.${String(ms % 1000).padStart(3, "0")}`;
}

const encodePath = (path) => path.split("/").map(encodeURIComponent).join("/");

// Where a file may be had: of our server, or of a Jupyter that shows the notebook's folder.
function addressesOf({ own, files }) {
  const base = baseUrl();
  const found = [`${base}vigbook/media/${encodePath(own)}`, `${base}files/${encodePath(files)}`];
  const open = location.pathname.match(/\/(?:tree|notebooks)\/(.*?)[^/]+\/[^/]+\.ipynb$/);
  if (open?.[1]) found.push(`${base}files/${open[1]}${encodePath(files)}`);
  return found;
}

// A key that is meant for what has the focus, or for the browser.
function isTaken(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  const { tagName } = event.target;
  if (tagName === "INPUT") return ["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key);
  return tagName === "BUTTON" && [" ", "Enter"].includes(event.key);
}
