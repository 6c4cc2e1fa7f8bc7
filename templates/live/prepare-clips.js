// The list of clips, the form of the chosen one, and what the last time left to do.

import { make, pick } from "./pieces.js";
import { lastBefore } from "./prepare-line.js";
import { sayWholeSeconds } from "./times.js";

/** @import { Clip, Cycle, Deeds, StripShown } from "./prepare-server.js" */

/** @typedef {(value: any) => unknown} Save takes what was typed or chosen in a field */

const SOUNDS = { keep: "As it is", level: "Made as loud as speech should be", mute: "No sound" };

// --- The list --------------------------------------------------------------------------------

/** @typedef {[Cycle, StripShown | null, string | null, Deeds]} Showing */

/** @type {WeakMap<HTMLElement, string>} what a list shows */
const shown = new WeakMap();
/** @type {WeakMap<HTMLElement, Showing>} what it is to show once nothing in it is being dragged */
const waiting = new WeakMap();

/**
 * @param {HTMLElement} list
 * @param {Cycle} cycle
 * @param {StripShown | null} strip
 * @param {string | null} chosen
 * @param {Deeds} does
 */
export function showList(list, cycle, strip, chosen, does) {
  // A row that was drawn anew is no longer the one that a person drags.
  const look = JSON.stringify([cycle.clips, chosen, Boolean(strip)]);
  if (shown.get(list) === look) return;
  if (list.classList.contains("dragging")) {
    waiting.set(list, [cycle, strip, chosen, does]);
    return;
  }
  shown.set(list, look);
  /** @type {HTMLElement | null | undefined} */
  const held = document.activeElement?.closest("#list button");
  const kept = held ? [held.dataset.clip, held.dataset.what] : null;
  list.replaceChildren(...cycle.clips.map((clip, place) => row(clip, place, cycle, strip, chosen, does)));
  if (kept) {
    /** @type {(what: string | undefined) => HTMLElement | null} */
    const again = (what) => list.querySelector(`[data-clip="${kept[0]}"][data-what="${what}"]:enabled`);
    (again(kept[1]) || again("pick"))?.focus();
  }
}

/**
 * @param {Clip} clip
 * @param {number} place
 * @param {Cycle} cycle
 * @param {StripShown | null} strip
 * @param {string | null} chosen
 * @param {Deeds} does
 */
function row(clip, place, cycle, strip, chosen, does) {
  const name = clip.title || `Clip ${place + 1}`;
  const seconds = (clip.end.s - clip.start.s).toFixed(1);
  const stills = clip.stills.length === 1 ? "1 still" : `${clip.stills.length} stills`;
  const pick = make("button", {
    type: "button", class: "pick", "data-clip": clip.id, "data-what": "pick",
    "aria-pressed": String(clip.id === chosen), click: () => does.choose(clip.id),
    keydown: (/** @type {KeyboardEvent} */ event) => {
      const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
      if (!event.altKey || !by) return;
      event.preventDefault();
      does.move(clip.id, place + by);
    },
  }, tile(clip, strip), make("span", { class: "words" },
    make("b", {}, `${place + 1}. ${clip.title || "No title yet"}`),
    make("small", {}, `${sayWholeSeconds(clip.start.s)}, ${seconds} s, ${stills}`)));
  /** @type {(what: string, words: string, label: string, off: boolean, act: () => void) => HTMLElement} */
  const button = (what, words, label, off, act) => make("button", {
    type: "button", class: what === "delete" ? "quiet delete" : "quiet", "data-clip": clip.id, "data-what": what,
    "aria-label": `${label}: ${name}`, disabled: off, click: act }, words);
  return make("li", {
    draggable: "true", class: clip.id === chosen ? "chosen" : null,
    dragstart: (/** @type {any} */ event) => {
      event.dataTransfer.setData("text/plain", clip.id);
      event.currentTarget.parentElement.classList.add("dragging");
    },
    dragend: (/** @type {any} */ event) => endDrag(event.currentTarget.parentElement),
    dragover: (/** @type {any} */ event) => { event.preventDefault(); event.currentTarget.classList.add("over"); },
    dragleave: (/** @type {any} */ event) => event.currentTarget.classList.remove("over"),
    drop: (/** @type {any} */ event) => { event.preventDefault(); does.move(event.dataTransfer.getData("text/plain"), place); },
  }, pick,
  button("up", "Up", "Move up", place === 0, () => does.move(clip.id, place - 1)),
  button("down", "Down", "Move down", place === cycle.clips.length - 1, () => does.move(clip.id, place + 1)),
  button("delete", "Delete", "Delete", false, () => does.step({ do: "delete-clip", clip: clip.id })));
}

