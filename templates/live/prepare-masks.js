// Covering a face or an area: boxes over the film, the list of them, faces that were found, and
// the word of somebody who has watched the covered clip through.

import { find, hash, make, pick } from "./pieces.js";
import { LEAST, clamp, groups, lay, moved, stretched } from "./prepare-boxes.js";
import { sayTime, sayWholeSeconds } from "./times.js";

/** @import { Film } from "./prepare-film.js" */
/** @import { Frame } from "./prepare-boxes.js" */
/** @import { Box, Clip, Cycle, Deeds, Face, FilmState, Mask, Search, Server } from "./prepare-server.js" */

const STEP = 0.01; // of the picture: an arrow key's
const CORNER_PX = 22; // a finger's
const SLACK_S = 0.0006; // a time rounded to the millisecond still means its frame
const WAIT_MS = 500; // without a key, before a moved box is saved

export class Covering {
  /** @type {Clip | null} */
  clip = null;
  /** @type {Cycle | null} */
  cycle = null;
  shape = [16, 9];
  /** @type {Record<string, string>} what each clip was cut from */
  cut = {};
  /** @type {Search | null} of faces, in this clip */
  found = null;
  /** @type {number | null} the place of the box that is at hand */
  chosen = null;
  /** @type {Map<number, Box>} boxes that are being moved, by their places */
  drafts = new Map();
  /** @type {HTMLButtonElement[]} */
  boxes = [];
  /** @type {number | undefined} */
  due = undefined;

  /**
   * @param {Film} film
   * @param {Server} api
   * @param {Deeds} does
   */
  constructor(film, api, does) {
    this.film = film;
    this.api = api;
    this.does = does;
    this.layer = find("boxes");
    this.panel = find("covering", HTMLDetailsElement);
    this.watcher = find("watcher", HTMLDialogElement);
    this.confirm = pick(this.watcher, "#confirm", HTMLButtonElement);
    this.listen();
  }

  get masks() {
    return this.clip?.masks || [];
  }

  get open() {
    return !this.panel.hidden && this.panel.open;
  }

  // --- What there is -------------------------------------------------------------------------

  /**
   * @param {{ cycle: Cycle, film: FilmState, cut: Record<string, string> }} state
   * @param {Clip | undefined} clip
   */
  show(state, clip) {
    if (clip?.id !== this.clip?.id) {
      this.stopDrawing();
      this.drafts.clear();
      this.chosen = null;
    }
    this.clip = clip || null;
    this.cycle = state.cycle;
    this.shape = state.film.shape || [16, 9];
    this.cut = state.cut;
    const { faces } = state.film;
    this.found = faces && faces.clip === clip?.id ? faces : null;
    this.panel.hidden = !clip;
    if (!clip) {
      this.boxes.splice(0).forEach((one) => one.remove());
      return;
    }
    while (this.boxes.length > this.masks.length) this.boxes.pop()?.remove();
    while (this.boxes.length < this.masks.length) this.boxes.push(this.makeBox(this.boxes.length));
    this.fill(clip, state.cycle);
    this.draw();
  }

  /**
   * Returns where the picture lies on the screen: there are bars beside it, or above and below.
   * @returns {Frame}
   */
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

  /** @param {Mask} mask */
  nameOf(mask) {
    return this.cycle?.people.find((one) => one.id === mask.covers)?.name;
  }

  // --- Boxes on the picture ------------------------------------------------------------------

  /** @param {number} place */
  makeBox(place) {
    const element = make("button", { type: "button", class: "mask-box" }, make("span", { "aria-hidden": "true" }));
    element.addEventListener("pointerdown", (event) => this.hold(event, element, place));
    element.addEventListener("keydown", (event) => this.press(event, place));
    element.addEventListener("focus", () => this.choose(place));
    this.layer.append(element);
    return element;
  }

  /** @param {number} place */
  choose(place) {
    if (this.chosen === place) return;
    this.chosen = place;
    this.draw();
    /** @type {NodeListOf<HTMLElement>} */
    const rows = this.panel.querySelectorAll("[data-boxes]");
    rows.forEach((one) => {
      one.classList.toggle("chosen", one.dataset.boxes?.split(" ").includes(String(place + 1)));
    });
  }

