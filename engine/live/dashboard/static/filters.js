// What is looked for: as the form has it, as the scorer is asked, and whether an alert is among it.

import { byId, make, show } from "./elements.js";
import { MOST } from "./held.js";
import { STATES } from "./places.js";
import { category, merchant, whole } from "./words.js";

const PAUSE_MS = 250;
const BETWEEN = "between";
const US = 1_000_000;
const MOST_OTHERS = 100; // to choose from, besides the states of the map: who sends them may send any
const MOST_LETTERS = 100; // of what can be looked for
const DOTS = /^[•*]+|[•*]+$/g; // as cards are shown, or typed

export class Filters extends EventTarget {
  constructor(stream) {
    super();
    this.stream = stream;
    this.at = null; // when "last 5 min" ends; null if that moves on
    this.options = { "of-state": new Set(), "of-category": new Set() };
    const form = byId("filters");
    let waiting = 0;
    const changed = () => {
      show(byId("between"), byId("span").value === BETWEEN);
      clearTimeout(waiting);
      waiting = setTimeout(() => this.dispatchEvent(new CustomEvent("changed")), PAUSE_MS);
    };
    form.addEventListener("input", changed);
    form.addEventListener("reset", () => setTimeout(changed));
    form.addEventListener("submit", (event) => event.preventDefault());
    // Who is about to choose is left what there is to choose from.
    form.addEventListener("focusout", () => setTimeout(() => this.offer()));
  }

  // Times are those of now for as long as that holds.
  hold(isHeld) {
    this.at = isHeld ? this.stream.now() : null;
  }

  // States and categories that have come, to choose from.
  know(picture) {
    this.add("of-state", picture.by_state.map((one) => one.segment));
    this.add("of-category", picture.by_category.map((one) => one.segment));
    this.offer();
  }

  learn(alerts) {
    this.add("of-state", alerts.map((one) => one.state));
    this.add("of-category", alerts.map((one) => one.category));
    this.offer();
  }

  add(id, names) {
    const known = this.options[id];
    for (const one of names) {
      if (!one || one === "unknown" || one.length > MOST_LETTERS) continue;
      if (Object.hasOwn(STATES, one) || known.size < MOST_OTHERS) known.add(one);
    }
  }

  offer() {
    for (const [id, known] of Object.entries(this.options)) {
      const select = byId(id);
      if (select.length > known.size || select === document.activeElement) continue;
      const words = id === "of-category" ? category : (name) => name;
      const chosen = select.value;
      const options = [...known].sort().map((one) => {
        const option = make("option", "", words(one));
        option.value = one;
        return option;
      });
      select.replaceChildren(select.firstElementChild, ...options);
      select.value = chosen;
    }
  }

  get value() {
    const number = byId("least-score").valueAsNumber;
    const [since, until] = this.times();
    return {
      text: byId("text").value.trim(),
      state: byId("of-state").value,
      category: byId("of-category").value,
      least_score: Number.isFinite(number) ? Math.min(1, Math.max(0, number)) : null,
      since_us: since,
      until_us: until,
    };
  }

  get isAny() {
    return Object.values(this.value).every((one) => one === "" || one === null);
  }

  // What to say where there is nothing.
  get nothing() {
    const [since, until] = this.times();
    if (since !== null && until !== null && since > until) return "“From” is after “To”.";
    return `No alert is like that, of the latest ${whole(MOST)}.`;
  }

  times() {
    const chosen = byId("span").value;
    if (chosen === "") return [null, null];
    if (chosen !== BETWEEN) {
      // In whole seconds, so that the same question has the same answer for a while.
      return [Math.floor((this.at ?? this.stream.now()) / US - Number(chosen)) * US, null];
    }
    const [since, until] = ["since", "until"].map((id) => Date.parse(`${byId(id).value}Z`));
    const told = (value, more) => (Number.isFinite(value) ? Math.max(0, value * 1000 + more) : null);
    // A minute that is named is meant to its end.
    return [told(since, 0), told(until, 60 * US - 1)];
  }

  // Since when, if that moves on.
  get moving() {
    const chosen = byId("span").value;
    return chosen === "" || chosen === BETWEEN ? null : this.times()[0];
  }

  question(more = {}) {
    const asked = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...this.value, ...more })) {
      if (value !== "" && value !== null) asked.set(name, String(value));
    }
    return asked;
  }

  // As the scorer answers: what comes by the stream is sorted out here.
  admits(alert) {
    const { text, state, category: of, least_score, since_us, until_us } = this.value;
    if (text) {
      const sought = text.toLowerCase();
      const name = alert.merchant ? merchant(alert.merchant).toLowerCase() : "";
      const digits = (alert.card ?? "").replace(DOTS, "");
      if (!name.includes(sought) && !digits.includes(sought.replace(DOTS, ""))) return false;
    }
    if (state && alert.state !== state) return false;
    if (of && alert.category !== of) return false;
    if (least_score !== null && (alert.score === null || alert.score < least_score)) return false;
    if (since_us !== null && alert.arrival_time < since_us) return false;
    return until_us === null || alert.arrival_time <= until_us;
  }
}
