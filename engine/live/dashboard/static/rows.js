// One alert as a row of the feed.

import { make, write } from "./elements.js";
import { category, dated, day, merchant, moment, money, score, seconds } from "./words.js";

const VERDICTS = { 1: ["fraud", "confirmed"], 0: ["fine", "dismissed"] };

export function newRow() {
  const row = make("div", "row");
  row.setAttribute("role", "listitem");
  const link = make("a", "row-link");
  link.tabIndex = -1; // arrow keys go from one to the next: by Tab there would be no end of them
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
  return { row, link, parts, alert: null, today: "" };
}

export function fill(made, alert, place, total) {
  const { row, link, parts } = made;
  row.setAttribute("aria-posinset", String(place + 1));
  row.setAttribute("aria-setsize", String(total));
  const today = day(Date.now() * 1000);
  if (made.alert === alert && made.today === today) return;
  made.alert = alert;
  made.today = today;
  link.href = `#alert-${alert.sequence}`;
  write(parts.at, moment(alert.arrival_time, today));
  parts.at.title = `${dated(alert.arrival_time)} UTC`;
  const unanswered = alert.asked ? "asked by API" : "not answered";
  write(parts.took, alert.answered_after === null ? unanswered : `in ${seconds(alert.answered_after)}`);
  parts.took.title =
    alert.asked && alert.answered_after === null
      ? "the API was asked about it: no flag is posted"
      : "from its arrival to the final answer to its flag";
  write(parts.amount, money(alert.amt));
  parts.amount.title = parts.amount.textContent;
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
