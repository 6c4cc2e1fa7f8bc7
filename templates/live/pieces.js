// Small pieces that pages and widgets are built of.

const SIGN_MS = 1000;

/**
 * An attribute's text; true for one without; a listener, by its event's name; or nothing.
 * @typedef {string | number | boolean | null | undefined | ((event: any) => unknown)} Attribute
 */

/**
 * Returns an element: its attributes, its listeners, and what is in it.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, Attribute>} [attributes]
 * @param {...(Node | string | null | undefined)} inside
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, attributes = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(name, String(value));
    }
  }
  made.append(...inside.filter((one) => one !== null && one !== undefined));
  return made;
}

/**
 * Takes an element out of the page for good: its pictures, which something may still hold, are empty.
 * @param {Element} element
 */
export function drop(element) {
  for (const one of [element, ...element.querySelectorAll("img")]) one.removeAttribute("src");
  element.remove();
}

/**
 * Returns random bytes as hexadecimal digits: an id that nobody else has.
 * @param {number} bytes
 */
export function hexDigits(bytes) {
  const found = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(found, (one) => one.toString(16).padStart(2, "0")).join("");
}

/**
 * Returns a short name for a text: an address that changes with it.
 * @param {string | undefined} text
 */
export function hash(text) {
  let found = 5381;
  for (const letter of text || "") found = ((found * 33) ^ letter.charCodeAt(0)) >>> 0;
  return found.toString(36);
}

/** @type {WeakMap<HTMLElement, ReturnType<typeof setTimeout>>} */
const signs = new WeakMap();

/**
 * Says something quietly for a second.
 * @param {HTMLElement} sign
 * @param {string} words
 */
export function flash(sign, words) {
  sign.textContent = words;
  sign.classList.add("vb-lit");
  clearTimeout(signs.get(sign));
  const over = () => {
    sign.classList.remove("vb-lit");
    sign.textContent = "";
  };
  signs.set(sign, setTimeout(over, SIGN_MS));
}

/**
 * Fills the screen with an element, or leaves it again.
 * @param {HTMLElement} stage
 */
export function fillScreen(stage) {
  if (document.fullscreenElement) document.exitFullscreen();
  else stage.requestFullscreen?.().catch(() => {});
}

/**
 * Whether a key is meant for what has the focus, or for the browser.
 * @param {KeyboardEvent} event
 */
export function isTaken(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  const { tagName } = /** @type {Element} */ (event.target);
  if (tagName === "INPUT") return ["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key);
  return tagName === "BUTTON" && [" ", "Enter"].includes(event.key);
}

/**
 * Returns the first element of a kind that a selector finds.
 * @template {typeof Element} [Kind=typeof HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @param {Kind} kind
 * @returns {InstanceType<Kind>}
 * @throws where there is none: the page and its module do not belong together
 */
export function pick(root, selector, kind = /** @type {any} */ (HTMLElement)) {
  const found = root.querySelector(selector);
  if (found instanceof kind) return /** @type {InstanceType<Kind>} */ (found);
  throw new Error(`the page has no ${kind.name} '${selector}'`);
}

/**
 * Returns the element of the page with an id.
 * @template {typeof Element} [Kind=typeof HTMLElement]
 * @param {string} id
 * @param {Kind} [kind]
 * @returns {InstanceType<Kind>}
 */
export function find(id, kind) {
  return pick(document, `#${id}`, kind);
}