  /**
   * @param {PointerEvent} event
   * @param {HTMLElement} element
   * @param {number} place
   */
  hold(event, element, place) {
    if (event.button || !this.open) return;
    event.preventDefault();
    event.stopPropagation();
    this.film.pause();
    element.focus();
    const frame = this.frame();
    const rim = element.getBoundingClientRect();
    const reach = (/** @type {number} */ side) => Math.min(CORNER_PX, side / 3);
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

  /**
   * Follows a pointer until it is let go.
   * @param {PointerEvent} event
   * @param {HTMLElement} element
   * @param {(now: PointerEvent) => void} move
   * @param {(now: PointerEvent) => void} end
   */
  follow(event, element, move, end) {
    element.setPointerCapture(event.pointerId);
    const over = (/** @type {PointerEvent} */ now) => {
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerup", over);
      element.removeEventListener("pointercancel", over);
      end(now);
    };
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", over);
    element.addEventListener("pointercancel", over);
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} place
   */
  press(event, place) {
    /** @type {Record<string, [number, number]>} */
    const arrows = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    const arrow = arrows[event.key];
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

  /** @param {number} place */
  async save(place) {
    clearTimeout(this.due);
    const box = this.drafts.get(place);
    if (!box) return;
    if (JSON.stringify(box) !== JSON.stringify(this.masks[place]?.box)) await this.set([place + 1], { box });
    if (this.drafts.get(place) === box) this.drafts.delete(place);
    this.draw();
  }

  // --- Steps ---------------------------------------------------------------------------------

  /**
   * @param {number[]} masks their numbers, from 1
   * @param {Record<string, unknown>} fields
   */
  set(masks, fields) {
    return this.does.step({ do: "set-masks", clip: this.clip?.id, masks, set: fields });
  }

  /** @param {number[]} masks their numbers, from 1 */
  async remove(masks) {
    clearTimeout(this.due);
    this.drafts.clear();
    this.chosen = null;
    await this.does.step({ do: "delete-masks", clip: this.clip?.id, masks });
    find("draw-box").focus();
  }

  /** @param {{ box: Box, from?: string, to?: string, covers?: string }[]} masks */
  async add(masks) {
    const answer = await this.does.step({ do: "add-masks", clip: this.clip?.id, masks });
    if (answer.refused || answer.changed) return;
    const made = this.boxes[this.masks.length - masks.length];
    if (made && !made.hidden) made.focus();
  }

  here() {
    const { at, s } = this.film.place;
    return at || s.toFixed(6);
  }

  /** A box is for what is on the screen: in a clip, that must be a moment of it. */
  goInside() {
    const { s } = this.film.place;
    this.film.pause();
    if (!this.clip) return;
    const { start, end } = this.clip;
    if (s < start.s - SLACK_S || s >= end.s) this.film.go(start.s, start.at);
  }

  startDrawing() {
    this.goInside();
    this.layer.classList.add("drawing");
    find("draw-box").setAttribute("aria-pressed", "true");
    this.say("Draw over the picture, from one corner to the other. Escape leaves off.");
  }

  stopDrawing() {
    if (!this.layer.classList.contains("drawing")) return;
    this.layer.classList.remove("drawing");
    find("draw-box").setAttribute("aria-pressed", "false");
    this.say("");
  }

  /** @param {PointerEvent} event */
  drawNew(event) {
    if (event.button || !this.layer.classList.contains("drawing")) return;
    event.preventDefault();
    const frame = this.frame();
    const rim = this.layer.getBoundingClientRect();
    const at = (/** @type {PointerEvent} */ one) => [
      clamp((one.clientX - rim.left - frame.left) / frame.width, 0, 1),
      clamp((one.clientY - rim.top - frame.top) / frame.height, 0, 1),
    ];
    const from = at(event);
    const sketch = make("div", { class: "sketch" });
    this.layer.append(sketch);
    /** @type {(one: PointerEvent) => Box} */
    const box = (one) => {
      const to = at(one);
      return [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])];
    };
    this.follow(event, this.layer, (now) => lay(sketch, box(now), frame), (now) => {
      sketch.remove();
      if (now.type === "pointercancel" || Math.min(...box(now).slice(2)) < LEAST) return;
      this.stopDrawing();
      const [left, top, across, down] = box(now).map((side) => Number(side.toFixed(4)));
      this.add([{ box: [left, top, across, down] }]);
    });
  }

  // --- The panel -----------------------------------------------------------------------------

  /** @param {string} words */
  say(words) {
    const place = find("covering-says");
    if (place.textContent !== words) place.textContent = words;
  }

