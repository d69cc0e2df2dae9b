import { describe, expect, it } from "vitest";
import { Checker, type Message } from "./checker.ts";
import type { Subscription } from "./subscription.ts";

/** One channel unless said otherwise, two publishers, and subscriptions that are open. */
function load(subscriptions = 1): { checker: Checker; open: Subscription[] } {
  const checker = new Checker(2, 2);
  const open = Array.from({ length: subscriptions }, (_, n) => checker.subscribe(0, `worker-${n + 1}`));
  for (const subscription of open) checker.opened(subscription);
  return { checker, open };
}

function acknowledged(checker: Checker, publisher = 0, now = 0): Message {
  const message = checker.publish(0, publisher, now);
  checker.acknowledge(message);
  return message;
}

describe("The checker", () => {
  it("finds nothing where each subscription gets each message once, in order", () => {
    const { checker, open } = load(2);
    for (let n = 0; n < 100; n++) {
      const message = acknowledged(checker, n % 2);
      for (const subscription of open) checker.delivered(subscription, message, n);
    }

    expect(checker.isSettled).toBe(true);
    const tally = checker.finish(100);
    expect(tally).toMatchObject({ sent: 100, acknowledged: 100, delivered: 200, unanswered: 0 });
    expect(tally).toMatchObject({ lost: 0, duplicated: 0, reordered: 0, disagreed: 0, unknown: 0 });
  });

  it("counts an acknowledged message as lost once for each subscription that did not get it", () => {
    const { checker, open } = load(3);
    acknowledged(checker);
    const last = acknowledged(checker);
    checker.delivered(open[0]!, last, 1);

    expect(checker.isSettled).toBe(false);
    expect(checker.finish(2)).toMatchObject({
      lost: 1 + 2 + 2,
      lostBy: { "worker-1": 1, "worker-2": 2, "worker-3": 2 },
    });
  });

  it("does not count rejected messages as lost, nor those without an answer, and names the errors", () => {
    const { checker } = load();
    checker.reject(checker.publish(0, 0, 0), "PublishTimeoutError");
    checker.reject(checker.publish(0, 0, 0), "PublishTimeoutError");
    checker.reject(checker.publish(0, 0, 0), "TimeoutError");
    checker.publish(0, 0, 0);

    expect(checker.isSettled).toBe(false);
    const tally = checker.finish(1);
    expect(tally).toMatchObject({ lost: 0, unanswered: 1 });
    expect(tally.rejected).toEqual({ PublishTimeoutError: 2, TimeoutError: 1 });
  });

  it("counts what comes again as doubled, however much later", () => {
    const { checker, open } = load();
    const first = acknowledged(checker);
    checker.delivered(open[0]!, first, 0);
    checker.delivered(open[0]!, acknowledged(checker), 0);
    checker.delivered(open[0]!, first, 0);

    expect(checker.finish(1)).toMatchObject({ duplicated: 1, reordered: 0, lost: 0 });
  });

  it("counts what comes behind a later one of its publisher as reordered, and not as lost or doubled", () => {
    const { checker, open } = load();
    const [first, second] = [acknowledged(checker), acknowledged(checker)];
    checker.delivered(open[0]!, second, 0);
    checker.delivered(open[0]!, first, 0);

    expect(checker.finish(1)).toMatchObject({ reordered: 1, duplicated: 0, lost: 0 });
  });

  it("lets two publishers overtake each other, but shows where two subscribers saw that differently", () => {
    const { checker, open } = load(2);
    const [one, other] = [acknowledged(checker, 0), acknowledged(checker, 1)];
    for (const message of [other, one]) checker.delivered(open[0]!, message, 0);
    for (const message of [one, other]) checker.delivered(open[1]!, message, 0);

    expect(checker.finish(1)).toMatchObject({ reordered: 0, disagreed: 1 });
  });

  it("does not take a message that one of them never got for another order", () => {
    const { checker, open } = load(2);
    const messages = [acknowledged(checker), acknowledged(checker), acknowledged(checker)];
    for (const message of messages) checker.delivered(open[0]!, message, 0);
    for (const message of [messages[0]!, messages[2]!]) checker.delivered(open[1]!, message, 0);

    expect(checker.finish(1)).toMatchObject({ disagreed: 0, lost: 1 });
  });

  it("counts deliveries of what nobody published", () => {
    const { checker, open } = load();
    checker.delivered(open[0]!, { publisher: 0, sequence: 1, position: 1 }, 0);
    checker.delivered(open[0]!, { publisher: 7, sequence: 1, position: 1 }, 0);

    expect(checker.finish(1).unknown).toBe(2);
  });

  it("owes a subscription nothing from before it was acknowledged, and welcomes what still comes of it", () => {
    const { checker } = load(0);
    const before = [acknowledged(checker), acknowledged(checker), acknowledged(checker)];
    const late = checker.subscribe(0, "late");
    checker.opened(late);
    checker.delivered(late, before[1]!, 0);
    checker.delivered(late, acknowledged(checker), 0);
    acknowledged(checker);

    expect(checker.finish(1)).toMatchObject({ lost: 1, duplicated: 0, reordered: 0 });
  });

  it("owes a subscription nothing while its client is away, says how much, and owes it again when it is back", () => {
    const { checker, open } = load();
    const [subscription] = open as [Subscription];
    acknowledged(checker);
    checker.interrupted(subscription);
    acknowledged(checker);
    checker.opened(subscription);
    acknowledged(checker);

    expect(checker.finish(1)).toMatchObject({ lost: 1, interrupted: 1, missedMeanwhile: 1 });
  });

  it("knows when a guest has all that it is owed", () => {
    const { checker, open } = load();
    const [guest] = open as [Subscription];
    const message = checker.publish(0, 0, 0);
    expect(guest.owed()).toEqual({ acknowledged: 0, pending: 1 });
    checker.acknowledge(message);
    expect(guest.owed()).toEqual({ acknowledged: 1, pending: 0 });
    checker.delivered(guest, message, 0);
    expect(guest.owed()).toEqual({ acknowledged: 0, pending: 0 });

    checker.closed(guest, 0);
    acknowledged(checker);
    expect(checker.finish(1)).toMatchObject({ lost: 0 });
  });

  it("measures the longest time for which a channel was silent though there was something to hear", () => {
    const { checker, open } = load();
    const [subscription] = open as [Subscription];
    const first = acknowledged(checker, 0, 1000);
    checker.delivered(subscription, first, 1010);
    // Nobody publishes for a while: that is no pause.
    const [second, third] = [acknowledged(checker, 0, 5000), acknowledged(checker, 1, 5100)];
    checker.delivered(subscription, second, 5300);
    checker.delivered(subscription, third, 5450);

    expect(checker.finish(9000).pause).toEqual({ longestMs: 300, channel: 0, medianMs: 0, p90Ms: 0 });
  });

  it("lets a silence that never ends last until nobody publishes any more", () => {
    const { checker } = load();
    acknowledged(checker, 0, 1000);
    checker.quiet(4000);

    expect(checker.finish(60_000).pause.longestMs).toBe(3000);
  });

  it("keeps following more messages than it reserved room for", () => {
    const { checker, open } = load();
    for (let n = 0; n < 5000; n++) checker.delivered(open[0]!, acknowledged(checker), n);
    acknowledged(checker);

    expect(checker.finish(1)).toMatchObject({ sent: 5001, lost: 1, duplicated: 0 });
  });
});
