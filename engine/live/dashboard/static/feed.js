// The feed: however many alerts there are, the page has only as many rows as are to be seen.

import { fetched } from "./ask.js";
import { byId, show, tell } from "./elements.js";
import { Held, MOST } from "./held.js";
import { fill, newRow } from "./rows.js";
import { several, whole } from "./words.js";

const BESIDE = 4; // rows beyond what is seen
const PART = 200;
const NEAR = 30; // rows from the end, where older ones are asked for
const FLASH_MS = 1_500;
const MOST_MEANWHILE = 1_000;
const PATIENCE_MS = 10_000;
const AGAIN_MS = 2_000;
const MOST_AGAIN_MS = 8_000;
const LATER = new Set([401, 408, 429]); // who asks again may be answered, or is asked who they are
const WAIT = "No answer yet; the scorer is asked again.";
const AGE_MS = 5_000; // how often rows are looked at that may have become too old

export class Feed {
  constructor(filters) {
    this.filters = filters;
    this.held = new Held();
    this.asking = null; // ends what is asked for: one thing at a time
    this.isLoading = false; // whether that is the newest, and not older ones
    this.meanwhile = new Map(); // what has come since it is
    this.isBehind = false; // whether that is not all that has come, so that it is to be asked again
    this.isRefused = false; // whether what is looked for cannot be
    this.isCurrent = false; // whether that is not so any more, and the newest is known
    this.latest = -1; // which that is, whatever is looked for
    this.frozen = false;
    this.before = null; // what has come since: from there on; null as long as that is not known
    this.count = 0; // how many these are, whatever is looked for
    this.counted = -1; // the newest of these
    this.isPartial = false; // whether there may have been more
    this.isAll = false; // whether there are no older ones
    this.rows = new Map(); // those that are drawn, by sequence, as they follow each other
    this.spare = []; // those that are not, for alerts to come
    this.box = byId("feed");
    this.inner = byId("feed-inner");
    this.box.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.measure()).observe(this.box);
    this.box.addEventListener("keydown", (event) => this.key(event));
    byId("freeze").addEventListener("click", () => this.freeze(!this.frozen));
    filters.addEventListener("changed", () => this.load(true));
    setInterval(() => this.age(), AGE_MS);
    this.measure();
  }

  measure() {
    this.height = parseFloat(getComputedStyle(this.box).getPropertyValue("--row")) || 64;
    this.draw();
  }

  // The stream has not told all: what is being asked for may have been answered before that.
  missed() {
    this.isCurrent = false;
    if (this.before !== null) this.isPartial = true;
    this.tellHeld();
    if (this.isLoading) this.isBehind = true;
    else this.load();
  }

  // Without a stream there are alerts all the same: once, as nothing tells whether there are more.
  begin() {
    if (!this.isCurrent && !this.isLoading) this.load();
  }

  // Asks for the newest, as far down as is shown unless there is a hole before that; while frozen,
  // for those of then. What comes meanwhile by the stream waits for them.
  async load(anew = false) {
    if (anew) this.clear();
    const signal = this.start(true);
    if (!(await this.settle(signal))) return;
    const found = await this.pages(signal);
    if (found === null) return;
    const newer = this.held.replace(found.alerts);
    this.isAll = found.isAll;
    this.isCurrent = !this.isBehind;
    const came = [...this.meanwhile.values()];
    this.held.renew(came);
    this.moved(newer + (this.frozen ? 0 : this.held.take(this.wanted(came))));
    this.tellEmpty();
    if (anew) tell("feed-said", this.held.size ? this.countText() : byId("feed-empty").textContent);
    this.end();
  }

  async older() {
    if (this.asking || this.isRefused || this.isAll || this.held.isCut || !this.held.size) return;
    const signal = this.start(false);
    const found = await this.part(signal, { before: this.held.order.at(-1) });
    if (found === null) return;
    this.isAll = found.length < PART;
    this.held.take(found);
    this.held.renew(this.meanwhile.values());
    this.end();
  }

  // Whatever was asked for before is not wanted any more.
  start(isLoading) {
    this.asking?.abort();
    this.asking = new AbortController();
    this.isLoading = isLoading;
    this.isBehind = false;
    this.isRefused = false;
    this.meanwhile.clear();
    return this.asking.signal;
  }

  end() {
    this.over();
    if (this.isBehind) this.load();
    this.draw();
  }

  over() {
    this.asking = null;
    this.isLoading = false;
    this.meanwhile.clear();
  }

  // Which is the newest, whatever is looked for; false if that is not wanted any more.
  async settle(signal) {
    const found = await this.newestOf(signal);
    if (found === null) return false;
    this.sees(found);
    if (!this.frozen) return true;
    if (this.before === null) {
      this.isPartial = this.isBehind;
      this.since((found[0]?.sequence ?? -1) + 1);
    } else if (this.isPartial) this.counts(found); // or those in between would not be counted
    this.tellHeld();
    return true;
  }

  // A scorer that has begun anew knows the newest only once it has read its ledger. (Of another
  // ledger the page would have begun anew.) If it tells since that it has, what was the newest is
  // there no more.
  async newestOf(signal) {
    const { stream } = this.filters;
    let missedAt = null;
    for (;;) {
      const { latest: known } = this;
      const hasRead = missedAt !== null && stream.isCaughtUp && stream.pictureAt > missedAt;
      const found = await this.answer(signal, () => new URLSearchParams({ most: 1 }));
      if (found === null) return null;
      const newest = found[0]?.sequence ?? -1;
      if (newest >= known) return found;
      if (hasRead && this.latest === known) {
        this.latest = newest;
        return found;
      }
      missedAt ??= performance.now();
      this.tellWait(WAIT);
      if (!(await this.waited(signal, AGAIN_MS))) return null;
    }
  }

  // The newest and, if they join what is shown, older ones down to its end; null if they are not
  // wanted any more. What is older than a hole is let go of; who reads so far down is shown it
  // again.
  async pages(signal) {
    const [top = -1, end = -1] = [this.held.order[0], this.held.order.at(-1)];
    const alerts = [];
    for (let before = this.bounds; ; before = { before: alerts.at(-1).sequence }) {
      const found = await this.part(signal, before);
      if (found === null) return null;
      alerts.push(...found);
      if (found.length < PART) return { alerts, isAll: true };
      const oldest = found.at(-1).sequence;
      if (oldest <= end || oldest > top || alerts.length >= MOST) return { alerts, isAll: false };
    }
  }

  async part(signal, bounds) {
    const found = await this.answer(signal, () => this.filters.question({ most: PART, ...bounds }));
    // A state of a few transactions is in no rate, and can be looked for all the same.
    if (found !== null) this.filters.learn(found);
    return found;
  }

  // Asks until there is an answer; null if that is not wanted any more.
  async answer(signal, question) {
    for (let pause = AGAIN_MS; ; pause = Math.min(2 * pause, MOST_AGAIN_MS)) {
      const { found, refusal } = await ask(question(), signal);
      if (signal.aborted) return null;
      this.tellWait(refusal || (found === null ? WAIT : ""));
      if (found !== null) return found;
      if (refusal) {
        this.isRefused = true;
        this.over();
        return null;
      }
      if (!(await this.waited(signal, pause))) return null;
    }
  }

  tellWait(words) {
    tell("feed-wait", words);
    tell("feed-said", words);
  }

  // Whether it is still wanted after that.
  async waited(signal, pause) {
    await new Promise((done) => setTimeout(done, pause));
    return !signal.aborted;
  }

  clear() {
    this.held.clear();
    this.isAll = false;
    this.box.scrollTop = 0;
    show(byId("feed-empty"), false);
    tell("feed-said", "");
    this.draw();
  }

  came(alerts) {
    this.sees(alerts);
    this.counts(alerts);
    this.tellHeld();
    this.filters.learn(alerts);
    if (this.asking) this.keep(alerts);
    this.held.renew(alerts); // also what has grown too old to be found
    if (this.frozen || this.isLoading || this.isRefused) this.draw();
    else this.take(this.wanted(alerts));
  }

  keep(alerts) {
    for (const one of alerts) this.meanwhile.set(one.sequence, one);
    if (this.meanwhile.size <= MOST_MEANWHILE) return;
    this.meanwhile.clear();
    this.isBehind = true;
  }

  sees(alerts) {
    this.latest = Math.max(this.latest, ...alerts.map((one) => one.sequence));
  }

  // What comes from there on has come since.
  since(before) {
    this.before = before;
    this.counted = before - 1;
    this.count = 0;
    this.counts([...this.meanwhile.values()]);
  }

  counts(alerts) {
    if (this.before === null) return;
    const fresh = alerts.map((one) => one.sequence).filter((one) => one > this.counted);
    this.count += fresh.length;
    this.counted = Math.max(this.counted, ...fresh);
  }

  // Between those that are held and one that is older than they there may be others.
  wanted(alerts) {
    const oldest = this.isAll ? -1 : (this.held.order.at(-1) ?? -1);
    return alerts.filter((one) => one.sequence >= oldest && this.filters.admits(one));
  }

  take(alerts) {
    const before = this.held.order[0] ?? -1;
    const fresh = this.held.take(alerts);
    this.moved(fresh);
    if (fresh) {
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

  // To go on is to ask for it: much may have come since.
  freeze(frozen) {
    this.hold(frozen);
    if (!frozen || this.isLoading || !this.isCurrent) this.load();
    else this.drop(this.filters.moving);
  }

  // What is exported is what is shown: nothing that has come since, nor less as time goes on.
  hold(frozen) {
    this.frozen = frozen;
    this.filters.hold(frozen);
    this.before = null;
    this.count = 0;
    this.isPartial = false;
    if (frozen && this.isCurrent) this.since(this.latest + 1);
    const button = byId("freeze");
    button.textContent = frozen ? "Go on" : "Freeze";
    button.classList.toggle("on", frozen);
    this.tellHeld();
    this.draw();
  }

  get bounds() {
    return { before: this.before };
  }

  // What has grown older than what is looked for, as "last 5 min", is not among it any more.
  age() {
    if (!this.frozen && !this.isLoading) this.drop(this.filters.moving);
  }

  drop(since) {
    if (since === null || !this.held.drop((one) => one.arrival_time < since)) return;
    this.isAll = true;
    this.tellEmpty();
    this.draw();
  }

  tellEmpty() {
    tell("feed-empty", this.filters.isAny ? "No alerts yet." : this.filters.nothing);
    show(byId("feed-empty"), this.held.size === 0);
  }

  // Who hears the page is told that there are some, and not each time how many.
  tellHeld() {
    show(byId("held"), this.frozen);
    const least = this.isPartial ? "at least " : "";
    const none = this.isPartial ? "Frozen; there may be new alerts since." : "Frozen.";
    tell("held", this.count ? `Frozen; ${least}${several(this.count, "new alert")} since.` : none);
    if (!this.frozen) tell("held-said", "");
    else tell("held-said", this.count ? "Frozen; some have come since." : none);
  }

  // A label that was given here is seen here at once.
  labelled(sequence, label) {
    const alert = this.held.bySequence.get(sequence);
    if (alert) this.held.bySequence.set(sequence, { ...alert, label });
    this.draw();
  }

  // How many there are, as far as is known: the scorer has the latest at hand, and no older ones.
  countText() {
    const total = this.held.size;
    if (!total) return "";
    const many = total >= MOST ? `the latest ${whole(MOST)}` : `${whole(total)}${this.isAll ? "" : "+"}`;
    return `${many}${this.filters.isAny ? "" : " found"}`;
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
    const places = [];
    for (let place = first; place < last; place += 1) places.push(place);
    // What has the focus keeps it, and is read where it stands, wherever that has come to.
    const focused = this.focused();
    const at = focused ? held.order.indexOf(focused.alert.sequence) : -1;
    if (at >= last) places.push(at);
    else if (at >= 0 && at < first) places.unshift(at);
    this.arrange(places);
    if (focused && at < 0) box.focus({ preventScroll: true });
    tell("feed-count", this.countText());
    byId("export").href = `/dashboard/alerts.csv?${this.filters.question(this.bounds)}`;
    if (last > total - NEAR) this.older();
  }

  // Each alert has its row as long as that is drawn. Rows are in the page as they are in the list:
  // no one of them is ever moved, as what is moved loses the focus.
  arrange(places) {
    const wanted = new Set(places.map((place) => this.held.order[place]));
    for (const [sequence, made] of this.rows) {
      if (wanted.has(sequence)) continue;
      made.row.remove();
      this.rows.delete(sequence);
      this.spare.push(made);
    }
    let next = this.inner.firstElementChild;
    for (const place of places) {
      const sequence = this.held.order[place];
      let made = this.rows.get(sequence);
      if (made) next = made.row.nextElementSibling;
      else {
        made = this.spare.pop() ?? newRow();
        this.rows.set(sequence, made);
        this.inner.insertBefore(made.row, next);
      }
      this.put(made, place);
    }
  }

  put(made, place) {
    const alert = this.held.at(place);
    fill(made, alert, place, this.held.size);
    made.row.style.transform = `translateY(${place * this.height}px)`;
    made.row.classList.toggle("new", this.newest !== undefined && alert.sequence > this.newest);
  }

  focused() {
    return [...this.rows.values()].find((made) => made.link === document.activeElement);
  }

  // To the row of an alert, or to the list if that is not drawn.
  focus(sequence) {
    (this.rows.get(sequence)?.link ?? this.box).focus({ preventScroll: true });
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
    if (!step || !this.held.size || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const from = this.focused();
    // Who comes to the list begins with the first that is seen.
    const place = from
      ? this.held.order.indexOf(from.alert.sequence) + step
      : Math.ceil(this.box.scrollTop / this.height);
    if (place < 0 || place >= this.held.size) return;
    const top = place * this.height;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    const beyond = top + this.height - this.box.clientHeight;
    if (beyond > this.box.scrollTop) this.box.scrollTop = beyond;
    this.drawNow();
    this.focus(this.held.order[place]);
  }
}

// What was found, null if there is no answer, and why it is not if it never will be.
async function ask(question, signal) {
  const ended = new AbortController();
  const end = () => ended.abort();
  const timer = setTimeout(end, PATIENCE_MS);
  signal.addEventListener("abort", end);
  try {
    const answer = await fetched(`/dashboard/alerts?${question}`, { signal: ended.signal });
    const told = await answer.json();
    if (answer.ok) return { found: told, refusal: "" };
    const isFinal = answer.status >= 400 && answer.status < 500 && !LATER.has(answer.status);
    return { found: null, refusal: isFinal ? `This cannot be looked for: ${told.what}; ${told.hint}.` : "" };
  } catch {
    return { found: null, refusal: "" };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}
