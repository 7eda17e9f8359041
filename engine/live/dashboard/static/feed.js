// The feed: however many alerts there are, the page has only as many rows as are to be seen.

import { byId, show, tell } from "./elements.js";
import { Held, MOST } from "./held.js";
import { fill, newRow } from "./rows.js";
import { several, whole } from "./words.js";

const BESIDE = 4; // rows beyond what is seen
const PART = 200;
const NEAR = 30; // rows from the end, where older ones are asked for
const FLASH_MS = 1_500;
const MOST_ASIDE = 1_000;
const AGAIN_MS = 2_000;
const AGE_MS = 5_000; // how often rows are looked at that may have become too old

export class Feed {
  constructor(filters) {
    this.filters = filters;
    this.held = new Held();
    this.aside = new Map(); // what has come while frozen, or while the newest are asked for
    this.meanwhile = new Map(); // what has come while it is asked for
    this.isOwed = false; // whether some of it is missing, so that the newest are to be asked for
    this.frozen = false;
    this.bounds = {}; // of what is shown, while frozen
    this.count = 0; // how many have come since then, whatever is looked for
    this.isPartial = false; // whether there may have been more
    this.latest = -1; // of all that have come, whatever is looked for
    this.isLoading = false;
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
    filters.addEventListener("changed", () => this.sift());
    setInterval(() => this.age(), AGE_MS);
    this.measure();
  }

  measure() {
    this.height = parseFloat(getComputedStyle(this.box).getPropertyValue("--row")) || 64;
    this.draw();
  }

  // Asks for the newest, while frozen for those of then; what comes meanwhile by the stream waits
  // for them, so that there is no hole.
  async load(anew = false) {
    if (anew) {
      this.clear();
      this.draw();
    }
    if (this.frozen) this.owe();
    else this.isOwed = false;
    const mine = ++this.asking;
    this.isLoading = true;
    this.meanwhile.clear();
    const found = await this.ask(this.bounds);
    if (mine !== this.asking) return;
    if (found === null) {
      setTimeout(() => mine === this.asking && this.load(), AGAIN_MS);
      return;
    }
    this.isLoading = false;
    const isEvery = found.length < PART;
    const oldest = isEvery ? -1 : found.at(-1).sequence;
    // What is older than a hole is let go of; who reads so far down is shown it again.
    if (this.held.size && this.held.order[0] < oldest) this.clear();
    if (isEvery) this.isAll = true;
    this.take(found, true);
    this.held.renew(this.meanwhile.values());
    if (this.frozen) this.bounds.before ??= this.latest + 1;
    else this.takeAside();
    tell("feed-empty", this.filters.isAny ? "No alerts yet." : this.filters.nothing);
    show(byId("feed-empty"), this.held.size === 0);
    if (this.isOwed && !this.frozen) this.load();
  }

  // The stream has not told all.
  missed() {
    this.isPartial = this.frozen;
    this.load();
  }

  // Something else is looked for.
  sift() {
    if (this.frozen) this.bounds = { ...this.bounds, ...this.span() };
    this.load(true);
  }

  span() {
    const { since_us, until_us } = this.filters.value;
    return { since_us, until_us };
  }

  clear() {
    this.held.clear();
    this.isAll = false;
    this.box.scrollTop = 0;
  }

  // What waits is not whole any more, and is asked for when it is wanted.
  owe() {
    this.isOwed = true;
    this.aside.clear();
    this.tellHeld();
  }

  setAside(alerts) {
    this.held.renew(alerts);
    this.draw();
    if (!this.isOwed) for (const one of alerts) this.aside.set(one.sequence, one);
    if (this.aside.size > MOST_ASIDE) this.owe();
    this.tellHeld();
  }

  takeAside() {
    const alerts = [...this.aside.values()];
    this.aside.clear();
    this.take(this.joined(alerts.filter((one) => this.filters.admits(one))), true);
  }