  /**
   * Fills the panel, anew only where it shows something else: what has the focus keeps it.
   * @param {Clip} clip
   * @param {Cycle} cycle
   */
  fill(clip, cycle) {
    const { found } = this;
    this.part("covering-title", [clip.masks.length, clip.checked], () => [this.title(clip)]);
    this.part("found", [clip.id, found?.faces, found?.wrong, cycle.people], () => this.showFound());
    this.part("box-list", [clip, cycle.people], () => groups(clip.masks).map((one) => this.row(clip, one)));
    this.boxes.forEach((element, place) => {
      const name = this.nameOf(this.masks[place]);
      const words = `Box ${place + 1}${name ? `, over ${name}'s face` : ""}. Arrow keys move it, with Shift they resize it, Delete takes it away.`;
      element.setAttribute("aria-label", words);
    });
    const looking = found && !found.faces && !found.wrong;
    find("seek-faces").textContent = looking ? "Stop looking" : "Look for faces";
    find("seek-says").textContent = looking ? `Looking for faces, ${Math.round(found.done * 100)} %` : "";
    const ready = this.cut[clip.id];
    find("watch", HTMLButtonElement).disabled = !clip.masks.length || !ready;
    find("confirming").hidden = !clip.masks.length;
    find("confirmed").textContent = clip.checked
      ? "Somebody has watched the covered clip through, and confirmed it."
      : ready ? "Not confirmed yet: watch the covered clip through." : "Not confirmed yet. The covered clip is being cut; then watch it through.";
  }

  /**
   * @param {string} id
   * @param {unknown[]} about what it shows
   * @param {() => (Node | string)[]} build
   */
  part(id, about, build) {
    const element = find(id);
    const look = JSON.stringify(about);
    if (element.dataset.look === look) return;
    element.dataset.look = look;
    const held = element.contains(document.activeElement) ? document.activeElement?.id : null;
    element.replaceChildren(...build());
    if (held) document.getElementById(held)?.focus();
  }

  /** @param {Clip} clip */
  title(clip) {
    const count = clip.masks.length;
    if (!count) return "Cover a face or an area";
    const boxes = count === 1 ? "1 box" : `${count} boxes`;
    return `Cover a face or an area (${boxes}, ${clip.checked ? "confirmed" : "not confirmed yet"})`;
  }

  showFound() {
    const { found } = this;
    if (!found) return [];
    if (found.wrong) return [make("p", { class: "help" }, found.wrong)];
    if (!found.faces) return [];
    if (!found.faces.length) return [make("p", {}, "No face was found. Look for yourself, and draw a box where one is to be covered.")];
    const rows = found.faces.map((face, place) => this.face(face, place));
    const cover = make("button", { type: "button", id: "cover-faces", class: "first", disabled: true, click: () => this.coverTicked() }, "Cover what is ticked");
    const group = make("fieldset", { class: "faces" }, make("legend", {}, "Faces that were found"),
      make("p", { class: "help" }, "Nothing is covered until you tick it. The same person may be here twice; a face that was not found is not covered, so look for yourself."),
      ...rows);
    group.addEventListener("change", () => { cover.disabled = !group.querySelector("input:checked"); });
    return [group, cover];
  }

  /**
   * @param {Face} face
   * @param {number} place
   */
  face(face, place) {
    const source = this.api.url("face.jpg", { at: face.at, box: face.box.map((side) => side.toFixed(4)).join(","), of: this.film.key });
    const times = `${sayWholeSeconds(face.from_s)} to ${sayWholeSeconds(face.to_s)}`;
    return make("div", { class: "face" },
      make("img", { src: source, alt: `A face that is seen from ${times}`, width: 88, height: 88 }),
      make("div", {},
        make("label", { class: "check" }, make("input", { type: "checkbox", id: `face-${place}`, value: place, "aria-label": `Cover this face, seen from ${times}` }), "Cover this face"),
        make("span", { class: "help" }, times),
        this.whose(`face-of-${place}`, null, () => {})));
  }

  /**
   * @param {string} id
   * @param {string | null} covers
   * @param {(covers: string | null) => void} save
   */
  whose(id, covers, save) {
    /** @type {HTMLSelectElement} */
    const select = make("select", { id, "aria-label": "Whose face it is", change: () => save(select.value || null) },
      make("option", { value: "" }, "Whose face: not said"), ...(this.cycle?.people || []).map((one) => make("option", { value: one.id }, `${one.name}'s face`)));
    select.value = covers || "";
    return select;
  }

