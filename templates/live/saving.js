// Saving what is typed, in three layers: a draft in this browser at every keystroke; the kernel
// after a pause; the server itself when no kernel answers or the page goes. Nothing is called
// saved before the journal's line is on the disk.
//
// Each widget loads this as part of a module of its own, so what widgets share hangs on `window`.

const TIMES_MS = { pause: 400, kernel: 1500, server: 4000, retry: 3000 };
const MOST_OWN = 50;
const DRAFT = "vigbook-draft:";

// How long to wait for something; `?quick` in the address shortens it all.
function patience(name) {
  const quick = name !== "pause" && new URLSearchParams(location.search).has("quick");
  return TIMES_MS[name] / (quick ? 5 : 1);
}

function hexDigits(bytes) {
  const found = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(found, (one) => one.toString(16).padStart(2, "0")).join("");
}

function shared() {
  if (!window.vigbookShared) {
    window.vigbookShared = {
      savers: new Map(),
      clips: [],
      own: hexDigits(4),
      kernelQuiet: false,
      channel: new BroadcastChannel("vigbook"),
    };
    watchPage(window.vigbookShared);
    takeCookie();
  }
  return window.vigbookShared;
}

function watchPage(page) {
  const flush = () => page.savers.forEach((saver) => saver.flush());
  window.addEventListener("pagehide", flush);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") flush();
  });
  window.addEventListener("online", () => page.savers.forEach((saver) => saver.push()));
  page.channel.addEventListener("message", ({ data }) => {
    page.savers.get(data.key)?.hear(data.answer);
  });
}

function saveByServer(place, typed, keepalive) {
  const options = { method: "POST", keepalive, body: JSON.stringify(typed) };
  return askServer(place, options, patience("server"));
}

const sameText = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const isEmpty = (value) => (Array.isArray(value) ? !value.length : !value);
const textOf = (answer) => ({ value: answer.value, by: answer.by, source: answer.source });

function uniteMarks(one, other) {
  const times = new Set([...(one || []), ...(other || [])].map((mark) => mark.at));
  return [...times].sort().map((at) => ({ at }));
}

// The one saver of a prompt on this page; whichever widget comes first makes it.
function findSaver(place, standing, first) {
  const key = `${place.family}/${place.cycle}/${place.prompt}`;
  const { savers } = shared();
  if (!savers.has(key)) savers.set(key, new Saver(key, place, standing, first));
  else if (standing) savers.get(key).hear(standing);
  return savers.get(key);
}

class Saver {
  // `place`: {family, cycle, prompt, kind}; `standing`: the answer on the disk, or null;
  // `first`: {by, source} until somebody chooses.
  constructor(key, place, standing, first) {
    this.key = key;
    this.place = place;
    this.here = { value: place.kind === "marks" ? [] : "", ...first };
    this.base = null; // the answer that the text here was begun from
    this.settled = null; // the text here as it was when it was saved last
    this.kept = null; // and the answer that came of it
    this.id = null; // of the text here while it is not saved
    this.own = []; // ids under which texts of ours were sent, and perhaps saved unheard
    this.flying = null;
    this.conflict = null;
    this.after = null; // a text to save next, once this one is in the journal
    this.left = []; // drafts of other windows
    this.drafted = true;
    this.models = new Set();
    this.heard = new Map();
    this.listeners = new Set();
    this.status = { kind: "none" };
    if (standing) this.settle(standing, textOf(standing));
    this.takeUpDrafts();
  }

  listen(listener) {
    this.listeners.add(listener);
    listener(this);
    return () => this.listeners.delete(listener);
  }

  // Lets a widget's kernel take part; returns how to leave again.
  attach(model) {
    const hear = (message) => this.hearKernel(message);
    model.on("msg:custom", hear);
    this.models.add(model);
    // A kernel that was there before the page may have missed what the server saved.
    if (!document.body.dataset.voila) this.catchUp();
    return () => {
      model.off("msg:custom", hear);
      this.models.delete(model);
    };
  }

  async catchUp() {
    const history = await this.history();
    const latest = history?.[history.length - 1];
    if (latest) this.hear(latest);
  }