/** @param {HTMLElement} list */
function endDrag(list) {
  list.classList.remove("dragging");
  const due = waiting.get(list);
  waiting.delete(list);
  if (due) showList(list, ...due);
}

/**
 * @param {Clip} clip
 * @param {StripShown | null} strip
 */
function tile(clip, strip) {
  const box = make("span", { class: "tile", "aria-hidden": "true" });
  if (!strip) return box;
  const place = lastBefore(strip.times, clip.start.s + 0.5);
  const scale = Math.min(80 / strip.width, 45 / strip.height);
  const across = strip.width * scale, down = strip.height * scale;
  const rows = Math.ceil(strip.times.length / strip.columns);
  box.style.width = `${across}px`;
  box.style.height = `${down}px`;
  box.style.backgroundImage = `url("${strip.url}")`;
  box.style.backgroundSize = `${across * strip.columns}px ${down * rows}px`;
  box.style.backgroundPosition = `${-(place % strip.columns) * across}px ${-Math.floor(place / strip.columns) * down}px`;
  return box;
}

// --- The chosen clip -------------------------------------------------------------------------

/**
 * Shows the form, built anew for another clip, and filled otherwise: what is being typed stays.
 * @param {HTMLElement} editor
 * @param {Cycle} cycle
 * @param {Clip | undefined} clip
 * @param {Deeds} does
 */
export function showEditor(editor, cycle, clip, does) {
  editor.hidden = !clip;
  if (!clip) return;
  const people = cycle.people.map((one) => one.id).join(" ");
  const form = [clip.id, people, clip.stills.map((one) => one.at).join(" "), JSON.stringify(clip.masks)].join("|");
  if (editor.dataset.form !== form) {
    const held = document.activeElement?.closest("#editor") ? document.activeElement.id : null;
    /** @type {HTMLDetailsElement | null} */
    const lenses = editor.querySelector(".principles");
    editor.dataset.form = form;
    editor.replaceChildren(...build(cycle, clip, does));
    if (lenses?.open) pick(editor, ".principles", HTMLDetailsElement).open = true;
    if (held) document.getElementById(held)?.focus();
  }
  fill(editor, cycle, clip);
}

/**
 * @param {Cycle} cycle
 * @param {Clip} clip
 * @param {Deeds} does
 */
function build(cycle, clip, does) {
  /** @type {(field: string) => Save} */
  const set = (field) => (value) => does.step({ do: "set-clip", clip: clip.id, field, value });
  return [
    make("h2", { id: "editor-title" }),
    marks(does),
    text("title", "Title", "Plain words for what happens; the family sees it.", set("title")),
    text("question", "Question to open with", "", set("question")),
    text("why", "Why this clip", "How it answers the family's question; for you.", set("why")),
    choice("initiative", "What came first, from", { "": "Not said", ...Object.fromEntries(cycle.people.map((one) => [one.id, one.name])) }, set("initiative")),
    checks("in_shot", "Who is in the picture", cycle, set("in_shot")),
    stills(clip, does),
    principles(cycle, set("principles")),
    choice("sound", "Sound", SOUNDS, set("sound")),
    make("label", { class: "check" }, make("input", { type: "checkbox", id: "f-slow", change: (/** @type {any} */ event) => set("slow")(event.target.checked) }), "Show it at half speed"),
  ];
}

/** @param {Deeds} does */
function marks(does) {
  /** @type {(field: "start" | "end", label: string) => HTMLElement[]} */
  const line = (field, label) => [
    make("span", {}, label, " ", make("b", { id: `f-${field}` })),
    make("span", { class: "row" },
      make("button", { type: "button", id: `go-${field}`, "aria-label": `Go to the ${label.toLowerCase()}`, click: () => does.visit(field) }, "Go"),
      make("button", { type: "button", id: `less-${field}`, "aria-label": `${label} a frame earlier`, click: () => does.nudge(field, -1) }, "−1 frame"),
      make("button", { type: "button", id: `more-${field}`, "aria-label": `${label} a frame later`, click: () => does.nudge(field, 1) }, "+1 frame")),
  ];
  return make("div", { class: "marks", role: "group", "aria-label": "Marks of this clip" }, ...line("start", "Start"), ...line("end", "End"));
}

