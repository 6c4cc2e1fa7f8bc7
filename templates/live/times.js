// Moments and days, as people say them and as files hold them.

/**
 * Returns a moment as 19 September 2026, 10:00.
 * @param {string} at RFC 3339
 */
export function sayWhen(at) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return "";
  const time = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return `${sayDay(date)}, ${time}`;
}

/** @param {Date} date */
function sayDay(date) {
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
}

/**
 * Returns a day as Saturday 19 September 2026.
 * @param {string} day yyyy-mm-dd
 */
export function sayWeekday(day) {
  /** @type {Intl.DateTimeFormatOptions} */
  const how = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
  return new Date(`${day}T12:00`).toLocaleDateString("en-GB", how);
}

/** @param {string} at */
export const isToday = (at) => new Date(at).toDateString() === new Date().toDateString();

/**
 * Returns a moment within a clip as 0:07.4.
 * @param {number} seconds
 */
export function sayTime(seconds) {
  const tenths = Math.max(0, Math.round(seconds * 10));
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  return `${Math.floor(tenths / 600)}:${rest}`;
}

/**
 * Returns a moment of a film as 1:23, its seconds begun and not ended.
 * @param {number} seconds
 */
export function sayWholeSeconds(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/**
 * Returns a moment of a film as files hold it: hh:mm:ss.mmm.
 * @param {number} seconds
 */
export function formatClock(seconds) {
  const ms = Math.round(seconds * 1000);
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(ms / 3600000), Math.floor(ms / 60000) % 60];
  const clock = [hours, minutes, Math.floor(ms / 1000) % 60].map(two).join(":");
  return `${clock}.${String(ms % 1000).padStart(3, "0")}`;
}

/**
 * Returns the seconds of hh:mm:ss.mmm.
 * @param {string} text
 */
export function parseClock(text) {
  return text.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}
