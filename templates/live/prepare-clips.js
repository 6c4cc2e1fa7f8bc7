// The list of clips, the form of the chosen one, and what the last time left to do.

import { lastBefore } from "./prepare-line.js";

const SOUNDS = { keep: "As it is", level: "Made as loud as speech should be", mute: "No sound" };

// Returns an element: its attributes, listeners as functions, and what is in it.
export function make(name, attributes = {}, ...inside) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...inside.filter((one) => one !== null && one !== undefined));
  return element;
}

export function short(s) {
  const whole = Math.floor(s);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

// --- The list --------------------------------------------------------------------------------

// What a list shows, and what it is to show once nothing in it is being dragged.
const shown = new WeakMap();
const waiting = new WeakMap();

export function showList(list, cycle, strip, chosen, does) {
  // A row that was drawn anew is no longer the one that a person drags.
  const look = JSON.stringify([cycle.clips, chosen, Boolean(strip)]);
  if (shown.get(list) === look) return;
  if (list.classList.contains("dragging")) {
    waiting.set(list, [cycle, strip, chosen, does]);
    return;
  }
  shown.set(list, look);
  const held = document.activeElement?.closest?.("#list button");
  const kept = held ? [held.dataset.clip, held.dataset.what] : null;
  list.replaceChildren(...cycle.clips.map((clip, place) => row(clip, place, cycle, strip, chosen, does)));
  if (kept) {
    const again = (what) => list.querySelector(`[data-clip="${kept[0]}"][data-what="${what}"]:enabled`);
    (again(kept[1]) || again("pick"))?.focus();
  }
}

function row(clip, place, cycle, strip, chosen, does) {
  const name = clip.title || `Clip ${place + 1}`;
  const seconds = (clip.end.s - clip.start.s).toFixed(1);
  const stills = clip.stills.length === 1 ? "1 still" : `${clip.stills.length} stills`;
  const pick = make("button", {
    type: "button", class: "pick", "data-clip": clip.id, "data-what": "pick",
    "aria-pressed": String(clip.id === chosen), click: () => does.choose(clip.id),
    keydown: (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!event.altKey || !by) return;
      event.preventDefault();
      does.move(clip.id, place + by);
    },
  }, tile(clip, strip), make("span", { class: "words" },
    make("b", {}, `${place + 1}. ${clip.title || "No title yet"}`),
    make("small", {}, `${short(clip.start.s)}, ${seconds} s, ${stills}`)));
  const button = (what, words, label, off, act) => make("button", {
    type: "button", class: what === "delete" ? "quiet delete" : "quiet", "data-clip": clip.id, "data-what": what,
    "aria-label": `${label}: ${name}`, disabled: off, click: act }, words);
  return make("li", {
    draggable: "true", class: clip.id === chosen ? "chosen" : null,
    dragstart: (event) => {
      event.dataTransfer.setData("text/plain", clip.id);
      event.currentTarget.parentElement.classList.add("dragging");
    },
    dragend: (event) => endDrag(event.currentTarget.parentElement),
    dragover: (event) => { event.preventDefault(); event.currentTarget.classList.add("over"); },
    dragleave: (event) => event.currentTarget.classList.remove("over"),
    drop: (event) => { event.preventDefault(); does.move(event.dataTransfer.getData("text/plain"), place); },
  }, pick,
  button("up", "Up", "Move up", place === 0, () => does.move(clip.id, place - 1)),
  button("down", "Down", "Move down", place === cycle.clips.length - 1, () => does.move(clip.id, place + 1)),
  button("delete", "Delete", "Delete", false, () => does.step({ do: "delete-clip", clip: clip.id })));
}

function endDrag(list) {
  list.classList.remove("dragging");
  const due = waiting.get(list);
  waiting.delete(list);
  if (due) showList(list, ...due);
}

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

// The form is built anew for another clip, and filled otherwise: what is being typed stays.
export function showEditor(editor, cycle, clip, pictures, does) {
  editor.hidden = !clip;
  if (!clip) return;
  const people = cycle.people.map((one) => one.id).join(" ");
  const form = [clip.id, people, clip.stills.map((one) => one.at).join(" "), JSON.stringify(clip.masks)].join("|");
  if (editor.dataset.form !== form) {
    const held = document.activeElement?.closest?.("#editor") ? document.activeElement.id : null;
    const open = editor.querySelector(".principles")?.open;
    editor.dataset.form = form;
    editor.replaceChildren(...build(cycle, clip, pictures, does));
    if (open) editor.querySelector(".principles").open = true;
    if (held) document.getElementById(held)?.focus();
  }
  fill(editor, cycle, clip);
}

function build(cycle, clip, pictures, does) {
  const set = (field) => (value) => does.step({ do: "set-clip", clip: clip.id, field, value });
  return [
    make("h2", { id: "editor-title" }),
    marks(clip, does),
    text("title", "Title", "Plain words for what happens; the family sees it.", set("title")),
    text("question", "Question to open with", "", set("question")),
    text("why", "Why this clip", "How it answers the family's question; for you.", set("why")),
    choice("initiative", "What came first, from", { "": "Not said", ...Object.fromEntries(cycle.people.map((one) => [one.id, one.name])) }, set("initiative")),
    checks("in_shot", "Who is in the picture", cycle, set("in_shot")),
    stills(clip, pictures, does),
    principles(cycle, set("principles")),
    choice("sound", "Sound", SOUNDS, set("sound")),
    make("label", { class: "check" }, make("input", { type: "checkbox", id: "f-slow", change: (event) => set("slow")(event.target.checked) }), "Show it at half speed"),
  ];
}

