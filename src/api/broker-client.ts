import { WorkerCluster } from "../broker-client/worker-cluster.ts";
import { commonSettings, memberSettings, workerMemberSettings } from "../cluster/settings.ts";
import { InvalidArgumentsError, InvalidOptionsError } from "../protocol/wire-errors.ts";
import type { PublishLevel } from "../pubsub/broker.ts";
import { LocalBroker } from "../pubsub/local-broker.ts";
import { type Flags, readConfig } from "../runtime/config/config.ts";
import type { Fields, Logger } from "../runtime/log.ts";
import { type BrokerEngine, DefaultBrokerEngine } from "./broker-engine.ts";
import { StreamEmitter } from "./streams.ts";

const SETTINGS = { ...commonSettings, ...memberSettings, ...workerMemberSettings };
const DEFAULT_PORT = 8000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The options of `scc-broker-client`; times are in ms. Absent, `null`, 0 and "" mean the default. */
export interface ClusterClientOptions {
  readonly stateServerHost: string;
  readonly stateServerPort?: number | string | null;
  readonly stateServerConnectTimeout?: number | null;
  readonly stateServerAckTimeout?: number | null;
  /** Added at random to the pause before scc-state is dialled again. */
  readonly stateServerReconnectRandomness?: number | null;
  /** The key that members of the cluster show each other. */
  readonly authKey?: string | null;
  /** This server's id in the cluster, a UUID; by default it makes one. */
  readonly instanceId?: string | null;
  /** The port to announce: the one that this server listens on. */
  readonly instancePort?: number | string | null;
  /** The address to announce; absent: the one that scc-state sees. */
  readonly instanceIp?: string | null;
  readonly instanceIpFamily?: string | null;
  /** Longest pause before scc-state or a broker is dialled again. */
  readonly brokerRetryDelay?: number | null;
  /** When a publish is acknowledged: taken by this server, or held by the channel's brokers (default). Ours. */
  readonly publishLevel?: PublishLevel | null;
  /** How long an unconfirmed publish is sent again before it is rejected. Ours. */
  readonly publishLimit?: number | null;
  /** Bytes of published messages that may be unconfirmed before publishing clients are held back. Ours. */
  readonly unconfirmedBytes?: number | null;
  /** Whether scc-state speaks TLS. Ours. */
  readonly stateServerSecure?: boolean | null;
  /** Certificates to trust when connecting to scc-state and brokers, a PEM file; absent: the system's. Ours. */
  readonly tlsCaFile?: string | null;
  /** The certificate to show to services that ask for one, a PEM file. Ours. */
  readonly tlsCertFile?: string | null;
  /** Its private key, a PEM file. Ours. */
  readonly tlsKeyFile?: string | null;
  /** Accepted, without effect: scc-state decides, and the ring says which mapping holds. */
  readonly mappingEngine?: unknown;
  /** Accepted, without effect: there is one link per pair of processes. */
  readonly clientPoolSize?: unknown;
  /** Accepted, without effect: links gather what one turn of the event loop brings. */
  readonly pubSubBatchDuration?: unknown;
}

/** What a server's place in a cluster tells. */
export interface ClusterClientEvents {
  /** Something is wrong with the cluster. Nothing need be done: it is tried again by itself. */
  error: { readonly error: Error };
  /** The brokers of the cluster have changed. */
  updateBrokers: { readonly brokerURIs: readonly string[] };
  /** The workers of the cluster have changed. `sourceWorkerURI` is this server's own. */
  updateWorkers: { readonly workerURIs: readonly string[]; readonly sourceWorkerURI: string };
}

/** A server's place in a cluster. */
export class ClusterClient extends StreamEmitter<ClusterClientEvents> {
  readonly broker: DefaultBrokerEngine;
  readonly #cluster: WorkerCluster;

  /** Use `attach`. */
  constructor(broker: DefaultBrokerEngine, cluster: (log: Logger) => WorkerCluster) {
    super();
    this.broker = broker;
    const report = (message: string, fields: Fields = {}): void => {
      const { reason, channel } = fields;
      const text = [message, channel, reason].filter((part) => part !== undefined).join(": ");
      this.emit("error", { error: Object.assign(new Error(text), { name: "ClusterError", ...fields }) });
    };
    this.#cluster = cluster({ debug() {}, info() {}, warn: report, error: report });
    this.#cluster.onWorkers((workerURIs, sourceWorkerURI) => {
      this.emit("updateWorkers", { workerURIs, sourceWorkerURI });
    });
    this.#cluster.ring.onAdopted(() => this.emit("updateBrokers", { brokerURIs: this.sccBrokerURIList }));
  }

  get instanceId(): string {
    return this.#cluster.instanceId;
  }

  /** Whether the brokers of the cluster are known. */
  get isReady(): boolean {
    return this.#cluster.ring.ring.brokers.length > 0;
  }

  get sccBrokerURIList(): string[] {
    return this.#cluster.ring.ring.brokers.map(({ uri }) => uri);
  }

  /** The broker that owns a channel, while there is one. */
  mapChannelNameToBrokerURI(channelName: string): string | undefined {
    return this.#cluster.ring.placement.owner(channelName)?.uri;
  }

  /** The channels that this server is subscribed to in the cluster. */
  getAllSubscriptions(): string[] {
    return this.broker.subscriptions();
  }

  /** Joins; called by `attach`, once. */
  join(): void {
    this.broker.carryBy((deliver) => this.#cluster.connect(deliver));
    this.#cluster.join();
  }

  /** Says goodbye to the cluster: from then on the server stands alone. */
  async leave(): Promise<void> {
    await this.#cluster.leave();
    this.broker.carryBy((deliver) => new LocalBroker(deliver));
  }
}

/**
 * Joins a server to a cluster: what is published on any server of it reaches the subscribers on all.
 *
 * @param broker the server's `brokerEngine`, which must be our own
 * @throws {InvalidOptionsError} if `stateServerHost` is missing; {ConfigError} for values that cannot work
 */
export function attach(
  broker: DefaultBrokerEngine | BrokerEngine,
  options: ClusterClientOptions,
): ClusterClient {
  if (!(broker instanceof DefaultBrokerEngine)) {
    throw new InvalidArgumentsError("Only a server with the default brokerEngine can join a cluster");
  }
  const { stateServerHost, instanceId } = options;
  if (!stateServerHost) {
    throw new InvalidOptionsError("The stateServerHost option must name the host of scc-state");
  }
  const config = readConfig(SETTINGS, {}, texts(options));
  const id = instanceId && UUID.test(instanceId) ? instanceId : undefined;
  const client = new ClusterClient(
    broker,
    (log) => new WorkerCluster({ ...config, port: DEFAULT_PORT }, stateServerHost, broker.turn, log, id),
  );
  client.join();
  return client;
}

/** The options as the settings of a worker, by whose rules they are checked. */
function texts(options: ClusterClientOptions): Flags {
  const given: Readonly<Record<string, unknown>> = {
    ...options,
    reconnectRandomness: options.stateServerReconnectRandomness,
    // Without effect, whatever it says.
    mappingEngine: undefined,
  };
  const keys = Object.keys(SETTINGS).filter((key) => given[key]);
  return Object.fromEntries(keys.map((key) => [key, String(given[key])]));
}
