// The map: alerts in hexagons of one size on the screen, whatever part of the country is shown.

import { Drawn, REST_MS } from "./draw.js";
import { byId, show, tell } from "./elements.js";
import { OUTLINE, STATES } from "./places.js";
import { projected } from "./projection.js";
import { Seldom } from "./seldom.js";
import { several, whole } from "./words.js";

const RADIUS_PX = 9;
const FILLED = 0.97; // a thin line is left between hexagons
const ALL = { x: 0, y: -0.02, width: 2.12 };
const CLOSE = 0.34;
const STEP = 1.7;
const LEAST = 0.05;
const MOVE = 0.1; // of what is shown, by a key
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const MAP_REST_MS = 15_000; // it is the largest of what is drawn
const DENSE = 2; // degrees between points of a line, so that parallels bend

const states = Object.entries(STATES).map(([state, [long, lat]]) => {
  const [x, y] = projected(long, lat);
  return { state, x, y };
});

const named = states.filter((one) => one.state !== "DC"); // there is no room for it

const land = OUTLINE.flatMap(([long, lat], place) => {
  const [toLong, toLat] = OUTLINE[Math.min(place + 1, OUTLINE.length - 1)];
  const pieces = Math.max(1, Math.ceil(Math.abs(toLong - long) / DENSE));
  return Array.from({ length: pieces }, (_, piece) => {
    const share = piece / pieces;
    return projected(long + share * (toLong - long), lat + share * (toLat - lat));
  });
}).map(([x, y], order) => ({ x, y, order, part: "48" }));

export class AlertMap {
  constructor() {
    this.drawn = new Drawn("map", { fills: true, rest: MAP_REST_MS });
    this.box = byId("chart-map");
    this.shown = { ...ALL };
    this.places = [];
    this.told = "";
    this.marked = [];
    this.words = new Seldom(() => tell("map-told", inWords(this.places)), REST_MS);
    byId("map-in").addEventListener("click", () => this.zoom(1 / STEP));
    byId("map-out").addEventListener("click", () => this.zoom(STEP));
    byId("map-all").addEventListener("click", () => {
      this.shown = { ...ALL };
      this.marked = [];
      this.tell(true);
    });
    this.box.addEventListener("dblclick", () => this.zoom(1 / STEP));
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.drag();
    // Not before there is something to draw: what is drawn rests a while.
    new ResizeObserver(() => this.told && this.tell(false)).observe(this.box);
  }

  take(picture) {
    const told = JSON.stringify(picture.places);
    if (told === this.told) return;
    this.told = told;
    this.places = picture.places
      .filter((one) => one.lat !== null && one.long !== null)
      .map((one) => {
        const [x, y] = projected(one.long, one.lat);
        return { x, y, alerts: one.alerts };
      });
    const alerts = this.places.reduce((sum, one) => sum + one.alerts, 0);
    tell("map-detail", alerts ? `${several(alerts, "alert")} with a place.` : "No alert with a place.");
    show(byId("map-legend"), alerts > 0);
    this.words.ask();
    this.tell(false);
  }

  to(alert) {
    if (alert.lat === null || alert.long === null) return;
    const [x, y] = projected(alert.long, alert.lat);
    this.shown = { x, y, width: CLOSE };
    this.marked = [{ x, y }];
    this.tell(true);
  }

  hexagons(radius) {
    const found = hexagons(this.places, radius);
    tell("map-most", whole(Math.max(0, ...found.map((one) => one.alerts))));
    return found;
  }

  zoom(factor) {
    this.shown.width = Math.min(ALL.width, Math.max(LEAST, this.shown.width * factor));
    if (this.shown.width === ALL.width) this.shown = { ...ALL };
    this.tell(true);
  }

  get isClose() {
    return this.shown.width < ALL.width;
  }

  key(event) {
    const move = KEYS[event.key];
    if (!move || !this.isClose) return;
    event.preventDefault();
    this.shown.x += move[0] * MOVE * this.shown.width;
    this.shown.y += move[1] * MOVE * this.shown.width;
    this.tell(true);
  }

  drag() {
    let from = null;
    this.box.addEventListener("pointerdown", (event) => {
      if (from || !this.isClose) return;
      from = { pointer: event.pointerId, x: event.clientX, y: event.clientY, shown: { ...this.shown } };
      this.box.setPointerCapture(event.pointerId);
    });
    this.box.addEventListener("pointermove", (event) => {
      if (event.pointerId !== from?.pointer) return;
      const unit = from.shown.width / this.box.clientWidth;
      this.shown.x = from.shown.x - (event.clientX - from.x) * unit;
      this.shown.y = from.shown.y + (event.clientY - from.y) * unit;
      this.tell(true);
    });
    for (const name of ["pointerup", "pointercancel"]) {
      this.box.addEventListener(name, () => {
        from = null;
      });
    }
  }

  tell(atOnce) {
    const width = this.box.clientWidth;
    const height = this.box.clientHeight;
    this.box.classList.toggle("close", this.isClose);
    if (!width || !height) return;
    const { x, y, width: across } = this.shown;
    const unit = across / width;
    const data = () => ({
      land,
      states: named,
      rows: this.hexagons(RADIUS_PX * unit),
      marked: this.marked,
    });
    const half = (height * unit) / 2;
    const signals = { x0: x - across / 2, x1: x + across / 2, y0: y - half, y1: y + half };
    if (atOnce) this.drawn.now(data, signals);
    else this.drawn.give(data, signals);
  }
}

// Hexagons with a corner at the top, of this radius, and how many alerts are in each.
function hexagons(places, radius) {
  const across = radius * Math.sqrt(3);
  const down = radius * 1.5;
  const found = new Map();
  for (const { x, y, alerts } of places) {
    const [column, row] = nearest(x / across, y / down);
    const key = `${column}:${row}`;
    const one = found.get(key);
    if (one) one.alerts += alerts;
    else found.set(key, { x: column * across, y: row * down, alerts });
  }
  const size = (2 * RADIUS_PX * FILLED) ** 2;
  return [...found.values()].map((one) => ({ ...one, size, near: near(one.x, one.y) }));
}

// Of the hexagon that a point is in, the middle: every other row is half a hexagon to the right.
function nearest(x, y) {
  let best = null;
  const base = Math.floor(y);
  for (const row of [base, base + 1]) {
    const shift = row % 2 === 0 ? 0 : 0.5;
    const column = Math.round(x - shift) + shift;
    const distance = 3 * (x - column) ** 2 + 2.25 * (y - row) ** 2;
    if (best === null || distance < best.distance) best = { column, row, distance };
  }
  return [best.column, best.row];
}

// The same for who does not see it.
function inWords(places) {
  const counts = new Map();
  for (const { x, y, alerts } of places) {
    const state = near(x, y);
    counts.set(state, (counts.get(state) ?? 0) + alerts);
  }
  const found = [...counts].sort((one, other) => other[1] - one[1]);
  if (!found.length) return "";
  return `By the state whose middle is nearest: ${found.map(([state, alerts]) => `${state} ${whole(alerts)}`).join(", ")}.`;
}

function near(x, y) {
  let best = null;
  for (const one of states) {
    const distance = (x - one.x) ** 2 + (y - one.y) ** 2;
    if (best === null || distance < best.distance) best = { state: one.state, distance };
  }
  return best.state;
}
