/** One change of a task at a time, in the order asked for. */
export type Turn = <T>(id: string, work: () => Promise<T>) => Promise<T>;

export function inTurn(): Turn {
  const last = new Map<string, Promise<unknown>>();
  return async (id, work) => {
    const before = last.get(id) ?? Promise.resolve();
    const mine = before.then(work, work);
    last.set(id, mine);
    try {
      return await mine;
    } finally {
      if (last.get(id) === mine) last.delete(id);
    }
  };
}
