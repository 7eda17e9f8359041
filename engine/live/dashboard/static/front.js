// The first page: what comes by the stream goes to those who show it.

import { answers } from "./answers.js";
import { Case } from "./case.js";
import { Drawn, REST_MS } from "./draw.js";
import { byId, tell } from "./elements.js";
import { Feed } from "./feed.js";
import { Filters } from "./filters.js";
import { AlertMap } from "./map.js";
import { Rates } from "./rates.js";
import { Seldom } from "./seldom.js";
import { Stream } from "./stream.js";
import { top } from "./top.js";
import { clock, whole } from "./words.js";

const PICTURE_MS = 900; // more often than once a second nobody reads figures

const stream = new Stream("/dashboard/stream");
top(stream);

const filters = new Filters(stream);
const feed = new Feed(filters);
const map = new AlertMap();
const rates = new Rates();
const minutes = { events: new Drawn("events"), alerts: new Drawn("alerts") };
const words = new Seldom(() => {
  for (const name of Object.keys(minutes)) tell(`${name}-told`, inWords(stream.picture.minutes, name));
}, REST_MS);

const opened = new Case({
  labelled: (sequence, label) => feed.labelled(sequence, label),
  left: (sequence) => feed.focus(sequence),
  onMap: (alert) => {
    const box = byId("chart-map");
    map.to(alert);
    box.scrollIntoView({ block: "center" });
    box.focus({ preventScroll: true });
  },
});

for (const name of ["opened", "missed"]) {
  stream.addEventListener(name, () => {
    feed.missed();
    opened.renew();
  });
}
stream.addEventListener("refused", () => feed.begin());
stream.addEventListener("alerts", ({ detail }) => {
  feed.came(detail);
  opened.came(detail);
});
const pictures = new Seldom(() => take(stream.picture), PICTURE_MS);
stream.addEventListener("picture", () => pictures.ask());

function take(picture) {
  answers(picture);
  filters.know(picture);
  map.take(picture);
  rates.take(picture);
  const last = picture.minutes.length - 1;
  for (const [name, drawn] of Object.entries(minutes)) {
    const rows = picture.minutes.map((one, place) => ({
      at: one.minute * 1000,
      count: one[name],
      open: place === last,
    }));
    drawn.give({ rows });
  }
  words.ask();
}

// What a chart of minutes shows, for who does not see it.
function inWords(minutes, name) {
  if (!minutes.length) return "";
  const at = (one) => clock(one.minute * 1e6).slice(0, 5);
  const most = minutes.reduce((best, one) => (one[name] > best[name] ? one : best));
  const told = minutes.filter((one) => one[name]).map((one) => `${at(one)} ${whole(one[name])}`);
  if (!told.length) return `None from ${at(minutes[0])} to ${at(minutes.at(-1))}, UTC.`;
  return `Most in the minute of ${at(most)}, ${whole(most[name])}. All that had any, UTC: ${told.join(", ")}.`;
}
