// What is done whenever it is asked for, but not more often than eyes need it.

export class Seldom {
  // rest: for how many milliseconds what was done stands.
  constructor(work, rest) {
    this.work = work;
    this.rest = rest;
    this.at = -rest;
    this.waiting = 0;
  }

  ask() {
    if (this.waiting) return;
    const rest = Math.max(0, this.at + this.rest - performance.now());
    this.waiting = setTimeout(() => this.now(), rest);
  }

  now() {
    clearTimeout(this.waiting);
    this.waiting = 0;
    this.at = performance.now();
    return this.work();
  }
}
