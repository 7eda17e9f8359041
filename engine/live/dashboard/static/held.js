// The alerts that the page holds: by sequence, the newest first, and no more than so many.

export const MOST = 10_000; // as many as the scorer has at hand

export class Held {
  constructor() {
    this.clear();
  }

  clear() {
    this.bySequence = new Map();
    this.order = []; // sequences, the newest first
    this.isCut = false; // whether older ones were let go of
  }

  get size() {
    return this.order.length;
  }

  at(place) {
    return this.bySequence.get(this.order[place]);
  }

  // Takes alerts in any order; tells how many of them are newer than all that were held.
  take(alerts) {
    const top = this.order[0] ?? -1;
    const newer = [];
    let sort = false;
    for (const alert of alerts) {
      const known = this.bySequence.has(alert.sequence);
      this.bySequence.set(alert.sequence, alert);
      if (known) continue;
      if (alert.sequence > top) newer.push(alert.sequence);
      else {
        this.order.push(alert.sequence);
        sort = true;
      }
    }
    if (sort) this.order.sort((one, other) => other - one);
    if (newer.length) {
      newer.sort((one, other) => other - one);
      this.order = newer.concat(this.order);
    }
    while (this.order.length > MOST) {
      this.bySequence.delete(this.order.pop());
      this.isCut = true;
    }
    return newer.length;
  }

  // Takes alerts in place of all that were held; tells how many are newer than these.
  replace(alerts) {
    const top = this.order[0] ?? -1;
    this.clear();
    this.take(alerts);
    return this.order.filter((one) => one > top).length;
  }

  // Lets go of the oldest as long as they are so; tells whether there were any.
  drop(isOld) {
    const before = this.order.length;
    while (this.order.length && isOld(this.at(this.order.length - 1))) this.bySequence.delete(this.order.pop());
    return this.order.length < before;
  }

  // Only those that are known already: what has changed of them.
  renew(alerts) {
    for (const alert of alerts) {
      if (this.bySequence.has(alert.sequence)) this.bySequence.set(alert.sequence, alert);
    }
  }
}
