// The three answers, and the numbers of the moment.

import { byId, cell, make, show, tell, write } from "./elements.js";
import { Listed } from "./listed.js";
import { NONE, clock, money, percent, seconds, several, whole } from "./words.js";

const MOST_AGES = 8;
const SHOWN_PERCENT = 100;

export function answers(picture) {
  patterns(picture.patterns);
  count(picture);
  exposed(picture);
  now(picture);
}

let patternsBefore = "";
function patterns(found) {
  const key = JSON.stringify(found);
  if (key === patternsBefore) return;
  patternsBefore = key;
  show(byId("patterns-empty"), found.length === 0);
  const most = Math.max(1, ...found.map((one) => one.alerts));
  patternList.show(found.map((one) => ({ ...one, length: one.alerts / most })));
}

const patternList = new Listed(
  byId("patterns"),
  () => {
    const element = make("li");
    const link = make("a", "pattern");
    link.title = "Open its strongest alert";
    const parts = { element, link };
    for (const [name, tag] of [["words", "span"], ["count", "strong"], ["names", "span"], ["more", "span"]]) {
      parts[name] = make(tag, `pattern-${name}`);
    }
    const bar = make("span", "pattern-bar");
    bar.setAttribute("aria-hidden", "true");
    parts.bar = make("span");
    bar.append(parts.bar);
    link.append(line(parts.words, parts.count), line(parts.names, parts.more), bar);
    element.append(link);
    return parts;
  },
  (parts, one) => {
    parts.link.href = `#alert-${one.example}`;
    write(parts.words, one.words || one.pattern);
    write(parts.count, whole(one.alerts));
    write(parts.names, one.pattern);
    parts.names.title = one.pattern;
    write(parts.more, [percent(one.share, 0), several(one.cards, "card"), money(one.money)].join(" · "));
    parts.bar.style.width = `${SHOWN_PERCENT * one.length}%`;
  },
);

function line(...parts) {
  const found = make("span", "pattern-line");
  found.append(...parts);
  return found;
}

function count(picture) {
  tell("count", whole(picture.alerts_2h));
  const { minutes } = picture;
  const alerts = minutes.reduce((sum, one) => sum + one.alerts, 0);
  const events = minutes.reduce((sum, one) => sum + one.events, 0);
  const share = events ? `, ${percent(alerts / events)} of ${several(events, "transaction")}` : "";
  // Minutes of the clock: an hour, but for what is left of the one that has begun.
  const since = minutes.length ? ` since ${clock(minutes[0].minute * 1e6).slice(0, 5)}` : "";
  tell("count-detail", `${whole(alerts)} of them${since}${share}`);
}

// It stays in one piece where lines break.
const interval = (one) => `[${percent(one.low)},\u00a0${percent(one.high)}]`;

let agesBefore = "";
function exposed(picture) {
  const ages = picture.exposed;
  const first = ages[0];
  tell("exposed", first ? `${first.segment}: ${percent(first.rate)} ${interval(first)}` : "–");
  const what = picture.counted === "fraud" ? "found to be fraud" : "flagged";
  tell(
    "exposed-detail",
    first
      ? `${whole(first.hits)} of ${several(first.events, "transaction")} on ${several(first.cards, "card")} ${what}; 95\u00a0% interval in brackets, by whose lower end segments are ordered`
      : "Too few transactions to tell yet.",
  );
  const key = JSON.stringify(ages);
  if (key === agesBefore) return;
  agesBefore = key;
  show(byId("ages"), ages.length > 1);
  tell("ages-counted", picture.counted === "fraud" ? "fraud" : "flagged");
  ageList.show(ages.slice(1, MOST_AGES));
}

const ageList = new Listed(
  byId("ages-rows"),
  () => {
    const element = make("tr");
    const segment = cell(element, "", "", "th");
    return { element, segment, rate: cell(element, "", "number"), interval: cell(element, "", "number") };
  },
  (cells, one) => {
    write(cells.segment, one.segment);
    write(cells.rate, percent(one.rate));
    write(cells.interval, interval(one));
  },
);

function now(picture) {
  // The minute that has begun is not whole; the one before is.
  const whole_ = picture.minutes.slice(0, -1);
  const last = whole_.at(-1) ?? { events: 0, alerts: 0 };
  // Before the first event of the hour nothing may have run.
  const begun = whole_.findIndex((one) => one.events > 0);
  const ran = begun < 0 ? [] : whole_.slice(begun);
  const mean = (name) => ran.reduce((sum, one) => sum + one[name], 0) / ran.length;
  const inMean = (name, words) =>
    ran.length > 1 ? `${words(mean(name))} in the mean of ${several(ran.length, "minute")}` : "";
  // The first minute of all has not ended yet: nothing is known of any.
  const isFirst = begun < 0 && picture.minutes.at(-1)?.events > 0;
  const when = isFirst ? "the first minute has not ended" : `in the last whole minute${whole_.length ? `, ${clock(last.minute * 1e6).slice(0, 5)}` : ""}`;
  for (const [name, words] of [["events", whole], ["alerts", (one) => one.toFixed(1)]]) {
    tell(`${name}-now`, isFirst ? NONE : whole(last[name]));
    tell(`${name}-detail`, [when, inMean(name, words)].filter(Boolean).join("; "));
  }
  const { answered } = picture;
  tell("on-time", percent(answered.share, answered.share === 1 ? 0 : 2));
  tell(
    "on-time-detail",
    answered.final
      ? `${whole(answered.on_time)} of ${several(answered.final, "flag")} in the last hour, ${whole(answered.expired)} expired`
      : "no flag has its final answer yet",
  );
  tell("p50", seconds(answered.p50));
  tell("p99", seconds(answered.p99));
  const bar = byId("p99-bar");
  show(bar, answered.p99 !== null);
  if (answered.p99 === null) {
    tell("deadline", "");
    return;
  }
  const share = Math.min(1, answered.p99 / answered.deadline);
  bar.style.width = `${SHOWN_PERCENT * share}%`;
  bar.classList.toggle("late", share > 0.8);
  tell("deadline", `p99 is ${percent(share, share < 0.1 ? 1 : 0)} of the ${seconds(answered.deadline)} deadline`);
}
