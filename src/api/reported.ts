/**
 * What went wrong has been an event of the socket already: whoever calls this without waiting for it must not end the
 * process by that. Whoever waits gets the rejection.
 */
export function reported(promise: Promise<void>): Promise<void> {
  promise.catch(() => {}); // told already
  return promise;
}
