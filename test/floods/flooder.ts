import { setPriority } from "node:os";
import { setTimeout as after } from "node:timers/promises";
import type { Flood, Targets } from "./flood.ts";
import { FloodSocket } from "./flood-socket.ts";
import { FLOODS } from "./floods.ts";

/** What a process of attackers is told to do. */
export interface Order {
  readonly floods: readonly string[];
  readonly clients: number;
  readonly seconds: number;
  readonly targets: Targets;
}

/** What it says when it is done. */
export interface Outcome {
  readonly megabytes: number;
  /** Connections that were made, and upgrades that were refused. */
  readonly connections: number;
  readonly refused: number;
}

interface Count {
  /** Written by connections that are over. */
  bytes: number;
  readonly attacking: Set<FloodSocket>;
  connections: number;
  refused: number;
}

const AGAIN_AFTER_MS = 100;
/** Attackers have machines of their own; here they share one, and must not take what servers need to be judged by. */
const PRIORITY = 10;

process.once("message", (order: Order) => {
  setPriority(PRIORITY);
  void flood(order).then((outcome) => {
    process.send?.(outcome, () => process.exit(0));
  });
});
process.once("disconnect", () => process.exit(0));

async function flood({ floods, clients, seconds, targets }: Order): Promise<Outcome> {
  const over = AbortSignal.timeout(seconds * 1000);
  const count: Count = { bytes: 0, attacking: new Set(), connections: 0, refused: 0 };
  const lines = FLOODS.filter(({ name }) => floods.includes(name)).flatMap((each) =>
    Array.from({ length: clients * (each.connections ?? 1) }, (_, n) => ({ each, n })),
  );
  const all = lines.map(async ({ each, n }) => {
    for (let again = 0; !over.aborted; again += 1) {
      const id = `${again}-${Math.floor(n / (each.connections ?? 1))}-${n % (each.connections ?? 1)}`;
      await attackOnce(each, id, targets, over, count);
      if (again > 0 || !over.aborted) await after(AGAIN_AFTER_MS);
    }
  });
  // A server that does not read any more holds an attacker back for ever: the end does not wait for it.
  await Promise.race([Promise.all(all), after(seconds * 1000 + 2000)]);
  // Those that the server does not read any more are at it still.
  for (const { bytes } of count.attacking) count.bytes += bytes;
  return { megabytes: count.bytes / 1e6, connections: count.connections, refused: count.refused };
}

async function attackOnce(
  each: Flood,
  id: string,
  targets: Targets,
  over: AbortSignal,
  count: Count,
): Promise<void> {
  const path = each.path ?? "/socketcluster/";
  const opens = path.startsWith("/socketcluster/") ? FloodSocket.open : FloodSocket.request;
  let socket: FloodSocket;
  try {
    socket = await opens(targets[each.target], path);
  } catch {
    count.refused += 1; // being refused is one of the answers that a flood may get
    return;
  }
  count.connections += 1;
  count.attacking.add(socket);
  await each.attack(socket, id, over);
  count.attacking.delete(socket);
  count.bytes += socket.bytes;
  if (socket.isOpen) socket.reset();
}
