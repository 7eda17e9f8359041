// Charts: Vega draws what the scorer describes, and is given what to show with each update.

import { byId, make, show } from "./elements.js";
import { Seldom } from "./seldom.js";

// Figures and alerts are new twice a second. Charts are of an hour or two, and each time that one is
// drawn leaves some megabytes to be picked up.
export const REST_MS = 5_000;
const NEAR = "400px";

let described = null;
let loading = null;

// The scripts that draw are large, and made once: the page is there before them.
function loaded() {
  loading ??= Promise.all([
    import("/static/vega.js").catch(() => {
      throw new Error("the scripts that draw did not come");
    }),
    fetch("/static/charts.json").then((answer) => {
      if (!answer.ok) throw new Error("what is to be drawn did not come");
      return answer.json();
    }),
  ]).then(([, charts]) => {
    described = charts;
  });
  loading.catch(() => {
    loading = null; // next time, perhaps
  });
  return loading;
}

export class Drawn {
  // fills: whether it is as high as its box, and not as it is described; rest: how long it stands.
  constructor(name, { fills = false, rest = REST_MS } = {}) {
    const box = byId(`chart-${name}`);
    this.fills = fills;
    this.updates = new Seldom(() => this.update(), rest);
    this.found = null;
    this.name = name;
    this.box = box;
    this.view = null;
    this.data = {};
    this.given = {}; // what of it the view has
    this.signals = {};
    this.width = 0; // of the box, as the view was made for it
    this.making = null;
    box.classList.add("coming");
    addEventListener("theme", () => this.again());
    addEventListener("visibilitychange", () => this.wake());
    // What nobody looks at is not drawn; it is when it is about to be seen.
    this.isNear = false;
    const near = new IntersectionObserver(
      (seen) => {
        this.isNear = seen.at(-1).isIntersecting;
        this.wake();
      },
      { rootMargin: NEAR, scrollMargin: NEAR }, // in a dialog, by what that shows
    );
    near.observe(box);
    new ResizeObserver(() => this.resize()).observe(box);
  }

  // Shows rows by the name of their data, not more often than eyes need it. What takes time to find
  // may be a function, which is asked when it is drawn.
  give(data, signals = {}) {
    this.take(data);
    Object.assign(this.signals, signals);
    this.updates.ask();
  }

  now(data, signals = {}) {
    this.take(data);
    Object.assign(this.signals, signals);
    return this.updates.now();
  }

  take(data) {
    if (typeof data === "function") this.found = data;
    else Object.assign(this.data, data);
  }

  async update() {
    if (document.hidden || !this.isNear || !this.box.clientWidth) {
      this.isOwed = true;
      return;
    }
    this.isOwed = false;
    if (this.found) Object.assign(this.data, this.found());
    this.found = null;
    if (this.view === null) {
      this.making ??= this.make().finally(() => {
        this.making = null;
      });
      await this.making;
      this.resize(); // its box may be another by then
      return;
    }
    this.put(this.view);
    await this.view.runAsync();
  }

  async make() {
    try {
      await loaded();
    } catch (error) {
      this.box.textContent = `No chart: ${error.message}.`;
      return;
    }
    const { config, charts } = described[document.documentElement.dataset.theme];
    const { ...spec } = charts[this.name];
    this.width = this.box.clientWidth;
    if (this.fills) spec.height = this.box.clientHeight;
    const datasets = { ...this.data };
    this.given = { ...datasets };
    const target = make("div", "drawn");
    target.setAttribute("aria-hidden", "true");
    this.box.replaceChildren(target);
    const { view } = await globalThis.vegaEmbed(target, { ...spec, datasets }, {
      config,
      mode: "vega-lite",
      actions: false,
      logLevel: 1, // errors alone
      renderer: "canvas",
      // No text becomes code here: the expressions of a chart are interpreted.
      ast: true,
      defaultStyle: false,
      tooltip: (_handler, event, item, value) => bubble(event, value),
    });
    this.view = view;
    this.box.classList.remove("coming");
    this.put(view);
    await view.runAsync();
  }

  // Rows that are those of before are not given again: to draw them anew takes time and memory.
  put(view) {
    for (const [name, rows] of Object.entries(this.data)) {
      if (this.given[name] === rows) continue;
      this.given[name] = rows;
      view.data(name, rows);
    }
    for (const [name, value] of Object.entries(this.signals)) view.signal(name, value);
  }

  wake() {
    if (this.isOwed && this.isNear && !document.hidden) this.updates.now();
  }

  resize() {
    if (this.view === null) {
      if (this.found || Object.keys(this.data).length) this.give({});
      return;
    }
    const width = this.box.clientWidth;
    if (width && width !== this.width) this.again();
  }

  again() {
    this.view?.finalize();
    this.view = null;
    if (this.found || Object.keys(this.data).length) this.updates.now();
  }
}

addEventListener("visibilitychange", () => bubble(null, null));

// What stands beside the pointer: as text, whatever it is.
function bubble(event, value) {
  const box = byId("bubble");
  if (value === null || value === undefined || value === "" || !event) {
    show(box, false);
    return;
  }
  // What a dialog covers is not seen.
  const dialog = event.target?.closest?.("dialog");
  (dialog ?? document.body).append(box);
  box.replaceChildren(
    ...Object.entries(value).flatMap(([name, said]) => [
      make("span", "bubble-name", name),
      make("span", "bubble-value", String(said)),
    ]),
  );
  show(box, true);
  const { clientX: x, clientY: y } = event;
  const left = Math.min(x + 14, innerWidth - box.offsetWidth - 8);
  const top = y + 14 + box.offsetHeight > innerHeight ? y - box.offsetHeight - 10 : y + 14;
  box.style.transform = `translate(${Math.max(8, left)}px, ${Math.max(8, top)}px)`;
}
