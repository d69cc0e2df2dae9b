import { World } from "./world.ts";

const [profile, seed, at] = process.argv.slice(2);
const world: any = new World({
  profile: profile as any,
  seed: Number(seed),
  checkers: [
    () => ({
      invariant: 2,
      stepped(_m: any, inspect: any) {
        if (done || world.scheduler.now < Number(at)) return;
        done = true;
        const ids = new Map(inspect.brokers.map((b: any) => [b.service.instanceId, b.process.name]));
        for (const w of inspect.workers) ids.set(w.broker ? (w.instanceId ?? w.life) : "", w.process.name);
        for (const b of inspect.brokers) {
          const o = b.service.owner;
          console.log(
            b.process.name,
            b.service.instanceId.slice(0, 8),
            "ring",
            b.service.ring.version.counter,
            "missing",
            [...o.handover.missing].map((i: string) => ids.get(i) ?? i.slice(0, 8)),
            "left",
            o.handover.leftCount,
            "settled",
            o.handover.isSettled,
            "unack",
            o.unacknowledgedCount,
            "links",
            b.service.linkCount,
            "awaits",
            o.waitingBytes,
            "held",
            b.service.held.count,
          );
        }
      },
    }),
  ] as any,
});
let done = false;
await world.run();
