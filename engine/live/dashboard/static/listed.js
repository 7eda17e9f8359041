// Things below each other, as elements that stay: what differs in them is written. What is put in
// their place would leave them to be picked up, and take the focus from who is there.

export class Listed {
  // newOne: makes { element, … } for one thing; fill: writes a thing into what that made.
  constructor(box, newOne, fill) {
    this.box = box;
    this.newOne = newOne;
    this.fill = fill;
    this.ones = [];
  }

  show(things) {
    while (this.ones.length > things.length) this.drop();
    while (this.ones.length < things.length) {
      const one = this.newOne();
      this.ones.push(one);
      this.box.append(one.element);
    }
    things.forEach((thing, place) => this.fill(this.ones[place], thing));
  }

  // Who is there goes to the one before.
  drop() {
    const { element } = this.ones.pop();
    const isThere = element.contains(document.activeElement);
    element.remove();
    if (isThere) this.ones.at(-1)?.element.querySelector("a")?.focus({ preventScroll: true });
  }
}
