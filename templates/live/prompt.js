// A question with room to answer, whose words they are, and whether they are saved, in words.

import { hexDigits, make } from "./pieces.js";
import { findSaver } from "./savers.js";
import { marksOf, sameText, textOf } from "./saving.js";
import { isToday, parseClock, sayTime, sayWeekday, sayWhen } from "./times.js";

/** @import { Answer, Mark, Model, Place, Saver, Status, Text } from "./saving.js" */

/**
 * What is told of a prompt.
 * @typedef {object} Shown
 * @property {Place} place
 * @property {keyof typeof FIELDS} kind
 * @property {string} label
 * @property {string | null} hint
 * @property {string} language
 * @property {string} direction
 * @property {number} lines
 * @property {{ id: string, name: string }[]} speakers
 * @property {Omit<Text, "value">} first
 * @property {string} clip a moment's
 * @property {number} zero where in the film that clip's own time begins, in seconds
 * @property {number[]} steps a goal's, low to high
 * @property {Record<string, string>} anchors what some of them mean
 * @property {number | null} hoped
 * @property {{ value: number, at?: string, day?: string } | null} earlier
 */

/**
 * Room to answer.
 * @typedef {object} Field
 * @property {HTMLElement} root
 * @property {(value: any, answered: boolean) => void} show
 * @property {() => void} focus
 */

/** @typedef {"plain" | "good" | "bad"} Tone */

const SOURCES = [
  ["said", "Said"],
  ["written", "Written"],
  ["agreed-summary", "Agreed in short"],
];

/** @param {{ model: Model, el: HTMLElement }} widget */
function render({ model, el }) {
  /** @type {Shown} */
  const shown = model.get("shown");
  const saver = findSaver(shown.place, model.get("standing"), shown.first);
  const detach = saver.attach(model);
  const view = new PromptView(shown, saver);
  el.append(view.root);
  const leave = saver.listen(() => view.update());
  return () => {
    leave();
    detach();
  };
}

export default { render };

class PromptView {
  /** @type {Answer | null} the conflict that is shown */
  shownConflict = null;
  /** @type {((value: Text["value"]) => void) | null} shows in it what stands here */
  showHere = null;

  /**
   * @param {Shown} shown
   * @param {Saver} saver
   */
  constructor(shown, saver) {
    this.shown = shown;
    this.saver = saver;
    this.id = `vb-${hexDigits(6)}`;
    this.name = (/** @type {string} */ id) => shown.speakers.find((one) => one.id === id)?.name || id;
    this.status = make("p", { class: "vb-status", id: `${this.id}-status`, role: "status" });
    this.panel = make("div", { class: "vb-earlier", id: `${this.id}-earlier`, hidden: true });
    this.clash = make("div", { class: "vb-clash" });
    this.earlier = this.makeEarlierButton();
    /** @type {Field} */
    this.field = FIELDS[shown.kind](this);
    this.root = make(
      "div",
      { class: `vb-prompt vb-${shown.kind}`, "data-prompt": shown.place.prompt },
      this.field.root,
      this.clash,
      this.makeFoot(),
      this.panel,
    );
    // Keys typed here are no shortcuts of a notebook around us.
    this.root.addEventListener("keydown", (event) => event.stopPropagation());
    this.root.addEventListener("focusout", () => this.saver.push());
  }

  /** Returns what describes the field to who cannot see: the hint, if any, and the status. */
  describedBy() {
    return this.shown.hint ? `${this.id}-hint ${this.id}-status` : `${this.id}-status`;
  }

  makeHint() {
    if (!this.shown.hint) return null;
    return make("p", { class: "vb-hint", id: `${this.id}-hint`, dir: "auto" }, this.shown.hint);
  }

  makeFoot() {
    const foot = make("div", { class: "vb-foot" });
    if (this.shown.kind !== "marks") {
      const whose = this.hasWords() ? "Whose words" : "Who says so";
      this.by = makeSelect(whose, this.shown.speakers.map((one) => [one.id, one.name]), (by) =>
        this.saver.change({ by, source: this.sourceFor(by) }),
      );
      foot.append(this.by.root);
    }
    if (this.hasWords()) {
      this.source = makeSelect("How", SOURCES, (source) => this.saver.change({ source }));
      foot.append(this.source.root);
    }
    foot.append(this.earlier, this.status);
    return foot;
  }

