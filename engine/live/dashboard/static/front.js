// The first page: what comes by the stream goes to those who show it.

import { answers } from "./answers.js";
import { Case } from "./case.js";
import { Drawn } from "./draw.js";
import { byId } from "./elements.js";
import { Feed } from "./feed.js";
import { Filters } from "./filters.js";
import { AlertMap } from "./map.js";
import { Rates } from "./rates.js";
import { Stream } from "./stream.js";
import { top } from "./top.js";

const stream = new Stream("/dashboard/stream");
top(stream);

const filters = new Filters(stream);
const feed = new Feed(filters);
const map = new AlertMap();
const rates = new Rates();
const minutes = { events: new Drawn("events"), alerts: new Drawn("alerts") };

const opened = new Case({
  labelled: (sequence, label) => feed.labelled(sequence, label),
  onMap: (alert) => {
    map.to(alert);
    byId("chart-map").scrollIntoView({ block: "center" });
  },
});

for (const name of ["opened", "missed"]) {
  stream.addEventListener(name, () => {
    feed.missed();
    opened.renew();
  });
}
// Without a stream there are alerts all the same.
stream.addEventListener("refused", () => feed.renew());
stream.addEventListener("alerts", ({ detail }) => {
  feed.came(detail);
  opened.came(detail);
});
stream.addEventListener("picture", ({ detail }) => {
  answers(detail);
  filters.know(detail);
  map.take(detail);
  rates.take(detail);
  const last = detail.minutes.length - 1;
  for (const [name, drawn] of Object.entries(minutes)) {
    const rows = detail.minutes.map((one, place) => ({
      at: one.minute * 1000,
      count: one[name],
      open: place === last,
    }));
    drawn.give({ rows });
  }
});
