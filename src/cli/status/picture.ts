import { z } from "zod";

/** The cluster as scc-state draws it for those who look; fields that other releases add are left out. */
const usage = {
  pid: z.number().optional(),
  /** Processor time per time: 1 is one core. */
  cpu: z.number().optional(),
  rssBytes: z.number().optional(),
  numbers: z.record(z.string(), z.number()).optional(),
  perSecond: z.record(z.string(), z.number()).optional(),
};

const memberSchema = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(["broker", "worker"]),
  isUpstream: z.boolean(),
  state: z.string(),
  since: z.number().optional(),
  share: z.number().optional(),
  accused: z.array(z.string()),
  ...usage,
});

export const pictureSchema = z.object({
  at: z.number(),
  release: z.string(),
  state: z.object({ id: z.string(), since: z.number(), ...usage }),
  ring: z.object({
    counter: z.number(),
    stateId: z.string(),
    placement: z.string(),
    since: z.number().optional(),
    settled: z.boolean(),
  }),
  members: z.array(memberSchema),
  unlisted: z.number(),
  totals: z.object({
    connections: z.number(),
    subscriptions: z.number(),
    channels: z.number(),
    publishes: z.number(),
    deliveries: z.number(),
    latencyP50: z.number().optional(),
    latencyP99: z.number().optional(),
  }),
  hot: z.array(z.object({ channel: z.string(), perSecond: z.number(), ownerId: z.string() })),
});

export type Picture = z.infer<typeof pictureSchema>;
export type Member = Picture["members"][number];

const WELL: readonly string[] = ["in ring", "serving"];

export function isWell({ state }: Member): boolean {
  return WELL.includes(state);
}

/** Whether there is a ring, it has settled, and every member is where it should be. */
export function isHealthy({ ring, members }: Picture): boolean {
  const isServed = members.some(({ role, state }) => role === "broker" && state === "in ring");
  return isServed && ring.settled && members.every((member) => member.state === "gone" || isWell(member));
}

/** Whether all members that report have done so twice, so that rates are known. */
export function isComplete({ members }: Picture): boolean {
  const silent = ["away", "gone"];
  return members.every(
    ({ isUpstream, state, cpu }) => isUpstream || silent.includes(state) || cpu !== undefined,
  );
}