function marks(clip, does) {
  const line = (field, label) => [
    make("span", {}, label, " ", make("b", { id: `f-${field}` })),
    make("span", { class: "row" },
      make("button", { type: "button", id: `go-${field}`, "aria-label": `Go to the ${label.toLowerCase()}`, click: () => does.visit(field) }, "Go"),
      make("button", { type: "button", id: `less-${field}`, "aria-label": `${label} a frame earlier`, click: () => does.nudge(field, -1) }, "−1 frame"),
      make("button", { type: "button", id: `more-${field}`, "aria-label": `${label} a frame later`, click: () => does.nudge(field, 1) }, "+1 frame")),
  ];
  return make("div", { class: "marks", role: "group", "aria-label": "Marks of this clip" }, ...line("start", "Start"), ...line("end", "End"));
}

// Saves what is typed after a pause, and at once when the field is left.
function typed(input, save) {
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

function text(field, label, help, save) {
  const input = make("input", { type: "text", id: `f-${field}`, autocomplete: "off", "aria-describedby": help ? `h-${field}` : null });
  return make("div", { class: "field" }, make("label", { for: `f-${field}` }, label),
    help ? make("span", { class: "help", id: `h-${field}`, style: "font-weight:400" }, help) : null, typed(input, save));
}

function choice(field, label, words, save) {
  const select = make("select", { id: `f-${field}`, change: (event) => save(event.target.value) },
    ...Object.entries(words).map(([value, said]) => make("option", { value }, said)));
  return make("div", { class: "field" }, make("label", { for: `f-${field}` }, label), select);
}

function checks(field, label, cycle, save) {
  const group = make("fieldset", { id: `f-${field}` }, make("legend", {}, label));
  const chosen = () => [...group.querySelectorAll("input:checked")].map((one) => one.value);
  group.append(...cycle.people.map((one) => make("label", { class: "check" },
    make("input", { type: "checkbox", id: `f-${field}-${one.id}`, value: one.id, change: () => save(chosen()) }), one.name)));
  return group;
}

function principles(cycle, save) {
  const box = make("details", { class: "principles" }, make("summary", { id: "f-principles" }));
  const chosen = () => [...box.querySelectorAll("input:checked")].map((one) => ({ id: one.dataset.id, by: one.value }));
  box.append(...cycle.principles.map((one) => make("fieldset", { "aria-describedby": `look-${one.id}` },
    make("legend", {}, one.heading), make("p", { class: "help", id: `look-${one.id}` }, `Look for: ${one.look_for}`),
    ...cycle.people.map((person) => make("label", { class: "check" },
      make("input", { type: "checkbox", id: `f-${one.id}-${person.id}`, "data-id": one.id, value: person.id, change: () => save(chosen()) }), person.name)))));
  return box;
}

function stills(clip, pictures, does) {
  const rows = clip.stills.map((still, place) => {
    const number = place + 1;
    const id = `f-alt-${number}`;
    const save = (value) => does.step({ do: "set-still", clip: clip.id, still: number, field: "alt", value });
    return make("li", {},
      make("img", { src: pictures(still.at, clip.id), alt: "", loading: "lazy", "data-still": number }),
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

function fill(editor, cycle, clip) {
  const place = cycle.clips.findIndex((one) => one.id === clip.id);
  editor.querySelector("#editor-title").textContent = `Clip ${place + 1}`;
  editor.querySelector("#f-start").textContent = clip.start.at;
  editor.querySelector("#f-end").textContent = clip.end.at;
  for (const field of ["title", "question", "why"]) put(editor.querySelector(`#f-${field}`), clip[field]);
  clip.stills.forEach((still, number) => put(editor.querySelector(`#f-alt-${number + 1}`), still.alt));
  editor.querySelector("#f-initiative").value = clip.initiative || "";
  editor.querySelector("#f-sound").value = clip.sound;
  editor.querySelector("#f-slow").checked = clip.slow;
  const seen = clip.in_shot || cycle.in_shot;
  for (const person of cycle.people) editor.querySelector(`#f-in_shot-${person.id}`).checked = seen.includes(person.id);
  const lenses = editor.querySelectorAll(".principles input");
  for (const one of lenses) one.checked = clip.principles.some((seen) => seen.id === one.dataset.id && seen.by === one.value);
  const named = cycle.principles.filter((one) => clip.principles.some((seen) => seen.id === one.id));
  editor.querySelector("#f-principles").textContent = named.length
    ? `What can be seen: ${named.map((one) => one.heading.toLowerCase()).join(", ")}` : "What can be seen";
}

// What somebody is typing just now is theirs.
function put(input, value) {
  if (document.activeElement === input && input.value !== (input.dataset.saved ?? input.value)) return;
  if (document.activeElement === input && input.value.trim() === (value || "")) return;
  input.value = value || "";
  input.dataset.saved = input.value;
}

// --- The last time ---------------------------------------------------------------------------

export function showEarlier(section, cycle) {
  const { earlier } = cycle;
  const said = JSON.stringify([earlier, cycle.question]);
  if (section.dataset.said === said) return;
  section.dataset.said = said;
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
