// A clip with its stills, as it stands on the page.

const SIGN_MS = 1000;
const KEYS =
  "Keys: space plays and pauses; comma and full stop step a frame; J goes back a second, " +
  "K pauses, L plays; R plays again; M marks this moment.";

class PlayerView {
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
    const question = shown.question && make("p", { class: "vb-lead", ...words }, shown.question);
    const title = make("h2", { id: this.id, ...words }, shown.title);
    this.head = make("div", { class: "vb-head" }, make("div", {}, title, question || null));
    this.root.append(this.head);
    this.root.addEventListener("keydown", (event) => this.hearKey(event));
    this.clip.listeners.add(() => this.update());
  }

  async start() {
    try {
      if (!this.shown.source) throw new Error("there is nothing to look at");
      await this.clip.load();
    } catch {
      this.root.append(make("p", { class: "vb-absent" }, "There is no clip to look at here today."));
      return;
    }
    const look = () => lookTogether(this.shown.clip);
    this.head.append(this.makeButton("Look together", "vb-button vb-main", look));
    this.root.append(this.stage, this.makeScrubber(), this.makeBar(), this.makeMore());
    if (this.shown.stills.length) this.root.append(this.makeStrip());
    this.root.dataset.ready = "yes";
    this.clip.show(0);
    joinClips(this);
  }

  makeButton(words, name, act, more = {}) {
    const button = make("button", { type: "button", class: name, onclick: act, ...more });
    button.append(words);
    return button;
  }

  makeScrubber() {
    this.scrub = make("input", {
      type: "range", class: "vb-scrub", min: 0, max: this.clip.frames.length - 1, step: 1, value: 0,
      "aria-label": "Where in the clip",
      oninput: () => this.clip.show(Number(this.scrub.value)),
    });
    this.time = make("span", { class: "vb-time" });
    return make("div", { class: "vb-line" }, this.scrub, this.time);
  }

  makeBar() {
    const { clip } = this;
    this.playing = this.makeButton("Play", "vb-button vb-main", () => clip.toggle());
    const named = (words, label, act) =>
      this.makeButton(words, "vb-button", act, { "aria-label": label });
    this.speeds = SPEEDS.map((speed) =>
      named(saySpeed(speed), `Speed: ${saySpeed(speed)}`, () => clip.setSpeed(speed)),
    );
    return make(
      "div",
      { class: "vb-bar", role: "group", "aria-label": "The clip" },
      this.playing,
      named("◀ Frame", "One frame back", () => clip.step(-1)),
      named("Frame ▶", "One frame on", () => clip.step(1)),
      named("Again", "Play again from the beginning", () => clip.again()),
      make("div", { class: "vb-joined", role: "group", "aria-label": "Speed" }, ...this.speeds),
      this.saver ? this.makeButton("Mark this moment", "vb-button", () => this.mark()) : null,
    );
  }

  makeMore() {
    const { clip } = this;
    const part = (words, end) =>
      this.makeButton(words, "vb-button", () => clip.setPart(end, clip.place()));
    const whole = () => ["from", "to"].forEach((end) => clip.setPart(end, null));
    this.repeat = make("span", { class: "vb-hint", role: "status" });
    const bar = make(
      "div",
      { class: "vb-bar" },
      part("Repeat from here", "from"),
      part("Repeat up to here", "to"),
      this.makeButton("Stop repeating", "vb-button", whole),
      this.makeButton("Full screen", "vb-button", () => fillScreen(this.stage)),
      this.repeat,
    );
    const keys = make("p", { class: "vb-hint" }, KEYS);
    return make("details", { class: "vb-more" }, make("summary", {}, "More"), bar, keys);
  }

  makeStrip() {
    const strip = make("ol", { class: "vb-strip", "aria-label": "Pictures of this clip" });
    for (const still of this.shown.stills) {
      const picture = make("img", { src: addressesOf(still.source)[0], alt: "", loading: "lazy" });
      const others = addressesOf(still.source).slice(1);
      picture.addEventListener("error", () => others.length && (picture.src = others.shift()));
      const go = () => {
        this.clip.video.pause();
        this.clip.seek(this.clip.clipTime(still.at));
      };
      const words = { "aria-label": `Go to this picture: ${still.alt}`, title: still.alt };
      strip.append(make("li", {}, this.makeButton(picture, "vb-still", go, words)));
    }
    return strip;
  }

  update() {
    const { clip } = this;
    if (!this.playing || !clip.frames) return;
    this.playing.textContent = clip.video.paused ? "Play" : "Pause";
    this.speeds.forEach((button, place) =>
      button.setAttribute("aria-pressed", String(SPEEDS[place] === clip.speed)),
    );
    const place = clip.place();
    this.root.dataset.frame = place;
    this.scrub.value = place;
    const now = sayTime(clip.frames[place]);
    this.scrub.setAttribute("aria-valuetext", now);
    this.time.textContent = `${now} of ${sayTime(clip.video.duration || 0)}`;
    const words = this.sayPart(clip.part);
    if (this.repeat.textContent !== words) this.repeat.textContent = words;
  }

  sayPart({ from, to }) {
    if (from === null && to === null) return "";
    const say = (place, edge) => (place === null ? edge : sayTime(this.clip.frames[place]));
    return `Repeats from ${say(from, "the beginning")} to ${say(to, "the end")}.`;
  }

  mark() {
    const when = this.clip.mark();
    if (when) flash(this.sign, `Marked at ${when}`);
  }

  hearKey(event) {
    event.stopPropagation();
    if (isTaken(event) || !this.clip.frames) return;
    const own = { m: () => this.mark(), f: () => fillScreen(this.stage) };
    const act = own[event.key.toLowerCase()] || this.clip.action(event.key);
    if (!act) return;
    event.preventDefault();
    act();
  }

  end() {
    this.clip.video.pause();
    this.clip.video.removeAttribute("src");
    this.clip.video.load();
  }
}

const saySpeed = (speed) => ({ 0.25: "¼", 0.5: "½", 1: "1×" })[speed];

function fillScreen(stage) {
  if (document.fullscreenElement) document.exitFullscreen();
  else stage.requestFullscreen?.().catch(() => {});
}

// Says something quietly for a second.
function flash(sign, words) {
  sign.textContent = words;
  sign.classList.add("vb-lit");
  clearTimeout(sign.timer);
  sign.timer = setTimeout(() => {
    sign.classList.remove("vb-lit");
    sign.textContent = "";
  }, SIGN_MS);
}

function render({ model, el }) {
  const shown = model.get("shown");
  const saver = shown.place ? findSaver(shown.place, model.get("standing"), shown.first) : null;
  const detach = saver?.attach(model);
  const view = new PlayerView(shown, saver);
  el.append(view.root);
  view.start();
  const playFrom = ({ detail }) => {
    if (detail.clip !== shown.clip || !view.clip.frames) return;
    view.root.scrollIntoView({ block: "nearest" });
    view.clip.seek(view.clip.clipTime(detail.at));
    view.clip.play();
  };
  document.addEventListener("vigbook-play", playFrom);
  return () => {
    document.removeEventListener("vigbook-play", playFrom);
    leaveClips(view);
    view.end();
    detach?.();
  };
}

export default { render };
