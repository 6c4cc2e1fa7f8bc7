// Covering a face or an area: boxes over the film, the list of them, faces that were found, and
// the word of somebody who has watched the covered clip through.

import { make, short } from "./prepare-clips.js";

const STEP = 0.01; // of the picture: an arrow key's
const LEAST = 0.02; // of the picture: no box is smaller
const CORNER_PX = 22; // a finger's
const SLACK_S = 0.0006; // a time rounded to the millisecond still means its frame
const WAIT_MS = 500; // without a key, before a moved box is saved

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

export class Covering {
  constructor(page, film, api, does) {
    Object.assign(this, { film, api, does, clip: null, cut: {}, chosen: null, drafts: new Map() });
    this.layer = page.querySelector("#boxes");
    this.panel = page.querySelector("#covering");
    this.watcher = page.querySelector("#watcher");
    this.boxes = [];
    this.listen();
  }

  get masks() {
    return this.clip?.masks || [];
  }

  get open() {
    return !this.panel.hidden && this.panel.open;
  }

  // --- What there is -------------------------------------------------------------------------

  show(state, clip) {
    if (clip?.id !== this.clip?.id) {
      this.stopDrawing();
      this.drafts.clear();
      this.chosen = null;
    }
    this.clip = clip || null;
    this.cycle = state.cycle;
    this.shape = state.film.shape || [16, 9];
    this.cut = state.cut || {};
    this.found = state.film.faces?.clip === clip?.id ? state.film.faces : null;
    this.panel.hidden = !clip;
    if (!clip) {
      this.boxes.splice(0).forEach((one) => one.remove());
      return;
    }
    while (this.boxes.length > this.masks.length) this.boxes.pop().remove();
    while (this.boxes.length < this.masks.length) this.boxes.push(this.makeBox(this.boxes.length));
    this.fill();
    this.draw();
  }

  // Where the picture lies on the screen: there are bars beside it, or above and below.
  frame() {
    const { video, picture, source } = this.film;
    const [wide, tall] = source ? [video.videoWidth, video.videoHeight] : [picture.naturalWidth, picture.naturalHeight];
    const ratio = wide && tall ? wide / tall : this.shape[0] / this.shape[1];
    const { clientWidth: across, clientHeight: down } = this.layer;
    const width = Math.min(across, down * ratio);
    const height = width / ratio;
    return { left: (across - width) / 2, top: (down - height) / 2, width, height };
  }

  draw() {
    if (!this.clip) return;
    const frame = this.frame();
    const { s } = this.film.place;
    this.layer.classList.toggle("editing", this.open && !this.film.playing);
    this.boxes.forEach((element, place) => {
      const mask = this.masks[place];
      const here = s >= mask.from_s - SLACK_S && s <= mask.to_s + SLACK_S;
      element.hidden = !here;
      element.tabIndex = this.open ? 0 : -1;
      element.setAttribute("aria-pressed", String(place === this.chosen));
      lay(element, this.drafts.get(place) || mask.box, frame);
    });
  }

  nameOf(mask) {
    return this.cycle.people.find((one) => one.id === mask.covers)?.name;
  }

  // --- Boxes on the picture ------------------------------------------------------------------

  makeBox(place) {
    const element = make("button", { type: "button", class: "mask-box" }, make("span", { "aria-hidden": "true" }));
    element.addEventListener("pointerdown", (event) => this.hold(event, element, place));
    element.addEventListener("keydown", (event) => this.press(event, place));
    element.addEventListener("focus", () => this.choose(place));
    this.layer.append(element);
    return element;
  }

  choose(place) {
    if (this.chosen === place) return;
    this.chosen = place;
    this.draw();
    this.panel.querySelectorAll("[data-boxes]").forEach((one) => {
      one.classList.toggle("chosen", one.dataset.boxes.split(" ").includes(String(place + 1)));
    });
  }

  hold(event, element, place) {
    if (event.button || !this.open) return;
    event.preventDefault();
    event.stopPropagation();
    this.film.pause();
    element.focus();
    const frame = this.frame();
    const rim = element.getBoundingClientRect();
    const reach = (side) => Math.min(CORNER_PX, side / 3);
    const near = {
      left: event.clientX < rim.left + reach(rim.width), right: event.clientX > rim.right - reach(rim.width),
      top: event.clientY < rim.top + reach(rim.height), bottom: event.clientY > rim.bottom - reach(rim.height),
    };
    const corner = (near.left || near.right) && (near.top || near.bottom);
    const before = this.drafts.get(place) || this.masks[place].box;
    const from = [event.clientX, event.clientY];
    this.follow(event, element, (now) => {
      const across = (now.clientX - from[0]) / frame.width;
      const down = (now.clientY - from[1]) / frame.height;
      this.drafts.set(place, corner ? stretched(before, near, across, down) : moved(before, across, down));
      this.draw();
    }, () => this.save(place));
  }

