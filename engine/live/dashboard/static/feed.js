// The feed: however many alerts there are, the page has only as many rows as are to be seen.

import { byId, show, tell } from "./elements.js";
import { Held } from "./held.js";
import { fill, newRow } from "./rows.js";
import { several, whole } from "./words.js";

const BESIDE = 4; // rows beyond what is seen
const PART = 200;
const NEAR = 30; // rows from the end, where older ones are asked for
const FLASH_MS = 1_500;

export class Feed {
  constructor(filters) {
    this.filters = filters;
    this.held = new Held();
    this.waiting = new Map(); // while frozen
    this.frozen = false;
    this.isAll = false; // whether there are no older ones
    this.asking = 0;
    this.isAsking = false;
    this.rows = [];
    this.box = byId("feed");
    this.inner = byId("feed-inner");
    this.box.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.measure()).observe(this.box);
    this.box.addEventListener("keydown", (event) => this.key(event));
    byId("freeze").addEventListener("click", () => this.freeze(!this.frozen));
    filters.addEventListener("changed", () => this.load(true));
    this.measure();
  }

  measure() {
    this.height = parseFloat(getComputedStyle(this.box).getPropertyValue("--row")) || 64;
    this.draw();
  }

  // Asks for the newest; what comes meanwhile by the stream is among it, or is taken as well.
  async load(anew = false) {
    const mine = ++this.asking;
    if (anew) {
      this.freeze(false);
      this.held.clear();
      this.isAll = false;
      this.box.scrollTop = 0;
      this.draw();
    }
    const found = await this.ask({});
    if (found === null || mine !== this.asking) return;
    const oldest = found.at(-1)?.sequence ?? 0;
    // After a while away there may be a gap between these and those that are held.
    if (this.held.size && this.held.order[0] < oldest && found.length === PART) this.held.clear();
    if (found.length < PART && !this.held.size) this.isAll = true;
    this.take(found, true);
    tell("feed-empty", this.filters.isAny ? "No alerts yet." : "No alert is like that.");
    show(byId("feed-empty"), this.held.size === 0);
  }

  async ask(more) {
    try {
      const answer = await fetch(`/dashboard/alerts?${this.filters.question({ most: PART, ...more })}`);
      if (!answer.ok) return null;
      const found = await answer.json();
      // A state of a few transactions is in no rate, and can be looked for all the same.
      this.filters.learn(found);
      return found;
    } catch {
      return null;
    }
  }

  async older() {
    if (this.isAsking || this.isAll || this.held.isCut || !this.held.size) return;
    this.isAsking = true;
    const mine = this.asking;
    const found = await this.ask({ before: this.held.order.at(-1) });
    this.isAsking = false;
    if (found === null || mine !== this.asking) return;
    this.isAll = found.length < PART;
    this.held.take(found);
    this.draw();
  }

  came(alerts) {
    this.filters.learn(alerts);
    this.take(alerts.filter((one) => this.filters.admits(one)), false);
  }

  take(alerts, quiet) {
    if (this.frozen) {
      const known = this.held.order[0] ?? -1;
      this.held.renew(alerts);
      for (const one of alerts) if (one.sequence > known) this.waiting.set(one.sequence, one);
      this.tellHeld();
      this.draw();
      return;
    }
    const before = this.held.order[0] ?? -1;
    const fresh = this.held.take(alerts);
    // Who has scrolled down goes on reading what is there.
    if (fresh && this.box.scrollTop > this.height) {
      this.stretch();
      this.box.scrollTop += fresh * this.height;
    }
    if (fresh && !quiet) {
      this.newest = before;
      clearTimeout(this.flashing);
      this.flashing = setTimeout(() => {
        this.newest = undefined;
        this.draw();
      }, FLASH_MS);
    }
    if (this.held.size) show(byId("feed-empty"), false);
    this.draw();
  }

  freeze(frozen) {
    if (frozen === this.frozen) return;
    this.frozen = frozen;
    const button = byId("freeze");
    button.setAttribute("aria-pressed", String(frozen));
    button.textContent = frozen ? "Go on" : "Freeze";
    if (!frozen) {
      const waiting = [...this.waiting.values()];
      this.waiting.clear();
      this.take(waiting, true);
    }
    this.tellHeld();
    this.draw();
  }

  tellHeld() {
    show(byId("held"), this.frozen);
    tell("held", this.waiting.size ? `Frozen; ${several(this.waiting.size, "new alert")} since.` : "Frozen.");
  }

  // A label that was given here is seen here at once.
  labelled(sequence, label) {
    const alert = this.held.bySequence.get(sequence);
    if (alert) this.held.bySequence.set(sequence, { ...alert, label });
    this.draw();
  }

  stretch() {
    this.inner.style.height = `${this.held.size * this.height}px`;
  }

  draw() {
    if (this.drawing) return;
    this.drawing = requestAnimationFrame(() => {
      this.drawing = 0;
      this.drawNow();
    });
  }

  drawNow() {
    const { held, height, box } = this;
    const total = held.size;
    this.stretch();
    const first = Math.max(0, Math.floor(box.scrollTop / height) - BESIDE);
    const seen = Math.ceil(box.clientHeight / height) + 2 * BESIDE;
    const last = Math.min(total, first + seen);
    while (this.rows.length < last - first) {
      const made = newRow();
      this.rows.push(made);
      this.inner.append(made.row);
    }
    // Each alert keeps its row while it is seen, so that what has the focus stays where it is.
    const wanted = new Map();
    for (let place = first; place < last; place += 1) wanted.set(held.order[place], place);
    const free = [];
    for (const made of this.rows) {
      const place = wanted.get(made.alert?.sequence);
      if (place === undefined) free.push(made);
      else {
        this.put(made, place, total);
        wanted.delete(made.alert.sequence);
      }
    }
    for (const place of wanted.values()) this.put(free.pop(), place, total);
    for (const made of free) {
      show(made.row, false);
      made.alert = null;
    }
    const more = this.isAll ? "" : "+";
    tell("feed-count", total ? `${whole(total)}${more}${this.filters.isAny ? "" : " found"}` : "");
    byId("export").href = `/dashboard/alerts.csv?${this.filters.question(this.bound())}`;
    if (last > total - NEAR) this.older();
  }

  put(made, place, total) {
    show(made.row, true);
    const alert = this.held.at(place);
    fill(made, alert, place, total);
    made.row.style.transform = `translateY(${place * this.height}px)`;
    made.row.classList.toggle("new", this.newest !== undefined && alert.sequence > this.newest);
  }

  // What is exported is what is shown: while frozen, nothing that has come since.
  bound() {
    return this.frozen && this.held.size ? { before: this.held.order[0] + 1 } : {};
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
    if (!step || !this.held.size) return;
    event.preventDefault();
    const row = this.rows.find((made) => made.link === document.activeElement);
    const place = row?.alert ? this.held.order.indexOf(row.alert.sequence) + step : 0;
    if (place < 0 || place >= this.held.size) return;
    const top = place * this.height;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    const beyond = top + this.height - this.box.clientHeight;
    if (beyond > this.box.scrollTop) this.box.scrollTop = beyond;
    this.drawNow();
    this.rows.find((made) => made.alert?.sequence === this.held.order[place])?.link.focus({ preventScroll: true });
  }
}