  makeEarlierButton() {
    return make(
      "button",
      {
        type: "button", class: "vb-quiet", "aria-expanded": "false",
        "aria-controls": this.panel.id, click: () => this.toggleEarlier(),
      },
      this.hasWords() ? "Earlier texts" : "Earlier",
    );
  }

  hasWords() {
    return this.shown.kind === "text" || this.shown.kind === "list";
  }

  /**
   * A worker's words are written down as a rule, and a family's are said.
   * @param {string} by
   */
  sourceFor(by) {
    const { source } = this.saver.here;
    if (source === "agreed-summary") return source;
    return by === "practitioner" ? "written" : "said";
  }

  update() {
    const { here, status, conflict, kept, drafted } = this.saver;
    this.field.show(here.value, Boolean(kept));
    if (this.by) this.by.show(here.by);
    if (this.source) this.source.show(here.source);
    this.earlier.hidden = !kept;
    const [tone, words] = sayStatus(status, drafted);
    this.status.className = `vb-status vb-${tone}`;
    // No moment marked is no question left open.
    const told = this.shown.kind === "marks" && status.kind === "none" ? "" : words;
    if (this.status.textContent !== told) this.status.textContent = told;
    if (conflict !== this.shownConflict) this.showConflict(conflict);
    this.showHere?.(here.value);
  }

  /** @param {Answer | null} conflict */
  showConflict(conflict) {
    this.shownConflict = conflict;
    this.showHere = null;
    this.clash.replaceChildren();
    if (!conflict) return;
    const here = make("p", { class: "vb-words", dir: "auto" });
    const other = make("p", { class: "vb-words", dir: "auto" }, this.sayValue(conflict.value));
    this.showHere = (value) => (here.textContent = this.sayValue(value));
    const whose = `${this.name(conflict.by)}, saved from another window at ${conflict.clock}`;
    this.clash.append(
      make(
        "div",
        { class: "vb-both", role: "group", "aria-label": "Two texts: which one to keep" },
        make("div", {}, make("h3", {}, "Here"), here, this.makeKeep("here", "Keep this one")),
        make("div", {}, make("h3", {}, whose), other, this.makeKeep("other", "Keep the other")),
      ),
    );
    if (this.hasWords()) this.clash.append(this.makeKeep("both", "Keep both"));
  }

  /**
   * @param {"here" | "other" | "both"} choice
   * @param {string} words
   */
  makeKeep(choice, words) {
    const keep = () => {
      this.saver.resolve(choice);
      this.field.focus();
    };
    return make("button", { type: "button", class: "vb-button", click: keep }, words);
  }

  /** @param {Text["value"]} value */
  sayValue(value) {
    if (this.shown.kind === "tick") return value === "yes" ? "Yes" : "Not ticked";
    if (Array.isArray(value)) return value.map((mark) => mark.at).join(", ") || "Nothing";
    return value || (this.shown.kind === "rating" ? "Not rated" : "Nothing written");
  }

  async toggleEarlier() {
    const open = this.panel.hidden;
    this.panel.hidden = !open;
    this.earlier.setAttribute("aria-expanded", String(open));
    if (!open) return;
    this.panel.replaceChildren(make("p", {}, "One moment…"));
    const history = await this.saver.history();
    if (history) this.panel.replaceChildren(this.makeEarlier([...history].reverse()));
    else this.panel.replaceChildren(make("p", {}, "The earlier texts cannot be shown just now."));
  }

  /** @param {Answer[]} answers the latest first */
  makeEarlier(answers) {
    const list = make("ol", { class: "vb-history" });
    answers.forEach((answer, place) => {
      const when = isToday(answer.at) ? `Today at ${answer.clock}` : sayWhen(answer.at);
      const head = make("p", { class: "vb-hint" }, `${when}, ${this.name(answer.by)}`);
      const words = make("p", { class: "vb-words", dir: "auto" }, this.sayValue(answer.value));
      list.append(make("li", {}, head, words, place ? this.makeBack(answer, when) : null));
    });
    return list;
  }

  /**
   * @param {Answer} answer
   * @param {string} when
   */
  makeBack(answer, when) {
    const back = () => {
      this.saver.change(textOf(answer), true);
      this.saver.push();
      this.toggleEarlier();
      this.field.focus();
    };
    const label = `Bring back the text of ${when}`;
    const attributes = { type: "button", class: "vb-button", "aria-label": label, click: back };
    return make("button", attributes, "Bring back");
  }
}

/**
 * @param {Status} status
 * @param {boolean} drafted whether this browser keeps what is typed
 * @returns {[Tone, string]}
 */