  // Follows a pointer until it is let go.
  follow(event, element, move, end) {
    element.setPointerCapture(event.pointerId);
    const over = (now) => {
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerup", over);
      element.removeEventListener("pointercancel", over);
      end(now);
    };
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", over);
    element.addEventListener("pointercancel", over);
  }

  press(event, place) {
    const arrow = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (arrow) {
      event.preventDefault();
      const box = this.drafts.get(place) || this.masks[place].box;
      const sides = { right: true, bottom: true };
      this.drafts.set(place, event.shiftKey ? stretched(box, sides, ...arrow) : moved(box, ...arrow));
      this.draw();
      clearTimeout(this.due);
      this.due = setTimeout(() => this.save(place), WAIT_MS);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.remove([place + 1]);
    }
  }

  async save(place) {
    clearTimeout(this.due);
    const box = this.drafts.get(place);
    if (!box) return;
    if (JSON.stringify(box) !== JSON.stringify(this.masks[place]?.box)) await this.set([place + 1], { box });
    if (this.drafts.get(place) === box) this.drafts.delete(place);
    this.draw();
  }

  // --- Steps ---------------------------------------------------------------------------------

  set(masks, fields) {
    return this.does.step({ do: "set-masks", clip: this.clip.id, masks, set: fields });
  }

  async remove(masks) {
    clearTimeout(this.due);
    this.drafts.clear();
    this.chosen = null;
    await this.does.step({ do: "delete-masks", clip: this.clip.id, masks });
    this.panel.querySelector("#draw-box").focus();
  }

  async add(masks) {
    const answer = await this.does.step({ do: "add-masks", clip: this.clip.id, masks });
    if (answer.refused || answer.changed) return;
    const made = this.boxes[this.masks.length - masks.length];
    if (made && !made.hidden) made.focus();
  }

  here() {
    const { at, s } = this.film.place;
    return at || s.toFixed(6);
  }

  // A box is for what is on the screen: in a clip, that must be a moment of it.
  goInside() {
    const { s } = this.film.place;
    this.film.pause();
    if (s < this.clip.start.s - SLACK_S || s >= this.clip.end.s) this.film.go(this.clip.start.s, this.clip.start.at);
  }

  startDrawing() {
    this.goInside();
    this.layer.classList.add("drawing");
    this.panel.querySelector("#draw-box").setAttribute("aria-pressed", "true");
    this.say("Draw over the picture, from one corner to the other. Escape leaves off.");
  }

  stopDrawing() {
    if (!this.layer.classList.contains("drawing")) return;
    this.layer.classList.remove("drawing");
    this.panel.querySelector("#draw-box")?.setAttribute("aria-pressed", "false");
    this.say("");
  }