  async ask(more) {
    try {
      const answer = await fetch(`/dashboard/alerts?${this.filters.question({ most: PART, ...more })}`);
      if (!answer.ok) return null;
      const found = await answer.json();
      this.sees(found);
      // A state of a few transactions is in no rate, and can be looked for all the same.
      this.filters.learn(found);
      return found;
    } catch {
      return null;
    }
  }

  async older() {
    if (this.isAsking || this.isLoading || this.isAll || this.held.isCut || !this.held.size) return;
    this.isAsking = true;
    const mine = this.asking;
    const found = await this.ask({ ...this.bounds, before: this.held.order.at(-1) });
    this.isAsking = false;
    if (found === null || mine !== this.asking) return;
    this.isAll = found.length < PART;
    this.held.take(found);
    this.draw();
  }

  came(alerts) {
    if (this.frozen) this.count += alerts.filter((one) => one.sequence > this.latest).length;
    this.sees(alerts);
    this.filters.learn(alerts);
    if (this.isLoading) for (const one of alerts) this.meanwhile.set(one.sequence, one);
    const wanted = alerts.filter((one) => this.filters.admits(one));
    if (this.frozen || this.isLoading) this.setAside(wanted);
    else this.take(this.joined(wanted), false);
  }

  sees(alerts) {
    this.latest = Math.max(this.latest, ...alerts.map((one) => one.sequence));
  }

  // Between those that are held and one that is older than they there may be others.
  joined(alerts) {
    const oldest = this.isAll ? -1 : (this.held.order.at(-1) ?? -1);
    return alerts.filter((one) => one.sequence >= oldest);
  }

  take(alerts, quiet) {
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
    if (!frozen) {
      this.thaw();
      if (this.isOwed) this.load();
      else this.takeAside();
      return;
    }
    this.frozen = true;
    // What is exported is what is shown: nothing that has come since, nor less as time goes on.
    const before = this.latest < 0 && this.isLoading ? null : this.latest + 1;
    this.bounds = { ...this.span(), before };
    this.count = 0;
    this.isPartial = false;
    if (this.isLoading) this.load();
    this.tellFrozen();
  }

  thaw() {
    this.frozen = false;
    this.bounds = {};
    this.tellFrozen();
  }

  tellFrozen() {
    const button = byId("freeze");
    button.setAttribute("aria-pressed", String(this.frozen));
    button.textContent = this.frozen ? "Go on" : "Freeze";
    this.tellHeld();
    this.draw();
  }

  // What has grown older than what is looked for, as "last 5 min", is not among it any more.
  age() {
    const { moving } = this.filters;
    if (moving === null || this.frozen || this.isLoading) return;
    if (!this.held.drop((one) => one.arrival_time < moving)) return;
    this.isAll = true;
    show(byId("feed-empty"), this.held.size === 0);
    this.draw();
  }

  tellHeld() {
    show(byId("held"), this.frozen);
    const least = this.isPartial ? "at least " : "";
    tell("held", this.count ? `Frozen; ${least}${several(this.count, "new alert")} since.` : "Frozen.");
  }

  // A label that was given here is seen here at once.
  labelled(sequence, label) {
    const alert = this.held.bySequence.get(sequence);
    if (alert) this.held.bySequence.set(sequence, { ...alert, label });
    this.draw();
  }

  // How many there are, as far as is known: the scorer has the latest at hand, and no older ones.
  countedText(total) {
    if (total >= MOST) return `the latest ${whole(MOST)}`;
    return `${whole(total)}${this.isAll ? "" : "+"}`;
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
    tell("feed-count", total ? `${this.countedText(total)}${this.filters.isAny ? "" : " found"}` : "");
    byId("export").href = `/dashboard/alerts.csv?${this.filters.question(this.bounds)}`;
    if (last > total - NEAR) this.older();
  }

  put(made, place, total) {
    show(made.row, true);
    const alert = this.held.at(place);
    fill(made, alert, place, total);
    made.row.style.transform = `translateY(${place * this.height}px)`;
    made.row.classList.toggle("new", this.newest !== undefined && alert.sequence > this.newest);
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
