// One alert, opened: by its own address, so that it can be sent to a colleague.

import { fetched } from "./ask.js";
import { Drawn } from "./draw.js";
import { byId, cell, make, show, tell } from "./elements.js";
import { category, dated, merchant, money, number, score, seconds, span, whole } from "./words.js";

const HASH = /^#alert-([0-9]{1,18})$/;
const WHO = "sentinelpos-who";
const VERDICT = { 1: "fraud", 0: "not fraud" };
const FULL = 100;
const RECORDED_MS = 1_500; // for so long it says that it was recorded
const SAYS = { confirm: 1, dismiss: 0, withdraw: null };

export class Case {
  constructor({ labelled, left, onMap }) {
    this.box = byId("case");
    this.labelled = labelled;
    this.left = left;
    this.timeline = new Drawn("timeline");
    this.distance = new Drawn("distance");
    this.sequence = null;
    this.alert = null; // once it is there
    this.drawn = {}; // what tables and charts show, as text
    this.asking = 0;
    this.isSaying = false;
    this.told = []; // what the ledger tells that was said of it
    this.notice = ""; // what became of what was said here
    this.then = null; // what is to be done when it is closed
    this.isEntered = false; // whether the page was there before it was opened
    this.opener = null;
    try {
      byId("who").value = localStorage.getItem(WHO) ?? "";
    } catch {
      // Then it is typed each time.
    }
    addEventListener("hashchange", () => {
      this.isEntered ||= !this.box.open;
      this.follow();
    });
    byId("case-close").addEventListener("click", () => this.box.close());
    this.box.addEventListener("close", () => this.closed());
    this.box.addEventListener("click", (event) => {
      if (event.target === this.box) this.box.close();
    });
    // Enter in the name says nothing: what is said is chosen.
    byId("verdict").addEventListener("submit", (event) => event.preventDefault());
    for (const [id, label] of Object.entries(SAYS)) {
      byId(id).addEventListener("click", (event) => {
        // The second of a double click says nothing more.
        if (event.detail < 2) this.say(label);
      });
    }
    byId("case-map").addEventListener("click", () => {
      const { alert } = this;
      this.then = () => onMap(alert);
      this.box.close();
    });
    this.follow();
  }

  follow() {
    const found = HASH.exec(location.hash);
    if (found) this.open(Number(found[1]));
    else if (this.box.open) this.box.close();
  }

  async open(sequence) {
    this.sequence = sequence;
    this.alert = null;
    this.drawn = {};
    this.notice = "";
    if (!this.box.open) {
      this.opener = document.activeElement;
      this.box.showModal();
    }
    tell("case-kicker", `Alert ${sequence}`);
    tell("case-title", "–");
    show(byId("case-body"), false);
    show(byId("case-loading"), true);
    tell("case-loading", "One moment …");
    await this.read(sequence);
  }

  // What has changed of an alert that is open: its reasons and its answer come after it.
  came(alerts) {
    if (alerts.some((one) => one.sequence === this.sequence)) this.read(this.sequence);
  }

  renew() {
    if (this.sequence !== null) this.read(this.sequence);
  }

  async read(sequence) {
    const mine = ++this.asking;
    const found = await ask(`/dashboard/alerts/${sequence}`);
    if (this.sequence !== sequence || mine !== this.asking) return;
    if (this.alert === null) {
      if (found.error) tell("case-loading", found.error);
      else this.fill(found.value);
      return;
    }
    if (found.error) return;
    const { reasons, card, features, labels } = found.value;
    const before = this.alert.label;
    this.told = labels;
    this.alert = asSaid(found.value);
    if (this.alert.label !== before) this.notice = "";
    facts(this.alert);
    why(reasons, this.alert);
    this.past(card);
    this.saw(features);
    this.verdict(this.alert.label, labels);
  }