  drawNew(event) {
    if (event.button || !this.layer.classList.contains("drawing")) return;
    event.preventDefault();
    const frame = this.frame();
    const rim = this.layer.getBoundingClientRect();
    const at = (one) => [
      clamp((one.clientX - rim.left - frame.left) / frame.width, 0, 1),
      clamp((one.clientY - rim.top - frame.top) / frame.height, 0, 1),
    ];
    const from = at(event);
    const sketch = make("div", { class: "sketch" });
    this.layer.append(sketch);
    const box = (one) => {
      const to = at(one);
      return [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])];
    };
    this.follow(event, this.layer, (now) => lay(sketch, box(now), frame), (now) => {
      sketch.remove();
      if (now.type === "pointercancel" || Math.min(...box(now).slice(2)) < LEAST) return;
      this.stopDrawing();
      this.add([{ box: box(now).map((side) => Number(side.toFixed(4))) }]);
    });
  }

  // --- The panel -----------------------------------------------------------------------------

  say(words) {
    const place = this.panel.querySelector("#covering-says");
    if (place && place.textContent !== words) place.textContent = words;
  }

  // Built anew only where it shows something else, so that what has the focus keeps it.
  fill() {
    const { clip, found } = this;
    this.part("#covering-title", [clip.masks.length, clip.checked], () => [this.title()]);
    this.part("#found", [clip.id, found?.faces, found?.wrong, this.cycle.people], () => this.showFound());
    this.part("#box-list", [clip, this.cycle.people], () => groups(this.masks).map((one) => this.row(one)));
    this.boxes.forEach((element, place) => {
      const name = this.nameOf(this.masks[place]);
      const words = `Box ${place + 1}${name ? `, over ${name}'s face` : ""}. Arrow keys move it, with Shift they resize it, Delete takes it away.`;
      element.setAttribute("aria-label", words);
    });
    const looking = found && !found.faces && !found.wrong;
    const seek = this.panel.querySelector("#seek-faces");
    seek.textContent = looking ? "Stop looking" : "Look for faces";
    this.panel.querySelector("#seek-says").textContent = looking ? `Looking for faces, ${Math.round(found.done * 100)} %` : "";
    const ready = this.cut[clip.id];
    const watch = this.panel.querySelector("#watch");
    watch.disabled = !clip.masks.length || !ready;
    this.panel.querySelector("#confirming").hidden = !clip.masks.length;
    this.panel.querySelector("#confirmed").textContent = clip.checked
      ? "Somebody has watched the covered clip through, and confirmed it."
      : ready ? "Not confirmed yet: watch the covered clip through." : "Not confirmed yet. The covered clip is being cut; then watch it through.";
  }

  part(selector, about, build) {
    const element = this.panel.querySelector(selector);
    const look = JSON.stringify(about);
    if (element.dataset.look === look) return;
    element.dataset.look = look;
    const held = element.contains(document.activeElement) ? document.activeElement.id : null;
    element.replaceChildren(...build());
    if (held) document.getElementById(held)?.focus();
  }

  title() {
    const count = this.masks.length;
    if (!count) return "Cover a face or an area";
    const boxes = count === 1 ? "1 box" : `${count} boxes`;
    return `Cover a face or an area (${boxes}, ${this.clip.checked ? "confirmed" : "not confirmed yet"})`;
  }

  showFound() {
    const { found } = this;
    if (!found || (!found.faces && !found.wrong)) return [];
    if (found.wrong) return [make("p", { class: "help" }, found.wrong)];
    if (!found.faces.length) return [make("p", {}, "No face was found. Look for yourself, and draw a box where one is to be covered.")];
    const rows = found.faces.map((face, place) => this.face(face, place));
    const cover = make("button", { type: "button", id: "cover-faces", class: "first", disabled: true, click: () => this.coverTicked() }, "Cover what is ticked");
    const group = make("fieldset", { class: "faces" }, make("legend", {}, "Faces that were found"),
      make("p", { class: "help" }, "Nothing is covered until you tick it. The same person may be here twice; a face that was not found is not covered, so look for yourself."),
      ...rows);
    group.addEventListener("change", () => { cover.disabled = !group.querySelector("input:checked"); });
    return [group, cover];
  }

  face(face, place) {
    const source = this.api.url("face.jpg", { at: face.at, box: face.box.map((side) => side.toFixed(4)).join(","), of: this.film.key });
    const times = `${short(face.from_s)} to ${short(face.to_s)}`;
    return make("div", { class: "face" },
      make("img", { src: source, alt: `A face that is seen from ${times}`, width: 88, height: 88 }),
      make("div", {},
        make("label", { class: "check" }, make("input", { type: "checkbox", id: `face-${place}`, value: place, "aria-label": `Cover this face, seen from ${times}` }), "Cover this face"),
        make("span", { class: "help" }, times),
        this.whose(`face-of-${place}`, null, () => {})));
  }

  whose(id, covers, save) {
    const select = make("select", { id, "aria-label": "Whose face it is", change: (event) => save(event.target.value || null) },
      make("option", { value: "" }, "Whose face: not said"), ...this.cycle.people.map((one) => make("option", { value: one.id }, `${one.name}'s face`)));
    select.value = covers || "";
    return select;
  }

  async coverTicked() {
    const ticked = [...this.panel.querySelectorAll(".faces input:checked")].map((one) => Number(one.value));
    const masks = ticked.flatMap((place) => {
      const covers = this.panel.querySelector(`#face-of-${place}`).value;
      return this.found.faces[place].masks.map((one) => (covers ? { ...one, covers } : one));
    });
    await this.add(masks);
    this.does.step({ do: "leave-faces" });
  }

  row(places) {
    const numbers = places.map((place) => place + 1);
    const [first, last] = [this.masks[places[0]], this.masks[places[places.length - 1]]];
    const name = numbers.length > 1 ? `Boxes ${numbers[0]} to ${numbers[numbers.length - 1]}` : `Box ${numbers[0]}`;
    const button = (id, label, act, kind = null) => make("button", { type: "button", id: `${id}-${numbers[0]}`, class: kind, "aria-label": `${label}: ${name}`, click: act }, label);
    const go = () => {
      this.film.pause();
      this.film.go(Math.max(first.from_s, this.clip.start.s), null);
      this.choose(places[0]);
    };
    const one = numbers.length === 1;
    return make("li", { "data-boxes": numbers.join(" "), class: places.includes(this.chosen) ? "chosen" : null },
      make("div", { class: "row spread" },
        make("span", {}, make("b", {}, name), ` ${clock(first.from_s)} to ${clock(last.to_s)}`),
        this.whose(`whose-${numbers[0]}`, first.covers, (covers) => this.set(numbers, { covers }))),
      make("div", { class: "row" },
        button("see-box", "Go", go),
        one ? button("from-here", "From here", () => this.set(numbers, { from: this.here() })) : null,
        one ? button("to-here", "To here", () => this.set(numbers, { to: this.here() })) : null,
        one ? button("whole", "Whole clip", () => this.set(numbers, { from: null, to: null })) : null,
        button("drop-box", "Delete", () => this.remove(numbers), "quiet delete")));
  }

  // --- Watching it through -------------------------------------------------------------------

  watch() {
    this.film.pause();
    const video = this.watcher.querySelector("video");
    const cut = hash(this.cut[this.clip.id]);
    video.src = `${this.api.base}vigbook/film/${this.api.cycle}/covered/${this.clip.id}?of=${cut}-${this.film.key}`;
    const pictures = this.clip.stills.map((still, place) => make("img", { src: this.does.still(still.at, this.clip.id), alt: `Still ${place + 1}, as it will be printed` }));
    this.watcher.querySelector("#watched-stills").replaceChildren(...pictures);
    this.watcher.querySelector("#confirm").disabled = true;
    this.watcher.querySelector("#watched").textContent = "Play it from beginning to end; then you can confirm.";
    this.watcher.returnValue = "";
    this.watcher.showModal();
    video.focus();
  }

  watchOn(video) {
    let seen = 0;
    for (let part = 0; part < video.played.length; part += 1) seen += video.played.end(part) - video.played.start(part);
    if (!video.duration || seen < video.duration - 0.3) return;
    this.watcher.querySelector("#confirm").disabled = false;
    const words = "You have watched all of it. Is everything covered that should be, all the way?";
    const place = this.watcher.querySelector("#watched");
    if (place.textContent !== words) place.textContent = words;
  }

  listen() {
    const on = (id, act) => this.panel.querySelector(id).addEventListener("click", act);
    on("#draw-box", () => (this.layer.classList.contains("drawing") ? this.stopDrawing() : this.startDrawing()));
    on("#middle-box", () => {
      this.goInside();
      this.add([{ box: [0.4, 0.35, 0.2, 0.3] }]);
    });
    on("#seek-faces", () => {
      const looking = this.found && !this.found.faces && !this.found.wrong;
      this.does.step(looking ? { do: "leave-faces" } : { do: "seek-faces", clip: this.clip.id });
    });
    on("#watch", () => this.watch());
    this.panel.addEventListener("toggle", () => {
      if (!this.open) this.stopDrawing();
      this.draw();
    });
    this.layer.addEventListener("pointerdown", (event) => this.drawNew(event));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.stopDrawing();
    });
    const video = this.watcher.querySelector("video");
    for (const kind of ["timeupdate", "ended", "pause"]) video.addEventListener(kind, () => this.watchOn(video));
    this.watcher.addEventListener("close", () => {
      video.pause();
      video.removeAttribute("src");
      video.load();
      if (this.watcher.returnValue === "confirm") this.does.step({ do: "check-masks", clip: this.clip.id });
    });
    new ResizeObserver(() => this.draw()).observe(this.layer);
  }
}