function sayStatus({ kind, answer, sentence }, drafted) {
  const kept = drafted ? "Your words are kept in this browser" : "Do not close this page";
  switch (kind) {
    case "none":
      return ["plain", "Not answered yet"];
    case "saving":
      return ["plain", "Saving…"];
    case "found":
      return ["plain", "Found words in this browser that were not saved yet. Saving…"];
    case "saved":
      if (!answer) return ["good", "Saved"];
      if (isToday(answer.at)) return ["good", `Saved at ${answer.clock}`];
      return ["good", `Saved on ${sayWhen(answer.at).split(",")[0]}`];
    case "conflict":
      return ["bad", "There are two texts. Please choose which one to keep."];
    case "refused":
      return ["bad", `Not saved yet. ${sentence} ${kept}.`];
    case "shut":
      return ["bad", `Not saved yet. ${kept}: open it again with “vigbook open”.`];
    default:
      return ["bad", `Not saved yet. ${kept}; trying again.`];
  }
}

/**
 * @param {string} label
 * @param {string[][]} options values, and words for them
 * @param {(value: string) => void} choose
 */
function makeSelect(label, options, choose) {
  /** @type {HTMLSelectElement} */
  const select = make("select", { change: () => choose(select.value) });
  for (const [value, words] of options) select.append(make("option", { value }, words));
  return {
    root: make("label", { class: "vb-choice" }, make("span", {}, label), select),
    show: (/** @type {string} */ value) => {
      if (select.value !== value) select.value = value;
    },
  };
}

// ---- The fields, one kind each.

const FIELDS = {
  text: makeText,
  list: makeText,
  tick: makeTick,
  rating: makeLadder,
  date: makeDate,
  marks: makeMarks,
};

/** @param {PromptView} view */
function makeLabel(view) {
  const { shown, id } = view;
  const attributes = { for: id, class: "vb-label", lang: shown.language, dir: shown.direction };
  return make("label", attributes, shown.label);
}

/**
 * @param {PromptView} view
 * @param {...Node} children
 */
function wrap(view, ...children) {
  return make("div", {}, makeLabel(view), view.makeHint(), ...children);
}

/**
 * @param {PromptView} view
 * @returns {Field}
 */
