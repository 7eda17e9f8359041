// Rates of segments: by category, by hour and by state.

import { Drawn } from "./draw.js";
import { byId, cell, make, tell, write } from "./elements.js";
import { category, percent, whole } from "./words.js";

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
    const categories = picture.by_category.slice(0, MOST).map(named);
    const shown = picture.by_state.slice(0, MOST);
    this.category.give({ rows: categories });
    this.state.give({ rows: shown });
    inTable("category-told", categories);
    inTable("state-told", shown);
    tell("category-title", `By category${picture.by_category.length > MOST ? ", the most exposed" : ""}`);
    inTable("hour-told", picture.by_hour.toSorted((one, other) => one.segment - other.segment));
    this.hour.give({
      rows: picture.by_hour.map((one) => ({ ...one, hour: Number.parseInt(one.segment, 10) })),
    });
  }
}

// The same for who does not see it. Rows stay, and what differs in them is written: with each update
// as many elements as these would be left to be picked up.
function inTable(id, segments) {
  const body = byId(id);
  while (body.rows.length > segments.length) body.deleteRow(-1);
  while (body.rows.length < segments.length) body.append(newRow());
  segments.forEach((one, place) => {
    const shares = [one.rate, one.low, one.high].map(percent);
    const counts = [one.events, one.cards].map(whole);
    const { cells } = body.rows[place];
    [one.segment, ...shares, ...counts].forEach((text, column) => write(cells[column], text));
  });
}

function newRow() {
  const row = make("tr");
  cell(row, "", "", "th");
  for (let column = 0; column < 5; column += 1) cell(row, "");
  return row;
}