// --- Boxes -----------------------------------------------------------------------------------

function lay(element, [left, top, across, down], frame) {
  element.style.left = `${frame.left + left * frame.width}px`;
  element.style.top = `${frame.top + top * frame.height}px`;
  element.style.width = `${across * frame.width}px`;
  element.style.height = `${down * frame.height}px`;
}

const rounded = (box) => box.map((side) => Math.round(side * 1000) / 1000);

function moved([left, top, across, down], right, below) {
  return rounded([clamp(left + right, 0, 1 - across), clamp(top + below, 0, 1 - down), across, down]);
}

function stretched([left, top, across, down], sides, by, below) {
  let [right, bottom] = [left + across, top + down];
  if (sides.left) left = clamp(left + by, 0, right - LEAST);
  if (sides.right) right = clamp(right + by, left + LEAST, 1);
  if (sides.top) top = clamp(top + below, 0, bottom - LEAST);
  if (sides.bottom) bottom = clamp(bottom + below, top + LEAST, 1);
  return rounded([left, top, right - left, bottom - top]);
}

// Boxes that follow each other in time over one face stand in one row.
function groups(masks) {
  const found = [];
  masks.forEach((mask, place) => {
    const last = found[found.length - 1];
    const before = last && masks[last[last.length - 1]];
    if (before && before.to === mask.from && before.covers === mask.covers) last.push(place);
    else found.push([place]);
  });
  return found;
}

function clock(s) {
  return `${Math.floor(s / 60)}:${(s % 60).toFixed(1).padStart(4, "0")}`;
}

// A short name for a text: an address that changes with it.
export function hash(text) {
  let found = 5381;
  for (const letter of text || "") found = ((found * 33) ^ letter.charCodeAt(0)) >>> 0;
  return found.toString(36);
}
