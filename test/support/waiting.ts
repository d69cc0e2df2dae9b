const DEADLINE_MS = 15_000;
const POLL_MS = 20;

/**
 * Waits until a condition holds, asking again and again.
 *
 * @throws {Error} naming what was waited for, when the deadline has passed
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Waited ${deadlineMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