  closed() {
    const { opener, sequence, then } = this;
    this.sequence = null;
    this.then = null;
    // Who goes back afterwards goes to what was before, not to an alert that was closed.
    if (HASH.test(location.hash)) {
      if (this.isEntered) {
        // Whoever goes back is where they were; what is to be shown is shown after that.
        if (then) addEventListener("hashchange", () => requestAnimationFrame(then), { once: true });
        history.back();
      } else history.replaceState(null, "", location.pathname + location.search);
    }
    // A row of the feed may be another alert's by now.
    const isAnothers = opener?.closest("#feed-inner") && opener.hash !== `#alert-${sequence}`;
    if (opener?.isConnected && opener !== document.body && !isAnothers) opener.focus({ preventScroll: true });
    else this.left(sequence);
    if (then && !this.isEntered) then();
    this.isEntered = false;
  }

  fill(found) {
    const { reasons, card, features, labels } = found;
    const alert = asSaid(found);
    this.alert = alert;
    this.told = labels;
    show(byId("case-loading"), false);
    show(byId("case-body"), true);
    tell("case-title", `${money(alert.amt)} at ${merchant(alert.merchant)}`);
    facts(alert);
    why(reasons, alert);
    this.past(card);
    this.saw(features);
    this.verdict(alert.label, labels);
    this.box.scrollTop = 0;
  }

  // What is shown already is left as it is: someone may be reading it.
  isNew(part, told) {
    const text = JSON.stringify(told);
    if (this.drawn[part] === text) return false;
    this.drawn[part] = text;
    return true;
  }

  past(told) {
    if (!this.isNew("card", told)) return;
    const card = told.map((one, place) => ({
      ...one,
      since: place ? one.unix_time - told[place - 1].unix_time : null,
    }));
    byId("case-card-rows").replaceChildren(
      ...[...card].reverse().map((one) => {
        const row = make("tr", one.is_this ? "this" : "");
        cell(row, dated(one.unix_time * 1e6));
        cell(row, money(one.amt), "number");
        cell(row, merchant(one.merchant));
        cell(row, category(one.category));
        cell(row, one.since === null ? "–" : span(one.since), "number");
        cell(row, one.km === null ? "–" : whole(one.km), "number");
        cell(row, score(one.score), `number${one.flagged ? " bad" : ""}`);
        return row;
      }),
    );
    const rows = card.map((one, place) => ({
      place,
      at: one.unix_time * 1000,
      // What is equal would be one bar: what is between is not seen.
      when: `${dated(one.unix_time * 1e6).slice(11, 16)} ${dated(one.unix_time * 1e6).slice(5, 10)}${"\u200b".repeat(place)}`,
      amt: one.amt,
      merchant: merchant(one.merchant),
      km: one.km,
      what: one.is_this ? "this one" : one.flagged ? "alert" : "not flagged",
    }));
    requestAnimationFrame(() => {
      this.timeline.now({ rows });
      this.distance.now({ rows });
    });
  }

  saw(features) {
    if (!this.isNew("features", features)) return;
    byId("case-feature-rows").replaceChildren(
      ...features.map((one) => {
        const row = make("tr");
        const name = cell(row, null, "feature", "th");
        name.append(make("span", "", one.doc), make("code", "", one.feature));
        cell(row, saidOf(one, one.value), "number strong");
        cell(row, saidOf(one, one.card_usual), "number");
        cell(row, saidOf(one, one.usual), "number");
        return row;
      }),
    );
  }

  verdict(label, labels) {
    const last = labels.at(-1);
    const said = VERDICT[label] ?? (last ? "withdrawn" : "");
    tell("verdict-now", this.notice || (said ? `${said}${last ? `, said ${last[1]}` : ""}` : ""));
    byId("verdict-now").className = `verdict-now ${label === 1 ? "fraud" : label === 0 ? "fine" : ""}`;
    if (label === null && document.activeElement === byId("withdraw")) byId("confirm").focus();
    show(byId("withdraw"), label !== null);
    byId("confirm").setAttribute("aria-pressed", String(label === 1));
    byId("dismiss").setAttribute("aria-pressed", String(label === 0));
    show(byId("case-history-section"), labels.length > 0);
    byId("case-history").replaceChildren(
      ...labels.map(([one, who, at]) => make("li", "", `${VERDICT[one] ?? "withdrawn"} – ${who}, ${dated(at)} UTC`)),
    );
  }

