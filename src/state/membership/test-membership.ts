import { expect } from "vitest";
import type { Ring } from "../../cluster/ring/ring.ts";
import { type Delays, type Member, Membership } from "./membership.ts";

export const delays: Delays = { startup: 5000, scaleOut: 5000, scaleBack: 1000 };
export const broker = (name: string, port = name): Member => ({
  instanceId: name,
  uri: `ws://h:${port}`,
  role: "broker",
});
export const worker = (name: string): Member => ({ instanceId: name, uri: `ws://w:${name}`, role: "worker" });
export const names = (ring: Ring | undefined): string[] | undefined =>
  ring?.brokers.map(({ instanceId }) => instanceId);

/** Brokers have links with all that there may be. */
const EVERYBODY = [..."abcdefghxyz", "a2", ...Array.from({ length: 21 }, (_, n) => `b${n * 1000}`)];

/** A scc-state that has run for a while, with these brokers in its ring, settled. */
export function running(...brokers: string[]): Membership {
  const membership = new Membership("s1", delays, 0);
  for (const name of brokers) join(membership, broker(name), 0);
  expect(names(membership.next(10_000))).toEqual(brokers);
  settle(membership);
  return membership;
}

export function join(membership: Membership, member: Member, now: number): void {
  membership.joined(member);
  membership.verified(member.instanceId, now);
  membership.linked(member.instanceId, EVERYBODY);
}

export function settle(membership: Membership): void {
  for (const { instanceId } of membership.ring.brokers)
    membership.settled(instanceId, membership.ring.version);
}