  // What a person typed or chose. `sure`: an empty choice is a choice too.
  change(part, sure = false) {
    this.here = { ...this.here, ...part };
    // What was sent and not heard of may be on the disk: then the old text is a new one.
    const unsent = !this.flying && !this.own.length && !this.conflict;
    if (unsent && this.isKept(sure)) {
      this.id = null;
      this.dropDraft();
      this.say(this.kept ? { kind: "saved", answer: this.kept } : { kind: "none" });
      return;
    }
    this.id = hexDigits(8);
    this.writeDraft();
    if (this.conflict) this.tell();
    else {
      // Where nothing could be saved, that stays said until something is.
      if (this.isStuck()) this.tell();
      else this.say({ kind: "saving" });
      this.later(patience("pause"));
    }
  }

  isKept(sure) {
    if (this.settled) return sameText(this.settled, textOf(this.here));
    return !sure && isEmpty(this.here.value);
  }

  isStuck() {
    const { kind, again } = this.status;
    return kind === "waiting" || kind === "shut" || (kind === "refused" && Boolean(again));
  }

  addMark(at) {
    this.change({ value: uniteMarks(this.here.value, [{ at }]) });
  }

  later(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.push(), ms);
  }

  typed() {
    const { prompt } = this.place;
    return { prompt, ...textOf(this.here), base: this.base, id: this.id, own: this.own };
  }

  async push() {
    clearTimeout(this.timer);
    if (!this.id || this.flying || this.conflict) return;
    const typed = this.typed();
    this.remember(typed.id);
    this.flying = typed.id;
    let came = { unreached: "server" };
    try {
      came = await this.send(typed);
    } finally {
      this.flying = null;
    }
    this.take(typed, came);
  }

  remember(id) {
    if (!this.own.includes(id)) this.own = [...this.own, id].slice(-MOST_OWN);
    this.writeDraft();
  }

  async send(typed) {
    const page = shared();
    const quiet = page.kernelQuiet || !this.models.size;
    const first = quiet ? null : await this.byKernel({ do: "save", typed }, typed.id);
    if (first) return first;
    if (!quiet) page.kernelQuiet = true;
    const second = await saveByServer(this.place, typed, false);
    // A Jupyter without our server has only the kernel: it is asked once more.
    const third = second.unreached && quiet && this.models.size;
    return (third && (await this.byKernel({ do: "save", typed }, typed.id))) || second;
  }

  byKernel(message, about) {
    return new Promise((done) => {
      const end = (result) => {
        clearTimeout(timer);
        this.heard.delete(about);
        done(result);
      };
      const timer = setTimeout(() => end(null), patience("kernel"));
      this.heard.set(about, end);
      this.models.forEach((model) => {
        try {
          model.send({ ...message, about });
        } catch {
          end(null); // the way to the kernel is gone
        }
      });
    });
  }

  hearKernel({ about, result }) {
    shared().kernelQuiet = false;
    if (this.heard.has(about)) this.heard.get(about)(result);
    // An answer after its time: true all the same.
    else if (result.saved && about === this.id) this.take(this.typed(), result);
  }

  take(typed, came) {
    const typedOn = typed.id !== this.id;
    if (came.saved) this.takeSaved(typed, came.saved);
    else if (!this.id) return;
    else if (typedOn && (came.conflict || came.refused)) this.later(patience("pause"));
    else if (came.conflict) this.takeConflict(came.conflict);
    else {
      if (came.refused) this.say({ kind: "refused", sentence: came.refused, again: came.again });
      else this.say({ kind: came.unreached === "shut" ? "shut" : "waiting" });
      if (!came.refused || came.again) this.later(patience("retry"));
    }
  }

  takeSaved(typed, answer) {
    if (this.kept?.id === answer.id && !this.id) return;
    if (this.kept && answer.at < this.kept.at) {
      // It was saved long ago, and something later stands.
      if (typed.id === this.id) this.settle(this.kept, textOf(this.kept));
      return;
    }
    this.tellOthers(answer);
    if (typed.id !== this.id) {
      this.base = answer.id;
      this.kept = answer;
      this.settled = textOf(typed);
      this.writeDraft();
      this.later(patience("pause"));
      return;
    }
    this.settle(answer, textOf(typed));
    if (this.after) {
      const next = this.after;
      this.after = null;
      this.change(next);
      this.push();
    } else this.takeNextDraft();
  }

  takeConflict(answer) {
    if (this.own.includes(answer.id)) {
      this.base = answer.id;
      this.later(0);
    } else if (this.place.kind === "marks") {
      this.base = answer.id;
      this.here.value = uniteMarks(this.here.value, answer.value);
      this.id = hexDigits(8);
      this.writeDraft();
      this.later(0);
    } else if (sameText(textOf(answer), textOf(this.here))) {
      this.settle(answer, textOf(answer)); // both typed the same
    } else {
      this.conflict = answer;
      this.say({ kind: "conflict" });
    }
  }

  settle(answer, text) {
    this.kept = answer;
    this.base = answer.id;
    this.settled = text;
    this.here = { ...text };
    this.id = null;
    this.own = [];
    this.dropDraft();
    this.say({ kind: "saved", answer });
  }

  // What another window or an older kernel has saved: taken over where nothing is unsaved here.
  hear(answer) {
    if (this.id || this.conflict || answer.id === this.base) return;
    if (this.kept && answer.at < this.kept.at) return;
    this.settle(answer, textOf(answer));
  }

  tellOthers(answer) {
    try {
      shared().channel.postMessage({ key: this.key, answer });
    } catch {
      // Other windows hear of it when they save: nothing is lost by that.
    }
  }

  // A conflict's end: both texts are in the journal's history, whatever a person keeps.
  resolve(choice) {
    const other = this.conflict;
    if (!other) return;
    this.conflict = null;
    this.base = other.id;
    if (choice === "other") this.after = textOf(other);
    if (choice === "both") this.here.value = `${other.value}\n${this.here.value}`;
    this.id = hexDigits(8);
    this.writeDraft();
    this.say({ kind: "saving" });
    this.push();
  }

  // The page goes, or may never come back: what is unsaved goes out at once.
  flush() {
    if (!this.id || this.conflict) return;
    this.remember(this.id);
    const typed = this.typed();
    saveByServer(this.place, typed, true).then((came) => {
      if (came.saved) this.take(typed, came);
    });
  }

  // Every answer to the prompt, oldest first; null where nobody can be asked.
  async history() {
    const query = `?prompt=${encodeURIComponent(this.place.prompt)}`;
    const found = await askServer(this.place, { query }, patience("server"));
    if (Array.isArray(found)) return found;
    const told = await this.byKernel({ do: "history" }, hexDigits(8));
    return told?.history || null;
  }

  draftKey() {
    return `${DRAFT}${this.key}:${shared().own}`;
  }

  writeDraft() {
    if (!this.id) return;
    const draft = { ...this.typed(), at: Date.now() };
    try {
      localStorage.setItem(this.draftKey(), JSON.stringify(draft));
      this.drafted = true;
    } catch {
      this.drafted = false; // no room in this browser: the page must stay open, and says so
    }
  }

  dropDraft() {
    try {
      localStorage.removeItem(this.draftKey());
    } catch {
      // A browser that keeps nothing has nothing to drop.
    }
  }

  takeUpDrafts() {
    for (const draft of readDrafts(`${DRAFT}${this.key}:`)) {
      // It reached the disk as its page went.
      if (draft.id === this.kept?.id) localStorage.removeItem(draft.key);
      else this.left.push(draft);
    }
    this.takeNextDraft();
  }

  takeNextDraft() {
    const draft = this.left.shift();
    if (!draft) return;
    this.here = textOf(draft);
    this.base = draft.base;
    this.id = draft.id;
    this.own = draft.own || [];
    this.writeDraft();
    if (draft.key !== this.draftKey()) localStorage.removeItem(draft.key);
    this.say({ kind: "found" });
    this.later(50);
  }

  say(status) {
    this.status = status;
    this.tell();
  }

  tell() {
    this.listeners.forEach((listener) => listener(this));
    document.dispatchEvent(new CustomEvent("vigbook-saving"));
  }
}

// The drafts of a prompt, the latest first. Each stays where it is until it is taken up.
function readDrafts(prefix) {
  const found = [];
  try {
    for (const key of Object.keys(localStorage).filter((one) => one.startsWith(prefix))) {
      const draft = JSON.parse(localStorage.getItem(key));
      if (typeof draft?.id === "string" && "value" in draft) found.push({ key, ...draft });
    }
  } catch {
    return found;
  }
  return found.sort((one, other) => other.at - one.at);
}
