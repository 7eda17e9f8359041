// The page of the model: all but drift stands in it.

import { fetched } from "./ask.js";
import { byId, cell, make, show, tell } from "./elements.js";
import { Stream } from "./stream.js";
import { top } from "./top.js";
import { dated, number, whole } from "./words.js";

const AGAIN_MS = 60_000;
const MICRO = 1_000_000;
const MOVED = new Set(["moderate", "shifted"]);

top(new Stream("/dashboard/stream"));

function row(one) {
  const found = make("tr");
  cell(found, null, "feature", "th").append(make("span", "", one.doc), make("code", "", one.name));
  cell(found, one.psi.toFixed(3), "number");
  cell(found, one.by_chance.toFixed(3), "number");
  cell(found, one.word, MOVED.has(one.word) ? "bad" : "");
  return found;
}

function about(drift) {
  const moved = drift.features.filter((one) => MOVED.has(one.word)).length;
  const open = drift.features.filter((one) => !MOVED.has(one.word) && one.word !== "stable").length;
  return (
    `The population stability index of the latest ${whole(drift.events)} transactions of ` +
    `${whole(drift.cards)} cards, ${dated(drift.since * MICRO)} to ${dated(drift.until * MICRO)}: ` +
    `${moved || "none"} of ${drift.features.length} features surely moved` +
    `${open ? `, of ${open} it cannot be told` : ""}. Moderate from ${number(drift.moderate_from)}, ` +
    `shifted from ${number(drift.shifted_from)}, if a form of the index that rare values do not ` +
    "swell, and that is never larger, is beyond what chance stays below in all but one of a " +
    "thousand samples."
  );
}

async function ask() {
  try {
    const answer = await fetched("/dashboard/drift");
    const told = await answer.json();
    if (answer.ok) {
      tell("drift-about", about(told));
      byId("drift-rows").replaceChildren(...[told.score, ...told.features].map(row));
    } else {
      tell("drift-about", `Not known: ${told.what}.`);
    }
    show(byId("drift-scroll"), answer.ok);
  } catch {
    tell("drift-about", "Not known: the scorer does not answer.");
    show(byId("drift-scroll"), false);
  }
}

ask();
setInterval(ask, AGAIN_MS);