/**
 * Saves what is typed in a field after a pause, and at once when it is left; returns it.
 * @param {HTMLInputElement} input
 * @param {Save} save
 */
function typed(input, save) {
  /** @type {number | undefined} */
  let due;
  const now = () => {
    clearTimeout(due);
    if (input.value === input.dataset.saved) return;
    input.dataset.saved = input.value;
    save(input.value);
  };
  input.addEventListener("input", () => {
    clearTimeout(due);
    due = setTimeout(now, 900);
  });
  input.addEventListener("blur", now);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") now();
  });
  return input;
}

/**
 * @param {string} field
 * @param {string} label
 * @param {string} help
 * @param {Save} save
 */
function text(field, label, help, save) {
  const input = make("input", { type: "text", id: `f-${field}`, autocomplete: "off", "aria-describedby": help ? `h-${field}` : null });
  return make("div", { class: "field" }, make("label", { for: `f-${field}` }, label),
    help ? make("span", { class: "help", id: `h-${field}`, style: "font-weight:400" }, help) : null, typed(input, save));
}

/**
 * @param {string} field
 * @param {string} label
 * @param {Record<string, string>} words of each value
 * @param {Save} save
 */
function choice(field, label, words, save) {
  const select = make("select", { id: `f-${field}`, change: (/** @type {any} */ event) => save(event.target.value) },
    ...Object.entries(words).map(([value, said]) => make("option", { value }, said)));
  return make("div", { class: "field" }, make("label", { for: `f-${field}` }, label), select);
}

/**
 * @param {HTMLElement} group
 * @returns {NodeListOf<HTMLInputElement>}
 */
const tickedIn = (group) => group.querySelectorAll("input:checked");

/**
 * @param {string} field
 * @param {string} label
 * @param {Cycle} cycle
 * @param {Save} save
 */
function checks(field, label, cycle, save) {
  const group = make("fieldset", { id: `f-${field}` }, make("legend", {}, label));
  const chosen = () => [...tickedIn(group)].map((one) => one.value);
  group.append(...cycle.people.map((one) => make("label", { class: "check" },
    make("input", { type: "checkbox", id: `f-${field}-${one.id}`, value: one.id, change: () => save(chosen()) }), one.name)));
  return group;
}

/**
 * @param {Cycle} cycle
 * @param {Save} save
 */
function principles(cycle, save) {
  const box = make("details", { class: "principles" }, make("summary", { id: "f-principles" }));
  const chosen = () => [...tickedIn(box)].map((one) => ({ id: one.dataset.id, by: one.value }));
  box.append(...cycle.principles.map((one) => make("fieldset", { "aria-describedby": `look-${one.id}` },
    make("legend", {}, one.heading), make("p", { class: "help", id: `look-${one.id}` }, `Look for: ${one.look_for}`),
    ...cycle.people.map((person) => make("label", { class: "check" },
      make("input", { type: "checkbox", id: `f-${one.id}-${person.id}`, "data-id": one.id, value: person.id, change: () => save(chosen()) }), person.name)))));
  return box;
}

/**
 * @param {Clip} clip
 * @param {Deeds} does
 */
function stills(clip, does) {
  const rows = clip.stills.map((still, place) => {
    const number = place + 1;
    const id = `f-alt-${number}`;
    /** @type {Save} */
    const save = (value) => does.step({ do: "set-still", clip: clip.id, still: number, field: "alt", value });
    return make("li", {},
      make("img", { src: does.still(still.at, clip.id), alt: "", loading: "lazy", "data-still": number }),
      make("div", { class: "field" },
        make("label", { for: id }, `Still ${number}, at ${still.at.replace(/^00:/, "")}: what does it show, for somebody who cannot see it?`),
        typed(make("input", { type: "text", id, autocomplete: "off" }), save)),
      make("div", { class: "row under" },
        make("button", { type: "button", id: `pick-${number}`, "aria-label": `Choose another picture for still ${number}`, click: () => does.take(still.s, clip.id, number) }, "Choose another"),
        make("button", { type: "button", id: `see-${number}`, "aria-label": `Go to still ${number}`, click: () => does.go(still) }, "Go there"),
        make("button", { type: "button", id: `gone-${number}`, class: "quiet delete", "aria-label": `Delete still ${number}`, click: () => does.step({ do: "delete-still", clip: clip.id, still: number }) }, "Delete")));
  });
  return make("div", { class: "field" }, make("h3", {}, "Stills"),
    rows.length ? make("ol", { class: "stills" }, ...rows) : make("p", { class: "help" }, "None yet. Go to the moment, and take a still."));
}

