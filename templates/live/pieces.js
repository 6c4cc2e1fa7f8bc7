// Small pieces that every widget is built of, and times as people say them.

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(name, value);
    }
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// 19 September 2026, 10:00
function sayWhen(at) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "";
  const day = { day: "numeric", month: "long", year: "numeric" };
  const time = { hour: "2-digit", minute: "2-digit" };
  return `${date.toLocaleDateString("en-GB", day)}, ${date.toLocaleTimeString("en-GB", time)}`;
}

const isToday = (at) => new Date(at).toDateString() === new Date().toDateString();

// 0:07.4, as a moment within a clip
function sayTime(seconds) {
  const tenths = Math.max(0, Math.round(seconds * 10));
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  return `${Math.floor(tenths / 600)}:${rest}`;
}
