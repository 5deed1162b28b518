/** Looks at once and then `everyMs` after each look has ended; a look that fails is no reason to end. Answers a function that ends it. */
export function repeat(everyMs: number, look: () => Promise<void>): () => void {
  let stopped = false;
  const run = async () => {
    while (!stopped) {
      await look().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, everyMs).unref());
    }
  };
  void run();
  return () => {
    stopped = true;
  };
}
