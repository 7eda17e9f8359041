// The page of operations: what waits, what went wrong, what has been done.

import { fetched } from "./ask.js";
import { byId, cell, make, show, tell } from "./elements.js";
import { Stream } from "./stream.js";
import { top } from "./top.js";
import { NONE, clock, percent, seconds, span, whole } from "./words.js";

const stream = new Stream("/dashboard/stream");
top(stream);

const STREAM = { connecting: "being opened", waiting: "not open", open: "open" };

stream.addEventListener("health", ({ detail }) => {
  const { health, since_start: counted, deadline } = detail;
  tell("op-stream", STREAM[health.stream] ?? health.stream);
  tell("op-last", health.last_event_seconds === null ? "no event yet" : `last event ${span(health.last_event_seconds)} ago`);
  tell("op-queue", whole(health.queue));
  tell("op-lag", health.queue ? `the oldest for ${seconds(health.lag_seconds)}` : "nothing waits");
  tell("op-pending", whole(health.pending));
  tell("op-deadline", `each has ${seconds(deadline)}`);
  tell("op-snapshot", health.snapshot_seconds === null ? "not yet" : `${span(health.snapshot_seconds)} ago`);
  tell("op-run", `run ${health.run_id}`);
  show(byId("op-well"), health.troubles.length === 0);
  byId("op-troubles").replaceChildren(...health.troubles.map((one) => make("li", "", one)));
  counts(counted);
});

stream.addEventListener("picture", ({ detail: { answered } }) => {
  tell("op-final", whole(answered.final));
  tell("op-on-time", answered.final ? `${whole(answered.on_time)} (${percent(answered.share, 2)})` : "–");
  tell("op-expired-hour", whole(answered.expired));
  tell("op-p50", seconds(answered.p50));
  tell("op-p99", seconds(answered.p99));
});

const NAMES = [
  ["events of the stream", (all) => all.events.stream],
  ["events of the API", (all) => all.events.api],
  ["alerts", (all) => all.alerts],
  ["decisions that were not the model’s (fallbacks)", (all) => all.fallbacks, true],
  ["flags recorded by the other side", (all) => all.recorded],
  ["flags refused by the other side", (all) => all.refused, true],
  ["flags expired", (all) => all.expired, true],
  ["attempts to post that are tried again", (all) => all.retries],
  ["times the stream was opened again", (all) => all.reconnects],
  ["duplicates", (all) => all.duplicates],
  ["events that could not be read", (all) => all.unreadable, true],
  ["events that came late", (all) => all.late],
  ["times the ledger did not take a batch", (all) => all.ledger_failures, true],
  ["models taken up", (all) => all.models],
];
const cells = NAMES.map(([name]) => {
  const row = make("tr");
  cell(row, name, "", "th");
  const value = cell(row, "–", "number");
  byId("op-counts").append(row);
  return value;
});

function counts(all) {
  NAMES.forEach(([, read, isBad], place) => {
    const value = read(all);
    cells[place].textContent = whole(value);
    cells[place].classList.toggle("bad", Boolean(isBad) && value > 0);
  });
}

const ASK_MS = 10_000;
const WHAT = {
  fallback: "decided without the model",
  quarantined: "could not be read",
  refused: "flag refused",
  expired: "flag expired",
  retry: "flag posted again",
};

// What could not be read is decided on without the model: one event, told twice.
const SAME = {
  "fallback unreadable": "unreadable: these are among the transactions that “could not be read”, and are told there again with the reason",
};

function fault(one) {
  const row = make("tr");
  cell(row, WHAT[one.what] ?? one.what, one.what === "retry" ? "" : "bad", "th");
  cell(row, SAME[`${one.what} ${one.why}`] ?? (one.why || NONE), "wide");
  cell(row, whole(one.times), "number");
  cell(row, clock(one.latest), "number");
  return row;
}

async function faults() {
  try {
    const answer = await fetched("/dashboard/faults");
    // What was told before stays: the line at the top says that nothing more comes.
    if (!answer.ok) return;
    const told = await answer.json();
    byId("op-faults").replaceChildren(...told.map(fault));
    show(byId("op-faults-scroll"), told.length > 0);
    show(byId("op-faultless"), told.length === 0);
  } catch {
    // The same.
  }
}

faults();
setInterval(faults, ASK_MS);