/**
 * @param {HTMLElement} editor
 * @param {Cycle} cycle
 * @param {Clip} clip
 */
function fill(editor, cycle, clip) {
  const place = cycle.clips.findIndex((one) => one.id === clip.id);
  pick(editor, "#editor-title").textContent = `Clip ${place + 1}`;
  pick(editor, "#f-start").textContent = clip.start.at;
  pick(editor, "#f-end").textContent = clip.end.at;
  const { title, question, why } = clip;
  for (const [field, value] of Object.entries({ title, question, why })) {
    put(pick(editor, `#f-${field}`, HTMLInputElement), value);
  }
  clip.stills.forEach((still, number) => put(pick(editor, `#f-alt-${number + 1}`, HTMLInputElement), still.alt));
  pick(editor, "#f-initiative", HTMLSelectElement).value = clip.initiative || "";
  pick(editor, "#f-sound", HTMLSelectElement).value = clip.sound;
  pick(editor, "#f-slow", HTMLInputElement).checked = clip.slow;
  const seen = clip.in_shot || cycle.in_shot;
  for (const person of cycle.people) pick(editor, `#f-in_shot-${person.id}`, HTMLInputElement).checked = seen.includes(person.id);
  /** @type {NodeListOf<HTMLInputElement>} */
  const lenses = editor.querySelectorAll(".principles input");
  for (const one of lenses) one.checked = clip.principles.some((seen) => seen.id === one.dataset.id && seen.by === one.value);
  const named = cycle.principles.filter((one) => clip.principles.some((seen) => seen.id === one.id));
  pick(editor, "#f-principles").textContent = named.length
    ? `What can be seen: ${named.map((one) => one.heading.toLowerCase()).join(", ")}` : "What can be seen";
}

/**
 * Fills a field; what somebody is typing in it just now is theirs.
 * @param {HTMLInputElement} input
 * @param {string | null} value
 */
function put(input, value) {
  if (document.activeElement === input && input.value !== (input.dataset.saved ?? input.value)) return;
  if (document.activeElement === input && input.value.trim() === (value || "")) return;
  input.value = value || "";
  input.dataset.saved = input.value;
}

// --- The last time ---------------------------------------------------------------------------

/**
 * @param {HTMLElement} section
 * @param {Cycle} cycle
 */
export function showEarlier(section, cycle) {
  const { earlier } = cycle;
  const said = JSON.stringify([earlier, cycle.question]);
  if (section.dataset.said === said) return;
  section.dataset.said = said;
  /** @type {HTMLElement[]} */
  const parts = [make("h2", { id: "earlier-title" }, cycle.question ? `“${cycle.question}”` : "What the family wants")];
  for (const goal of earlier.goals) {
    const steps = [goal.now === null || goal.now === undefined ? null : `now ${goal.now}`, goal.hoped ? `hoped ${goal.hoped}` : null];
    const rated = steps.filter(Boolean).join(", ");
    parts.push(make("p", {}, make("span", {}, `${goal.owner}'s goal: `), goal.wording, rated ? make("span", {}, ` (${rated})`) : null));
  }
  if (earlier.step.length) parts.push(make("p", {}, make("span", {}, "To try, since last time: "), earlier.step.map((one) => one.replace(/[.]$/, "")).join("; ")));
  if (earlier.quotes.length) {
    parts.push(make("p", {}, make("span", {}, "Said last time:")),
      make("ul", { tabindex: "0", "aria-label": "Said last time" }, ...earlier.quotes.map((one) => make("li", {}, `“${one.text}” `, make("span", {}, one.by)))));
  }
  section.replaceChildren(...parts);
}
