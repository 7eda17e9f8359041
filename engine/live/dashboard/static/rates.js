// Rates of segments: by category, by hour and by state.

import { Drawn } from "./draw.js";
import { tell } from "./elements.js";
import { category } from "./words.js";

const MOST = 20;

export class Rates {
  constructor() {
    this.category = new Drawn("category");
    this.hour = new Drawn("hour");
    this.state = new Drawn("state");
    this.before = "";
  }

  take(picture) {
    const what = picture.counted === "fraud" ? "found to be fraud, of those with a label" : "flagged";
    tell("rates-detail", `share of transactions that were ${what}, with 95\u00a0% intervals; by their lower ends, the highest first`);
    const key = JSON.stringify([picture.by_category, picture.by_hour, picture.by_state]);
    if (key === this.before) return;
    this.before = key;
    const named = (one) => ({ ...one, segment: category(one.segment) });
    this.category.give({ rows: picture.by_category.slice(0, MOST).map(named) });
    this.state.give({ rows: picture.by_state.slice(0, MOST) });
    tell("category-title", `By category${picture.by_category.length > MOST ? ", the most exposed" : ""}`);
    this.hour.give({
      rows: picture.by_hour.map((one) => ({ ...one, hour: Number.parseInt(one.segment, 10) })),
    });
  }
}