  async coverTicked() {
    /** @type {NodeListOf<HTMLInputElement>} */
    const ticked = this.panel.querySelectorAll(".faces input:checked");
    const masks = [...ticked].flatMap(({ value }) => {
      const covers = find(`face-of-${value}`, HTMLSelectElement).value;
      return (this.found?.faces?.[Number(value)].masks || []).map((one) => (covers ? { ...one, covers } : one));
    });
    await this.add(masks);
    this.does.step({ do: "leave-faces" });
  }

  /**
   * @param {Clip} clip
   * @param {number[]} places of the boxes in a row
   */
  row(clip, places) {
    const numbers = places.map((place) => place + 1);
    const [first, last] = [clip.masks[places[0]], clip.masks[places[places.length - 1]]];
    const name = numbers.length > 1 ? `Boxes ${numbers[0]} to ${numbers[numbers.length - 1]}` : `Box ${numbers[0]}`;
    /** @type {(id: string, label: string, act: () => unknown, kind?: string) => HTMLElement} */
    const button = (id, label, act, kind) => make("button", { type: "button", id: `${id}-${numbers[0]}`, class: kind, "aria-label": `${label}: ${name}`, click: act }, label);
    const go = () => {
      this.film.pause();
      this.film.go(Math.max(first.from_s, clip.start.s), null);
      this.choose(places[0]);
    };
    const one = numbers.length === 1;
    return make("li", { "data-boxes": numbers.join(" "), class: places.some((place) => place === this.chosen) ? "chosen" : null },
      make("div", { class: "row spread" },
        make("span", {}, make("b", {}, name), ` ${sayTime(first.from_s)} to ${sayTime(last.to_s)}`),
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
    const { clip } = this;
    if (!clip) return;
    const video = pick(this.watcher, "video", HTMLVideoElement);
    const cut = hash(this.cut[clip.id]);
    video.src = `${this.api.base}vigbook/film/${this.api.cycle}/covered/${clip.id}?of=${cut}-${this.film.key}`;
    const pictures = clip.stills.map((still, place) => make("img", { src: this.does.still(still.at, clip.id), alt: `Still ${place + 1}, as it will be printed` }));
    find("watched-stills").replaceChildren(...pictures);
    this.confirm.disabled = true;
    find("watched").textContent = "Play it from beginning to end; then you can confirm.";
    this.watcher.returnValue = "";
    this.watcher.showModal();
    video.focus();
  }

  /** @param {HTMLVideoElement} video */
  watchOn(video) {
    let seen = 0;
    for (let part = 0; part < video.played.length; part += 1) seen += video.played.end(part) - video.played.start(part);
    if (!video.duration || seen < video.duration - 0.3) return;
    this.confirm.disabled = false;
    const words = "You have watched all of it. Is everything covered that should be, all the way?";
    const place = find("watched");
    if (place.textContent !== words) place.textContent = words;
  }

  listen() {
    const on = (/** @type {string} */ id, /** @type {() => void} */ act) => find(id).addEventListener("click", act);
    on("draw-box", () => (this.layer.classList.contains("drawing") ? this.stopDrawing() : this.startDrawing()));
    on("middle-box", () => {
      this.goInside();
      this.add([{ box: [0.4, 0.35, 0.2, 0.3] }]);
    });
    on("seek-faces", () => {
      const looking = this.found && !this.found.faces && !this.found.wrong;
      this.does.step(looking ? { do: "leave-faces" } : { do: "seek-faces", clip: this.clip?.id });
    });
    on("watch", () => this.watch());
    this.panel.addEventListener("toggle", () => {
      if (!this.open) this.stopDrawing();
      this.draw();
    });
    this.layer.addEventListener("pointerdown", (event) => this.drawNew(event));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.stopDrawing();
    });
    const video = pick(this.watcher, "video", HTMLVideoElement);
    for (const kind of ["timeupdate", "ended", "pause"]) video.addEventListener(kind, () => this.watchOn(video));
    this.watcher.addEventListener("close", () => {
      video.pause();
      video.removeAttribute("src");
      video.load();
      if (this.watcher.returnValue === "confirm") this.does.step({ do: "check-masks", clip: this.clip?.id });
    });
    new ResizeObserver(() => this.draw()).observe(this.layer);
  }
}
