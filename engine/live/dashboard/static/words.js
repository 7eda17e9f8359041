// Numbers and times as people read them. All times are UTC.

export const NONE = "–";
const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const MONEY = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const SHORT = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });

const DATED = /^\w+, (\d+ \w+) \d+ (\d+:\d+)/;

const isNone = (value) => value === null || value === undefined || Number.isNaN(value);

export const whole = (value) => (isNone(value) ? NONE : WHOLE.format(value));
export const money = (value) => (isNone(value) ? NONE : MONEY.format(value));
export const score = (value) => (isNone(value) ? NONE : value.toFixed(3));

export function number(value) {
  if (isNone(value)) return NONE;
  return (Number.isInteger(value) ? WHOLE : SHORT).format(value);
}

export function percent(share, decimals = 1) {
  return isNone(share) ? NONE : `${(100 * share).toFixed(decimals)}\u00a0%`;
}

export function seconds(value) {
  if (isNone(value)) return NONE;
  if (value < 0.0095) return "<\u00a00.01\u00a0s";
  if (value < 10) return `${value.toFixed(value < 1 ? 2 : 1)}\u00a0s`;
  return value < 120 ? `${Math.round(value)}\u00a0s` : span(value);
}

export function span(value) {
  if (isNone(value)) return NONE;
  if (value < 120) return `${Math.max(0, Math.floor(value))}\u00a0s`;
  if (value < 7200) return `${Math.floor(value / 60)}\u00a0min`;
  return value < 172800 ? `${Math.floor(value / 3600)}\u00a0h` : `${Math.floor(value / 86400)}\u00a0days`;
}

export const clock = (microseconds) => new Date(microseconds / 1000).toISOString().slice(11, 19);

export const day = (microseconds) => dated(microseconds).slice(0, 10);

// When it was, to be read beside others: of another day than today's with the date, "26 Nov 22:47".
export function moment(microseconds, today) {
  if (day(microseconds) === today) return clock(microseconds);
  const [, date, time] = DATED.exec(new Date(microseconds / 1000).toUTCString());
  return `${date}\u00a0${time}`;
}

export function dated(microseconds) {
  return new Date(microseconds / 1000).toISOString().slice(0, 19).replace("T", " ");
}

export const several = (count, noun) => `${whole(count)} ${noun}${count === 1 ? "" : "s"}`;

// The simulator's merchants all begin so; it tells nothing.
// What turns the direction of writing lets a name pass for another.
const TURNS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
export const plain = (text) => String(text).replace(TURNS, "");

export const merchant = (name) => (name ? name.replace(/^fraud_/, "") : NONE);
export const category = (name) => (name ? name.replaceAll("_", " ") : NONE);
