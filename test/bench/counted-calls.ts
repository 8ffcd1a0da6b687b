/** Counts of calls by what was called: `lake.read`. */
export type Calls = Record<string, number>;

/** Counts the calls to ports, whatever methods they have. */
export class CallCounter {
  #calls: Calls = {};

  /** @param name of the port in the counts */
  counting<Port extends object>(name: string, port: Port): Port {
    return new Proxy(port, {
      get: (target, method) => {
        const member: unknown = Reflect.get(target, method, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          const call = `${name}.${String(method)}`;
          this.#calls[call] = (this.#calls[call] ?? 0) + 1;
          return Reflect.apply(member, target, args);
        };
      },
    });
  }

  /** The calls since the last time that they were taken. */
  take(): Calls {
    const calls = this.#calls;
    this.#calls = {};
    return calls;
  }
}
