import { describe, expect, it } from "vitest";
import { Layout, type Shape } from "./layout.ts";

const shapes: readonly (readonly [string, Shape])[] = [
  ["one channel", { subscribers: 7, channels: 1, channelsPerSubscriber: 1, publishers: 4 }],
  ["a channel for each", { subscribers: 20, channels: 20, channelsPerSubscriber: 1, publishers: 3 }],
  ["several channels each", { subscribers: 10, channels: 7, channelsPerSubscriber: 3, publishers: 7 }],
  ["more publishers than channels", { subscribers: 6, channels: 4, channelsPerSubscriber: 2, publishers: 9 }],
  [
    "two fan-outs",
    { subscribers: 12, channels: 6, channelsPerSubscriber: 1, fanOuts: [2, 10], publishers: 4 },
  ],
];

describe("A layout", () => {
  it.each(shapes)("gives every feed one publisher and every subscription its own tracks: %s", (_, shape) => {
    const layout = new Layout(shape);
    const feeds = [];
    for (let publisher = 0; publisher < shape.publishers; publisher++)
      for (let place = 0; place < layout.feedsOf(publisher); place++) {
        const feed = layout.feedAt(publisher, place);
        expect(layout.publisherOf(feed)).toBe(publisher);
        expect(layout.feed(publisher, layout.channelOf(feed))).toBe(feed);
        feeds.push(feed);
      }
    const tracks = [];
    for (let subscriber = 0; subscriber < shape.subscribers; subscriber++)
      for (const feed of feeds) {
        const track = layout.track(subscriber, feed);
        expect(track >= 0).toBe(layout.channelsOf(subscriber).includes(layout.channelOf(feed)));
        if (track >= 0) tracks.push(track);
      }

    expect(feeds.toSorted((a, b) => a - b)).toEqual(Array.from({ length: layout.feeds }, (__, at) => at));
    expect(tracks.toSorted((a, b) => a - b)).toEqual(Array.from({ length: layout.tracks }, (__, at) => at));
  });

  it("spreads subscriptions evenly over channels", () => {
    const layout = new Layout({ subscribers: 10, channels: 4, channelsPerSubscriber: 2, publishers: 1 });

    expect([0, 1, 2, 3].map((channel) => layout.fanOut(channel))).toEqual([5, 5, 5, 5]);
  });

  it("gives channels the fan-outs asked for, in turn, and subscribers about as many channels each", () => {
    const layout = new Layout({
      subscribers: 100,
      channels: 10,
      channelsPerSubscriber: 1,
      fanOuts: [10, 100],
      publishers: 1,
    });
    const counts = Array.from({ length: 100 }, (_, subscriber) => layout.channelsOf(subscriber).length);

    expect([0, 1, 2, 3].map((channel) => layout.fanOut(channel))).toEqual([10, 100, 10, 100]);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    expect(layout.subscriptions).toBe(550);
  });

  it("knows no feed of a publisher that does not exist, or publishes elsewhere", () => {
    const layout = new Layout({ subscribers: 1, channels: 4, channelsPerSubscriber: 1, publishers: 2 });

    expect([layout.feed(2, 0), layout.feed(0, 4), layout.feed(0, 1)]).toEqual([-1, -1, -1]);
  });
});
