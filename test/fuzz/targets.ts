import type { Overview } from "../../src/cluster/registration/state-messages.ts";
import { NO_RING, type Ring } from "../../src/cluster/ring/ring.ts";
import { dial } from "../../src/link/dial.ts";
import { LINK_PROTOCOL } from "../../src/link/entries.ts";
import { TALK_PROTOCOL, Talk } from "../../src/link/talk.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import type { Random } from "../simulation/random.ts";
import { type Connection, openClient, openMember, openRaw } from "./connection.ts";
import {
  type Conversation,
  clientSays,
  upstreamSaysToBroker,
  upstreamSaysToState,
  viewerSays,
} from "./conversations/clients.ts";
import { linkSays, memberSays } from "./conversations/members.ts";
import { request } from "./conversations/requests.ts";
import type { Message } from "./frames.ts";
import { mangledBytes, mangledJson } from "./mangle.ts";
import type { Site, Subject } from "./subject.ts";

/** What is known of a site before it is attacked. */
export interface Known {
  readonly site: Site;
  readonly ring: Ring;
}

/** One way into a process. */
export interface Target {
  readonly name: string;
  /** The processes that it leads to. */
  subjects(site: Site): readonly Subject[];
  /** @returns how it was refused, if it was */
  open(known: Known, random: Random): Promise<Connection | string>;
  /** What is said over it; some of it is no longer as it should be. Absent: all is said by opening. */
  says?(known: Known, random: Random): readonly Message[];
}

/** Of the messages of a conversation, how many are not as they should be. */
const MANGLED = 0.25;
/**
 * Where there is a key, how many of the attackers do not show the right one. Few: all come from one address, which is
 * answered late once it was wrong often.
 */
const KEYLESS = 0.003;

function keyOf({ site }: Known, random: Random): string | undefined {
  if (site.key === undefined) return undefined;
  return random.chance(KEYLESS) ? random.pick([undefined, "guess", "\u00ff"]) : site.key;
}

function jsonOf(random: Random, conversation: Conversation): Message[] {
  return conversation.map((value) => {
    const json = random.chance(MANGLED) ? mangledJson(random, value) : JSON.stringify(value);
    const bytes = Buffer.from(json ?? "null");
    const text = random.chance(0.97);
    return { bytes: random.chance(0.02) ? mangledBytes(random, bytes) : bytes, text };
  });
}

/** A mangled message must not be a ring that is newer than the cluster's: see conversations/members.ts. */
function withoutNewRings(messages: readonly Message[], ring: Ring): Message[] {
  const known = [NO_RING, ring].map(({ version }) => `"version":${JSON.stringify(version)}`);
  return messages.filter(({ bytes }) => {
    const text = bytes.toString("latin1");
    return !text.includes('"brokers"') || known.some((version) => text.includes(version));
  });
}

const query = (key: string | undefined, more: Readonly<Record<string, string>> = {}): string =>
  new URLSearchParams({ ...more, ...(key === undefined ? {} : { authKey: key }) }).toString();

const brokerOf = ({ site }: Known, random: Random): Subject => random.pick(site.brokers);

export const TARGETS: readonly Target[] = [
  {
    name: "worker, clients",
    subjects: ({ worker, brokers }) => [worker, ...brokers],
    open: ({ site }) => openClient(site.worker.port, "/socketcluster/"),
    says: (_known, random) => jsonOf(random, clientSays(random)),
  },
  {
    name: "broker, links",
    subjects: ({ brokers }) => brokers,
    open: (known, random) =>
      openMember(brokerOf(known, random).port, LINK_PROTOCOL, {}, keyOf(known, random)),
    says: ({ ring }, random) =>
      withoutNewRings(
        linkSays(random, ring).map((bytes) => ({
          bytes: random.chance(MANGLED) ? mangledBytes(random, bytes) : bytes,
          text: false,
        })),
        ring,
      ),
  },
  {
    name: "broker, upstream's",
    subjects: ({ brokers }) => brokers,
    open: (known, random) =>
      openClient(brokerOf(known, random).port, `/socketcluster/?${query(keyOf(known, random))}`),
    says: (_known, random) => jsonOf(random, upstreamSaysToBroker(random)),
  },
  {
    name: "scc-state, talks",
    subjects: ({ state }) => [state],
    open: (known, random) => {
      const instanceType = random.pick(["scc-worker", "scc-worker", "scc-broker", "__proto__"]);
      // Nobody listens at these: a broker is not let in, and nobody else is dialled.
      const instancePort = random.pick(["1", "2", "-1", "70000", "x"]);
      const about = { instanceType, instancePort, version: "0.1.0" };
      return openMember(known.site.state.port, TALK_PROTOCOL, about, keyOf(known, random));
    },
    says: ({ ring }, random) => withoutNewRings(jsonOf(random, memberSays(random, ring)), ring),
  },
  {
    name: "scc-state, upstream's",
    subjects: ({ state }) => [state],
    open: (known, random) => {
      const instanceType = random.pick(["scc-worker", "scc-broker", ""]);
      const version = random.pick(["9.2.0", "10.0.0", "8", "9".repeat(1000), "__proto__"]);
      const about = { instanceType, instancePort: random.pick(["8000", "0", "x"]), version };
      return openClient(known.site.state.port, `/socketcluster/?${query(keyOf(known, random), about)}`);
    },
    says: (_known, random) => jsonOf(random, upstreamSaysToState(random)),
  },
  {
    name: "dashboard",
    subjects: ({ state }) => [state],
    open: ({ site }) => openClient(site.state.port, "/dashboard/socket/"),
    says: (known, random) => jsonOf(random, viewerSays(random, keyOf(known, random) ?? "guess")),
  },
  {
    name: "all, HTTP",
    subjects: ({ state, brokers, worker }) => [state, ...brokers, worker],
    open: ({ site: { state, brokers, worker } }, random) =>
      openRaw(random.pick([state, ...brokers, worker]).port, request(random)),
  },
];

/** What scc-state says of the cluster. @throws {Error} if it says nothing */
export function overviewOf({ state, key }: Site): Promise<Overview> {
  return new Promise((resolve, reject) => {
    dial(
      {
        uri: `ws://127.0.0.1:${state.port}`,
        protocol: TALK_PROTOCOL,
        authKey: key,
        connectTimeoutMs: 5000,
        maxPayload: 2 ** 22,
      },
      {
        opened: (socket) => {
          const talk = new Talk(socket, systemClock);
          talk.start({
            message: (message) => {
              resolve(message as Overview);
              talk.close("seen");
            },
            closed: (reason) => reject(new Error(reason)),
          });
          talk.send({ type: "observe" });
        },
        failed: ({ reason }) => reject(new Error(reason)),
      },
    );
  });
}
