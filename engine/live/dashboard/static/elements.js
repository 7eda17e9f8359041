// Elements of the page. Whatever is shown is text: nothing here reads markup.

import { plain } from "./words.js";

export const byId = (id) => document.getElementById(id);

export function make(tag, className = "", text = null) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== null) element.textContent = plain(text);
  return element;
}

export function tell(id, text) {
  write(byId(id), text);
}

// Only what differs is written: who hears the page is not told the same again. Texts of the page are
// new several times a second, and each that is put in another's place leaves that to be picked up.
export function write(element, text) {
  const said = plain(text);
  if (element.textContent === said) return;
  const { firstChild: first, lastChild: last } = element;
  if (first !== null && first === last && first.nodeType === Node.TEXT_NODE) first.data = said;
  else element.textContent = said;
}

export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

export function cell(row, text, className = "", tag = "td") {
  const element = make(tag, className, text);
  if (tag === "th") element.scope = "row";
  row.append(element);
  return element;
}
