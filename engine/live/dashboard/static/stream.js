// What comes from the scorer as it happens, and whether it still does.

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
    this.source = null;
    this.open();
    setInterval(() => this.check(), 1_000);
  }

  open() {
    this.source?.close();
    const source = new EventSource(this.path);
    this.source = source;
    source.addEventListener("open", () => {
      this.connected = true;
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

  take(name, event) {
    this.heardAt = performance.now();
    this.connected = true;
    const detail = JSON.parse(event.data);
    if (name === "picture") {
      this.picture = detail;
      this.pictureAt = this.heardAt;
    }
    if (name === "health") this.told = detail;
    this.dispatchEvent(new CustomEvent(name, { detail }));
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
    const since = performance.now() - this.heardAt;
    const closed = this.source.readyState === EventSource.CLOSED;
    if (closed || since > 3 * SILENCE_MS) {
      // Browsers give up on an error of the server, and may not notice a connection that is gone.
      this.heardAt = performance.now() - SILENCE_MS - 1;
      this.connected = false;
      setTimeout(() => this.again(), AGAIN_MS);
    }
    this.dispatchEvent(new CustomEvent("state"));
  }

  async again() {
    try {
      const answer = await fetch("/dashboard/alerts?most=1");
      // The session is over: the page that asks for the token stands where this one does.
      if (answer.status === 401) location.reload();
    } catch {
      // It is not there; perhaps next time.
    }
    this.open();
  }
}
