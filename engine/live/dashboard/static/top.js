// The line at the top of each page: whether all is well, and what is not.

import { byId, make, show, tell } from "./elements.js";
import { clock, span } from "./words.js";

const STALLED_US = 10_000_000;
const FRESH_US = 2_500_000;
const BEHIND_MS = 5_000;
// In the words of who is on call; the scorer tries to open it for as long as it runs.
const STREAM = {
  connecting: ": the stream is being opened",
  waiting: ": the stream cannot be opened, which is tried again and again",
};

export function top(stream) {
  const update = () => state(stream);
  stream.addEventListener("state", update);
  stream.addEventListener("picture", update);
  stream.addEventListener("health", update);
}

function state(stream) {
  const { picture, told } = stream;
  tell("clock", `${clock(stream.now())} UTC`);
  const found = judged(stream);
  document.body.dataset.state = found.level;
  show(byId("state"), true);
  // What counts is beside what is read out, which is said once.
  const { since = "", signSince = "" } = found;
  tell("state-words", found.words);
  tell("state-since", since);
  show(byId("sign"), found.sign !== "");
  tell("sign-words", found.sign);
  tell("sign-since", signSince && ` ${signSince}`);
  document.body.classList.toggle("stale", found.level === "bad" && picture !== null);
  troubles(told?.health.troubles ?? []);
}

function judged(stream) {
  const { picture, told } = stream;
  if (stream.isSilent) {
    const shown = picture === null ? "nothing to show yet" : `showing ${clock(picture.as_of)}`;
    if (stream.why) return { level: "bad", words: "not live", sign: `Not live, ${shown}. ${stream.why}.` };
    return { level: "bad", words: "connection lost", sign: `Connection lost, ${shown}.` };
  }
  if (stream.resumedAt !== null && performance.now() - stream.resumedAt < BEHIND_MS) {
    return { level: "wait", words: "catching up", sign: "" };
  }
  if (picture === null) {
    return { level: "wait", words: "reading the ledger", sign: "" };
  }
  if (performance.now() - stream.pictureAt > BEHIND_MS) {
    const sign = `The dashboard cannot keep up, showing ${clock(picture.as_of)}.`;
    return { level: "bad", words: "stale", sign };
  }
  const since = picture.last_event === null ? null : stream.now() - picture.last_event;
  if (since === null) return { level: "wait", words: "no event yet", sign: "" };
  if (since > STALLED_US) {
    const time = span(since / 1e6);
    const why = STREAM[told?.health.stream] ?? "";
    return {
      level: "bad",
      words: "no event",
      since: ` for ${time}`,
      sign: `Events have stopped${why}.`,
      signSince: `The last one came ${time} ago.`,
    };
  }
  if (!picture.caught_up) return { level: "wait", words: "reading the ledger", sign: "" };
  if (told && !told.health.ready) {
    return { level: "bad", words: "not ready", sign: "Events are not decided on just now." };
  }
  return { level: "good", words: "live", since: since < FRESH_US ? "" : `, last event ${span(since / 1e6)} ago`, sign: "" };
}

let before = "";
function troubles(words) {
  const key = words.join("\n");
  if (key === before) return;
  before = key;
  const list = byId("troubles");
  show(list, words.length > 0);
  list.replaceChildren(...words.map((one) => make("li", "", one)));
}
