// Looking together: nothing but the clip, large and dark. One tap, or M, marks this moment, and
// nobody's eyes need to leave anybody.

// The clips of the page that can be looked at, in the order in which they stand there.
function joinClips(view) {
  const page = shared();
  page.clips = page.clips.filter((one) => one.shown.clip !== view.shown.clip);
  page.clips.push(view);
  page.clips.sort((one, other) => one.shown.number - other.shown.number);
  const asked = new URLSearchParams(location.search).has("together");
  if (asked && !page.begun && view.shown.number === 1) {
    page.begun = true;
    lookTogether(view.shown.clip);
  }
}

function leaveClips(view) {
  const page = shared();
  page.clips = page.clips.filter((one) => one !== view);
}

function lookTogether(clipId) {
  const { clips } = shared();
  clips.forEach((view) => view.clip.video.pause());
  new Together(clips.findIndex((view) => view.shown.clip === clipId)).open();
}

class Together {
  constructor(place) {
    this.at = place;
    this.from = document.activeElement;
    this.sign = make("p", { class: "vb-sign", role: "status" });
    this.stage = make("div", { class: "vb-large" });
    this.title = make("h1", { class: "vb-name", tabindex: "-1", dir: "auto" });
    this.dialog = make(
      "dialog",
      { class: "vb-together", "aria-label": "Looking together" },
      this.stage,
      this.sign,
      this.makeBar(),
    );
    this.dialog.addEventListener("keydown", (event) => this.hearKey(event));
    this.dialog.addEventListener("close", () => this.leave());
    this.stage.addEventListener("click", () => this.mark());
  }

  makeBar() {
    const button = (words, act, label = null) => {
      const more = { type: "button", class: "vb-button", onclick: act, "aria-label": label };
      return make("button", more, words);
    };
    this.playing = button("Play", () => this.clip.toggle());
    this.before = button("◀ Clip", () => this.turn(-1), "The clip before");
    this.next = button("Clip ▶", () => this.turn(1), "The next clip");
    this.slow = button("Slow", () => this.clip.setSpeed(this.clip.speed === 1 ? 0.5 : 1));
    return make(
      "div",
      { class: "vb-bar", role: "group", "aria-label": "Looking together" },
      this.before,
      this.next,
      this.title,
      this.playing,
      this.slow,
      button("◀ Frame", () => this.clip.step(-1), "One frame back"),
      button("Frame ▶", () => this.clip.step(1), "One frame on"),
      button("Again", () => this.clip.again(), "Play again from the beginning"),
      button("Mark this moment", () => this.mark()),
      button("Leave", () => this.dialog.close()),
    );
  }

  open() {
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.turn(0);
    this.title.focus();
  }

  async turn(by) {
    const { clips } = shared();
    this.at = Math.min(Math.max(this.at + by, 0), clips.length - 1);
    const view = clips[this.at];
    this.clip?.video.pause();
    this.clip = new ClipVideo(view.shown, view.saver);
    this.clip.listeners.add(() => this.update());
    this.title.textContent = view.shown.title;
    this.before.disabled = this.at === 0;
    this.next.disabled = this.at === clips.length - 1;
    this.stage.replaceChildren(this.clip.video);
    this.dialog.dataset.clip = view.shown.clip;
    delete this.dialog.dataset.ready;
    const { clip } = this;
    try {
      await clip.load();
      clip.show(0);
      this.dialog.dataset.ready = "yes";
    } catch {
      this.stage.replaceChildren(make("p", {}, "There is no clip to look at here today."));
    }
    this.update();
  }

  update() {
    const { clip } = this;
    this.playing.textContent = clip.video.paused ? "Play" : "Pause";
    this.slow.setAttribute("aria-pressed", String(clip.speed !== 1));
    if (clip.frames) this.dialog.dataset.frame = clip.place();
  }

  mark() {
    const when = this.clip.frames && this.clip.mark();
    if (when) flash(this.sign, `Marked at ${when}`);
  }

  hearKey(event) {
    event.stopPropagation();
    if (isTaken(event) || !this.clip.frames) return;
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
    this.clip.video.pause();
    this.clip.video.removeAttribute("src");
    this.clip.video.load();
    this.dialog.remove();
    this.from?.focus?.();
  }
}
