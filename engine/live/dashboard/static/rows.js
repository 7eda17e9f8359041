// One alert as a row of the feed.

import { make, write } from "./elements.js";
import { category, clock, dated, merchant, money, score, seconds } from "./words.js";

const VERDICTS = { 1: ["fraud", "confirmed"], 0: ["fine", "dismissed"] };

export function newRow() {
  const row = make("div", "row");
  row.setAttribute("role", "listitem");
  const link = make("a", "row-link");
  const parts = {};
  for (const name of ["time", "amt", "who", "where", "score", "why", "verdict"]) {
    parts[name] = make("span", `row-${name}`);
    link.append(parts[name]);
  }
  parts.at = make("span");
  parts.took = make("small");
  parts.time.append(parts.at, parts.took);
  parts.amount = make("span");
  parts.card = make("small");
  parts.amt.append(parts.amount, parts.card);
  row.append(link);
  return { row, link, parts, alert: null };
}

export function fill(made, alert, place, total) {
  const { row, link, parts } = made;
  row.setAttribute("aria-posinset", String(place + 1));
  row.setAttribute("aria-setsize", String(total));
  if (made.alert === alert) return;
  made.alert = alert;
  link.href = `#alert-${alert.sequence}`;
  write(parts.at, clock(alert.arrival_time));
  parts.at.title = `${dated(alert.arrival_time)} UTC`;
  write(parts.took, alert.answered_after === null ? "not answered" : `in ${seconds(alert.answered_after)}`);
  parts.took.title = "from its arrival to the final answer to its flag";
  write(parts.amount, money(alert.amt));
  write(parts.card, alert.card ?? "");
  write(parts.who, merchant(alert.merchant));
  write(parts.where, [category(alert.category), alert.state].filter(Boolean).join(" · "));
  write(parts.score, alert.score === null ? "" : score(alert.score));
  const why = alert.reasons.length ? alert.reasons.join(" · ") : alert.fallback;
  write(parts.why, why ?? "reasons follow");
  parts.why.title = parts.why.textContent;
  const [kind, words] = VERDICTS[alert.label] ?? ["", ""];
  write(parts.verdict, words);
  parts.verdict.className = `row-verdict ${kind}`;
}
