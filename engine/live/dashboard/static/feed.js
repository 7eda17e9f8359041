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
    this.meanwhile = new Map(); // what has come while anything is asked for
    this.isOwed = false; // whether some of it is missing, so that the newest are to be asked for
    this.isBehind = false; // whether the stream has not told all since they were
    this.isKnown = false; // whether there ever was an answer
    this.latest = -1; // the newest of all that is known of, whatever is looked for
    this.frozen = false;
    this.bounds = {}; // of what is shown, while frozen
    this.count = 0; // how many have come since then, whatever is looked for
    this.counted = -1; // the newest of these
    this.isPartial = false; // whether there may have been more
    this.isLoading = false;
    this.isAgain = false; // whether to ask once more after that
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

  // Asks for the newest, as far down as is shown unless there is a hole before that; while frozen,
  // for those of then. What comes meanwhile by the stream waits for them.
  async load(anew = false) {
    if (anew) {
      this.clear();
      this.draw();
    }
    if (this.frozen) this.owe();
    else this.isOwed = false;
    const mine = ++this.asking;
    this.isLoading = true;
    this.isAgain = false;
    this.meanwhile.clear();
    const found = await this.pages(mine);
    if (mine !== this.asking) return;
    if (found === null) {
      setTimeout(() => mine === this.asking && this.load(), AGAIN_MS);
      return;
    }
    this.isLoading = false;
    this.isBehind = this.isAgain;
    this.isKnown = true;
    this.isAll = found.isAll;
    this.sees(found.alerts);
    const fresh = this.held.replace(found.alerts);
    this.held.renew(this.meanwhile.values());
    this.moved(fresh);
    if (!this.frozen) this.takeAside();
    else if (this.bounds.before === null) {
      this.isPartial = this.isBehind;
      this.begin((this.held.order[0] ?? -1) + 1);
    }
    tell("feed-empty", this.filters.isAny ? "No alerts yet." : this.filters.nothing);
    show(byId("feed-empty"), this.held.size === 0);
    this.draw();
    if (this.isAgain || (this.isOwed && !this.frozen)) this.load();
  }

  // The newest and, if they join what is shown, older ones down to its end; null if there is no
  // answer. What is older than a hole is let go of; who reads so far down is shown it again.
  async pages(mine) {
    const [top = -1, end = -1] = [this.held.order[0], this.held.order.at(-1)];
    const alerts = [];
    for (let before = {}; ; before = { before: alerts.at(-1).sequence }) {
      const found = await this.ask({ ...this.bounds, ...before });
      if (found === null || mine !== this.asking) return null;
      alerts.push(...found);
      if (found.length < PART) return { alerts, isAll: true };
      const oldest = found.at(-1).sequence;
      if (oldest <= end || oldest > top || alerts.length >= MOST) return { alerts, isAll: false };
    }
  }

  // The stream has not told all: what is being asked for may have been answered before that.
  missed() {
    this.isBehind = true;
    if (this.frozen) this.isPartial = true;
    this.renew();
  }

  renew() {
    if (this.isLoading) this.isAgain = true;
    else this.load();
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
    this.meanwhile.clear();
    const mine = this.asking;
    const found = await this.ask({ ...this.bounds, before: this.held.order.at(-1) });
    this.isAsking = false;
    if (found === null) setTimeout(() => this.draw(), AGAIN_MS); // which asks again, if need be
    else if (mine === this.asking) {
      this.isAll = found.length < PART;
      this.held.take(found);
      this.held.renew(this.meanwhile.values());
    }
    this.draw();
  }

  came(alerts) {
    this.counts(alerts);
    this.sees(alerts);
    this.filters.learn(alerts);
    if (this.isLoading || this.isAsking) for (const one of alerts) this.meanwhile.set(one.sequence, one);
    this.held.renew(alerts); // also what has grown too old to be found
    const wanted = alerts.filter((one) => this.filters.admits(one));
    if (this.frozen || this.isLoading) this.setAside(wanted);
    else this.take(this.joined(wanted));
  }

  sees(alerts) {
    this.latest = Math.max(this.latest, ...alerts.map((one) => one.sequence));
  }

  counts(alerts) {
    if (!this.frozen || this.bounds.before === null) return;
    const fresh = alerts.map((one) => one.sequence).filter((one) => one > this.counted);
    this.count += fresh.length;
    this.counted = Math.max(this.counted, ...fresh);
  }

  // Between those that are held and one that is older than they there may be others.
  joined(alerts) {
    const oldest = this.isAll ? -1 : (this.held.order.at(-1) ?? -1);
    return alerts.filter((one) => one.sequence >= oldest);
  }

  take(alerts, quiet = false) {
    const before = this.held.order[0] ?? -1;
    const fresh = this.held.take(alerts);
    this.moved(fresh);
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

  // Who has scrolled down goes on reading what is there.
  moved(fresh) {
    if (!fresh || this.box.scrollTop <= this.height) return;
    this.stretch();
    this.box.scrollTop += fresh * this.height;
  }

  freeze(frozen) {
    if (!frozen) {
      this.thaw();
      if (this.isOwed) this.load();
      else this.takeAside();
      return;
    }
    this.frozen = true;
    this.isPartial = this.isBehind;
    // What is exported is what is shown: nothing that has come since, nor less as time goes on.
    this.bounds = { ...this.span(), before: null };
    if (this.isKnown) this.begin(this.latest + 1);
    if (this.isLoading || !this.isKnown) this.load();
    else this.drop(this.bounds.since_us);
    this.tellFrozen();
  }

  // What comes from there on has come since.
  begin(before) {
    this.bounds.before = before;
    this.counted = before - 1;
    this.count = 0;
    this.counts([...this.meanwhile.values()]);
    this.tellHeld();
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
    if (!this.frozen && !this.isLoading) this.drop(this.filters.moving);
  }

  drop(since) {
    if (since === null || !this.held.drop((one) => one.arrival_time < since)) return;
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