function makeText(view) {
  const { shown } = view;
  const short = shown.lines === 1 && shown.kind === "text";
  /** @type {HTMLInputElement | HTMLTextAreaElement} */
  const field = make(short ? "input" : "textarea", {
    id: view.id, class: "vb-field", dir: "auto", autocomplete: "off", spellcheck: "true",
    type: short ? "text" : null, rows: short ? null : Math.max(2, shown.lines),
    "aria-describedby": view.describedBy(),
    input: () => view.saver.change({ value: field.value }),
  });
  const grow = () => {
    if (short || !field.scrollHeight) return;
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + 4}px`;
  };
  field.addEventListener("input", grow);
  requestAnimationFrame(grow);
  return {
    root: wrap(view, field),
    show: (value) => {
      if (field.value === value) return;
      field.value = value;
      grow();
    },
    focus: () => field.focus(),
  };
}

/**
 * @param {PromptView} view
 * @returns {Field}
 */
function makeTick(view) {
  const { shown, id } = view;
  /** @type {HTMLInputElement} */
  const box = make("input", {
    id, type: "checkbox", "aria-describedby": view.describedBy(),
    change: () => view.saver.change({ value: box.checked ? "yes" : "" }),
  });
  const words = make("span", { lang: shown.language, dir: shown.direction }, shown.label);
  return {
    root: make("div", {}, make("label", { class: "vb-tick-line" }, box, words), view.makeHint()),
    show: (value) => (box.checked = value === "yes"),
    focus: () => box.focus(),
  };
}

/**
 * @param {PromptView} view
 * @returns {Field}
 */
function makeDate(view) {
  const words = make("span", { class: "vb-hint" });
  /** @type {HTMLInputElement} */
  const field = make("input", {
    id: view.id, type: "date", class: "vb-field vb-short", "aria-describedby": view.describedBy(),
    // While it is typed a date is no date yet, and stands for nothing.
    change: () => view.saver.change({ value: field.value }),
  });
  return {
    root: wrap(view, make("div", { class: "vb-line" }, field, words)),
    show: (value) => {
      if (field.value !== value && document.activeElement !== field) field.value = value;
      words.textContent = value ? sayWeekday(value) : "";
    },
    focus: () => field.focus(),
  };
}

/**
 * A goal's steps, low to high. Not rated is a choice of its own, and never a nought.
 * @param {PromptView} view
 * @returns {Field}
 */
function makeLadder(view) {
  const { shown, id } = view;
  /** @type {HTMLInputElement[]} */
  const inputs = [];
  const makeStep = (/** @type {string} */ value, /** @type {string} */ words) => {
    const input = make("input", {
      type: "radio", name: id, value, change: () => view.saver.change({ value }, true),
    });
    inputs.push(input);
    return make("label", { class: "vb-step" }, input, make("span", {}, words));
  };
  const steps = shown.steps.map((step) => {
    const label = makeStep(String(step), String(step));
    const notes = sayStep(shown, step);
    if (notes) label.append(make("small", {}, notes));
    if (step === shown.hoped) label.classList.add("vb-hoped");
    return label;
  });
  const not = makeStep("", "Not rated");
  not.classList.add("vb-not");
  const ladder = make("div", { class: "vb-ladder" }, ...steps);
  const legend = { class: "vb-label", lang: shown.language, dir: shown.direction };
  const root = make(
    "fieldset",
    { "aria-describedby": `${id}-steps ${id}-status` },
    make("legend", legend, shown.label),
    make("p", { class: "vb-hint", id: `${id}-steps` }, sayLadder(shown)),
    ladder,
    not,
  );
  return {
    root,
    show: (value, answered) => {
      const chosen = answered || view.saver.id;
      for (const input of inputs) input.checked = Boolean(chosen) && input.value === value;
    },
    focus: () => (inputs.find((one) => one.checked) || inputs[0]).focus(),
  };
}

/**
 * @param {Shown} shown
 * @param {number} step
 */
function sayStep(shown, step) {
  const notes = [];
  if (step === shown.earlier?.value) notes.push("before");
  if (step === shown.hoped) notes.push("hoped for");
  return notes.join(", ");
}

/** @param {Shown} shown */
function sayLadder(shown) {
  const { steps, anchors, hoped, earlier } = shown;
  const ends = [steps[0], steps[steps.length - 1]].filter((step) => anchors[step]);
  const parts = ends.map((step) => `${step} is “${anchors[step]}”`);
  const said = parts.length ? [`${parts.join(", ")}.`] : [];
  if (earlier) {
    const when = earlier.at ? sayWhen(earlier.at).split(",")[0] : earlier.day;
    said.push(`Before: ${earlier.value}${when ? `, on ${when}` : ""}.`);
  }
  if (hoped !== null && hoped !== undefined) said.push(`Hoped for: ${hoped}.`);
  return said.join(" ");
}

/**
 * @param {PromptView} view
 * @returns {Field}
 */
function makeMarks(view) {
  const { shown, id, saver } = view;
  const list = make("ol", { class: "vb-moments" });
  /** @type {Mark[] | null} */
  let drawn = null;
  const none = make("p", { class: "vb-hint" });
  none.textContent = "None yet. Press M while the clip plays, or tap “Mark this moment”.";
  const label = { class: "vb-label", id, tabindex: "-1", lang: shown.language };
  const heading = make("h3", { ...label, dir: shown.direction }, shown.label);
  const play = (/** @type {number} */ at) => {
    const detail = { clip: shown.clip, at };
    document.dispatchEvent(new CustomEvent("vigbook-play", { detail }));
  };
  const drop = (/** @type {Mark} */ mark) => {
    const value = marksOf(saver.here.value).filter((one) => one.at !== mark.at);
    saver.change({ value }, true);
    heading.focus();
  };
  const makeMoment = (/** @type {Mark} */ mark) => {
    const at = parseClock(mark.at);
    const when = sayTime(at - shown.zero);
    /** @type {(words: string, name: string, act: () => void) => HTMLElement} */
    const button = (words, name, act) =>
      make("button", { type: "button", class: name, click: act }, words);
    return make(
      "li",
      { "data-at": mark.at },
      button(`Play from ${when}`, "vb-button", () => play(at)),
      button(`Delete ${when}`, "vb-quiet", () => drop(mark)),
    );
  };
  return {
    root: make("div", { role: "group", "aria-labelledby": id }, heading, none, list),
    show: (marks) => {
      none.hidden = marks.length > 0;
      if (sameText(marks, drawn)) return;
      drawn = marks;
      list.replaceChildren(...marks.map(makeMoment));
    },
    focus: () => heading.focus(),
  };
}
