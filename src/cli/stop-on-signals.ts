/** Signals closer together than this are one wish to stop: npm passes on what the terminal sent already. */
const SAME_WISH_MS = 500;

/** The first Ctrl-C ends the run and shows what there is, a second one ends everything. */
export function stopOnSignals(): AbortSignal {
  const controller = new AbortController();
  let firstAt: number | undefined;
  const stop = (): void => {
    if (firstAt !== undefined && performance.now() - firstAt >= SAME_WISH_MS) process.exit(130);
    firstAt ??= performance.now();
    controller.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
  return controller.signal;
}
