// Rates of segments: by category, by hour and by state.

import { Drawn, REST_MS } from "./draw.js";
import { byId, cell, make, tell, write } from "./elements.js";
import { Listed } from "./listed.js";
import { Seldom } from "./seldom.js";
import { category, percent, whole } from "./words.js";

const MOST = 20;

export class Rates {
  constructor() {
    this.category = new Drawn("category");
    this.hour = new Drawn("hour");
    this.state = new Drawn("state");
    this.before = "";
    this.told = {}; // what tables show, by their names
    const tables = { category: table("category-told"), hour: table("hour-told"), state: table("state-told") };
    this.tables = new Seldom(() => {
      for (const [name, rows] of Object.entries(this.told)) tables[name].show(rows);
    }, REST_MS);
  }

  take(picture) {
    const what = picture.counted === "fraud" ? "found to be fraud, of those with a label" : "flagged";
    tell("rates-detail", `share of transactions that were ${what}, with 95\u00a0% intervals; by their lower ends, the highest first`);
    const key = JSON.stringify([picture.by_category, picture.by_hour, picture.by_state]);
    if (key === this.before) return;
    this.before = key;
    const named = (one) => ({ ...one, segment: category(one.segment) });
    const categories = picture.by_category.slice(0, MOST).map(named);
    const shown = picture.by_state.slice(0, MOST);
    this.category.give({ rows: categories });
    this.state.give({ rows: shown });
    tell("category-title", `By category${picture.by_category.length > MOST ? ", the most exposed" : ""}`);
    this.hour.give({
      rows: picture.by_hour.map((one) => ({ ...one, hour: Number.parseInt(one.segment, 10) })),
    });
    this.told = {
      category: categories,
      hour: picture.by_hour.toSorted((one, other) => one.segment - other.segment),
      state: shown,
    };
    this.tables.ask();
  }
}

// The same for who does not see it.
function table(id) {
  return new Listed(
    byId(id),
    () => {
      const element = make("tr");
      const cells = [cell(element, "", "", "th")];
      for (let column = 0; column < 5; column += 1) cells.push(cell(element, ""));
      return { element, cells };
    },
    ({ cells }, one) => {
      const shares = [one.rate, one.low, one.high].map((share) => percent(share));
      const counts = [one.events, one.cards].map((count) => whole(count));
      [one.segment, ...shares, ...counts].forEach((text, column) => write(cells[column], text));
    },
  );
}