  async say(label) {
    const { alert } = this;
    if (this.isSaying || alert === null) return;
    const who = byId("who").value.trim();
    if (!who) {
      this.notify("Your name is needed.");
      byId("who").focus();
      return;
    }
    this.notify("…");
    this.saying(true);
    const found = await ask("/labels", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ event_id: alert.event_id, label, who }),
    });
    this.saying(false);
    const isOpen = this.alert?.sequence === alert.sequence;
    if (found.error) {
      if (isOpen) this.notify(found.error);
      return;
    }
    try {
      localStorage.setItem(WHO, who);
    } catch {
      // Then it is typed each time.
    }
    this.labelled(alert.sequence, label);
    if (!isOpen) return;
    this.asking += 1; // what was asked for before that does not tell it
    this.alert.label = label;
    const recorded = `${VERDICT[label] ?? "withdrawn"}, recorded`;
    this.notify(recorded);
    this.verdict(label, this.told);
    await new Promise((done) => setTimeout(done, RECORDED_MS));
    if (this.alert?.sequence !== alert.sequence) return;
    if (this.notice === recorded) this.notice = "";
    await this.read(alert.sequence);
  }

  // In place of what is said of it, until that changes or more is said here.
  notify(words) {
    this.notice = words;
    tell("verdict-now", words);
  }

  // Buttons that are not to be pressed keep the focus all the same.
  saying(isSaying) {
    this.isSaying = isSaying;
    for (const id of Object.keys(SAYS)) byId(id).setAttribute("aria-disabled", String(isSaying));
  }
}

// What is said of it is as the ledger has it; alerts hear of that a moment later.
function asSaid({ alert, labels }) {
  return { ...alert, label: labels.length ? labels.at(-1)[0] : alert.label };
}

function facts(alert) {
  const answered = alert.answered_after === null ? (alert.asked ? "none was posted: the API was asked" : "not yet") : `after ${seconds(alert.answered_after)}`;
  const told = [
    ["came", `${dated(alert.arrival_time)} UTC`],
    ["card", alert.card],
    ["amount", money(alert.amt)],
    ["merchant", merchant(alert.merchant)],
    ["category", category(alert.category)],
    ["state", alert.state],
    ["place", alert.lat === null ? null : `${alert.lat.toFixed(3)}, ${alert.long.toFixed(3)}`],
    ["score", alert.score === null ? null : `${score(alert.score)}, flagged from ${score(alert.threshold)}`],
    ["decided", alert.fallback ? `not by the model: ${alert.fallback}` : "by the model"],
    ["flag answered", answered],
    ["event", alert.event_id],
  ];
  byId("case-facts").replaceChildren(
    ...told
      .filter(([, value]) => value !== null && value !== "")
      .flatMap(([name, value]) => [make("dt", "", name), make("dd", "", value)]),
  );
  byId("case-map").disabled = alert.lat === null || alert.long === null;
}

function why(reasons, alert) {
  const most = Math.max(...reasons.map(([, contribution]) => Math.abs(contribution)), 1e-9);
  const items = reasons.map(([feature, contribution, words]) => {
    const item = make("li");
    item.append(make("span", "reason-words", words), make("span", "reason-name", feature));
    const bar = make("span", "reason-bar");
    const inner = make("span");
    inner.style.width = `${(FULL * Math.abs(contribution)) / most}%`;
    bar.append(inner);
    bar.title = `${contribution > 0 ? "+" : "−"}${Math.abs(contribution).toFixed(2)}`;
    item.append(bar);
    return item;
  });
  const none = alert.fallback ?? "The reasons follow in a moment.";
  byId("case-reasons").replaceChildren(...(items.length ? items : [make("li", "empty", none)]));
}

function saidOf(feature, value) {
  if (feature.never !== null && value === feature.never) return "never";
  if (feature.is_yes && (value === 0 || value === 1)) return value ? "yes" : "no";
  return typeof value === "string" ? value : number(value);
}

async function ask(path, options) {
  try {
    const answer = await fetched(path, options);
    if (answer.status === 401) return { error: "The session is over." };
    const body = await answer.json();
    return answer.ok ? { value: body } : { error: `${body.what}: ${body.hint}.` };
  } catch {
    return { error: "The scorer does not answer just now." };
  }
}
