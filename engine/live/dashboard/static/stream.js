// What comes from the scorer as it happens, and whether it still does.

import { fetched } from "./ask.js";

const SILENCE_MS = 6_000; // the scorer says something every second or two
const AGAIN_MS = 2_000;

export class Stream extends EventTarget {
  constructor(path) {
    super();
    this.path = path;
    this.connected = false;
    this.heardAt = performance.now();
    this.picture = null;
    this.told = null;
    this.pictureAt = 0;
    this.isCaughtUp = false; // whether the scorer has read its ledger, as far as it has said so
    this.source = null;
    this.why = ""; // it is refused, in the scorer's words
    this.isTrying = false;
    this.resumedAt = null; // until there is a picture since
    this.ledger = null; // which one is shown
    if (!document.hidden) this.open();
    // Browsers have few connections to a host: what nobody looks at leaves its own to others.
    addEventListener("visibilitychange", () => (document.hidden ? this.pause() : this.resume()));
    setInterval(() => this.check(), 1_000);
  }

  open() {
    this.source?.close();
    const source = new EventSource(this.path);
    this.source = source;
    source.addEventListener("open", () => {
      this.connected = true;
      this.isCaughtUp = false; // it may be another one since
      this.why = "";
      this.heardAt = performance.now();
      this.dispatchEvent(new CustomEvent("opened"));
    });
    source.addEventListener("error", () => {
      this.connected = false;
      this.dispatchEvent(new CustomEvent("state"));
    });
    for (const name of ["picture", "alerts", "health", "missed"]) {
      source.addEventListener(name, (event) => this.take(name, event));
    }
  }

  pause() {
    this.source?.close();
    this.source = null;
  }

  resume() {
    if (this.source !== null) return;
    this.heardAt = performance.now();
    this.resumedAt = this.heardAt;
    this.connected = true; // as far as is known
    this.open();
    this.dispatchEvent(new CustomEvent("state"));
  }

  take(name, event) {
    this.heardAt = performance.now();
    this.connected = true;
    const detail = JSON.parse(event.data);
    if (name === "picture") {
      this.picture = detail;
      this.isCaughtUp = detail.caught_up;
      this.pictureAt = this.heardAt;
      this.resumedAt = null;
    }
    if (name === "health") {
      if (this.isAnother(detail.ledger ?? null)) return;
      this.told = detail;
    }
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  // Of another ledger than that which is shown nothing that is there is true: the page begins anew,
  // and without what was opened.
  isAnother(ledger) {
    const before = this.ledger;
    this.ledger = ledger ?? before;
    if (before === null || this.ledger === before) return false;
    this.source.close();
    history.replaceState(null, "", location.pathname + location.search);
    location.reload();
    return true;
  }

  // The scorer's clock: that of this machine may be wrong.
  now() {
    if (this.picture === null) return Date.now() * 1000;
    return this.picture.as_of + (performance.now() - this.pictureAt) * 1000;
  }

  get isSilent() {
    return !this.connected || performance.now() - this.heardAt > SILENCE_MS;
  }

  check() {
    if (this.source === null) return;
    const since = performance.now() - this.heardAt;
    const closed = this.source.readyState === EventSource.CLOSED;
    // Browsers give up on an error of the server, and may not notice a connection that is gone.
    if (closed || since > 3 * SILENCE_MS) this.again();
    this.dispatchEvent(new CustomEvent("state"));
  }

  // One attempt at a time.
  async again() {
    if (this.isTrying) return;
    this.isTrying = true;
    this.connected = false;
    this.source.close();
    this.why = await this.refusal();
    if (this.why) this.dispatchEvent(new CustomEvent("refused"));
    await new Promise((done) => setTimeout(done, AGAIN_MS));
    this.isTrying = false;
    // It was left, or left and come back to, meanwhile.
    if (this.source?.readyState !== EventSource.CLOSED) return;
    this.heardAt = performance.now() - SILENCE_MS - 1;
    this.open();
  }

  // Why there is no stream: what opens one is not told.
  async refusal() {
    const asked = new AbortController();
    setTimeout(() => asked.abort(), SILENCE_MS);
    try {
      const answer = await fetched(this.path, { signal: asked.signal });
      if (answer.status !== 503) return "";
      const { what, hint } = await answer.json();
      return `${what}: ${hint}`;
    } catch {
      return ""; // it is not there; perhaps next time
    } finally {
      asked.abort();
    }
  }
}
