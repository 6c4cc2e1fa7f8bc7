// A question with room to answer, whose words they are, and whether they are saved, in words.

const SOURCES = [
  ["said", "Said"],
  ["written", "Written"],
  ["agreed-summary", "Agreed in short"],
];

function render({ model, el }) {
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
  constructor(shown, saver) {
    this.shown = shown;
    this.saver = saver;
    this.id = `vb-${hexDigits(6)}`;
    this.name = (id) => shown.speakers.find((one) => one.id === id)?.name || id;
    this.status = make("p", { class: "vb-status", id: `${this.id}-status`, role: "status" });
    this.panel = make("div", { class: "vb-earlier", id: `${this.id}-earlier`, hidden: true });
    this.clash = make("div", { class: "vb-clash" });
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
    this.root.addEventListener("focusout", () => this.saver.timer && this.saver.push());
  }

  // What describes the field to who cannot see: the hint, if any, and the status.
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
    this.earlier = make(
      "button",
      {
        type: "button", class: "vb-quiet", "aria-expanded": "false",
        "aria-controls": this.panel.id, onclick: () => this.toggleEarlier(),
      },
      this.hasWords() ? "Earlier texts" : "Earlier",
    );
    foot.append(this.earlier, this.status);
    return foot;
  }

  hasWords() {
    return this.shown.kind === "text" || this.shown.kind === "list";
  }

  // A worker's words are written down as a rule, and a family's are said.
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

  makeKeep(choice, words) {
    const keep = () => {
      this.saver.resolve(choice);
      this.field.focus();
    };
    return make("button", { type: "button", class: "vb-button", onclick: keep }, words);
  }

  sayValue(value) {
    if (this.shown.kind === "rating") return value === "" ? "Not rated" : value;
    if (this.shown.kind === "tick") return value === "yes" ? "Yes" : "Not ticked";
    if (Array.isArray(value)) return value.map((mark) => mark.at).join(", ") || "Nothing";
    return value || "Nothing written";
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

  makeBack(answer, when) {
    const back = () => {
      this.saver.change(textOf(answer), true);
      this.saver.push();
      this.toggleEarlier();
      this.field.focus();
    };
    const label = `Bring back the text of ${when}`;
    const attributes = { type: "button", class: "vb-button", "aria-label": label, onclick: back };
    return make("button", attributes, "Bring back");
  }
}

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
      if (isToday(answer.at)) return ["good", `Saved at ${answer.clock}`];
      return ["good", `Saved on ${sayWhen(answer.at).split(",")[0]}`];
    case "conflict":
      return ["bad", "There are two texts. Please choose which one to keep."];
    case "refused":
      return ["bad", `Not saved yet: ${sentence}. ${kept}.`];
    case "shut":
      return ["bad", `Not saved yet. ${kept}: open it again with “vigbook open”.`];
    default:
      return ["bad", `Not saved yet. ${kept}; trying again.`];
  }
}

function makeSelect(label, options, choose) {
  const select = make("select", { onchange: () => choose(select.value) });
  for (const [value, words] of options) select.append(make("option", { value }, words));
  return {
    root: make("label", { class: "vb-choice" }, make("span", {}, label), select),
    show: (value) => {
      if (select.value !== value) select.value = value;
    },
  };
}

// ---- The fields, one kind each: {root, show(value, answered), focus()}.

const FIELDS = {
  text: makeText,
  list: makeText,
  tick: makeTick,
  rating: makeLadder,
  date: makeDate,
  marks: makeMarks,
};

function makeLabel(view) {
  const { shown, id } = view;
  const attributes = { for: id, class: "vb-label", lang: shown.language, dir: shown.direction };
  return make("label", attributes, shown.label);
}

function wrap(view, ...children) {
  return make("div", {}, makeLabel(view), view.makeHint(), ...children);
}

function makeText(view) {
  const { shown } = view;
  const short = shown.lines === 1 && shown.kind === "text";
  const field = make(short ? "input" : "textarea", {
    id: view.id, class: "vb-field", dir: "auto", autocomplete: "off", spellcheck: "true",
    type: short ? "text" : null, rows: short ? null : Math.max(2, shown.lines),
    "aria-describedby": view.describedBy(),
    oninput: () => view.saver.change({ value: field.value }),
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

function makeTick(view) {
  const { shown, id } = view;
  const box = make("input", {
    id, type: "checkbox", "aria-describedby": view.describedBy(),
    onchange: () => view.saver.change({ value: box.checked ? "yes" : "" }),
  });
  const words = make("span", { lang: shown.language, dir: shown.direction }, shown.label);
  return {
    root: make("div", {}, make("label", { class: "vb-tick-line" }, box, words), view.makeHint()),
    show: (value) => (box.checked = value === "yes"),
    focus: () => box.focus(),
  };
}

function makeDate(view) {
  const words = make("span", { class: "vb-hint" });
  const field = make("input", {
    id: view.id, type: "date", class: "vb-field vb-short", "aria-describedby": view.describedBy(),
    // While it is typed a date is no date yet, and stands for nothing.
    onchange: () => view.saver.change({ value: field.value }),
  });
  return {
    root: wrap(view, make("div", { class: "vb-line" }, field, words)),
    show: (value) => {
      if (field.value !== value && document.activeElement !== field) field.value = value;
      words.textContent = value ? sayDay(value) : "";
    },
    focus: () => field.focus(),
  };
}

function sayDay(value) {
  const day = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
  return new Date(`${value}T12:00`).toLocaleDateString("en-GB", day);
}

// A goal's steps, low to high. Not rated is a choice of its own, and never a nought.
function makeLadder(view) {
  const { shown, id } = view;
  const inputs = [];
  const makeStep = (value, ...words) => {
    const input = make("input", {
      type: "radio", name: id, value, onchange: () => view.saver.change({ value }, true),
    });
    inputs.push(input);
    return make("label", { class: "vb-step" }, input, make("span", {}, ...words));
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

function sayStep(shown, step) {
  const notes = [];
  if (step === shown.earlier?.value) notes.push("before");
  if (step === shown.hoped) notes.push("hoped for");
  return notes.join(", ");
}

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

function makeMarks(view) {
  const { shown, id, saver } = view;
  const list = make("ol", { class: "vb-moments" });
  let drawn = null;
  const none = make("p", { class: "vb-hint" });
  none.textContent = "None yet. Press M while the clip plays, or tap “Mark this moment”.";
  const label = { class: "vb-label", id, tabindex: "-1", lang: shown.language };
  const heading = make("h3", { ...label, dir: shown.direction }, shown.label);
  const play = (at) => {
    const detail = { clip: shown.clip, at };
    document.dispatchEvent(new CustomEvent("vigbook-play", { detail }));
  };
  const drop = (mark) => {
    saver.change({ value: saver.here.value.filter((one) => one.at !== mark.at) }, true);
    heading.focus();
  };
  const makeMoment = (mark) => {
    const at = parseClock(mark.at);
    const when = sayTime(at - shown.zero);
    const button = (words, name, what) =>
      make("button", { type: "button", class: name, onclick: what }, words);
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

// Seconds of hh:mm:ss.mmm
function parseClock(text) {
  return text.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}
